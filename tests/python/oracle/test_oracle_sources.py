"""Worked rows of each source: tokens, duplicates, bad rows, use cases."""

import csv
import gzip
import json
from datetime import date
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import zstandard

from .test_oracle_requests import litellm

DAY = date(2026, 7, 1)


def test_the_same_row_in_every_format_counts_once(company):
    """Catches duplicates by file, and values that change with the format."""
    company.attempt("a1")
    (row,) = [json.loads(line) for line in (company.landing / "inference/rows.jsonl").read_text().splitlines()]
    line = (json.dumps(dict(reversed(row.items()))) + "\n").encode()
    folder = company.landing / "inference"
    (folder / "again.jsonl.gz").write_bytes(gzip.compress(line))
    (folder / "again.jsonl.zst").write_bytes(zstandard.compress(line))
    with (folder / "again.csv").open("w", newline="") as file:
        csv.writer(file).writerows([row.keys(), row.values()])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), folder / "again.parquet")
    result = company.compute()
    assert [attempt.cost for attempt in result.attempts] == [Decimal("0.0045")]
    assert (result.bad_rows, result.ties) == ({}, [])


def test_the_fuller_version_of_an_attempt_wins_in_any_order(company):
    """Catches last-one-wins, and a partial stream row kept."""
    company.attempt("a1", output_tokens=7)
    company.attempt("a1", output_tokens=100, input_tokens=999)
    company.attempt("a1", output_tokens=100)
    company.attempt("a1", output_tokens=9)
    (attempt,) = company.compute().attempts
    assert (attempt.output_tokens, attempt.input_tokens) == (100, 1000)


def test_bad_rows_are_left_out_and_counted(company):
    """Catches bad numbers and times that slip in as zeros."""
    bad = [
        {"input_tokens": -1}, {"input_tokens": 1.5}, {"input_tokens": True}, {"input_tokens": "many"},
        {"input_tokens": 10**20}, {"started_at": "2026-07-01T12:00:00"}, {"started_at": "1970-01-01T00:00:00Z"},
        {"status": "fine"}, {"reasoning_tokens": 101}, {"latency_ms": -1},
        {"ended_at": "2026-07-01T11:59:59Z", "latency_ms": None}, {"cost": "NaN"}, {"model": None},
    ]  # fmt: skip
    for number, change in enumerate(bad):
        company.attempt(f"bad{number}", **change)
    company.attempt(" ")
    with (company.landing / "inference/rows.jsonl").open("a") as file:
        file.write('{"attempt_id": "x", "attempt_id": "y"}\n[1]\n{"attempt_id": NaN}\nnot json\n')
    company.attempt("7", input_tokens="1000")
    result = company.compute()
    assert [attempt.attempt_id for attempt in result.attempts] == ["7"]
    assert sum(result.bad_rows.values()) == len(bad) + 5


def test_gateway_tokens_become_exclusive(company):
    """Catches cached tokens paid twice: 12,304 written and 3 fresh of 12,307, as in a well-known bug report."""
    company.price("cache_write", "3.75")
    row = litellm("c1", 0)
    row |= {"prompt_tokens": 12_307, "completion_tokens": 550}
    row["metadata"]["usage_object"] = {"prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 12_304}}
    company.land("litellm/payload.jsonl", row)
    (attempt,) = company.compute().attempts
    # 3 x 3 + 12,304 x 3.75 + 550 x 15 = 9 + 46,140 + 8,250 = 54,399
    assert attempt.cost == Decimal("0.054399")
    assert attempt.logged_use_case == "claims"


def test_spend_log_row_with_json_text(company):
    """Catches JSON columns taken for text, and the cache flag 'False' taken for true."""
    row = litellm("unused", 0)
    row |= {
        "request_id": "c1",
        "startTime": "2026-07-01T12:00:00.000+00:00",
        "endTime": "2026-07-01 12:00:02",
        "metadata": json.dumps(row["metadata"]),
        "cache_hit": "False",
        "request_tags": "[]",
        "spend": 0.5,
    }
    del row["id"]
    company.land("litellm/spend.jsonl", row, row | {"request_id": "c1_cache_hit1", "cache_hit": "True"})
    costs = {attempt.attempt_id: attempt.cost for attempt in company.compute().attempts}
    assert costs == {"c1": Decimal("0.0045"), "c1_cache_hit1": Decimal(0)}


def span(span_id, second, parent="root", **attributes):
    def value(item):
        return {"intValue": str(item)} if isinstance(item, int) else {"stringValue": item}

    return {
        "traceId": "t1",
        "spanId": span_id,
        "parentSpanId": parent,
        "startTimeUnixNano": str((1782907200 + second) * 10**9),
        "endTimeUnixNano": str((1782907201 + second) * 10**9),
        "attributes": [{"key": name.replace("__", "."), "value": value(item)} for name, item in attributes.items()],
    }


def call(span_id, second, output=100, **more):
    names = {"gen_ai__operation__name": "chat", "gen_ai__provider__name": "acme", "gen_ai__request__model": "big"}
    usage = {"gen_ai__usage__input_tokens": 1000, "gen_ai__usage__output_tokens": output}
    return span(span_id, second, **(names | usage | more))


def land_spans(company, *spans):
    company.land("otel/traces.jsonl", {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


def test_spans_take_the_outcome_of_their_trace(company):
    """Catches spans without business names that stay unallocated, and tool spans counted as calls."""
    root = span("root", 0, "", finops__use_case="claims", finops__outcome_id="o1")
    land_spans(company, root, call("s1", 1), span("s2", 2, gen_ai__operation__name="execute_tool"))
    (attempt,) = company.compute().attempts
    assert (attempt.attempt_id, attempt.use_case, attempt.outcome_id) == ("t1:s1", "claims", "o1")
    assert attempt.cost == Decimal("0.0045")


def test_a_trace_that_disagrees_names_nothing(company):
    land_spans(company, span("r1", 0, finops__outcome_id="o1"), span("r2", 0, finops__outcome_id="o2"), call("s1", 1))
    (attempt,) = company.compute().attempts
    assert (attempt.outcome_id, attempt.use_case) == (None, "unallocated")


def test_two_spans_of_one_call_count_once(company):
    """Catches a call paid twice because two libraries traced it."""
    land_spans(
        company,
        call("s9", 1, gen_ai__response__id="x"),
        call("s1", 1, gen_ai__response__id="x", gen_ai__usage__cache_read__input_tokens=400),
        call("s5", 5, gen_ai__response__id="y"),
    )
    attempts = company.compute().attempts
    assert sorted(attempt.attempt_id for attempt in attempts) == ["t1:s1", "t1:s5"]
    assert next(a for a in attempts if a.span_id == "s1").input_tokens == 600


def test_failed_span_is_continued_by_its_sibling(company):
    land_spans(company, call("s1", 1, error__type="429"), call("s2", 9), call("s3", 20, parent="other"))
    result = company.compute()
    assert {a.span_id: a.request_id for a in result.attempts} == {"s1": "t1:s1", "s2": "t1:s1", "s3": "t1:s3"}
    assert {a.span_id: a.status for a in result.attempts}["s1"] == "rate_limited"


def test_use_case_from_rules_then_outcome_then_unallocated(company):
    """Catches rules tried in file order, partial matches, and an outcome whose rows disagree."""
    company.seed(
        "use_cases",
        {"use_case": "claims", "owner": "anna"},
        {"use_case": "sales", "owner": "ben", "valid_from": "2026-07-02"},
    )
    company.seed(
        "use_case_rules",
        {"priority": 20, "field": "team", "pattern": "red.*", "use_case": "claims"},
        {"priority": 10, "source": "inference", "field": "team", "pattern": "red", "use_case": "sales"},
    )
    company.attempt("rule10", use_case=None, team="red")
    company.attempt("rule20", use_case=None, team="redder")
    company.attempt("partial", use_case=None, team="dark red")
    company.attempt("named", outcome_id="o1")
    company.attempt("filled", use_case=None, outcome_id="o1")
    company.attempt("torn", use_case=None, outcome_id="o2")
    company.attempt("torn_a", outcome_id="o2")
    company.attempt("torn_b", use_case="sales", outcome_id="o2")
    company.attempt("typo", use_case="Claims")
    found = {a.attempt_id: (a.use_case, a.owner) for a in company.compute().attempts}
    assert found == {
        "rule10": ("sales", "unowned"),  # sales has an owner from 2 July only
        "rule20": ("claims", "anna"),
        "partial": ("unallocated", "unowned"),
        "named": ("claims", "anna"),
        "filled": ("claims", "anna"),
        "torn": ("unallocated", "unowned"),
        "torn_a": ("claims", "anna"),
        "torn_b": ("sales", "unowned"),
        "typo": ("unallocated", "unowned"),
    }


def test_an_experiments_owner_pays_for_its_attempts_while_it_runs(company):
    """Catches an experiment paid for by the use case's owner, and by its own one after it ended."""
    company.seed("use_cases", {"use_case": "claims", "owner": "anna"})
    company.seed("experiments", {"experiment": "trial", "owner": "eva", "valid_to": "2026-07-02"})
    company.attempt("plain")
    company.attempt("tried", experiment="trial")
    company.attempt("undeclared", experiment="other")
    company.attempt("late", experiment="trial", started_at="2026-07-02T00:00:00Z")
    found = {a.attempt_id: a.owner for a in company.compute().attempts}
    assert found == {"plain": "anna", "tried": "eva", "undeclared": "anna", "late": "anna"}
