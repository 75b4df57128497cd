"""Nothing unaudited is published: each kind of check is made to fail once, in a copy of the project."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import yaml

from orchestration.sample_company import CANARY

from .command import Home
from .hidden_text import require_hidden
from .lean_project import copy_project
from .random_company import START, Landed, RandomCompany, deliver

# A singular test of our own, so that the project's many need not run here.
POISON_TEST = """
    -- Fails when a file of this name has landed.
    select file_sha256 from {{ source('ledger', 'load_files') }} where first_name like '%poison%'
"""


@dataclass
class Audited:
    """A home whose first build is published, and the project that it runs."""

    home: Home
    publish_id: str

    def fails(self, *named: str) -> None:
        """The next run ends with exit code 1, names what failed, and what is published stays."""
        printed = self.home.finops("nightly", "--as-of", "2026-09-01T00:00:00Z", expect=1)
        for name in named:
            assert name in printed
        assert "still published" in printed
        assert self.home.publishes()[-1].publish_id == self.publish_id


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = tmp_path_factory.mktemp("audit")
    project = copy_project(folder / "project", enabled_tests=("poison",))
    (project / "tests" / "poison.sql").write_text(POISON_TEST)
    home = Home(folder / "home", project=project)
    deliver(home.landing, RandomCompany(1).rows, "first")
    home.nightly("2026-09-01T00:00:00Z")
    yield Audited(home, home.publishes()[-1].publish_id)
    require_hidden(home, CANARY)


@pytest.fixture
def suite(audited: Audited) -> Iterator[Callable[[str, dict], None]]:
    """Add an expectation to a suite of the copied project; taken back afterwards."""
    folder = audited.home.project / "orchestration" / "quality" / "suites"
    before = {path: path.read_text() for path in folder.glob("*.yml")}

    def expect(name: str, expectation: dict) -> None:
        path = folder / f"{name}.yml"
        content = yaml.safe_load(before[path])
        content["expectations"].append(expectation)
        path.write_text(yaml.safe_dump(content))

    yield expect
    for path, text in before.items():
        path.write_text(text)


def _land(audited: Audited, name: str) -> None:
    row = {
        "ticket_id": name, "opened_at": START.isoformat(), "updated_at": START.isoformat(), "severity": "minor",
        "kind": "correction", "status": "open", "comment": CANARY, "role": f"judge {CANARY[:0]}",
    }  # fmt: skip
    deliver(audited.home.landing, [Landed("rework", row, START)], name)


@pytest.mark.slow
def test_expectation_of_new_rows(audited: Audited, suite: Callable[[str, dict], None]) -> None:
    """Mistake caught: a check of landed rows that fails and blocks nothing."""
    suite("raw_rework", {"expect": "column_values_to_be_in_set", "column": "severity", "value_set": ["critical"]})
    _land(audited, "judged")
    audited.fails("rework: new_rows_are_sound", "severity")


@pytest.mark.slow
def test_expectation_of_a_mart(audited: Audited, suite: Callable[[str, dict], None]) -> None:
    """Mistake caught: a check of a mart that runs after the publish, or beside it."""
    suite("mart_outcomes", {"expect": "column_values_to_be_in_set", "column": "use_case", "value_set": ["nobody"]})
    audited.fails("outcomes: is_sound", "use_case")
    results = sorted(audited.home.settings.validations_dir.glob("*/mart_outcomes.json"))
    failed = [json.loads(path.read_text()) for path in results]
    assert any(not result["success"] for result in failed)


@pytest.mark.slow
def test_ledger_that_does_not_add_up(audited: Audited) -> None:
    """Mistake caught: a lost row that nobody counts."""
    change = "UPDATE ledger.load_files SET loaded = loaded {} 1 WHERE source = 'sla'"
    with audited.home.raw(read_only=False) as con:
        con.execute(change.format("+"))
    audited.fails("sla: rows_are_accounted_for", "rows came in")
    with audited.home.raw(read_only=False) as con:
        con.execute(change.format("-"))


@pytest.mark.slow
def test_failing_dbt_test(audited: Audited) -> None:
    """Mistake caught: a dbt test that only warns."""
    _land(audited, "poison")
    audited.fails("poison", "1 result")


@pytest.mark.slow
def test_mended(audited: Audited) -> None:
    """Mistake caught: a warehouse that a failed run has spoiled for good."""
    (audited.home.project / "tests" / "poison.sql").write_text(POISON_TEST.replace("poison%", "no such file%"))
    audited.home.nightly("2026-09-01T00:00:00Z")
    assert audited.home.publishes()[-1].publish_id != audited.publish_id
