"""Jobs, the nightly schedule, and the sensor on landing."""

import hashlib

import dagster as dg

from orchestration.graph.run_parameters import RunParameters
from orchestration.ingest.landing import Landing
from orchestration.settings import get_settings, project_vars
from orchestration.sources.folders import folders_of

IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
# A sender that writes slowly is waited for; ingest waits for each file too.
SECONDS_BETWEEN_LOOKS = 60


def _job(name: str, description: str, parameters: RunParameters | None = None):
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.all(),
        description=description,
        # One writer wants serial work, and a process per step costs seconds each.
        executor_def=dg.in_process_executor,
        config=dg.RunConfig(resources={"run_parameters": parameters}) if parameters else None,
    )


nightly = _job("nightly", "Everything that landed since the last run, to a published build.")
rebuild_days = _job(
    "rebuild_days",
    "As nightly, and the days named in resources.run_parameters.config.days are rebuilt too.",
)
rebuild = _job(
    "rebuild", "Everything again from landing into a new warehouse; the same figures.", RunParameters(fresh=True)
)
JOBS = [nightly, rebuild_days, rebuild]


@dg.schedule(
    job=nightly,
    cron_schedule="30 2 * * *",
    execution_timezone=project_vars().reporting_time_zone,
    description="Every night at half past two in the reporting zone, as of that instant.",
)
def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The scheduled instant is the as-of, so that a late start does not change the figures."""
    as_of = context.scheduled_execution_time
    return dg.RunRequest(run_key=as_of.isoformat(), run_config=as_of_config(as_of.isoformat()))


@dg.sensor(
    job=nightly,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts the nightly job when files have landed and none of them changed between two looks.",
)
def files_landed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """The cursor holds what was seen at the last look and what the last run was started for."""
    seen = landing_fingerprint()
    last_seen, _, last_run = (context.cursor or "").partition(" ")
    if seen == last_run:
        return dg.SkipReason("nothing new in landing")
    if seen != last_seen:
        context.update_cursor(f"{seen} {last_run}")
        return dg.SkipReason("files are landing; waiting until they stop changing")
    if context.instance.get_run_records(dg.RunsFilter(statuses=IN_PROGRESS), limit=1):
        return dg.SkipReason("a run is in progress")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen)], cursor=f"{seen} {seen}")


def landing_fingerprint() -> str:
    """Hex digest of names, sizes and times of all files that a run would look at."""
    settings = get_settings()
    landing = Landing(settings.landing_url)
    digest = hashlib.sha256()
    for family in _families():
        for folder in folders_of(settings, family):
            for file in landing.list_source(folder).files:
                digest.update(f"{file.name}\0{landing.fingerprint(file)}\0".encode())
    return digest.hexdigest()[:32]


def as_of_config(as_of: str | None, **parameters: object) -> dict:
    """Run config of a job for an instant (ISO 8601 with offset)."""
    config = {key: value for key, value in {"as_of": as_of, **parameters}.items() if value is not None}
    return {"resources": {"run_parameters": {"config": config}}}


def _families() -> list[str]:
    from orchestration.sources.registry import SOURCES

    return list(SOURCES)
