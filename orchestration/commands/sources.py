"""What was seen, loaded and refused, per source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb
from rich.table import Table

from orchestration.commands.console import out, plain
from orchestration.ingest.landing import Landing
from orchestration.ingest.reasons import FILE_REASONS, ROW_REASONS
from orchestration.publish.reader import NothingPublished, open_published
from orchestration.settings import Settings
from orchestration.sources.folders import unknown_folders
from orchestration.sources.registry import NOT_READ_YET, family_of
from orchestration.warehouse.database import is_held_elsewhere

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
_LABELS = """
    SELECT source, label.key, sum(label.value::BIGINT)::BIGINT FROM {files}, json_each(unusable_labels) AS label
    GROUP BY ALL ORDER BY 1, 3 DESC, 2
"""


@dataclass
class Ledger:
    """What is known of all sources.

    Attributes:
        counts: files and rows, by source.
        reasons: source, reason code, number, and whether of rows or files.
        labels: a sentence for each label whose values could not be used.
        paths: landing paths that are dealt with; None where that cannot be told now.
        note: where the figures come from, when it is not the ledger itself.
    """

    counts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    reasons: list[tuple[Any, ...]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    paths: set[str] | None = field(default_factory=set)
    note: str = ""


def show_sources(settings: Settings) -> None:
    """Print one line per landing folder, then why rows and files were refused."""
    landing = Landing(settings.landing_url)
    ledger = read_ledger(settings)
    folders = landing.sources()
    table = Table(box=None, pad_edge=False)
    table.add_column("source", no_wrap=True)
    columns = ("seen", "loaded", "refused", "rows", "loaded", "duplicate", "superseded", "quarantined")
    for name in columns:
        table.add_column(name, justify="right")
    table.add_column("")
    for source in sorted({*folders, *ledger.counts}):
        files = [file.name for file in landing.list_source(source).files] if source in folders else []
        numbers = ledger.counts.get(source, (0,) * 7)
        remark = _remark(source, files, ledger.paths)
        table.add_row(plain(source), *(f"{number:,}" for number in (len(files), *numbers)), remark)
    if table.row_count:
        out.print("files seen, loaded and refused; rows that came in and what became of them")
        out.print(table)
    else:
        out.print(f"nothing has landed in {settings.landing_url}; `finops demo` writes a sample company there")
    if ledger.reasons:
        out.print("\nwhy rows and files were refused")
        for source, reason, number, what in ledger.reasons:
            out.print(plain(f"  {source}: {number:,} {what}: {_explained(source, reason)}"))
    if ledger.labels:
        out.print("\nlabels that could not be used; their rows were loaded without them")
        for sentence in ledger.labels:
            out.print(plain(f"  {sentence}"))
    unknown = unknown_folders(settings)
    if unknown:
        out.print(plain(f"\nnobody reads these folders: {', '.join(unknown)}; see CONTRIBUTING.md for the names"))
    if ledger.note:
        out.print(f"\n{ledger.note}")


def read_ledger(settings: Settings) -> Ledger:
    """The ledger; while a run holds it, what the published build has of it."""
    if not settings.raw_database.exists():
        return Ledger()
    try:
        with duckdb.connect(str(settings.raw_database), read_only=True) as con:
            paths = {path for (path,) in con.execute("SELECT path FROM ledger.seen_files").fetchall()}
            return _read(con, "ledger.load_files", "ledger.quarantined_rows", paths, "")
    except duckdb.IOException as error:
        if not is_held_elsewhere(error):
            raise
    try:
        with open_published(settings) as con:
            note = "a run is in progress; these are the figures of the published build"
            return _read(con, "marts.load_files", "marts.quarantined_rows", None, note)
    except NothingPublished:
        note = "a run is in progress and nothing is published yet, so the ledger cannot be read now"
        return Ledger(paths=None, note=note)


def _read(con: duckdb.DuckDBPyConnection, files: str, rows: str, paths: set[str] | None, note: str) -> Ledger:
    counts = {source: tuple(numbers) for source, *numbers in con.execute(_COUNTS.format(files=files)).fetchall()}
    reasons = con.execute(_REASONS.format(files=files, rows=rows)).fetchall()
    try:
        labels = con.execute(_LABELS.format(files=files)).fetchall()
    except duckdb.BinderException:
        # An older version wrote it, which refused such rows.
        labels = []
    return Ledger(counts, reasons, [_label(*label) for label in labels], paths, note)


def _label(source: str, name: str, number: int) -> str:
    family = family_of(source)
    label = family.labels.get(name) if family is not None else None
    accepts = f"; it takes {label.accepts}" if label else ""
    return f"{source}: {name} of {number:,} {'row' if number == 1 else 'rows'} could not be used{accepts}"


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
