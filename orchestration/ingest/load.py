"""Loads what is new in landing: each file once, its rows and its ledger entry in one transaction."""

from __future__ import annotations

import gc
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingest import ledger
from orchestration.ingest.batches import Batch, Quarantined, RowReader
from orchestration.ingest.family import Family
from orchestration.ingest.frames import Frame, ParseContext, Parser
from orchestration.ingest.landing import SETTLED_SECONDS, LandedFile, Landing
from orchestration.ingest.merge import settle_tables
from orchestration.ingest.privacy import load_hasher
from orchestration.ingest.readers import open_reader
from orchestration.ingest.reasons import FILE_REFUSED, ConservationError, FileRefused
from orchestration.ingest.refusals import write_refusal_note
from orchestration.ingest.report import IngestReport
from orchestration.ingest.staging import ChangedWhileReading, Staged, stage
from orchestration.ingest.writer import FileKey, RowWriter
from orchestration.settings import Settings
from orchestration.warehouse.failpoint import fail_at

PARSER_VERSION = "2"
# A sender's clock may be this far ahead.
CLOCK_SKEW = timedelta(minutes=5)
# Small files share a transaction up to this many rows or files: 100,000 tiny files would otherwise cost 100,000
# commits. A file larger than this has its own.
GROUP_ROWS = 50_000
GROUP_FILES = 200
# Bad rows are written in pieces of this size, so that a file of bad rows only does not fill the memory.
QUARANTINE_ROWS = 20_000
# A file with this few bad rows is never refused for their share alone.
TOLERATED_BAD_ROWS = 10

Progress = Callable[[str, int], None]


@dataclass
class _LoadedFile:
    """What is known of a file once it is read. ``rows`` were handed to the writer."""

    key: FileKey
    size: int
    compression: str
    format: str | None = None
    rows_in: int = 0
    rows: int = 0
    min_time: datetime | None = None
    max_time: datetime | None = None
    reason: str | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)

    def span_times(self, times: pa.Array) -> None:
        """Widen the span of event times."""
        bounds = pc.min_max(times)
        known = [t for t in (self.min_time, self.max_time, bounds["min"].as_py(), bounds["max"].as_py()) if t]
        self.min_time, self.max_time = min(known, default=None), max(known, default=None)


def ingest_source(
    con: duckdb.DuckDBPyConnection,
    source: str,
    family: Family,
    *,
    places: Any,
    run_id: str,
    as_of: datetime,
    settings: Settings,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> IngestReport:
    """Load every new file of ``landing/<source>``.

    Args:
        con: open connection to the raw database, with its tables; must not be inside a transaction.
        source: the landing folder.
        family: the kind of source that it is.
        places: what the family's parser is told of where its rows carry what; see ``ParseContext``.
        run_id: written to the ledger.
        as_of: the run's own time. Rows later than ``as_of`` and later than the clock (plus five minutes) are refused.
        progress: called with a file name and its size in bytes when the file is dealt with.
        now: the clock at the start; a parameter for tests.

    Raises:
        ConservationError: a reader lost count; the group of files it was in is not loaded.
    """
    now = now or datetime.now(UTC)
    con.execute("SET TimeZone = 'UTC'")
    settings.make_folders()
    context = ParseContext(source, max(as_of, now) + CLOCK_SKEW, load_hasher(settings), places)
    run = _SourceRun(con, family, context, settings, run_id, now)
    landing = Landing(settings.landing_url)
    listing = landing.list_source(source)
    run.report.files_ignored = listing.ignored
    try:
        for name in listing.refused:
            run.refuse_unread(name, "not_a_regular_file")
        for file in listing.files:
            size = run.take(landing, file)
            if progress:
                progress(file.name, size)
        run.commit()
    except BaseException:
        run.rollback()
        raise
    finally:
        run.close()
    return run.report


class _SourceRun:
    """One source in one run: groups files into transactions."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        family: Family,
        context: ParseContext,
        settings: Settings,
        run_id: str,
        now: datetime,
    ) -> None:
        self._con = con
        self._source = context.source
        self._family = family
        self._hasher = context.hasher
        self._parser: Parser = family.make_parser(context)
        self._writer = RowWriter(con, family.tables, self._source)
        self._settings = settings
        self._run_id = run_id
        self._now = now
        self._known = ledger.known_files(con, self._source)
        self._seen = ledger.seen_fingerprints(con, self._source)
        self._next_load_id = ledger.next_load_id(con)
        self._group: list[_LoadedFile] = []
        self._seen_now: list[tuple[str, str, str]] = []
        self._is_open = False
        self.report = IngestReport(self._source)

    def take(self, landing: Landing, file: LandedFile) -> int:
        """Deal with one landed file. Returns its size in bytes, 0 when it was not read."""
        fingerprint = landing.fingerprint(file)
        if fingerprint and self._seen.get(file.name) == fingerprint:
            self.report.files_seen += 1
            self.report.files_skipped += 1
            return 0
        is_settled = landing.age_seconds(file, time.time()) > SETTLED_SECONDS
        fail_at("stage_file")
        try:
            staged = stage(landing, file, self._settings)
        except ChangedWhileReading:
            self.report.files_seen += 1
            self.report.files_unstable += 1
            return 0
        except FileRefused as refusal:
            self.refuse_unread(file.name, refusal.reason)
            return 0
        with staged.handle:
            self.report.files_seen += 1
            self.report.bytes_read += staged.size
            self._begin()
            # Only what was there before the copy began, and for a while, may be taken as known next time.
            remembered = fingerprint if is_settled and fingerprint == landing.fingerprint(file) else None
            self._seen_now.append((file.name, remembered or "", staged.sha256))
            if staged.sha256 in self._known:
                self.report.files_skipped += 1
            else:
                self._known.add(staged.sha256)
                self._load(staged, file)
        if sum(loaded.rows_in for loaded in self._group) >= GROUP_ROWS or len(self._seen_now) >= GROUP_FILES:
            self.commit()
        return staged.size

    def refuse_unread(self, name: str, reason: str) -> None:
        """Report an entry that cannot be read at all, so that there is no content to write a ledger entry for."""
        self.report.files_seen += 1
        self.report.files_refused += 1
        self.report.refused.append((name, reason))

    def _load(self, staged: Staged, file: LandedFile) -> None:
        loaded = _LoadedFile(FileKey(staged.sha256, file.name, self._next_load_id), staged.size, staged.compression)
        self._next_load_id += 1
        self._group.append(loaded)
        try:
            # Rows hold no cycles, and looking for some takes a tenth of the time.
            gc.disable()
            reader, loaded.format = open_reader(
                staged, file.name, self._family, self._parser, self._settings, self._hasher
            )
            self._read_all(reader, loaded)
            bad = loaded.reasons.total()
            if bad > TOLERATED_BAD_ROWS and bad > loaded.rows_in * self._settings.max_quarantined_share:
                raise FileRefused("too_many_bad_rows", loaded.rows_in)
        except FileRefused as refusal:
            self._refuse(loaded, refusal)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, pa.ArrowException):
            # Content that no reader foresaw. Its exception may hold values of the file, so it is not passed on.
            self._refuse(loaded, FileRefused("unreadable"))
        finally:
            gc.enable()

    def _read_all(self, reader: RowReader, loaded: _LoadedFile) -> None:
        quarantined: list[Quarantined] = []
        for batch in reader.batches():
            for frame in self._frames(batch, reader):
                table = frame.table or self._family.table
                if len(frame.row_nos):
                    loaded.rows += len(frame.row_nos)
                    loaded.span_times(frame.columns[table.event_time])
                    self._writer.add(table, frame.columns, frame.line_nos, frame.row_nos, loaded.key)
                quarantined.extend(frame.quarantined)
                loaded.unusable.update(frame.unusable)
            if len(quarantined) >= QUARANTINE_ROWS:
                self._quarantine(quarantined, loaded)
        self._quarantine(quarantined, loaded)
        loaded.rows_in = reader.rows_in
        dealt_with = loaded.rows + loaded.reasons.total()
        if dealt_with != loaded.rows_in:
            raise ConservationError(f"{loaded.key.name}: {loaded.rows_in} rows counted, {dealt_with} dealt with")

    def _frames(self, batch: Batch, reader: RowReader) -> list[Frame]:
        parsed = self._parser.parse(batch, lenient_numbers=reader.lenient_numbers)
        return parsed if isinstance(parsed, list) else [parsed]

    def _quarantine(self, rows: list[Quarantined], loaded: _LoadedFile) -> None:
        loaded.reasons.update(row.reason for row in rows)
        self._writer.quarantine(rows, loaded.key)
        rows.clear()

    def _refuse(self, loaded: _LoadedFile, refusal: FileRefused) -> None:
        """Take back what was inserted. Every row that was counted becomes a quarantined row: bad rows keep their own
        reason when they are why the file is refused."""
        for_its_rows = refusal.reason == "too_many_bad_rows"
        if not for_its_rows:
            loaded.reasons.clear()
        added = self._writer.take_back(loaded.key, rows=refusal.rows, reason=None if for_its_rows else refusal.reason)
        if added:
            loaded.reasons[str(FILE_REFUSED) if for_its_rows else refusal.reason] += added
        loaded.rows, loaded.rows_in, loaded.reason = 0, refusal.rows, refusal.reason
        loaded.min_time = loaded.max_time = None
        loaded.unusable.clear()

    def _begin(self) -> None:
        if not self._is_open:
            self._con.begin()
            self._is_open = True

    def commit(self) -> None:
        """Settle the open group against what was there, write its ledger entries and commit."""
        if not self._is_open:
            return
        self._writer.flush()
        if self._group:
            names = {loaded.key.load_id: loaded.key.name for loaded in self._group}
            settled = settle_tables(self._con, self._family.tables, self._source, names)
            entries = [
                self._entry(loaded, settled.duplicate.get(loaded.key.load_id, 0),
                            settled.superseded.get(loaded.key.load_id, 0))
                for loaded in self._group
            ]  # fmt: skip
            ledger.write_files(self._con, entries)
            self.report.superseded_before += settled.superseded_before
        ledger.remember_files(self._con, self._source, self._seen_now)
        fail_at("before_commit")
        self._con.commit()
        self._is_open = False
        fail_at("after_commit")
        self._group.clear()
        self._seen_now.clear()

    def rollback(self) -> None:
        """Undo the open group of files."""
        self._writer.discard()
        if self._is_open:
            self._is_open = False
            self._con.rollback()

    def close(self) -> None:
        """Release what the run holds besides the connection."""
        self._writer.close()

    def _entry(self, loaded: _LoadedFile, duplicate: int, superseded: int) -> dict[str, Any]:
        """The ledger entry of a file; also adds it to the report and notes a refusal."""
        entry: dict[str, Any] = {
            "file_sha256": loaded.key.sha256,
            "source": self._source,
            "first_name": loaded.key.name,
            "bytes": loaded.size,
            "format": loaded.format,
            "compression": loaded.compression,
            "rows_in": loaded.rows_in,
            "loaded": loaded.rows - duplicate - superseded,
            "duplicate": duplicate,
            "superseded": superseded,
            "quarantined": loaded.reasons.total(),
            "status": "refused" if loaded.reason else "loaded",
            "reason": loaded.reason,
            "load_id": loaded.key.load_id,
            "run_id": self._run_id,
            "parser_version": PARSER_VERSION,
            "min_time": loaded.min_time,
            "max_time": loaded.max_time,
            "loaded_at": self._now,
            "unusable_labels": json.dumps(loaded.unusable, sort_keys=True) if loaded.unusable else None,
        }
        self.report.add_file(entry, loaded.reasons, loaded.unusable)
        if loaded.reason:
            write_refusal_note(self._settings, entry, loaded.reasons)
        return entry
