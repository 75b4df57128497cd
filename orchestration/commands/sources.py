"""What was seen, loaded and refused, per source."""

from __future__ import annotations

from typing import Any

import duckdb
from rich.table import Table

from orchestration.commands.console import CommandError, out, plain
from orchestration.commands.sql import open_published
from orchestration.database import is_held_elsewhere
from orchestration.ingest.landing import Landing
from orchestration.ingest.reasons import FILE_REASONS, ROW_REASONS
from orchestration.ingest.registry import NOT_READ_YET, family_of
from orchestration.landing_folders import unknown_folders
from orchestration.settings import Settings

_COUNTS = """
    SELECT source, count(*) FILTER (status = 'loaded'), count(*) FILTER (status = 'refused'),
        coalesce(sum(rows_in), 0)::BIGINT, coalesce(sum(loaded), 0)::BIGINT, coalesce(sum(duplicate), 0)::BIGINT,
        coalesce(sum(superseded), 0)::BIGINT, coalesce(sum(quarantined), 0)::BIGINT
    FROM {files} GROUP BY source
"""
_REASONS = """
    SELECT source, reason_code AS reason, count(*) AS number, 'rows' AS what FROM {rows} GROUP BY ALL
    UNION ALL
    SELECT source, reason, count(*), 'files' FROM {files} WHERE status = 'refused' GROUP BY ALL
    ORDER BY 1, 3 DESC, 2
"""


def show_sources(settings: Settings) -> None:
    """Print one line per landing folder, then why rows and files were refused."""
    landing = Landing(settings.landing_url)
    counts, reasons, known, note = _ledger(settings)
    folders = landing.sources()
    table = Table(box=None, pad_edge=False)
    table.add_column("source", no_wrap=True)
    columns = ("seen", "loaded", "refused", "rows", "loaded", "duplicate", "superseded", "quarantined")
    for name in columns:
        table.add_column(name, justify="right")
    table.add_column("")
    for source in sorted({*folders, *counts}):
        files = [file.name for file in landing.list_source(source).files] if source in folders else []
        numbers = counts.get(source, (0,) * 7)
        remark = _remark(source, files, known)
        table.add_row(plain(source), *(f"{number:,}" for number in (len(files), *numbers)), remark)
    if table.row_count:
        out.print("files seen, loaded and refused; rows that came in and what became of them")
        out.print(table)
    else:
        out.print(f"nothing has landed in {settings.landing_url}; `finops demo` writes a sample company there")
    if reasons:
        out.print("\nwhy rows and files were refused")
        for source, reason, number, what in reasons:
            out.print(plain(f"  {source}: {number:,} {what}: {_explained(source, reason)}"))
    unknown = unknown_folders(settings)
    if unknown:
        out.print(plain(f"\nnobody reads these folders: {', '.join(unknown)}; see CONTRIBUTING.md for the names"))
    if note:
        out.print(f"\n{note}")


def _ledger(settings: Settings) -> tuple[dict[str, tuple[int, ...]], list[tuple[Any, ...]], set[str] | None, str]:
    """Counts per source, reasons, and the paths that are dealt with, from the ledger; while a run holds it, the first
    two are those of the published build and the paths are not known."""
    if not settings.raw_database.exists():
        return {}, [], set(), ""
    try:
        with duckdb.connect(str(settings.raw_database), read_only=True) as con:
            paths = {path for (path,) in con.execute("SELECT path FROM ledger.seen_files").fetchall()}
            return *_read(con, "ledger.load_files", "ledger.quarantined_rows"), paths, ""
    except duckdb.IOException as error:
        if not is_held_elsewhere(error):
            raise
    try:
        with open_published(settings) as con:
            counts, reasons = _read(con, "marts.load_files", "marts.quarantined_rows")
    except CommandError:
        return {}, [], None, "a run is in progress and nothing is published yet, so the ledger cannot be read now"
    return counts, reasons, None, "a run is in progress; these are the figures of the published build"


def _read(
    con: duckdb.DuckDBPyConnection, files: str, rows: str
) -> tuple[dict[str, tuple[int, ...]], list[tuple[Any, ...]]]:
    counts = {source: tuple(numbers) for source, *numbers in con.execute(_COUNTS.format(files=files)).fetchall()}
    return counts, con.execute(_REASONS.format(files=files, rows=rows)).fetchall()


def _remark(source: str, files: list[str], known: set[str] | None) -> str:
    if source in NOT_READ_YET:
        return "not read yet"
    if family_of(source) is None:
        return "unknown"
    new = 0 if known is None else sum(name not in known for name in files)
    return f"{new:,} new" if new else ""


def _explained(source: str, reason: str | None) -> str:
    meaning = {**ROW_REASONS, **FILE_REASONS}.get(reason or "")
    family = family_of(source)
    if reason == "unsupported_format" and family is not None:
        meaning = f"{meaning} It takes {family.description}."
    return f"{reason}: {meaning}" if meaning else str(reason)
