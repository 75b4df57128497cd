"""What stands outside Python for each declared source is there and says the same; and a declaration that forgets
something is refused with a sentence that says what."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml
from pipeline import every_source

from orchestration.ingest.family import DeclarationError, Family
from orchestration.quality.suites import load_suites
from orchestration.settings import PROJECT_DIR
from orchestration.sources import helicone, invoices, sources_yml
from orchestration.sources.dbt_files import attempts_model, dbt_files, sources_path
from orchestration.sources.registry import SOURCES

from .test_layouts import ROWS

CONSERVED = PROJECT_DIR / "tests" / "reconciliation" / "rows_are_conserved.sql"
# Sources that the sample company has itself.
SAMPLED = {
    "inference", "litellm", "otel", "rework", "sla", "outcomes", "costs", "invoices", "openai_usage", "anthropic_usage",
}  # fmt: skip


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


@cache
def declared_files() -> dict[Path, str]:
    return dbt_files(tuple(SOURCES.values()))


def missing_of_dbt_files(family: Family) -> list[str]:
    """Of the files that are derived from the declarations, those that differ; and what they cannot say themselves."""
    missing = []
    is_declared = SOURCES.get(family.name) is family
    files = declared_files() if is_declared else dbt_files(tuple({**SOURCES, family.name: family}.values()))
    for path, text in files.items():
        if read(PROJECT_DIR / path) != text:
            missing.append(f"{path}: run `make sources`")
    for schema in {table.schema: None for table in family.tables}:
        path = sources_path(schema)
        for table in yaml.safe_load(files[path])["sources"][0]["tables"]:
            names = [column["name"] for column in table["columns"] if not column["description"]]
            missing.extend(f"{path}: describe {table['name']}.{name}" for name in names)
            if not table["description"]:
                missing.append(f"{path}: say what one row of {table['name']} is")
    return missing


def missing_of_suites(family: Family) -> list[str]:
    guarded = {suite.table for suite in load_suites() if suite.name.startswith(f"raw_{family.name}")}
    return [
        f"orchestration/quality/suites/raw_{family.name}.yml: add a suite of {table.full_name}"
        for table in family.tables
        if table.full_name not in guarded
    ]


def missing_of_attempts(family: Family) -> list[str]:
    missing = []
    for connected in family.connected:
        if not connected.holds_attempts:
            continue
        model = attempts_model(connected.table.schema)
        if not any((PROJECT_DIR / "models").rglob(f"{model}.sql")):
            folder = sources_path(connected.table.schema).parent
            missing.append(f"{folder}/{model}.sql: add the model that gives its attempts")
        if not connected.attempts and f"ref('{model}')" not in read(CONSERVED):
            missing.append(f"source {family.name}: {connected.table.full_name}: say how its `attempts` are counted")
    return missing


def missing_of_places(family: Family) -> list[str]:
    named = family.name in yaml.safe_load(read(sources_yml.DEFAULT_FILE))
    if named and family.places is None:
        return [f"orchestration/sources/places.yml: {family.name} has an entry, so declare its `places`"]
    if not named and family.places is not None and family.places == type(family.places)():
        return [f"source {family.name}: say the defaults of its `places`, there or in orchestration/sources/places.yml"]
    return []


def missing_of_tests(family: Family) -> list[str]:
    missing = []
    if "json" in family.formats and family.name not in ROWS:
        missing.append(f"tests/python/sources/test_layouts.py: add rows of {family.name} to ROWS")
    if family.name not in SAMPLED | {*every_source.GATEWAYS, *every_source.DESKS}:
        missing.append(f"tests/python/pipeline/every_source.py: add {family.name} to GATEWAYS or DESKS, and its rows")
    return missing


CHECKS = (
    missing_of_dbt_files,
    missing_of_suites,
    missing_of_attempts,
    missing_of_places,
    missing_of_tests,
)


@pytest.mark.parametrize("source", SOURCES)
def test_what_stands_outside_the_declaration_agrees_with_it(source: str) -> None:
    """Catches a source that was added in one place and forgotten in another."""
    missing = [sentence for check in CHECKS for sentence in check(SOURCES[source])]
    assert not missing, "\n".join(missing)


def test_the_places_name_no_other_source() -> None:
    """Catches an entry of a source that is gone or misspelt."""
    assert yaml.safe_load(read(sources_yml.DEFAULT_FILE)).keys() - SOURCES.keys() == set()


NEW = replace(
    helicone.SOURCE,
    name="new_gateway",
    tables=(replace(helicone.SOURCE.table, schema="new_gateway", name="calls"),),
    connected=tuple(
        replace(found, table=replace(found.table, schema="new_gateway", name="calls"))
        for found in helicone.SOURCE.connected
    ),
)


def test_a_new_source_is_told_everything_that_it_needs() -> None:
    """Catches a check that finds nothing where nothing is."""
    assert [sentence for check in CHECKS for sentence in check(NEW)] == [
        "models/staging/new_gateway/_new_gateway__sources.yml: run `make sources`",
        "macros/pipeline/declared_sources.sql: run `make sources`",
        "models/staging/new_gateway/_new_gateway__sources.yml: say what one row of calls is",
        "orchestration/quality/suites/raw_new_gateway.yml: add a suite of new_gateway.calls",
        "models/staging/new_gateway/stg_new_gateway__attempts.sql: add the model that gives its attempts",
        "source new_gateway: say the defaults of its `places`, there or in orchestration/sources/places.yml",
        "tests/python/sources/test_layouts.py: add rows of new_gateway to ROWS",
        "tests/python/pipeline/every_source.py: add new_gateway to GATEWAYS or DESKS, and its rows",
    ]


def test_a_changed_table_keeps_the_descriptions_and_asks_for_the_new_ones() -> None:
    """Catches a description that is lost when files are written again, and a column that nobody described."""
    table = replace(
        helicone.SOURCE.table, columns={**helicone.SOURCE.table.columns, "cost": "BIGINT", "tag": "VARCHAR"}
    )
    wider = replace(
        helicone.SOURCE, tables=(table,), connected=(replace(helicone.SOURCE.connected[0], table=table, attempts=""),)
    )
    path = sources_path("helicone")
    written = dbt_files((wider,))[path]
    former = [line.replace("decimal(38,12)", "bigint") for line in read(PROJECT_DIR / path).splitlines()]
    assert [line for line in former if "name: cost," in line or "attempts:" in line] != []
    new = '          - {name: tag, data_type: varchar, description: ""}'
    wanted = [line.replace('"bigint"', "bigint") for line in former if "{meta: {attempts:" not in line] + [new]
    assert written.splitlines() == wanted
    assert missing_of_dbt_files(wider)[-1] == f"{path}: describe requests.tag"
    assert "source helicone: helicone.requests: say how its `attempts` are counted" in missing_of_attempts(wider)


@pytest.mark.parametrize(
    ("source", "left_out", "sentence"),
    [
        (NEW, {"connected": (), "has_retry_window": None}, "`connected` is missing for new_gateway.calls"),
        (NEW, {"has_retry_window": None}, "`has_retry_window` is missing"),
        (NEW, {"tables": ()}, "`tables` is missing"),
        (NEW, {"needed": ()}, "`needed` is missing"),
        (NEW, {"formats": ("json", "xml")}, "`formats` is ('json', 'xml'): say at least one of json"),
        (NEW, {"layout": replace(NEW.layout, marks=frozenset())}, "`layout` has no marks"),
        (NEW, {"tables": (replace(NEW.table, event_time="begun_at"),)}, "new_gateway.calls has no column begun_at"),
        (NEW, {"connected": helicone.SOURCE.connected}, "`connected` names helicone.requests, which is none of its"),
        (NEW, {"unconnected": "a reason"}, "`unconnected` gives a reason, but every table is connected"),
        (invoices.SOURCE, {"unconnected": ""}, "`connected` is missing for invoices.focus_rows"),
        (invoices.SOURCE, {"has_retry_window": True}, "`has_retry_window` is given, but none of its tables"),
    ],
)
def test_a_declaration_that_forgets_something_is_refused(source: Family, left_out: dict, sentence: str) -> None:
    """Catches a source that is read, and built wrongly, because its declaration was not finished."""
    with pytest.raises(DeclarationError) as refused:
        replace(source, **left_out)
    assert f"source {source.name}: {sentence}" in str(refused.value)
