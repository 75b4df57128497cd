"""What ``control`` says of the run that made the build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.publish.ledger import PublishRow, read_publishes
from orchestration.settings import Settings
from orchestration.warehouse.database import open_database


@dataclass(frozen=True)
class RunControl:
    """What ``control`` says of the run that made the build."""

    run_id: str
    as_of: datetime
    mode: str
    rebuilt_days: tuple[str, ...]
    kept_nodes: frozenset[str]
    max_load_id: int
    publishes: tuple[PublishRow, ...]

    @property
    def kept_models(self) -> frozenset[str]:
        """Names of the models that the run left as they were."""
        return frozenset(node.rpartition(".")[2] for node in self.kept_nodes if node.startswith("model."))


def read_control(settings: Settings) -> RunControl:
    """The run that made the present build, from the raw database.

    Raises:
        LookupError: no run was planned.
    """
    with open_database(settings.raw_database, settings) as con:
        run = con.execute("SELECT run_id, as_of, mode FROM control.run").fetchone()
        if run is None:
            raise LookupError("no run was planned, so there is nothing to publish")
        days = con.execute("SELECT DISTINCT day::VARCHAR FROM control.rebuild_days ORDER BY 1").fetchall()
        (max_load_id,) = con.execute("SELECT coalesce(max(load_id), 0) FROM ledger.load_files").fetchone() or (0,)
        publishes = read_publishes(con)
        kept = read_kept_nodes(con)
    run_id, as_of, mode = run
    rebuilt = tuple(day for (day,) in days)
    return RunControl(run_id, as_of.astimezone(UTC), mode, rebuilt, kept, max_load_id, tuple(publishes))


def write_kept_nodes(con: duckdb.DuckDBPyConnection, kept: frozenset[str]) -> None:
    """Note in ``control.kept_nodes`` what this run leaves as it is."""
    con.execute("INSERT INTO control.kept_nodes SELECT unnest($kept::VARCHAR[])", {"kept": sorted(kept)})


def read_kept_nodes(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """What the planned run leaves as it is."""
    return frozenset(node for (node,) in con.execute("SELECT node FROM control.kept_nodes").fetchall())
