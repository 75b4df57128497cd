"""Loads what is new in landing: each file once, its rows and its ledger entry in one transaction."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.settings import Settings

from . import ledger
from .batches import Quarantined, RowReader
from .failpoint import fail_at
from .frames import Frame, ParseContext, Parser
from .landing import LandedFile, Landing
from .merge import row_hash_sql, settle
from .places import load_places
from .privacy import load_hasher
from .readers import open_reader
from .reasons import FILE_REFUSED, ConservationError, FileRefused
from .refusals import write_refusal_note
from .registry import Family, family_of
from .report import IngestReport
from .staging import ChangedWhileReading, Staged, stage

PARSER_VERSION = "1"
# A sender's clock may be this far ahead.
CLOCK_SKEW = timedelta(minutes=5)
# Small files share a transaction up to this many rows or files: 100,000 tiny files would otherwise cost 100,000
# commits. A file larger than this has its own.
GROUP_ROWS = 50_000
GROUP_FILES = 200
# Rows are handed to DuckDB in pieces of about its own row group, which it writes in parallel.
INSERT_ROWS = 60_000
# A file with this few bad rows is never refused for their share alone.
TOLERATED_BAD_ROWS = 10
# A file that changed this recently may change again within one tick of the file system's clock.
SETTLED_SECONDS = 2.0

Progress = Callable[[str, int], None]


class UnknownSource(ValueError):
    """A landing folder that no source family reads."""


@dataclass
class _LoadedFile:
    """What is known of a file once it is read."""

    file: LandedFile
    sha256: str
    size: int
    compression: str
    load_id: int
    format: str = ""
    rows_in: int = 0
    inserted: int = 0
    min_time: datetime | None = None
    max_time: datetime | None = None
    reason: str | None = None
    fingerprint: str = ""
    reasons: Counter[str] = field(default_factory=Counter)


def ingest_source(
    con: duckdb.DuckDBPyConnection,
    source: str,
    *,
    run_id: str,
    as_of: datetime,
    settings: Settings,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> IngestReport:
    """Load every new file of ``landing/<source>``.

    Args:
        con: open connection to the raw database; must not be inside a transaction.
        run_id: written to the ledger.
        as_of: the run's own time. Rows later than ``as_of`` and later than the clock (plus five minutes) are refused.
        progress: called with a file name and its size in bytes when the file is dealt with.
        now: the clock at the start; a parameter for tests.

    Raises:
        UnknownSource: no family reads this folder.
        PlacesError: ``sources.yml`` is not valid.
        ConservationError: a reader lost count; the group of files it was in is not loaded.
    """
    family = family_of(source)
    if family is None:
        raise UnknownSource(f"no source family reads the landing folder {source!r}")
    now = now or datetime.now(UTC)
    ledger.ensure_tables(con)
    settings.make_folders()
    context = ParseContext(source, max(as_of, now) + CLOCK_SKEW, load_hasher(settings), load_places(settings))
    run = _SourceRun(con, source, family, context, settings, run_id, now)
    landing = Landing(settings.landing_url)
    listing = landing.list_source(source)
    report = run.report
    report.files_ignored = listing.ignored
    for name in listing.refused:
        report.files_seen += 1
        run.refuse_unread(name, "not_a_regular_file")
    try:
        for file in listing.files:
            report.files_seen += 1
            size = run.take(landing, file)
            if progress:
                progress(file.name, size)
        run.commit()
    except BaseException:
        run.rollback()
        raise
    finally:
        run.close()
    return report


class _SourceRun:
    """One source in one run: groups files into transactions."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        source: str,
        family: Family,
        context: ParseContext,
        settings: Settings,
        run_id: str,
        now: datetime,
    ) -> None:
        self.report = IngestReport(source)
        self._con = con
        self._source = source
        self._family = family
        self._table = family.table
        self._hasher = context.hasher
        self._parser: Parser = family.make_parser(context)
        self._settings = settings
        self._run_id = run_id
        self._now = now
        self._known = ledger.known_files(con, source)
        self._seen = ledger.seen_fingerprints(con, source)
        self._group: list[_LoadedFile] = []
        self._is_open = False
        self._inserter = ThreadPoolExecutor(1, "insert")
        self._inserting: Future[None] | None = None
        self._next_load_id = ledger.next_load_id(con)
        current = "true AS _is_current," if self._table.has_current else ""
        own = ", ".join(f"{name}::{kind} AS {name}" for name, kind in self._table.columns.items())
        self._insert_sql = f"""
            INSERT INTO {self._table.full_name} BY NAME
            SELECT *, {row_hash_sql(self._table)} AS _row_hash FROM (
                SELECT $source AS _source, $sha256 AS _file_sha256, $load_id AS _load_id, {current}
                    _line_no, _row_no, _rescued, {own}
                FROM arriving_rows
            )
        """

    def take(self, landing: Landing, file: LandedFile) -> int:
        """Deal with one landed file. Returns its size in bytes, 0 when it was not read."""
        fingerprint = landing.fingerprint(file)
        if fingerprint and self._seen.get(file.name) == fingerprint:
            self.report.files_skipped += 1
            return 0
        is_settled = landing.age_seconds(file, time.time()) > SETTLED_SECONDS
        fail_at("stage_file")
        try:
            staged = stage(landing, file, self._settings)
        except ChangedWhileReading:
            self.report.files_unstable += 1
            return 0
        except FileRefused as refusal:
            self.refuse_unread(file.name, refusal.reason)
            return 0
        with staged.handle:
            self.report.bytes_read += staged.size
            self._begin()
            # Only what was there before the copy began, and for a while, may be taken as known next time.
            remembered = fingerprint if is_settled and landing.fingerprint(file) == fingerprint else ""
            if staged.sha256 in self._known:
                self.report.files_skipped += 1
                ledger.remember_file(self._con, self._source, file.name, remembered, staged.sha256)
                return staged.size
            self._known.add(staged.sha256)
            loaded = _LoadedFile(file, staged.sha256, staged.size, staged.compression, self._next_load_id)
            loaded.fingerprint = remembered
            self._next_load_id += 1
            self._load(staged, loaded)
        self._group.append(loaded)
        if sum(f.rows_in for f in self._group) >= GROUP_ROWS or len(self._group) >= GROUP_FILES:
            self.commit()
        return staged.size

    def refuse_unread(self, name: str, reason: str) -> None:
        """Report an entry that cannot be read at all, so that there is no content to write a ledger entry for."""
        self.report.files_refused += 1
        self.report.refused.append((name, reason))

    def close(self) -> None:
        """Stop the inserting thread."""
        self._inserter.shutdown()

    def _begin(self) -> None:
        if not self._is_open:
            self._con.begin()
            self._is_open = True

    def rollback(self) -> None:
        """Undo the open group of files."""
        if self._inserting is not None:
            self._inserting.exception()
        if self._is_open:
            self._is_open = False
            self._con.rollback()

    def _load(self, staged: Staged, loaded: _LoadedFile) -> None:
        try:
            # Rows hold no cycles, and looking for some takes a tenth of the time.
            gc.disable()
            reader, loaded.format = open_reader(
                staged, loaded.file.name, self._family, self._parser, self._settings, self._hasher
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
        waiting: list[pa.Table] = []
        quarantined: list[Quarantined] = []
        for batch in reader.batches():
            frame = self._parser.parse(batch, lenient_numbers=reader.lenient_numbers)
            quarantined.extend(frame.quarantined)
            if len(frame.row_nos):
                waiting.append(self._arrow(frame, loaded))
            if sum(map(len, waiting)) >= INSERT_ROWS:
                self._insert(waiting, loaded)
            if len(quarantined) >= INSERT_ROWS:
                self._quarantine(quarantined, loaded)
        self._insert(waiting, loaded)
        self._quarantine(quarantined, loaded)
        loaded.rows_in = reader.rows_in
        dealt_with = loaded.inserted + loaded.reasons.total()
        if dealt_with != loaded.rows_in:
            raise ConservationError(f"{loaded.file.name}: {loaded.rows_in} rows counted, {dealt_with} dealt with")

    def _arrow(self, frame: Frame, loaded: _LoadedFile) -> pa.Table:
        bounds = pc.min_max(frame.columns[self._table.event_time])
        first, last = bounds["min"].as_py(), bounds["max"].as_py()
        loaded.min_time = min(filter(None, (loaded.min_time, first)), default=None)
        loaded.max_time = max(filter(None, (loaded.max_time, last)), default=None)
        lineage = {"_line_no": pa.array(frame.line_nos, pa.int64()), "_row_no": pa.array(frame.row_nos, pa.int64())}
        return pa.table({**lineage, **frame.columns})

    def _insert(self, waiting: list[pa.Table], loaded: _LoadedFile) -> None:
        """Hand rows to the database, which writes them while the next ones are read."""
        self._finish_insert()
        if waiting:
            rows = pa.concat_tables(waiting)
            waiting.clear()
            loaded.inserted += len(rows)
            self._inserting = self._inserter.submit(self._insert_now, rows, loaded.sha256, loaded.load_id)

    def _insert_now(self, arriving_rows: pa.Table, sha256: str, load_id: int) -> None:
        # DuckDB finds the table by the name of this argument. A registered one would stay in memory until commit.
        self._con.execute(self._insert_sql, {"source": self._source, "sha256": sha256, "load_id": load_id})
        fail_at("insert_rows")

    def _finish_insert(self) -> None:
        """Wait until the database is free again. Until then nothing else may use the connection."""
        if self._inserting is not None:
            inserting, self._inserting = self._inserting, None
            inserting.result()

    def _quarantine(self, rows: list[Quarantined], loaded: _LoadedFile) -> None:
        self._finish_insert()
        if not rows:
            return
        loaded.reasons.update(row.reason for row in rows)
        columns = dict(zip(Quarantined._fields, map(list, zip(*rows, strict=True)), strict=True))
        rows.clear()
        types = {"line_no": pa.int64(), "row_no": pa.int64(), "length": pa.int64()}
        quarantined_now = pa.table({name: pa.array(v, types.get(name, pa.string())) for name, v in columns.items()})
        self._con.execute(
            "INSERT INTO ledger.quarantined_rows"
            " SELECT $sha256, $source, $name, line_no, row_no, reason, field, length, hmac, $load_id"
            " FROM quarantined_now",
            self._quarantine_arguments(loaded),
        )
        del quarantined_now

    def _quarantine_arguments(self, loaded: _LoadedFile) -> dict[str, Any]:
        return {
            "sha256": loaded.sha256,
            "source": self._source,
            "name": loaded.file.name,
            "load_id": loaded.load_id,
        }

    def _refuse(self, loaded: _LoadedFile, refusal: FileRefused) -> None:
        """Take back what was inserted. Every row that was counted becomes a quarantined row: bad rows keep their own
        reason when they are why the file is refused."""
        self._finish_insert()
        table, arguments = self._table.full_name, self._quarantine_arguments(loaded)
        keeps_reasons = refusal.reason == "too_many_bad_rows"
        if not keeps_reasons:
            self._con.execute("DELETE FROM ledger.quarantined_rows WHERE load_id = ?", [loaded.load_id])
            loaded.reasons.clear()
        others = refusal.rows - loaded.reasons.total()
        if others:
            reason = str(FILE_REFUSED) if keeps_reasons else refusal.reason
            rows = f"{table} WHERE _load_id = $load_id" if keeps_reasons else "range(1, $rows + 1) AS rows(_row_no)"
            line_no = "_line_no" if keeps_reasons else "NULL"
            self._con.execute(
                "INSERT INTO ledger.quarantined_rows"
                f" SELECT $sha256, $source, $name, {line_no}, _row_no, $reason, NULL, NULL, NULL, $load_id FROM {rows}",
                {**arguments, "reason": reason} | ({} if keeps_reasons else {"rows": others}),
            )
            loaded.reasons[reason] += others
        if loaded.inserted:
            self._con.execute(f"DELETE FROM {table} WHERE _load_id = ?", [loaded.load_id])
        loaded.inserted, loaded.rows_in, loaded.reason = 0, refusal.rows, refusal.reason
        loaded.min_time = loaded.max_time = None

    def commit(self) -> None:
        """Settle the open group against what was there, write its ledger entries and commit."""
        if not self._is_open:
            return
        if self._group:
            settled = settle(self._con, self._table, self._source, self._group[0].load_id)
            for loaded in self._group:
                self._write_ledger(
                    loaded, settled.duplicate.get(loaded.load_id, 0), settled.superseded.get(loaded.load_id, 0)
                )
            self.report.superseded_before += settled.superseded_before
        fail_at("before_commit")
        self._con.commit()
        self._is_open = False
        fail_at("after_commit")
        self._group.clear()

    def _write_ledger(self, loaded: _LoadedFile, duplicate: int, superseded: int) -> None:
        quarantined = loaded.reasons.total()
        kept = loaded.inserted - duplicate - superseded
        status = "refused" if loaded.reason else "loaded"
        self._con.execute(
            f"INSERT INTO ledger.load_files VALUES ({', '.join('?' * 19)})",
            [
                loaded.sha256, self._source, loaded.file.name, loaded.size, loaded.format or None, loaded.compression,
                loaded.rows_in, kept, duplicate, superseded, quarantined, status, loaded.reason, loaded.load_id,
                self._run_id, PARSER_VERSION, loaded.min_time, loaded.max_time, self._now,
            ],
        )  # fmt: skip
        ledger.remember_file(self._con, self._source, loaded.file.name, loaded.fingerprint, loaded.sha256)
        report = self.report
        report.rows_in += loaded.rows_in
        report.loaded += kept
        report.duplicate += duplicate
        report.superseded += superseded
        report.quarantined += quarantined
        report.reasons.update(loaded.reasons)
        if loaded.reason is None:
            report.files_loaded += 1
            return
        report.files_refused += 1
        report.refused.append((loaded.file.name, loaded.reason))
        write_refusal_note(
            self._settings, loaded.sha256, source=self._source, file=loaded.file.name, reason=loaded.reason,
            size=loaded.size, rows=loaded.rows_in, reasons=loaded.reasons,
        )  # fmt: skip
