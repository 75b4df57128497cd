"""`finops gate` as a step of a pipeline: the exit code is the verdict, and the JSON stays as documented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings

# Every column of the mart that the command reads, with a value; the rest of the row is of no interest here.
_VERDICTS = """
    CREATE TABLE marts.gate_verdicts AS SELECT
        release AS release_id, 'drafts' AS use_case, 'ana' AS owner, position, 'cost' AS check_group,
        'cost_fell' AS check_name, verdict AS check_verdict, 'cost went [down]' AS reason,
        0.6::DOUBLE AS baseline_value, 0.5::DOUBLE AS candidate_value, 0.83::DOUBLE AS effect,
        NULL::DOUBLE AS effect_lower, 'nan'::DOUBLE AS effect_upper, 1.0::DOUBLE AS threshold,
        'ratio' AS effect_meaning,
        verdict AS release_verdict, 'before_after' AS comparison, TIMESTAMPTZ '2026-07-13 00:00:00+00' AS baseline_from,
        TIMESTAMPTZ '2026-08-10 00:00:00+00' AS baseline_until, TIMESTAMPTZ '2026-08-10 00:00:00+00' AS candidate_from,
        TIMESTAMPTZ '2026-09-07 00:00:00+00' AS candidate_until, false AS is_window_complete,
        2604::BIGINT AS baseline_outcomes, 2589::BIGINT AS candidate_outcomes, 7::BIGINT AS immature_outcomes,
        true AS uses_developed_figures, 0::BIGINT AS mixed_outcomes, 1::BIGINT AS earlier_releases,
        0.13::DOUBLE AS baseline_cost_per_request, 0.09::DOUBLE AS candidate_cost_per_request
    FROM (VALUES ('good', 'pass'), ('bad', 'fail'), ('young', 'not_enough_evidence')) AS t (release, verdict),
        (VALUES (2), (1)) AS p (position)
"""
_WATCH = """
    CREATE TABLE marts.gate_watch_hourly AS
    SELECT 'bad' AS release_id, h::INT AS hour_number, if(h = 2, 'rollback', 'keep') AS recommendation, 'r' AS reason
    FROM range(1, 4) AS t (h)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    settings.make_folders()
    with duckdb.connect(str(settings.published_database)) as con:
        con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA marts")
        con.execute(_VERDICTS)
        con.execute(_WATCH)
    return settings.home


def _finops(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FINOPS_HOME": str(home)}
    command = [sys.executable, "-m", "orchestration.cli", "gate", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("release", "code", "word"), [("good", 0, "pass"), ("bad", 1, "FAIL"), ("young", 3, "not enough evidence")]
)
def test_the_exit_code_is_the_verdict(home: Path, release: str, code: int, word: str) -> None:
    """Mistake caught: a release that fails, or is not known to be good, and a pipeline that goes on."""
    done = _finops(home, release)
    assert done.returncode == code, done.stderr
    assert f"verdict: {word}" in done.stdout
    assert "cost went [down]" in done.stdout
    assert "still running" in done.stdout
    assert "7 outcomes can still be corrected" in done.stdout


def test_errors_have_an_exit_code_of_their_own(home: Path, tmp_path: Path) -> None:
    """Mistake caught: a misspelt release, an unpublished warehouse or a typing error that looks like a verdict."""
    unknown = _finops(home, "gud")
    assert unknown.returncode == 2
    assert "there are bad, good, young" in unknown.stderr
    nothing = _finops(tmp_path, "good")
    assert nothing.returncode == 2
    assert "nothing is published yet" in nothing.stderr
    assert _finops(home, "good", "--format", "yaml").returncode == 2
    assert _finops(home).returncode == 2


def test_json_is_as_documented(home: Path) -> None:
    """Mistake caught: a member that other people's pipelines read and that is gone, renamed or no JSON (NaN)."""
    done = _finops(home, "bad", "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout, parse_constant=pytest.fail)
    assert list(report) == [
        "release_id", "use_case", "owner", "verdict", "exit_code", "comparison", "baseline", "candidate",
        "is_window_complete", "uses_developed_figures", "immature_outcomes", "mixed_outcomes", "earlier_releases",
        "checks", "watch",
    ]  # fmt: skip
    assert (report["verdict"], report["exit_code"]) == ("fail", 1)
    assert report["baseline"] == {
        "from": "2026-07-13T00:00:00+00:00", "until": "2026-08-10T00:00:00+00:00", "outcomes": 2604,
        "cost_per_request": 0.13,
    }  # fmt: skip
    assert report["checks"][0] == {
        "group": "cost", "name": "cost_fell", "verdict": "fail", "reason": "cost went [down]", "baseline": 0.6,
        "candidate": 0.5, "effect": 0.83, "effect_lower": None, "effect_upper": None, "threshold": 1.0,
        "effect_meaning": "ratio",
    }  # fmt: skip
    assert report["watch"] == {
        "hours": 3, "recommendation": "keep", "reason": "r", "rollback_hours": 1, "first_rollback_hour": 2,
    }  # fmt: skip
    assert json.loads(_finops(home, "good", "--format", "json").stdout)["watch"]["hours"] == 0
