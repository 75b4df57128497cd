"""Nothing is published that was not audited: a check that fails, or that left no record, keeps the former build."""

import dagster as dg
import duckdb
import pytest

from orchestration.graph import published as audit
from orchestration.graph.keys import REFERENCE
from orchestration.graph.published import mart_checks, published_asset
from orchestration.graph.run import failures_of
from orchestration.graph.run_parameters import WriterLock
from orchestration.publish.publish import publish_build
from orchestration.quality.suites import Suite

SUITE = Suite(
    name="mart_use_case_daily",
    promise="requests are few",
    database="build",
    table="marts.use_case_daily",
    expectations=({"expect": "column_values_to_be_between", "column": "requests", "max_value": 5},),
)


@pytest.fixture
def run_job(settings, make_build, reference, monkeypatch):
    """Run the audit and the publish over a build that says ``value``; the rest of the graph is made up."""
    monkeypatch.setenv("FINOPS_HOME", str(settings.home))
    monkeypatch.setattr(audit, "mart_suites", lambda: [SUITE])

    @dg.asset(key=REFERENCE)
    def checked():
        return reference

    def run(value: int, *, owner: str | None = None, skip_checks: bool = False):
        @dg.asset(key=["marts", "use_case_daily"])
        def mart(context: dg.AssetExecutionContext) -> None:
            make_build(owner or context.run.run_id, value)

        checks = mart_checks(mart)
        definitions = dg.Definitions(
            assets=[checked, mart, published_asset(mart, checks)],
            asset_checks=[] if skip_checks else checks,
            resources={"writer_lock": WriterLock()},
            jobs=[dg.define_asset_job("job", executor_def=dg.in_process_executor)],
        )
        with dg.DagsterInstance.ephemeral() as instance:
            return definitions.resolve_job_def("job").execute_in_process(instance=instance, raise_on_error=False)

    return run


def says(settings) -> int:
    with duckdb.connect(str(settings.published_database.resolve()), read_only=True) as con:
        return con.execute("SELECT requests FROM marts.use_case_daily").fetchone()[0]


def test_a_build_that_passes_is_published_with_the_number_of_checks(settings, run_job) -> None:
    """Catches an audit that blocks everything, which a test of failures alone would not notice."""
    assert run_job(3).success
    assert says(settings) == 3
    with duckdb.connect(str(settings.published_database.resolve()), read_only=True) as con:
        assert con.execute("SELECT checks_passed FROM marts.publishes").fetchall() == [(1,)]


def test_a_failed_check_keeps_the_former_build_and_names_itself(settings, run_job) -> None:
    """Catches a check that only warns, and a failure that does not say which check failed on what."""
    run_job(3)
    result = run_job(99)
    assert not result.success
    assert says(settings) == 3
    (failure,) = failures_of(result.all_events)
    assert "marts/use_case_daily: is_sound" in failure
    assert "requests: expect_column_values_to_be_between (max_value=5): 1 of 1 rows" in failure
    assert "99" not in failure


def test_a_check_without_a_record_keeps_the_former_build(settings, run_job) -> None:
    """Catches a run whose audit was left out, by selection or by a crash."""
    run_job(3)
    result = run_job(4, skip_checks=True)
    assert not result.success
    assert says(settings) == 3
    assert "left no record: marts/use_case_daily:is_sound" in failures_of(result.all_events)[0]


def test_a_build_of_another_run_is_not_published(settings, run_job, make_build, reference) -> None:
    """Catches a re-executed publish that takes up a build which a later run has made, with the earlier run's checks."""
    make_build("r1", 1)
    publish_build(settings, run_id="r1", checks_passed=1, reference=reference)
    result = run_job(3, owner="someone-else")
    assert not result.success
    assert says(settings) == 1
    assert "made by another run" in failures_of(result.all_events)[0]
