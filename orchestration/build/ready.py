"""The warehouse files before a run: healed after a crash, started afresh when asked."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.publish.ledger import insert_publishes, read_publishes
from orchestration.publish.recovery import reconcile_publishes
from orchestration.publish.restatements import copy_restatements
from orchestration.settings import Settings
from orchestration.sources.registry import landed_columns
from orchestration.warehouse.database import attach, is_held_elsewhere, open_database, wal_of
from orchestration.warehouse.tables import ensure_tables


def make_ready(settings: Settings, *, fresh: bool, label: str) -> list[str]:
    """Make both databases usable; returns one sentence for each thing that was mended.

    Args:
        settings: where the warehouse is.
        fresh: begin with an empty ledger that only remembers the publishes and the alerts, so that all of landing is
            read again and nobody is told twice.
        label: suffix of files that are put aside; the run's id.
    """
    notes = [
        note
        for path in (settings.raw_database, settings.build_database)
        if (note := _put_aside_if_unreadable(path, settings, label))
    ]
    if not settings.raw_database.exists():
        # A build of a ledger that is gone may hold days that landing no longer has.
        _forget_build(settings)
    with open_database(settings.raw_database, settings) as con:
        ensure_tables(con, landed_columns())
    adopted = reconcile_publishes(settings)
    if adopted:
        notes.append(f"the ledger did not know of {', '.join(adopted)}, which readers see; it was added")
    if fresh:
        # After the repair: load numbers of the old ledger mean nothing in the new one.
        _start_afresh(settings)
        notes.append("everything is read again from landing")
    return notes


def _put_aside_if_unreadable(path: Path, settings: Settings, label: str) -> str | None:
    """A database that cannot be opened is kept with its log beside it for whoever wants to look, and made again."""
    if not path.exists():
        return None
    try:
        with open_database(path, settings) as con:
            con.execute("CHECKPOINT")
        return None
    except duckdb.Error as error:
        if is_held_elsewhere(error):
            raise
        aside = path.with_name(f"{path.stem}.unreadable-{label}.duckdb")
        # The log first: a log beside a new file of the same name would be replayed into it.
        if wal_of(path).exists():
            wal_of(path).rename(wal_of(aside))
        path.rename(aside)
        return f"{path.name} could not be opened and was put aside as {aside.name}; it is made again from landing"


def _start_afresh(settings: Settings) -> None:
    """Replace the ledger in one rename, so that a crash leaves the old one or the new one."""
    raw = settings.raw_database
    new = raw.with_name("raw.new.duckdb")
    for leftover in (new, wal_of(new)):
        leftover.unlink(missing_ok=True)
    with open_database(raw, settings) as con:
        publishes = read_publishes(con)
        con.execute("CHECKPOINT")
    with open_database(new, settings) as con:
        ensure_tables(con, landed_columns())
        # None of the files that the new ledger will number is in those builds.
        insert_publishes(con, "ledger.publishes", [replace(row, max_load_id=0) for row in publishes])
        copy_restatements(con, raw, "ledger")
        attach(con, raw, "former")
        con.execute("INSERT INTO ledger.alert_outbox BY NAME FROM former.ledger.alert_outbox")
        con.execute("DETACH former")
        con.execute("CHECKPOINT")
    # Without a build the next plan is a full one, so a crash between these steps is mended by any later run.
    _forget_build(settings)
    _keep_copy(raw, raw.with_name("raw.before-rebuild.duckdb"))
    new.replace(raw)


def _forget_build(settings: Settings) -> None:
    for path in (wal_of(settings.build_database), settings.build_database):
        path.unlink(missing_ok=True)


def _keep_copy(path: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    try:
        os.link(path, copy)
    except OSError:
        shutil.copyfile(path, copy)
