"""dbt's nodes in the graph: what models and seeds are called, what they wait for, which tests check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.graph.keys import PLAN, REFERENCE, raw_key
from orchestration.sources.registry import SOURCES

Node = Mapping[str, Any]
_BUILT = ("model", "seed")


class DbtGraph:
    """The assets and asset checks of a manifest.

    Attributes:
        keys: asset key of each model and seed, by dbt's name.
        checks: asset check of each test, by dbt's name.
    """

    def __init__(self, manifest: Node) -> None:
        self._nodes: Mapping[str, Node] = manifest["nodes"]
        self._source_keys = {name: _source_key(source) for name, source in manifest["sources"].items()}
        self.keys = {
            name: dg.AssetKey([node["schema"], node["name"]])
            for name, node in self._nodes.items()
            if node["resource_type"] in _BUILT
        }
        self.checks = {
            name: dg.AssetCheckKey(self.keys[tested], node["name"])
            for name, node in self._nodes.items()
            if node["resource_type"] == "test" and (tested := self._tested(node)) is not None
        }

    def asset_specs(self) -> list[dg.AssetSpec]:
        """One asset for each model and seed. Any may be left out of a run, or fail."""
        return [
            dg.AssetSpec(
                key,
                deps=self._waits_for(self._nodes[name]),
                group_name=_group(self._nodes[name]),
                description=self._nodes[name]["description"] or None,
                kinds={"dbt", "duckdb"},
                skippable=True,
            )
            for name, key in self.keys.items()
        ]

    def check_specs(self) -> list[dg.AssetCheckSpec]:
        """One asset check for each test."""
        return [dg.AssetCheckSpec(key.name, asset=key.asset_key) for key in self.checks.values()]

    def names(self, keys: set[dg.AssetKey]) -> list[str]:
        """What dbt calls these assets when they are selected."""
        return sorted(self._nodes[name]["name"] for name, key in self.keys.items() if key in keys)

    def _waits_for(self, node: Node) -> list[dg.AssetKey]:
        if node["resource_type"] == "seed":
            # Seeds are read from what the reference check wrote.
            return [REFERENCE]
        keys = self.keys | self._source_keys
        return sorted({keys[name] for name in node["depends_on"]["nodes"] if name in keys})

    def _tested(self, test: Node) -> str | None:
        """What a test is about; one of several models is about the first that it names."""
        named = [test.get("attached_node"), *test["depends_on"]["nodes"]]
        return next((name for name in named if name in self.keys), None)


def _source_key(source: Node) -> dg.AssetKey:
    """Landed tables are the raw assets; the ledger and the control tables are ready when the plan is."""
    table = f"{source['source_name']}.{source['name']}"
    return next((raw_key(family) for family, known in SOURCES.items() if table in _tables(known)), PLAN)


def _tables(source: Any) -> set[str]:
    return {table.full_name for table in source.tables}


def _group(node: Node) -> str:
    """The group of a mart and its steps is their question (the folder below marts), of others their floor."""
    if node["resource_type"] == "seed":
        return "reference"
    layer, *folders = node["fqn"][1:-1]
    return folders[0] if layer == "marts" and folders else layer
