"""Whether landing holds anything that was not dealt with, by the same rules by which files are loaded."""

from __future__ import annotations

import hashlib
import time

import duckdb

from orchestration.ingest import ledger
from orchestration.ingest.landing import SETTLED_SECONDS, LandedFile, Landing, read_chunks
from orchestration.ingest.reasons import FileRefused


def all_files_are_known(con: duckdb.DuckDBPyConnection, landing: Landing, source: str) -> bool:
    """Whether every file of ``landing/<source>`` was dealt with before.

    A file that was still settling when it was loaded, or was touched since, is read once more and remembered if it
    holds what it held. In doubt the answer is no.
    """
    seen = ledger.seen_fingerprints(con, source)
    contents = ledger.seen_contents(con, source)
    again: list[tuple[str, str, str]] = []
    for file in landing.list_source(source).files:
        fingerprint = landing.fingerprint(file)
        if fingerprint and seen.get(file.name) == fingerprint:
            continue
        is_settled = landing.age_seconds(file, time.time()) > SETTLED_SECONDS
        if fingerprint is None or file.name not in contents or _content(landing, file) != contents[file.name]:
            return False
        if is_settled and landing.fingerprint(file) == fingerprint:
            again.append((file.name, fingerprint, contents[file.name]))
    ledger.remember_files(con, source, again)
    return True


def _content(landing: Landing, file: LandedFile) -> str | None:
    digest = hashlib.sha256()
    try:
        with landing.open(file) as handle:
            for chunk in read_chunks(handle):
                digest.update(chunk)
    except (FileRefused, OSError):
        return None
    return digest.hexdigest()
