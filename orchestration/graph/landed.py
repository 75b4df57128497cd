"""Landing folders, and the raw tables that their files are loaded into."""

from collections.abc import Collection

import dagster as dg

from orchestration.build.night import load_source, open_ledger
from orchestration.graph.failures import explained
from orchestration.graph.keys import LEDGER, REFERENCE, landing_key, raw_key
from orchestration.graph.run_parameters import RunParameters, WriterLock
from orchestration.ingest.report import IngestReport
from orchestration.quality.landed import check_counts, check_new_rows
from orchestration.settings import get_settings
from orchestration.sources.registry import NOT_READ_YET, SOURCES


def landing_assets() -> list[dg.AssetSpec]:
    """One external asset per landing folder; files get there without us."""
    described = {name: f"landing/{name}, landing/{name}-*: {family.description}." for name, family in SOURCES.items()}
    described |= {name: f"landing/{name}: known, not read yet." for name in NOT_READ_YET}
    return [
        dg.AssetSpec(landing_key(family), group_name="sources", description=text, kinds={"file"})
        for family, text in described.items()
    ]


@dg.asset(
    key=LEDGER,
    group_name="raw",
    deps=[REFERENCE],
    kinds={"duckdb"},
    description="What was loaded, refused and published. Mended here after a crash, started afresh by a rebuild.",
)
def ledger(
    context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters
) -> dg.MaterializeResult:
    with explained("the warehouse cannot be used"):
        notes = open_ledger(run_parameters.night(context))
    for note in notes:
        context.log.warning(note)
    return dg.MaterializeResult(metadata={"mended": len(notes)})


def raw_asset(family: str) -> dg.AssetsDefinition:
    """The asset that loads the new files of one kind of source."""

    @dg.asset(
        key=raw_key(family),
        group_name="raw",
        deps=[landing_key(family), LEDGER],
        kinds={"duckdb"},
        description=f"Rows of {', '.join(_tables(family))}: new files of landing/{family}, each row accounted for.",
    )
    def load(
        context: dg.AssetExecutionContext, writer_lock: WriterLock, run_parameters: RunParameters
    ) -> dg.MaterializeResult:
        with explained(f"loading {family}"):
            reports = load_source(run_parameters.night(context), family)
        return dg.MaterializeResult(metadata=_totals(reports.values()))

    return load


def raw_checks(family: str) -> list[dg.AssetChecksDefinition]:
    """The blocking checks of what one kind of source has brought."""

    @dg.asset_check(
        asset=raw_key(family),
        name="rows_are_accounted_for",
        blocking=True,
        description="Every row of a file is loaded, duplicate, superseded or quarantined, and the tables hold as many.",
    )
    def counts(context: dg.AssetCheckExecutionContext, writer_lock: WriterLock) -> dg.AssetCheckResult:
        settings = get_settings()
        with explained(f"checking {family}"):
            failures = check_counts(settings, family)
        return _result(failures)

    @dg.asset_check(
        asset=raw_key(family),
        name="new_rows_are_sound",
        blocking=True,
        description="Great Expectations on the rows that no published build has yet.",
    )
    def new_rows(context: dg.AssetCheckExecutionContext, writer_lock: WriterLock) -> dg.AssetCheckResult:
        settings = get_settings()
        with explained(f"checking {family}"):
            failures, rows = check_new_rows(settings, family, context.run.run_id)
        return _result(failures, rows=rows)

    return [counts, new_rows]


def _result(failures: list[str], **metadata: int) -> dg.AssetCheckResult:
    text = "; ".join(failures)
    return dg.AssetCheckResult(passed=not failures, description=text or None, metadata=dict(metadata))


def _tables(family: str) -> list[str]:
    return [table.full_name for table in SOURCES[family].tables]


def _totals(reports: Collection[IngestReport]) -> dict[str, int]:
    names = ("files_loaded", "files_refused", "rows_in", "loaded", "duplicate", "superseded", "quarantined")
    return {name: sum(getattr(report, name) for report in reports) for name in names} if reports else {}
