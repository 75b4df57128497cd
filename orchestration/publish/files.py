"""The files of a published build: the database that analysts open, the Parquet copies, and the builds before it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publish.content_hash import MartHash
from orchestration.publish.ledger import PublishRow, insert_publishes
from orchestration.publish.policy import POLICY_FILES
from orchestration.publish.restatements import add_restatements
from orchestration.settings import Settings
from orchestration.warehouse.database import attach, open_database, quote_name, quote_text
from orchestration.warehouse.marts import DAILY_MARTS, mart_names, rows_by_day

# A database called marts with a schema called marts would make `marts.attempts` ambiguous.
DATABASE_NAME = "finops.duckdb"
BUILD_NOTE = "build.json"
# DuckDB keeps a file open per day while it writes; beyond a hundred it would split days over several files.
_DAYS_PER_COPY = 60
# A writer holds a row group of each day in memory; DuckDB's own 122,880 rows of a wide mart do not fit into 512 MB.
_ROW_GROUP = 20_480


def builds_dir(settings: Settings) -> Path:
    return settings.published_dir / "builds"


def current_build(settings: Settings) -> Path | None:
    """Folder of the build that readers see now."""
    link = settings.published_dir / "current"
    return link.resolve() if link.exists() else None


def read_build_note(build: Path) -> dict[str, Any]:
    """What a build says of itself: publish id, times, content hash, and the hash of each mart."""
    return json.loads((build / BUILD_NOTE).read_text(encoding="utf-8"))


def mart_hashes_of(build: Path | None) -> dict[str, MartHash]:
    """Mart hashes of a build; empty when there is none."""
    if build is None or not (build / BUILD_NOTE).exists():
        return {}
    return {name: MartHash.from_json(value) for name, value in read_build_note(build)["marts"].items()}


def write_build_note(build: Path, row: PublishRow, marts: Mapping[str, MartHash]) -> None:
    """Write the note that ``read_build_note`` reads."""
    note = {**row.to_json(), "marts": {name: mart.to_json() for name, mart in sorted(marts.items())}}
    (build / BUILD_NOTE).write_text(json.dumps(note) + "\n", encoding="utf-8")


def reduce_to_marts(
    database: Path, settings: Settings, history: Sequence[PublishRow], former_database: Path | None = None
) -> None:
    """Leave nothing in a copy of the build database but the marts, all as tables, with the publishes up to this one and
    what this one restates of the former database."""
    with open_database(Path(":memory:"), settings) as con:
        # Views name their database, and in the build it is called so.
        con.execute(f"ATTACH {quote_text(str(database))} AS build")
        con.execute("USE build")
        _views_to_tables(con, settings)
        _drop_all_but_marts(con)
        _write_publishes(con, history)
        former = history[-2] if len(history) > 1 else None
        add_restatements(con, "build.marts", former_database, former, history[-1])
        con.execute("CHECKPOINT build")
        con.execute("USE memory")
        con.execute("DETACH build")


def export_parquet(
    database: Path,
    folder: Path,
    settings: Settings,
    *,
    previous: Path | None,
    unchanged: Mapping[str, MartHash],
) -> None:
    """Write every mart as Parquet, daily marts a folder a day; what is unchanged is linked from the previous build."""
    with open_database(database, settings, read_only=True) as con:
        for mart in mart_names(con):
            target = folder / mart
            target.mkdir(parents=True)
            before = previous / "parquet" / mart if previous and mart in unchanged else None
            if mart in DAILY_MARTS:
                _export_days(con, mart, target, before, sorted(unchanged[mart].parts) if before else [])
            elif before is None or not _link_files(before, target):
                file = target / f"{mart}.parquet"
                source = f"(FROM marts.{quote_name(mart)})"
                con.execute(f"COPY {source} TO {quote_text(str(file))} (FORMAT parquet, COMPRESSION zstd)")


def switch_current(settings: Settings, build: Path) -> None:
    """Let readers see a build; one rename decides it for the database and for Parquet together."""
    _point(settings.published_dir / "current", Path("builds") / build.name)
    _point(settings.published_dir / "current.duckdb", Path("current") / DATABASE_NAME)
    _point(settings.published_dir / "parquet", Path("current") / "parquet")
    for name in POLICY_FILES:
        if (build / name).exists():
            _point(settings.published_dir / name, Path("current") / name)
    sync_folder(settings.published_dir)


def switch_dashboard(settings: Settings, site: Path) -> None:
    """Let readers see a dashboard, a folder of ``published/dashboards``."""
    _point(settings.published_dir / "dashboard", Path(site.parent.name) / site.name)
    sync_folder(settings.published_dir)


def dashboard_shows(settings: Settings, publish_id: str) -> bool:
    """Whether the dashboard that readers see was made from a publish."""
    link = settings.published_dir / "dashboard"
    return link.exists() and link.resolve().name.startswith(f"{publish_id}.")


def remove_old_builds(settings: Settings) -> list[str]:
    """Keep the newest builds (``FINOPS_KEEP_BUILDS``) and the current one; returns the names of those removed."""
    current = current_build(settings)
    complete, broken = [], []
    for path in builds_dir(settings).iterdir():
        (complete if (path / BUILD_NOTE).exists() and not path.name.startswith(".") else broken).append(path)
    complete.sort(key=lambda path: read_build_note(path)["published_at"], reverse=True)
    removed = [path for path in [*complete[settings.keep_builds :], *broken] if path != current]
    for path in removed:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in removed]


def seal(build: Path) -> None:
    """Make every file of a build read only and durable."""
    for folder, _, names in os.walk(build):
        for name in names:
            path = Path(folder) / name
            # A file that is read only was sealed in the build that it is linked from.
            if path.stat().st_mode & 0o222:
                path.chmod(0o444)
                _sync(path)
        sync_folder(Path(folder))


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _views_to_tables(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    views = con.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'build' AND schema_name = 'marts' ORDER BY 1"
    ).fetchall()
    if not views:
        return
    attach(con, settings.raw_database, "raw")
    for (name,) in views:
        con.execute(f"CREATE TABLE marts.{quote_name(name + '__table')} AS FROM marts.{quote_name(name)}")
    for (name,) in views:
        con.execute(f"DROP VIEW marts.{quote_name(name)}")
        con.execute(f"ALTER TABLE marts.{quote_name(name + '__table')} RENAME TO {quote_name(name)}")
    con.execute("DETACH raw")


def _drop_all_but_marts(con: duckdb.DuckDBPyConnection) -> None:
    schemas = con.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'build' AND NOT internal"
        " AND schema_name NOT IN ('marts', 'main')"
    ).fetchall()
    for (name,) in schemas:
        con.execute(f"DROP SCHEMA {quote_name(name)} CASCADE")
    leftovers = con.execute(
        "SELECT table_type, table_name FROM information_schema.tables"
        " WHERE table_catalog = 'build' AND table_schema = 'main'"
    ).fetchall()
    for kind, name in leftovers:
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} main.{quote_name(name)}")


def _write_publishes(con: duckdb.DuckDBPyConnection, history: Sequence[PublishRow]) -> None:
    con.execute(
        "CREATE TABLE IF NOT EXISTS marts.publishes (publish_id VARCHAR, run_id VARCHAR, as_of TIMESTAMPTZ,"
        " published_at TIMESTAMPTZ, content_hash VARCHAR, checks_passed BIGINT, max_load_id BIGINT,"
        " reference_hash VARCHAR, code_hash VARCHAR)"
    )
    con.execute("DELETE FROM marts.publishes")
    insert_publishes(con, "marts.publishes", history)


def _export_days(
    con: duckdb.DuckDBPyConnection, mart: str, target: Path, before: Path | None, unchanged: Sequence[str]
) -> None:
    column = DAILY_MARTS[mart]
    linked = {
        day for day in unchanged if before and _link_files(before / f"{column}={day}", target / f"{column}={day}")
    }
    by_day = rows_by_day(con, mart)
    if not by_day:
        # A reader of the folder finds the columns also where there are no rows.
        file = quote_text(str(target / f"{mart}.parquet"))
        con.execute(f"COPY (FROM marts.{quote_name(mart)}) TO {file} (FORMAT parquet, COMPRESSION zstd)")
    days = [day for day in sorted(by_day) if day not in linked]
    for start in range(0, len(days), _DAYS_PER_COPY):
        wanted = ", ".join(f"DATE {quote_text(day)}" for day in days[start : start + _DAYS_PER_COPY])
        con.execute(
            f"COPY (FROM marts.{quote_name(mart)} WHERE {quote_name(column)} IN ({wanted}))"
            f" TO {quote_text(str(target))}"
            f" (FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({quote_name(column)}), OVERWRITE_OR_IGNORE true,"
            f" ROW_GROUP_SIZE {_ROW_GROUP})"
        )


def _link_files(source: Path, target: Path) -> bool:
    files = [file for file in source.iterdir() if file.suffix == ".parquet"] if source.is_dir() else []
    if not files:
        return False
    target.mkdir(exist_ok=True)
    for file in files:
        try:
            os.link(file, target / file.name)
        except OSError:
            # Some file systems have no hard links.
            shutil.copyfile(file, target / file.name)
    return True
