"""Write, audit, publish: a build that passed every check becomes what readers see, in one rename."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.publish.content_hash import MartHash, hash_marts, total_digest, unchanged_days, unchanged_marts
from orchestration.publish.control import RunControl, read_control
from orchestration.publish.files import (
    DATABASE_NAME,
    builds_dir,
    current_build,
    export_parquet,
    mart_hashes_of,
    reduce_to_marts,
    remove_old_builds,
    seal,
    switch_current,
    sync_folder,
    write_build_note,
)
from orchestration.publish.ledger import PublishRow, audit_mark, record_finished, record_publish
from orchestration.publish.policy import write_policy_files
from orchestration.publish.recovery import clear_pending, reconcile_publishes, write_pending
from orchestration.publish.restatements import copy_restatements
from orchestration.reference import PreparedReference
from orchestration.settings import Settings
from orchestration.warehouse.database import attach, open_database, quote_name, wal_of
from orchestration.warehouse.failpoint import fail_at
from orchestration.warehouse.project_hash import code_hash

# A copy of the build, its Parquet files, and what DuckDB needs while it writes them.
SPACE_FACTOR = 3
SMALLEST_FREE_BYTES = 100_000_000


def require_free_space(settings: Settings) -> None:
    """Refuse early what would fail late.

    Raises:
        NotEnoughSpace: less is free than three times the build, or than 100 MB.
    """
    size = settings.build_database.stat().st_size if settings.build_database.exists() else 0
    needed = max(SPACE_FACTOR * size, SMALLEST_FREE_BYTES)
    free = shutil.disk_usage(settings.home).free
    if free < needed:
        raise NotEnoughSpace(
            f"{settings.home} has {free / 1e6:,.0f} MB free and a build needs {needed / 1e6:,.0f} MB; "
            "free some space, or keep fewer builds (FINOPS_KEEP_BUILDS)"
        )


def publish_build(
    settings: Settings,
    *,
    run_id: str,
    checks_passed: int,
    reference: PreparedReference,
    progress: Callable[[str], None] = lambda _step: None,
) -> PublishRow:
    """Publish the build database, unless it says what is published already. The caller has made sure that every check
    passed.

    Returns:
        The publish that readers see afterwards. It is a former one where this run found nothing else, or where it made
        this publish already (it died or was retried after the switch).

    Raises:
        NotEnoughSpace: before anything is written.
    """
    reconcile_publishes(settings)
    control = read_control(settings)
    if control.publishes and control.publishes[-1].run_id == run_id:
        return control.publishes[-1]
    require_free_space(settings)

    previous = current_build(settings)
    progress("hash")
    unchanged, marts = _hash_build(settings, control)
    mark = audit_mark(settings)
    row = PublishRow(
        publish_id=_publish_id(control, total_digest(marts)),
        run_id=run_id,
        as_of=control.as_of,
        published_at=datetime.now(UTC),
        content_hash=total_digest(marts),
        checks_passed=checks_passed,
        max_load_id=control.max_load_id,
        reference_hash=reference.hash,
        code_hash=code_hash(),
    )
    # Only what the ledger says came before can be restated, or confirmed, by what comes now.
    is_known = previous is not None and bool(control.publishes) and previous.name == control.publishes[-1].publish_id
    former_database = previous / DATABASE_NAME if previous and is_known else None
    if former_database and _says_the_same(settings, control.publishes[-1], row, former_database):
        with open_database(settings.raw_database, settings) as con:
            record_finished(con, row, control.publishes[-1].publish_id, mark=mark)
            con.execute("CHECKPOINT")
        return control.publishes[-1]

    staging = builds_dir(settings) / f".{row.publish_id}.tmp"
    build = builds_dir(settings) / row.publish_id
    for leftover in (staging, build):
        if leftover.exists() and leftover != previous:
            shutil.rmtree(leftover)
    staging.mkdir(parents=True)

    progress("copy")
    fail_at("publish_copy")
    shutil.copyfile(settings.build_database, staging / DATABASE_NAME)
    reduce_to_marts(staging / DATABASE_NAME, settings, [*control.publishes, row], former_database)
    _require_no_wal(staging / DATABASE_NAME)
    progress("parquet")
    export_parquet(staging / DATABASE_NAME, staging / "parquet", settings, previous=previous, unchanged=unchanged)
    write_policy_files(staging / DATABASE_NAME, staging, settings, row)
    write_build_note(staging, row, marts)
    seal(staging)

    progress("switch")
    fail_at("publish_rename")
    staging.rename(build)
    sync_folder(builds_dir(settings))
    write_pending(settings, row, reference)
    fail_at("publish_switch")
    switch_current(settings, build)
    fail_at("publish_ledger")
    with open_database(settings.raw_database, settings) as con:
        copy_restatements(con, build / DATABASE_NAME, "marts", [row.publish_id])
        record_publish(con, row, reference, mark=mark)
        con.execute("CHECKPOINT")
    clear_pending(settings)
    with contextlib.suppress(OSError):
        remove_old_builds(settings)
    return row


def _says_the_same(settings: Settings, former: PublishRow, row: PublishRow, former_database: Path) -> bool:
    """Whether readers would find nothing else in a new build: equal figures by equal rules, and no other refusals.

    Files that brought only what was known are in the ledger, and in what readers see with the next publish.
    """
    if any(getattr(former, name) != getattr(row, name) for name in ("content_hash", "reference_hash", "code_hash")):
        return False
    with open_database(settings.raw_database, settings, read_only=True) as con:
        attach(con, former_database, "former")
        told = "SELECT source, file_sha256, reason, quarantined FROM {} WHERE status = 'refused' OR quarantined > 0"
        now, then = told.format("ledger.load_files"), told.format("former.marts.load_files")
        (differences,) = con.execute(
            f"SELECT count(*) FROM (({now} EXCEPT {then}) UNION ALL ({then} EXCEPT {now}))"
        ).fetchone() or (0,)
        return differences == 0


def _hash_build(settings: Settings, control: RunControl) -> tuple[dict[str, MartHash], dict[str, MartHash]]:
    """Days and marts known to be unchanged, and the hash of every mart, of a build with nothing left in its log."""
    known = _previous_hashes(settings, control)
    with open_database(settings.build_database, settings) as con:
        con.execute("CHECKPOINT")
        unchanged = unchanged_days(con, known, control.rebuilt_days) | _kept_whole(con, known, control.kept_models)
        marts = hash_marts(con, known=unchanged)
        unchanged |= unchanged_marts(con, known, marts)
    _require_no_wal(settings.build_database)
    return unchanged, marts


def _kept_whole(
    con: duckdb.DuckDBPyConnection, known: dict[str, MartHash], kept: frozenset[str]
) -> dict[str, MartHash]:
    """Hashes of marts that this run left as they were; one whose rows are not as many any more is hashed again."""
    rows = {
        name: con.execute(f"SELECT count(*) FROM marts.{quote_name(name)}").fetchone()
        for name in sorted(kept & {*known})
    }
    return {name: known[name] for name, count in rows.items() if count == (known[name].rows,)}


def _previous_hashes(settings: Settings, control: RunControl) -> dict[str, MartHash]:
    """Hashes to build upon: only in an incremental run, and only of the very build that the ledger says came before."""
    build = current_build(settings)
    if control.mode != "incremental" or build is None or not control.publishes:
        return {}
    return mart_hashes_of(build) if build.name == control.publishes[-1].publish_id else {}


def _publish_id(control: RunControl, content_hash: str) -> str:
    base = f"{control.as_of:%Y%m%dT%H%M%SZ}-{content_hash[:8]}"
    taken = {row.publish_id for row in control.publishes}
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _require_no_wal(path: Path) -> None:
    if wal_of(path).exists():
        raise RuntimeError(f"{wal_of(path).name} is still there after a checkpoint; the build is not complete")


class NotEnoughSpace(RuntimeError):
    """The disk cannot hold another build."""
