"""Every way in which JSON is laid out, over every source that takes JSON: each gives the rows that JSON lines give.

Catches rows that are lost or refused because a tool writes its JSON in another way than the one that a reader knew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import ATTEMPT, CLOCK, COST, DECISION, SPEND_LOG, TICKET, batch, jsonl, span

from orchestration.settings import PROJECT_DIR
from orchestration.sources.registry import SOURCES
from sources.desks.builders import jira_issue, pagerduty_incident, servicenow_incident, zendesk_ticket

from .gateway_samples import many
from .test_invoices import CHARGE
from .test_usage_reports import ANTHROPIC_RESULT, OPENAI_RESULT, anthropic_page, openai_page

AS_OF = datetime(2026, 10, 1, tzinfo=UTC)
CASES = PROJECT_DIR.parent / "shared" / "cases"


def _usage(page: dict[str, Any]) -> list[dict[str, Any]]:
    return page["data"]


ROWS: dict[str, list[dict[str, Any]]] = {
    "inference": [{**ATTEMPT, "attempt_id": f"a-{n}", "items": [n]} for n in range(3)],
    "litellm": [{**SPEND_LOG, "request_id": f"c-{n}"} for n in range(3)],
    "otel": [batch({**span(), "spanId": f"{n}" * 16}) for n in range(1, 4)],
    **{source: many(source)[:4] for source in ("langfuse", "helicone", "bedrock", "azure_apim")},
    "rework": [{**TICKET, "ticket_id": f"t-{n}"} for n in range(3)],
    "sla": [{**CLOCK, "event_id": f"s-{n}"} for n in range(3)],
    "outcomes": [{**DECISION, "outcome_id": f"o-{n}"} for n in range(3)],
    "costs": [{**COST, "cost_id": f"c-{n}"} for n in range(3)],
    "zendesk": [zendesk_ticket(n, tags=["outcome:o"]) for n in (1, 2, 3)],
    "jira": [jira_issue(str(n)) for n in (1, 2, 3)],
    "servicenow": [servicenow_incident(f"{n:032x}", u_outcome_id="o") for n in (1, 2, 3)],
    "pagerduty": [pagerduty_incident(f"P{n}") for n in (1, 2, 3)],
    "invoices": [{**CHARGE, "BilledCost": f"{n}.5"} for n in (1, 2, 3)],
    "openai_usage": [bucket for day in range(3) for bucket in _usage(openai_page(OPENAI_RESULT, day=day))],
    "anthropic_usage": _usage(anthropic_page(ANTHROPIC_RESULT)) * 1,
}


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def lines(rows: list[Any]) -> str:
    return "".join(f"{compact(row)}\n" for row in rows)


def around(name: str, rows: list[Any], indent: int | None = None) -> str:
    page = {"object": "list", "has_more": False, name: rows, "next": None, "error": {"code": 0}}
    return json.dumps(page, indent=indent)


LAYOUTS: dict[str, Callable[[list[Any]], str]] = {
    "lines without a last line end": lambda rows: lines(rows)[:-1],
    "lines with carriage returns and a mark": lambda rows: "\ufeff" + lines(rows).replace("\n", "\r\n"),
    "lines after blank lines": lambda rows: f"\n \n{lines(rows)}\n\n",
    "a list in one line": compact,
    "a list in one line with a line end": lambda rows: f"{compact(rows)}\n",
    "a list with one row a line": lambda rows: f"[{(',' + chr(10)).join(map(compact, rows))}]",
    "a list with brackets of their own": lambda rows: f"[\n{(',' + chr(10)).join(map(compact, rows))}\n]\n",
    "a list with the commas in front": lambda rows: f"[{(chr(10) + ',').join(map(compact, rows))}\n]",
    "an indented list": lambda rows: json.dumps(rows, indent=2),
    "an indented list with a mark": lambda rows: "\ufeff" + json.dumps(rows, indent="\t") + "\n",
    "indented rows one after the other": lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
    "rows one after the other": lambda rows: "".join(map(compact, rows)),
    "lists of rows, one a line": lambda rows: lines([rows[:1], rows[1:]]),
    "pages in a list": lambda rows: compact([{"data": rows[:1]}, {"data": rows[1:]}]),
    "a page with rows from its first line": lambda rows: (
        '{"data": [\n' + ",\n".join(map(compact, rows)) + '\n], "meta": {}}'
    ),
    **{f"a page of {name}": lambda rows, name=name: around(name, rows) for name in ("data", "records", "value")},
    **{f"a laid out page of {name}": lambda rows, name=name: around(name, rows, 1) for name in ("items", "data")},
    "a page of results": lambda rows: around("results", rows),
}
# A bucket of a usage report holds its own results; a list of buckets is never called so.
NEVER = {(source, "a page of results") for source in ("openai_usage", "anthropic_usage")}


def take(warehouse: Warehouse, path: str, content: bytes) -> None:
    warehouse.land(path, content)
    warehouse.ingest(path.partition("/")[0], as_of=AS_OF, now=AS_OF)


def contents(warehouse: Warehouse, folder: str) -> list[Any]:
    """What was loaded from a landing folder, and how many rows were refused."""
    hashes = [
        row
        for table in SOURCES[folder.partition("-")[0]].tables
        for row in warehouse.all(
            f"SELECT _rescued, {', '.join(table.columns)} FROM {table.full_name} WHERE _source = ? ORDER BY ALL", folder
        )
    ]
    return [*hashes, *warehouse.all("SELECT sum(quarantined) FROM ledger.load_files WHERE source = ?", folder)]


def test_every_source_that_takes_json_is_tried():
    """Catches a new source that this test does not know."""
    assert {name for name, family in SOURCES.items() if "json" in family.formats} == set(ROWS)


@pytest.mark.parametrize("source", ROWS)
def test_every_layout_gives_the_same_rows(warehouse: Warehouse, source: str):
    take(warehouse, f"{source}/lines.json", lines(ROWS[source]).encode())
    wanted = contents(warehouse, source)
    assert len(wanted) > 1
    assert wanted[-1] == (0,)
    found = {}
    for number, (name, write) in enumerate(LAYOUTS.items()):
        if (source, name) not in NEVER:
            take(warehouse, f"{source}-{number}/other.json", write(ROWS[source]).encode())
            found[name] = contents(warehouse, f"{source}-{number}")
    assert [name for name, rows in found.items() if rows != wanted] == []
    warehouse.assert_conserved()


BAD_ROWS: dict[str, tuple[str, str]] = {
    "a key twice": ('"provider": "openai", "provider": "azure"', "duplicate_key"),
    "a key twice inside": ('"provider": "openai", "x": {"a": 1, "a": 2}', "duplicate_key"),
    "too deep": ('"provider": "openai", "x": ' + "[" * 70 + "]" * 70, "too_deep"),
    "no number": ('"provider": "openai", "latency_ms": NaN', "bad_number"),
    "a number beyond all": ('"provider": "openai", "latency_ms": 1e400', "bad_number"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if "line end" in name or "page" in name or "list" in name])
def test_a_bad_row_costs_one_row(warehouse: Warehouse, layout: str, case: str):
    """Catches a document or a page that is refused whole, or loaded whole, for what one of its rows holds."""
    text, reason = BAD_ROWS[case]
    rows = [{**ATTEMPT, "attempt_id": f"a-{n}"} for n in range(3)]
    marked = LAYOUTS[layout]([rows[0], {**rows[1], "provider": "HERE"}, rows[2]])
    content = marked.replace('"provider":"HERE"', text).replace('"provider": "HERE"', text)
    assert content != marked
    take(warehouse, "inference/a.json", content.encode())
    assert [found for _, found, _ in warehouse.reasons()] == [reason]
    assert warehouse.all("SELECT attempt_id FROM native.inference ORDER BY 1") == [("a-0",), ("a-2",)]


@pytest.mark.parametrize("source", ["inference", "helicone", "zendesk", "otel"])
@pytest.mark.parametrize("start", [0, 1, 9])
def test_lines_after_a_first_one_that_was_cut_are_read(warehouse: Warehouse, source: str, start: int):
    """Catches a file that is refused whole because its first line is not JSON."""
    first, *rest = [compact(row) for row in ROWS[source]]
    cut = first[:-20] if start == 0 else first[start:]
    take(warehouse, f"{source}/cut.json", "\n".join([cut, *rest]).encode())
    assert [(line, reason) for line, reason, _ in warehouse.reasons()] == [(1, "malformed_json")]
    assert warehouse.counts()[-1] == 1
    assert warehouse.counts()[0] == len(ROWS[source])


@pytest.mark.parametrize("size", [1_100_000, 40_000_000])
@pytest.mark.parametrize("source", ["inference", "zendesk", "otel"])
def test_a_long_blank_line_is_no_row(warehouse: Warehouse, source: str, size: int):
    """Catches a long line of blanks that is counted as a row, or stops the run."""
    first, *rest = [compact(row) for row in ROWS[source]]
    take(warehouse, f"{source}/blank.json", "\n".join([first, " " * size, *rest]).encode())
    assert warehouse.counts() == (3, 3, 0, 0, 0)


def test_a_long_blank_line_of_csv_is_no_row(warehouse: Warehouse):
    """Catches the same in the other text format."""
    header, *rows = [",".join(map(str, values)) for values in (ATTEMPT, ATTEMPT.values())]
    take(warehouse, "inference/blank.csv", "\n".join([header, " " * 1_100_000, *rows, ""]).encode())
    assert warehouse.counts() == (1, 1, 0, 0, 0)


def test_a_document_that_is_cut_is_refused_whole(warehouse: Warehouse):
    """Catches a part of a download that is taken for all of it."""
    document = json.dumps([{**ATTEMPT, "attempt_id": f"a-{n}"} for n in range(3)], indent=1)
    take(warehouse, "inference/cut.json", document[:-40].encode())
    assert warehouse.all("SELECT status, reason, loaded FROM ledger.load_files") == [("refused", "malformed_json", 0)]


def test_a_document_beyond_the_limit_says_so(make_warehouse: Callable[..., Warehouse]):
    """Catches a document of any size that is held in memory, and one that is refused without a reason to act upon."""
    warehouse = make_warehouse(max_line_bytes=1_000)
    rows = [{**ATTEMPT, "attempt_id": f"a-{n}"} for n in range(200)]
    take(warehouse, "inference/long.json", json.dumps(rows, indent=1).encode())
    assert warehouse.all("SELECT status, reason FROM ledger.load_files") == [("refused", "document_too_large")]
    take(warehouse, "inference/lines.json", jsonl(*rows))
    assert warehouse.all("SELECT count(*) FROM native.inference") == [(200,)]


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here (shared/cases)")
def test_cases_from_outside(warehouse: Warehouse):
    """Catches rows that were lost in files as they came."""
    rows = json.loads((CASES / "layouts" / "helicone_rows_one_a_line.json").read_bytes())
    take(warehouse, "helicone/rows.json", (CASES / "layouts" / "helicone_rows_one_a_line.json").read_bytes())
    assert warehouse.counts() == (len(rows), len(rows), 0, 0, 0)
    take(warehouse, "zendesk/cut.jsonl", (CASES / "guarantees" / "10_desk_first_line_cut.jsonl").read_bytes())
    good = (CASES / "guarantees" / "10_desk_first_line_cut.jsonl").read_bytes().count(b"\n") - 1
    assert warehouse.all("SELECT loaded, quarantined FROM ledger.load_files WHERE source = 'zendesk'") == [(good, 1)]
    page = (CASES / "guarantees" / "07_duplicate_key_in_document.json").read_bytes()
    take(warehouse, "openai_usage/page.json", page)
    assert warehouse.all("SELECT line_no, reason_code FROM ledger.quarantined_rows WHERE source = 'openai_usage'") == [
        (1, "duplicate_key")
    ]
