"""What stands outside Python for each declared source is there and says the same; and a declaration that forgets
something is refused with a sentence that says what."""

from __future__ import annotations

import re
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
from orchestration.sources.registry import SOURCES

from .test_layouts import ROWS

STAGING = PROJECT_DIR / "models" / "staging"
UNION = PROJECT_DIR / "models" / "intermediate" / "attempts" / "int_attempts.sql"
CONSERVED = PROJECT_DIR / "tests" / "reconciliation" / "rows_are_conserved.sql"
# Sources that the sample company has itself.
SAMPLED = {"inference", "litellm", "otel", "rework", "sla", "outcomes", "invoices", "openai_usage", "anthropic_usage"}
# Types that dbt and the declarations write differently.
STORED = {"timestamptz": "timestamp with time zone"}


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def stored(data_type: str) -> str:
    plain = data_type.lower().replace(" ", "")
    return {short: long.replace(" ", "") for short, long in STORED.items()}.get(plain, plain)


def missing_of_dbt_sources(family: Family) -> list[str]:
    missing = []
    for table in family.tables:
        path = STAGING / table.schema / f"_{table.schema}__sources.yml"
        name = path.relative_to(PROJECT_DIR)
        stated = {
            entry["name"]: {column["name"]: stored(column["data_type"]) for column in entry["columns"]}
            for source in (yaml.safe_load(read(path)) or {"sources": []})["sources"]
            for entry in source["tables"]
        }
        if table.name not in stated:
            missing.append(f"{name}: add the table {table.name} of source {family.name}")
            continue
        columns = stated[table.name]
        wanted = {column: stored(kind) for column, kind in table.all_columns.items()}
        for column, kind in wanted.items():
            if columns.get(column) != kind:
                missing.append(
                    f"{name}: {table.name}: add the column {column} with data_type {table.all_columns[column].lower()}"
                )
        missing.extend(
            f"{name}: {table.name}: take out the column {column}, which source {family.name} does not declare"
            for column in sorted(columns.keys() - wanted.keys())
        )
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
        schema = connected.table.schema
        if not re.search(rf"'(stg_{schema}__|int_{schema}_)attempts'", read(UNION)):
            missing.append(f"{UNION.relative_to(PROJECT_DIR)}: add stg_{schema}__attempts to `sources`")
        path = STAGING / schema / f"_{schema}__sources.yml"
        counts = {
            entry["name"]: entry.get("config", {}).get("meta", {}).get("attempts")
            for source in (yaml.safe_load(read(path)) or {"sources": []})["sources"]
            for entry in source["tables"]
        }
        if not counts.get(connected.table.name) and f"ref('int_{schema}_attempts')" not in read(CONSERVED):
            name = path.relative_to(PROJECT_DIR)
            missing.append(f"{name}: {connected.table.name}: add meta.attempts, the count of attempts in current rows")
    return missing


def missing_of_retry_window(family: Family) -> list[str]:
    named = family.name in yaml.safe_load(read(PROJECT_DIR / "dbt_project.yml"))["vars"]["retry_window_sources"]
    if named == bool(family.has_retry_window):
        return []
    verb = "take out" if named else "add"
    return [f"dbt_project.yml: retry_window_sources: {verb} {family.name}, as its `has_retry_window` says"]


def missing_of_places(family: Family) -> list[str]:
    named = family.name in yaml.safe_load(read(sources_yml.DEFAULT_FILE))
    if named == (family.places is not None):
        return []
    if named:
        return [f"orchestration/sources/places.yml: {family.name} has an entry, so declare its `places`"]
    return [f"orchestration/sources/places.yml: add the entry {family.name} with the defaults of its `places`"]


def missing_of_tests(family: Family) -> list[str]:
    missing = []
    if "json" in family.formats and family.name not in ROWS:
        missing.append(f"tests/python/sources/test_layouts.py: add rows of {family.name} to ROWS")
    if family.name not in SAMPLED | {*every_source.GATEWAYS, *every_source.DESKS}:
        missing.append(f"tests/python/pipeline/every_source.py: add {family.name} to GATEWAYS or DESKS, and its rows")
    return missing


CHECKS = (
    missing_of_dbt_sources,
    missing_of_suites,
    missing_of_attempts,
    missing_of_retry_window,
    missing_of_places,
    missing_of_tests,
)


@pytest.mark.parametrize("source", SOURCES)
def test_what_stands_outside_the_declaration_agrees_with_it(source: str) -> None:
    """Catches a source that was added in one place and forgotten in another."""
    assert [sentence for check in CHECKS for sentence in check(SOURCES[source])] == []


def test_the_retry_window_and_the_places_name_no_other_source() -> None:
    """Catches an entry of a source that is gone or misspelt."""
    window = yaml.safe_load(read(PROJECT_DIR / "dbt_project.yml"))["vars"]["retry_window_sources"]
    assert {*window, *yaml.safe_load(read(sources_yml.DEFAULT_FILE))} - SOURCES.keys() == set()


NEW = replace(
    helicone.SOURCE,
    name="kong",
    tables=(replace(helicone.SOURCE.table, schema="kong", name="calls"),),
    connected=tuple(
        replace(found, table=replace(found.table, schema="kong", name="calls")) for found in helicone.SOURCE.connected
    ),
)


def test_a_new_source_is_told_everything_that_it_needs() -> None:
    """Catches a check that finds nothing where nothing is."""
    assert [sentence for check in CHECKS for sentence in check(NEW)] == [
        "models/staging/kong/_kong__sources.yml: add the table calls of source kong",
        "orchestration/quality/suites/raw_kong.yml: add a suite of kong.calls",
        "models/intermediate/attempts/int_attempts.sql: add stg_kong__attempts to `sources`",
        "models/staging/kong/_kong__sources.yml: calls: add meta.attempts, the count of attempts in current rows",
        "dbt_project.yml: retry_window_sources: add kong, as its `has_retry_window` says",
        "orchestration/sources/places.yml: add the entry kong with the defaults of its `places`",
        "tests/python/sources/test_layouts.py: add rows of kong to ROWS",
        "tests/python/pipeline/every_source.py: add kong to GATEWAYS or DESKS, and its rows",
    ]
    changed = replace(
        helicone.SOURCE.table, columns={**helicone.SOURCE.table.columns, "cost": "BIGINT", "tag": "VARCHAR"}
    )
    wider = replace(helicone.SOURCE, tables=(changed,), connected=(replace(NEW.connected[0], table=changed),))
    assert missing_of_dbt_sources(wider) == [
        "models/staging/helicone/_helicone__sources.yml: requests: add the column cost with data_type bigint",
        "models/staging/helicone/_helicone__sources.yml: requests: add the column tag with data_type varchar",
    ]


@pytest.mark.parametrize(
    ("source", "left_out", "sentence"),
    [
        (NEW, {"connected": (), "has_retry_window": None}, "`connected` is missing for kong.calls"),
        (NEW, {"has_retry_window": None}, "`has_retry_window` is missing"),
        (NEW, {"tables": ()}, "`tables` is missing"),
        (NEW, {"needed": ()}, "`needed` is missing"),
        (NEW, {"formats": ("json", "xml")}, "`formats` is ('json', 'xml'): say at least one of json"),
        (NEW, {"layout": replace(NEW.layout, marks=frozenset())}, "`layout` has no marks"),
        (NEW, {"tables": (replace(NEW.table, event_time="begun_at"),)}, "kong.calls has no column begun_at"),
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
