"""Which dbt nodes a run leaves as they are, because nothing that they read has changed since the last finished run.

In doubt a node is built: one too many costs time, one too few would leave yesterday's figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from orchestration.build.plan import Plan
from orchestration.publish.ledger import audit_mark, last_finished
from orchestration.reference import PreparedReference
from orchestration.settings import Settings
from orchestration.sources.registry import family_of

_BUILT = ("seed", "model", "test")
_RUN, _DAYS = "control.run", "control.rebuild_days"


@dataclass(frozen=True)
class Changes:
    """What is different from the last finished run.

    Attributes:
        everything: why every node counts as changed; None when the rest says which do.
        has_files: whether files were loaded or refused.
        tables: landed tables that have new rows, for example ``native.inference``.
        seeds: names of the reference files whose rows differ.
        as_of_moved: whether the run is as of another instant.
        rebuilds_days: whether there are days to build again.
        days_were_chosen: whether some of them were asked for, whatever has changed.
    """

    everything: str | None = None
    has_files: bool = False
    tables: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    as_of_moved: bool = False
    rebuilds_days: bool = False
    days_were_chosen: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether everything is as the last finished run left it."""
        return self == Changes()


def find_changes(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    prepared: PreparedReference,
    planned: Plan,
    as_of: datetime,
    *,
    days_were_chosen: bool = False,
) -> Changes:
    """Compare a planned run with the last finished one, by the raw database."""
    finished = last_finished(con)
    if planned.mode == "full" or finished is None:
        return Changes(everything=planned.reason)
    if planned.after_unfinished:
        return Changes(everything="an unfinished run may have left nodes half built")
    if finished.audit_mark != audit_mark(settings):
        return Changes(everything="the checks changed, or somebody else has written to the build")
    (files,) = con.execute(
        "SELECT count(*) FROM ledger.load_files WHERE load_id > ?", [finished.max_load_id]
    ).fetchone() or (1,)
    sources = con.execute(
        "SELECT DISTINCT source FROM ledger.load_files WHERE load_id > ? AND loaded + superseded > 0",
        [finished.max_load_id],
    ).fetchall()
    families = [family_of(source) for (source,) in sources]
    return Changes(
        has_files=files > 0,
        tables=frozenset(table.full_name for family in families if family for table in family.tables),
        seeds=_changed_seeds(con, prepared),
        as_of_moved=as_of != finished.as_of,
        rebuilds_days=bool(planned.days) or days_were_chosen,
        days_were_chosen=days_were_chosen,
    )


def kept_nodes(manifest: Mapping[str, Any], changes: Changes) -> frozenset[str]:
    """Unique ids of the seeds, models and data tests that need not run.

    A model that replaces days reads only those, so without days it is as it was. A view holds no rows: it is made again
    only where its text holds the instant of the run, but what reads it has changed with what it reads. A test runs when
    anything that it reads has changed.

    Args:
        manifest: dbt's ``manifest.json``.
        changes: what is new.
    """
    if changes.everything is not None:
        return frozenset()
    graph = _Graph(manifest, changes)
    return frozenset(
        name for name, node in manifest["nodes"].items() if node["resource_type"] in _BUILT and not graph.runs(name)
    )


def selected_names(nodes: Mapping[str, Any], kept: frozenset[str]) -> list[str]:
    """Names by which dbt selects what is not kept, of the manifest's nodes."""
    return sorted(
        {node["fqn"][-1] for name, node in nodes.items() if name not in kept and node["resource_type"] in _BUILT}
    )


def kept_names(nodes: Mapping[str, Any], kept: frozenset[str]) -> list[str]:
    """Names by which dbt leaves out what is kept; a name that something else has too leaves nothing out."""
    return sorted({nodes[name]["fqn"][-1] for name in kept if name in nodes} - set(selected_names(nodes, kept)))


def _changed_seeds(con: duckdb.DuckDBPyConnection, prepared: PreparedReference) -> frozenset[str]:
    before = Counter(con.execute("SELECT seed, row_hash FROM ledger.reference_rows").fetchall())
    after = Counter((row.seed, row.row_hash) for row in prepared.rows)
    return frozenset(seed for seed, _ in (before - after) + (after - before))


class _Graph:
    """What has changed, followed from sources and seeds through the models."""

    def __init__(self, manifest: Mapping[str, Any], changes: Changes) -> None:
        self._nodes = manifest["nodes"]
        self._sources = manifest["sources"]
        self._changes = changes
        self._known: dict[str, bool] = {}

    def runs(self, name: str) -> bool:
        node = self._nodes[name]
        parents = node["depends_on"].get("nodes", [])
        if node["resource_type"] == "test":
            return not parents or any(map(self._has_changed, parents))
        if node["config"]["materialized"] == "view":
            return any(map(self._has_changed, filter(self._is_control, parents)))
        return self._has_changed(name)

    def _has_changed(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = self._source_changed(name) if name in self._sources else self._node_changed(name)
        return self._known[name]

    def _source_changed(self, name: str) -> bool:
        table, changes = self._table(name), self._changes
        if table == _RUN:
            return changes.as_of_moved
        if table == _DAYS:
            return changes.rebuilds_days
        # The ledger tells of the runs too, so each that has something to do changes it.
        return table in changes.tables or (table.startswith("ledger.") and not changes.is_nothing)

    def _node_changed(self, name: str) -> bool:
        node = self._nodes.get(name)
        if node is None:
            return True
        if node["resource_type"] == "seed":
            return node["name"] in self._changes.seeds
        parents = node["depends_on"]["nodes"]
        if node["config"]["materialized"] == "incremental":
            if not self._changes.rebuilds_days:
                return False
            inputs = [parent for parent in parents if self._table(parent) != _DAYS]
            return self._changes.days_were_chosen or any(map(self._has_changed, inputs))
        return any(map(self._has_changed, parents))

    def _is_control(self, name: str) -> bool:
        return self._table(name) in (_RUN, _DAYS)

    def _table(self, name: str) -> str:
        source = self._sources.get(name)
        return f"{source['source_name']}.{source['name']}" if source else ""
