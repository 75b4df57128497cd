"""The graph that Dagster shows: whole, connected and with every guard in front of the publish."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from orchestration.commands.run import stage_of
from orchestration.quality.marts import mart_suites
from orchestration.sources.registry import SOURCES


@pytest.fixture(scope="module")
def defs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINOPS_HOME", str(tmp_path_factory.mktemp("home")))
        from orchestration.definitions import build_definitions

        yield build_definitions()


@pytest.fixture(scope="module")
def graph(defs):
    return defs.resolve_asset_graph()


def test_the_named_jobs_schedule_and_sensor_exist(defs) -> None:
    """Catches a rename that a scheduler or a document would find out later."""
    for name in ("nightly", "rebuild", "rebuild_days"):
        assert defs.resolve_job_def(name).executor_def is dg.in_process_executor
    schedule = defs.resolve_schedule_def("every_night")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 2 * * *", "UTC")
    sensor = defs.resolve_sensor_def("files_landed")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED


def test_sources_raw_models_and_publish_are_assets(graph) -> None:
    """Catches a source or a mart that is not in the picture."""
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    for family in SOURCES:
        assert {f"landing/{family}", f"raw/{family}"} <= keys
    for mart in ("attempts", "requests", "outcomes", "use_case_daily", "spend_daily", "owner_budget_burn"):
        assert f"marts/{mart}" in keys
    assert {"ledger", "reference/checked", "plan/rebuild_days", "published", "landing/invoices"} <= keys


def test_order_runs_from_reference_data_to_publish(graph) -> None:
    """Catches a dbt source that stands for itself, so that models would not wait for what is loaded."""

    def above(name: str) -> set[str]:
        key = dg.AssetKey(name.split("/"))
        return {found.to_user_string() for found in graph.get_ancestor_asset_keys(key)}

    assert above("ledger") == {"reference/checked"}
    assert {"ledger", "landing/inference"} <= above("raw/inference")
    assert {f"raw/{family}" for family in SOURCES} <= above("plan/rebuild_days")
    assert {"raw/inference", "raw/litellm", "raw/otel", "plan/rebuild_days"} <= above("marts/attempts")
    assert "reference/checked" in above("reference/use_cases")
    assert {"marts/attempts", "marts/use_case_daily", "reference/checked"} <= above("published")
    assert {"published", "marts/use_case_daily"} <= above("dashboard")


def test_checks_of_rows_and_marts_block(defs, graph) -> None:
    """Catches checks that report and let the publish go on, and a suite whose mart does not exist."""
    found = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    for family in SOURCES:
        assert {(f"raw/{family}", "rows_are_accounted_for"), (f"raw/{family}", "new_rows_are_sound")} <= found
    for suite in mart_suites():
        assert (f"marts/{suite.mart}", "is_sound") in found
    ours = [key for key in graph.asset_check_keys if key.name in ("is_sound", "new_rows_are_sound")]
    assert all(graph.get_check_spec(key).blocking for key in ours)


def test_every_step_of_the_nightly_job_is_shown_in_a_stage(defs) -> None:
    """Catches a new step that the command line does not know."""
    steps = defs.resolve_job_def("nightly").graph.node_dict
    assert [step for step in steps if stage_of(step) is None] == []


def test_the_schedule_gives_the_scheduled_instant_as_as_of(defs) -> None:
    """Catches a late start of the machine that changes the figures."""
    at = datetime(2026, 9, 28, 2, 30, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance, scheduled_execution_time=at)
        request = defs.resolve_schedule_def("every_night").evaluate_tick(context).run_requests[0]
    assert request.run_config["resources"]["run_parameters"]["config"] == {"as_of": at.isoformat()}


def test_the_sensor_waits_until_files_stop_changing_and_starts_once(defs, settings, monkeypatch) -> None:
    """Catches a run over half-written files, and one run a minute for the same files."""
    monkeypatch.setenv("FINOPS_HOME", str(settings.home))
    folder = settings.home / "landing" / "inference"
    folder.mkdir(parents=True)
    sensor = defs.resolve_sensor_def("files_landed")
    cursor, started = None, []
    with dg.DagsterInstance.ephemeral() as instance:
        for step in range(5):
            if step == 1:
                (folder / "a.jsonl").write_text("{}\n", encoding="utf-8")
            with dg.build_sensor_context(instance, cursor=cursor) as context:
                tick = sensor.evaluate_tick(context)
            cursor = tick.cursor
            started.append(len(tick.run_requests or []))
    assert started == [0, 0, 1, 0, 0]
