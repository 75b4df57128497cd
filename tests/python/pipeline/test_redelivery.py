"""Everything once more under other names, in other compressions, splits, orders and formats: the same figures."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from orchestration.instants import parse_instant
from orchestration.sample_company import AS_OF, FIRST_DAY, write
from orchestration.sources.registry import SOURCES, family_of

from .deliveries import STATEMENTS, Line, deal, in_another_format, lines_of, write_lines
from .engine import Engine, Night, Warehouse
from .every_source import GATEWAYS, JIRA_EXPORT, declare_sources, land_other_sources

WEEKS = 13
FIRST = datetime.fromisoformat(FIRST_DAY).replace(tzinfo=UTC)
END = parse_instant(AS_OF)
# Marts without rows here, and why.
EMPTY = {
    "publishes": "the first night is built before it is published",
    "restatements": "nothing was published before",
    "repriced_costs": "only `finops prices reprice` asks for it",
    "capacity_usage": "the company reserves no capacity",
    "attempt_units": "its logs state text only",
    "possible_double_sources": "no two tools log one call",
}
NATIVE = ("inference", "rework", "sla", "outcomes")
# Marts that show the cost of attempts, by what they have in common with them.
SUMMARIES = {
    "spend_daily": ("inference_cost", "day, owner, use_case, provider, model, tier, service_tier"),
    "price_coverage": ("inference_cost", "provider, model, tier, service_tier"),
    "requests": ("inference_cost", "source, request_id"),
    "focus_cost_and_usage": (
        '"BilledCost"',
        '"x_Day", "x_Owner", "x_UseCase", "ProviderName", "x_Model", "x_ServiceTier"',
    ),
}
FOCUS_NAMES = {"x_Day": "day", "x_Owner": "owner", "x_UseCase": "use_case", "ProviderName": "provider",
               "x_Model": "model", "x_ServiceTier": "service_tier"}  # fmt: skip


@pytest.fixture(scope="module")
def delivered(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Night]:
    warehouse = engine.warehouse(tmp_path_factory.mktemp("redelivery"))
    write(warehouse.landing, scale=0.05)
    declare_sources(warehouse.settings.home)
    land_other_sources(warehouse.landing)
    return warehouse, warehouse.night(parse_instant(AS_OF))


def _conserved(warehouse: Warehouse) -> None:
    with warehouse.raw() as con:
        wrong = con.execute(
            "SELECT source, first_name FROM ledger.load_files"
            " WHERE rows_in <> loaded + duplicate + superseded + quarantined"
        ).fetchall()
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("mart", SUMMARIES)
def test_every_grouping_has_the_cost_of_its_attempts(delivered: tuple[Warehouse, Night], mart: str) -> None:
    """Mistake caught: cost that a summary loses or doubles on the way, in any group and not only in the total."""
    amount, columns = SUMMARIES[mart]
    of_attempts = columns
    for name, column in FOCUS_NAMES.items():
        of_attempts = of_attempts.replace(f'"{name}"', column)
    with delivered[0].marts() as con:
        query = "SELECT {}, sum({}) AS cost FROM {} GROUP BY ALL HAVING sum({}) <> 0 ORDER BY ALL"
        shown = con.execute(query.format(columns, amount, mart, amount)).fetchall()
        assert shown == con.execute(query.format(of_attempts, "cost", "attempts", "cost")).fetchall()
    assert len(shown) > 10


@pytest.mark.slow
def test_every_source_reaches_the_facts(delivered: tuple[Warehouse, Night]) -> None:
    """Mistake caught: a source that lands and is in no figure, for which all else here would pass for nothing."""
    with delivered[0].marts() as con:
        facts = {
            query: {source for (source,) in con.execute(query).fetchall()}
            for query in (
                "SELECT source FROM attempts WHERE cost > 0",
                "SELECT source FROM rework_tickets",
                "SELECT source FROM sla_events",
            )
        }
        exported = con.execute(
            "SELECT count(*), sum(handling_minutes), count(reopens) FROM rework_tickets WHERE source = ?", [JIRA_EXPORT]
        ).fetchone()
        jira_clocks = con.execute("SELECT count(*) FROM sla_events WHERE source = 'jira'").fetchone()
    priced, tickets, clocks = facts.values()
    # Twelve issues with two cycles each, inside the issue and on a page of their own.
    assert jira_clocks == (24,)
    # The export's third issue is about no outcome, and it says of none how often it was opened again.
    assert exported == (2, 125, 0)
    assert priced >= {*GATEWAYS, "inference", "litellm", "otel"}
    assert tickets >= {"rework", "langfuse", "zendesk", "jira", JIRA_EXPORT, "servicenow"}
    assert clocks >= {"sla", "zendesk", "jira", "servicenow"}


@pytest.mark.slow
def test_every_source_brings_rows_and_every_mart_has_some(delivered: tuple[Warehouse, Night]) -> None:
    """Mistake caught: a source or a mart that what is shown here is shown of nothing."""
    warehouse, night = delivered
    assert {family_of(folder).name for folder, report in night.reports.items() if report.loaded} == SOURCES.keys()
    with warehouse.marts() as con:
        named = con.execute("SELECT DISTINCT table_name FROM duckdb_columns() WHERE schema_name = 'marts'").fetchall()
        empty = {name for (name,) in named if con.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)}
    assert empty == EMPTY.keys()


@pytest.mark.slow
def test_three_nights(delivered: tuple[Warehouse, Night], engine: Engine, tmp_path: Path) -> None:
    """Mistake caught: a source whose late rows leave figures of older days as they were."""
    warehouse, wanted = delivered
    grown, random = engine.warehouse(tmp_path / "home"), Random(7)
    declare_sources(grown.settings.home)
    lines = [line for line in lines_of(warehouse.landing) if line.source not in STATEMENTS]
    # Most rows come in their month, some in another one: every source has late rows and rows about what is to come.
    parts: list[list[Line]] = [[], [], []]
    for number, part in enumerate(deal(lines, FIRST, WEEKS * 7, len(parts))):
        for line in part:
            parts[number if random.random() < 0.9 else random.randrange(len(parts))].append(line)
    modes = []
    for number, part in enumerate(parts):
        write_lines(grown.landing, part, f"night-{number}", random)
        if number == 1:
            # A statement comes as a whole: another part of it would restate it.
            for source in STATEMENTS:
                shutil.copytree(warehouse.landing / source, grown.landing / source)
        night = grown.night(END if number == 2 else FIRST + timedelta(days=WEEKS * 7 * (number + 1) / 3, hours=6))
        modes.append(night.plan.mode)
    different = [name for name in wanted.marts if wanted.marts[name] != night.marts[name]]
    assert (night.content_hash, modes) == (wanted.content_hash, ["full", "incremental", "incremental"]), different
    _conserved(grown)


@pytest.mark.slow
def test_everything_again(delivered: tuple[Warehouse, Night], tmp_path: Path) -> None:
    """Mistake caught: a row that counts twice because its file, its place, its compression or its format is new."""
    warehouse, first = delivered
    random = Random(5)
    lines = lines_of(warehouse.landing)
    again = list(lines)
    random.shuffle(again)
    write_lines(warehouse.landing, again, "again", random)
    for source in NATIVE:
        in_another_format(warehouse.landing, source, lines, random)

    second = warehouse.night(parse_instant(AS_OF))

    assert second.content_hash == first.content_hash
    _conserved(warehouse)
    for source, report in second.reports.items():
        assert report.loaded == 0, source
        assert report.superseded == 0 or source in STATEMENTS, source
        # What was bad before is bad now, once in each of the deliveries; the rest are duplicates, every one.
        bad = first.reports[source].quarantined
        assert bad <= report.quarantined <= (2 * bad if source in NATIVE else bad), source
        # A statement's copies stay, superseded, because the next issue may have the line once more.
        copies = report.superseded if source in STATEMENTS else report.duplicate
        assert copies == report.rows_in - report.quarantined > 0, source
    formats = {".csv.gz", ".parquet"}
    with warehouse.raw() as con:
        seen = con.execute("SELECT first_name FROM ledger.load_files WHERE first_name LIKE '%other-format%'").fetchall()
    assert {suffix for (name,) in seen for suffix in formats if name.endswith(suffix)} == formats
    assert len(seen) == 2 * len(NATIVE)


@pytest.mark.slow
def test_only_the_second_delivery(delivered: tuple[Warehouse, Night], engine: Engine, tmp_path: Path) -> None:
    """Mistake caught: figures that depend on the format or the order in which rows came the first time."""
    warehouse, first = delivered
    random = Random(6)
    lines = lines_of(warehouse.landing)
    random.shuffle(lines)
    other = engine.warehouse(tmp_path / "home")
    declare_sources(other.settings.home)
    for source in NATIVE:
        lines = in_another_format(other.landing, source, lines, random)
    write_lines(other.landing, lines, "shuffled", random)
    assert other.night(parse_instant(AS_OF)).content_hash == first.content_hash
    _conserved(other)
