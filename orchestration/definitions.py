"""What Dagster loads."""

import dagster as dg

from orchestration.build.dbt import ensure_manifest
from orchestration.graph.alerts import alerts
from orchestration.graph.dashboard import dashboard
from orchestration.graph.jobs import JOBS, every_night, files_landed
from orchestration.graph.landed import landing_assets, ledger, raw_asset, raw_checks
from orchestration.graph.models import model_assets, rebuild_days, reference
from orchestration.graph.published import mart_checks, published_asset
from orchestration.graph.run_parameters import RunParameters, WriterLock
from orchestration.graph.stage_log import stage_logger
from orchestration.settings import get_settings
from orchestration.sources.registry import SOURCES


def build_definitions() -> dg.Definitions:
    """The whole graph; parses the dbt project when its files have changed."""
    settings = get_settings()
    settings.make_folders()
    models = model_assets(ensure_manifest(settings))
    raw = [raw_asset(family) for family in SOURCES]
    checks = [check for family in SOURCES for check in raw_checks(family)] + mart_checks(models)
    published = published_asset(models, checks)
    return dg.Definitions(
        assets=[*landing_assets(), reference, ledger, *raw, rebuild_days, models, published, alerts, dashboard],
        asset_checks=checks,
        jobs=JOBS,
        schedules=[every_night],
        sensors=[files_landed],
        resources={
            "run_parameters": RunParameters(),
            "writer_lock": WriterLock(),
        },
        loggers={"console": dg.colored_console_logger, "stages": stage_logger},
        executor=dg.in_process_executor,
    )


defs = build_definitions()
