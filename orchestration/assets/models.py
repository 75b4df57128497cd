"""Reference data, the plan of days, and every dbt model as an asset."""

import contextlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from orchestration.assets.keys import LEDGER, PLAN, REFERENCE, raw_key
from orchestration.database import open_database
from orchestration.failures import explained
from orchestration.ingest.failpoint import fail_at
from orchestration.ingest.registry import SOURCES
from orchestration.run_parameters import RunParameters, WriterLock
from orchestration.settings import get_settings
from orchestration.transform import dbt_variables, failed_nodes, keep_newest_invocations, read_run_results


@dg.asset(
    key=REFERENCE,
    group_name="reference",
    kinds={"csv"},
    description="Reference data that people edit, checked as a whole before anything is loaded.",
)
def reference(context: dg.AssetExecutionContext, writer_lock: WriterLock) -> dg.MaterializeResult:
    from orchestration.reference import prepare

    settings = get_settings()
    settings.make_folders()
    with explained("reference data"):
        prepared = prepare(settings)
    return dg.MaterializeResult(value=prepared, metadata={"content": prepared.hash})


@dg.asset(
    key=PLAN,
    group_name="plan",
    ins={"prepared": dg.AssetIn(REFERENCE)},
    deps=[LEDGER, *(raw_key(family) for family in SOURCES)],
    kinds={"duckdb"},
    description="The days that new rows, late tickets and clocks, decisions or changed reference data touch.",
)
def rebuild_days(
    context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters, prepared: Any
) -> dg.MaterializeResult:
    from orchestration.plan import plan

    settings = get_settings()
    chosen = run_parameters.chosen_days()
    with explained("planning"), open_database(settings.raw_database, settings) as con:
        planned = plan(con, prepared, settings, run_parameters.instant(context), context.run.run_id)
        if run_parameters.fresh and planned.mode != "full":
            con.execute("UPDATE control.run SET mode = 'full'")
        for day in chosen:
            con.execute(
                "INSERT INTO control.rebuild_days (day) SELECT ? WHERE ? NOT IN (SELECT day FROM control.rebuild_days)",
                [day, day],
            )
        (mode,) = con.execute("SELECT mode FROM control.run").fetchone() or ("full",)
        con.execute("CHECKPOINT")
    return dg.MaterializeResult(metadata={"mode": mode, "days": len(set(planned.days) | set(chosen))})


class WarehouseTranslator(DagsterDbtTranslator):
    """How dbt's names appear in the graph."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))
        self._raw_keys = {
            table.full_name: raw_key(family) for family, source in SOURCES.items() for table in source.tables
        }

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Landed tables are the raw assets; the ledger and the control tables are ready when the plan is."""
        if dbt_resource_props["resource_type"] != "source":
            return super().get_asset_key(dbt_resource_props)
        table = f"{dbt_resource_props['source_name']}.{dbt_resource_props['name']}"
        return self._raw_keys.get(table, PLAN)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """A mart's group is its question (the folder below marts)."""
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        folders = dbt_resource_props["fqn"][1:-1]
        return folders[1] if len(folders) > 1 and folders[0] == "marts" else (folders[0] if folders else None)

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        """Seeds are read from what the reference check wrote."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.merge_attributes(deps=[REFERENCE]) if unique_id.startswith("seed.") else spec


def model_assets(manifest: Path) -> dg.AssetsDefinition:
    """Every dbt model and seed as an asset, and every dbt test as an asset check."""

    @dbt_assets(
        manifest=manifest,
        name="dbt_build",
        dagster_dbt_translator=WarehouseTranslator(),
    )
    def dbt_build(context: dg.AssetExecutionContext, writer_lock: WriterLock, dbt: DbtCliResource) -> Iterator[Any]:
        settings = get_settings()
        with open_database(settings.raw_database, settings) as con:
            (mode,) = con.execute("SELECT mode FROM control.run").fetchone() or ("full",)
        # Unit tests prove the code, not the night's data; they run with the tests of the project.
        arguments = ["build", "--exclude-resource-type", "unit_test", *(["--full-refresh"] if mode == "full" else [])]
        with dbt_variables(settings):
            invocation = dbt.cli(arguments, context=context, raise_on_error=False)
            # dbt-dagster repeats dbt's log on stdout; it stands in the invocation's dbt.log already.
            with contextlib.redirect_stdout(io.StringIO()):
                for event in invocation.stream():
                    fail_at("dbt")
                    yield event
        failed = failed_nodes(read_run_results(invocation.target_path))
        succeeded = invocation.is_successful()
        log = invocation.target_path / "dbt.log"
        keep_newest_invocations(settings)
        if failed:
            raise dg.Failure("\n".join([*failed, f"dbt's log: {log}"]), allow_retries=False)
        if not succeeded:
            raise dg.Failure(f"dbt ended without finishing; its log is {log}", allow_retries=False)

    return dbt_build
