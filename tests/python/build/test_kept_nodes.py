"""What a run leaves as it is: everything that nothing new can reach, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestration.build.kept_nodes import Changes, kept_nodes, selected_names

SOURCES = ("native.inference", "native.rework", "ledger.load_files", "control.run", "control.rebuild_days")
# Name: kind, and what it reads.
NODES = {
    "prices": ("seed", []),
    "budgets": ("seed", []),
    "stg_prices": ("view", ["prices"]),
    "stg_calls": ("view", ["native.inference"]),
    "visible_calls": ("view", ["stg_calls", "control.run"]),
    "int_tickets": ("incremental", ["native.rework", "control.rebuild_days"]),
    "attempts": ("incremental", ["visible_calls", "stg_prices", "control.run", "control.rebuild_days"]),
    "attempts_daily": ("table", ["attempts"]),
    "budget_burn": ("table", ["budgets", "attempts_daily", "control.run"]),
    "load_files": ("table", ["ledger.load_files"]),
    "window_days": ("table", ["control.rebuild_days"]),
    "calls_have_ids": ("test", ["stg_calls"]),
    "attempts_agree": ("test", ["attempts", "stg_calls"]),
    "tickets_are_rows": ("test", ["int_tickets", "native.rework"]),
    "says_nothing_of_itself": ("test", []),
}
QUIET = Changes()
NEW_CALLS = Changes(
    has_files=True, tables=frozenset({"native.inference"}), as_of_moved=True, rebuilds_days=True
)  # fmt: skip


def _id(name: str) -> str:
    return f"source.p.{name}" if name in SOURCES else f"{_type(name)}.p.{name}"


def _type(name: str) -> str:
    kind = NODES[name][0]
    return kind if kind in ("seed", "test") else "model"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    sources = {}
    for name in SOURCES:
        source_name, _, table = name.partition(".")
        sources[_id(name)] = {"source_name": source_name, "name": table}
    nodes = {
        _id(name): {
            "name": name,
            "fqn": ["p", "folder", name],
            "resource_type": _type(name),
            "config": {"materialized": kind},
            "depends_on": {"nodes": [_id(parent) for parent in parents]} if kind != "seed" else {"macros": []},
        }
        for name, (kind, parents) in NODES.items()
    }
    return {"sources": sources, "nodes": nodes | {"operation.p.hook": {"resource_type": "operation", "name": "hook"}}}


def _run(manifest: dict[str, Any], changes: Changes) -> set[str]:
    kept = kept_nodes(manifest, changes)
    return set(selected_names(manifest["nodes"], kept))


ALWAYS = {"says_nothing_of_itself"}
LEDGER = {"load_files"}


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        (QUIET, set()),
        # A file of duplicates is told of and moves no figure.
        (replace(QUIET, has_files=True), LEDGER),
        (
            NEW_CALLS,
            LEDGER
            | {"visible_calls", "attempts", "attempts_daily", "budget_burn", "window_days"}
            | {"calls_have_ids", "attempts_agree"},
        ),
        # Time alone: no day is built again, so facts are as they were.
        (replace(QUIET, as_of_moved=True), LEDGER | {"visible_calls", "budget_burn"}),
        (
            replace(QUIET, as_of_moved=True, rebuilds_days=True),
            LEDGER | {"visible_calls", "attempts", "attempts_daily", "budget_burn", "window_days", "attempts_agree"},
        ),
        (replace(QUIET, seeds=frozenset({"budgets"})), LEDGER | {"budgets", "budget_burn"}),
        # A price that touches no day with calls.
        (replace(QUIET, seeds=frozenset({"prices"})), LEDGER | {"prices"}),
        (
            replace(QUIET, seeds=frozenset({"prices"}), rebuilds_days=True),
            LEDGER | {"prices", "attempts", "attempts_daily", "budget_burn", "window_days", "attempts_agree"},
        ),
        # Asked for by name: whatever has changed.
        (
            replace(QUIET, rebuilds_days=True, days_were_chosen=True),
            LEDGER
            | {"int_tickets", "attempts", "attempts_daily", "budget_burn", "window_days"}
            | {"attempts_agree", "tickets_are_rows"},
        ),
        (Changes(everything="the models changed"), set(NODES) - ALWAYS),
    ],
)
def test_what_is_new_runs_and_nothing_else(manifest, changes: Changes, runs: set[str]) -> None:
    """Mistake caught: a node left as it was although something that it reads is new, and the reverse, which costs time;
    a view or table whose window of days is that of the run before."""
    assert _run(manifest, changes) == runs | ALWAYS


def test_an_unknown_parent_counts_as_changed(manifest) -> None:
    """Mistake caught: a kind of node that the rule does not know, taken for one that never changes."""
    nodes = manifest["nodes"] | {
        "model.p.odd": {
            "name": "odd",
            "fqn": ["p", "odd"],
            "resource_type": "model",
            "config": {"materialized": "table"},
            "depends_on": {"nodes": ["snapshot.p.unheard_of"]},
        }
    }
    assert "model.p.odd" not in kept_nodes({**manifest, "nodes": nodes}, QUIET)
