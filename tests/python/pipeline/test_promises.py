"""What models promise (tests/generic/promises.sql): each kind is broken once, in a project of two models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from orchestration.build.dbt import variables_set
from orchestration.settings import PROJECT_DIR

# Two days; the first is old in a night that adds to the build.
ROWS = """
    select * from (values
        ('a', date '2026-09-01', 1, 'yes', 1, 5, 'k1'),
        ('b', date '2026-09-01', 2, {old_value}, 1, 5, 'k2'),
        ('c', date '2026-09-02', {amount}, {value}, 1, 5, {key}),
        ({id}, date '2026-09-02', 4, 'no', {valid_from}, 9, 'k4')
    ) as rows(id, day, amount, answer, valid_from, valid_to, key)
"""
SOUND = {
    "old_value": "'no'", "amount": "3", "value": "null", "key": "'k3'", "id": "'d'", "valid_from": "5",
}  # fmt: skip
PROMISES = {
    "unique": [["id"], ["day", "key"]],
    "not_null": ["amount"],
    "accepted_values": {"answer": ["yes", "no"]},
    "always_true": ["amount > 0 and id <> 'no''body'"],
    "no_overlap": [{"key": ["id"]}],
}


@dataclass
class Ending:
    """How the test of the model ended: dbt's status, its number of broken rows, what it said."""

    status: str
    broken: int
    said: list[str]


class Project:
    """A project of a model that promises, with the macros and tests of the real one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "models").mkdir()
        profile = {"type": "duckdb", "path": str(folder / "build.duckdb"), "threads": 1}
        self._write("profiles.yml", {"p": {"target": "t", "outputs": {"t": profile}}})
        self._write(
            "dbt_project.yml",
            {
                "name": "inference_finops", "profile": "p", "version": "1.0.0", "config-version": 2,
                "macro-paths": [str(PROJECT_DIR / "macros")], "test-paths": [str(PROJECT_DIR / "tests")],
                "flags": {"send_anonymous_usage_stats": False, "require_generic_test_arguments_property": True},
                "vars": {"reporting_time_zone": "UTC"},
                "data_tests": {"inference_finops": {"reconciliation": {"+enabled": False}}},
            },
        )  # fmt: skip
        promises = {"promises": {"name": "promises_of_answers", "arguments": PROMISES}}
        self._write(
            "models/models.yml",
            {
                "sources": [
                    {"name": "control", "schema": "main", "tables": [{"name": "rebuild_days"}, {"name": "run"}]}
                ],
                "models": [{"name": "answers", "data_tests": [promises]}],
            },
        )
        (folder / "models" / "rebuild_days.sql").write_text(
            "{{ config(materialized='table') }} select date '2026-09-02' as day"
        )

    def _write(self, name: str, content: dict) -> None:
        (self._folder / name).write_text(yaml.safe_dump(content))

    def tested(self, *, audit: str = "full", **changed: str) -> Ending:
        """Build the model with some values changed, and test it."""
        config = "{{ config(materialized='incremental', incremental_strategy='replace_days') }}"
        (self._folder / "models" / "answers.sql").write_text(config + ROWS.format(**SOUND | changed))
        said = []
        runner = dbtRunner(callbacks=[lambda event: said.append(event) if event.info.name == "JinjaLogInfo" else None])
        places = {"DBT_PROJECT_DIR": str(self._folder), "DBT_PROFILES_DIR": str(self._folder), "FINOPS_AUDIT": audit}
        places |= {"DBT_TARGET_PATH": str(self._folder / "target"), "DBT_LOG_PATH": str(self._folder / "logs")}
        with variables_set(places):
            try:
                done = runner.invoke(["--quiet", "build", "--full-refresh"])
            finally:
                DuckDBConnectionManager.close_all_connections()
        assert done.exception is None
        (result,) = [result for result in done.result.results if result.node.resource_type == "test"]
        assert result.node.name == "promises_of_answers"
        return Ending(str(result.status), result.failures, [event.data.msg for event in said])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("promises"))


def test_promises_that_are_kept(project: Project) -> None:
    """Mistake caught: a test that fails on sound rows; an answer that is null is unknown and breaks nothing."""
    assert project.tested() == Ending("pass", 0, [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "'a'", "valid_from": "5"}, ["unique: id"]),
        ({"key": "'k4'"}, ["unique: day, key"]),
        ({"key": "null", "amount": "null"}, ["not null: amount"]),
        ({"value": "'perhaps'"}, ["accepted values: answer"]),
        ({"amount": "0"}, ["amount > 0 and id <> 'no''body'"]),
        ({"id": "'a'", "valid_from": "4"}, ["unique: id", "no overlap: id"]),
    ],
)
def test_each_promise_is_named_when_it_is_broken(project: Project, changed: dict[str, str], said: list[str]) -> None:
    """Mistake caught: a promise that no row can break, one that hides behind another, a failure that names none."""
    expected = [f"answers: {promise}: 1 row" for promise in said]
    assert project.tested(**changed) == Ending("fail", len(said), expected)


def test_a_night_looks_at_the_days_that_it_built_again(project: Project) -> None:
    """Mistake caught: a night that reads all history, one that sees nothing, and a key of a new row that an old row has
    too, which no single day shows."""
    assert project.tested(old_value="'perhaps'").broken == 1
    assert project.tested(audit="rebuilt_days", old_value="'perhaps'") == Ending("pass", 0, [])
    assert project.tested(audit="rebuilt_days", value="'perhaps'").said == ["answers: accepted values: answer: 1 row"]
    assert project.tested(audit="rebuilt_days", id="'a'").said == ["answers: unique: id: 1 row"]
