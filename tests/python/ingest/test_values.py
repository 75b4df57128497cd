"""Catches a value rule that lets a bad value through, refuses a good one, crashes, or differs between the column-wise
and the value-wise way."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ingest import values
from orchestration.ingest.batches import Batch, Objects, numbered
from orchestration.ingest.frames import Field, Problems, typed_column
from orchestration.ingest.privacy import Hasher
from orchestration.ingest.reasons import Bad

LATEST = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)

INTEGERS = [
    (0, 0), (7, 7), (100_000_000, 100_000_000), ("7", 7), ("007", 7), (None, None), ("", None), ("  ", None),
    (100_000_001, "bad_number"), (-1, "bad_number"), (2**63 - 1, "bad_number"), (10**40, "bad_number"),
    (1e20, "bad_number"), (1.5, "bad_number"), (7.0, "bad_number"), (True, "bad_number"), (False, "bad_number"),
    (math.nan, "bad_number"), (math.inf, "bad_number"), ("1.5", "bad_number"), ("-7", "bad_number"),
    ("+7", "bad_number"), ("7 ", "bad_number"), ("1e3", "bad_number"), ("NaN", "bad_number"), ("٧", "bad_number"),
    ([7], "bad_number"), ({}, "bad_number"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), INTEGERS)
def test_counts_are_whole_and_bounded(value, expected):
    """Catches DuckDB's silent casts (1.5 to 2, true to 1) and NaN, which passes `>= 0`."""
    assert values.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7.0, 7), ("7.0", 7), ("7.", 7), (Decimal("7.00"), 7), (7.5, "bad_number"), ("7.5", "bad_number"),
     (math.nan, "bad_number"), (math.inf, "bad_number"), (-1.0, "bad_number"), (1e20, "bad_number")],
)  # fmt: skip
def test_formats_without_whole_numbers_may_write_them_as_floats(value, expected):
    """Catches refusing every count of a Parquet file that pandas has turned into floats."""
    assert values.integer(value, lenient=True) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.1, "0.100000000000"), ("0.1", "0.100000000000"), (1e-7, "0.000000100000"), ("1E-7", "0.000000100000"),
     (0.00022500000000000002, "0.000225000000"), ("0.0000000000005", "0.000000000001"), (5, "5.000000000000"),
     (0, "0.000000000000"), (-0.0, "0.000000000000"), (Decimal("2.5"), "2.500000000000")],
)  # fmt: skip
def test_money_is_exact(value, expected):
    """Catches binary noise in money, and another amount for the same price in another format."""
    assert format(values.decimal(value, scale=12), "f") == expected


@pytest.mark.parametrize(
    "value",
    [-1, -0.01, "-1", math.nan, math.inf, "NaN", "Infinity", "1,5", "$1", True, 10**10, 1e300, "1" * 31, []],
)
def test_impossible_money_is_refused(value):
    """Catches negative, unreadable and absurd amounts."""
    assert values.decimal(value, scale=12) == "bad_number"


TIMES = [
    ("2026-06-30T10:00:00Z", "2026-06-30T10:00:00+00:00"),
    ("2026-06-30T10:00:00z", "2026-06-30T10:00:00+00:00"),
    ("2026-06-30 12:00:00+02:00", "2026-06-30T10:00:00+00:00"),
    ("2026-06-30T12:00:00+0200", "2026-06-30T10:00:00+00:00"),
    ("2026-06-30T12:00:00.000+02", "2026-06-30T10:00:00+00:00"),
    ("2026-06-30T10:00Z", "2026-06-30T10:00:00+00:00"),
    ("2026-06-30T10:00:00.1234567Z", "2026-06-30T10:00:00.123456+00:00"),
    ("2026-06-30T10:00:00.123456789012Z", "2026-06-30T10:00:00.123456+00:00"),
    ("2026-06-30 10:00:00.5 UTC", "2026-06-30T10:00:00.500000+00:00"),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00+00:00"),
    ("2026-03-29T02:30:00+02:00", "2026-03-29T00:30:00+00:00"),
    (1782813600, "2026-06-30T10:00:00+00:00"),
    ("1782813600", "2026-06-30T10:00:00+00:00"),
    (1782813600.25, "2026-06-30T10:00:00.250000+00:00"),
    ("1782813600.25", "2026-06-30T10:00:00.250000+00:00"),
    (1782813600_123, "2026-06-30T10:00:00.123000+00:00"),
    (1782813600_123456, "2026-06-30T10:00:00.123456+00:00"),
    (1782813600_123456789, "2026-06-30T10:00:00.123456+00:00"),
    ("2026-06-30T10:00:00", "naive_time"),
    ("2026-06-30 10:00", "naive_time"),
    (datetime(2026, 6, 30, 10), "naive_time"),
    ("2026-07-01T12:05:00.000001Z", "future_time"),
    ("2026-07-01T12:05:00Z", "2026-07-01T12:05:00+00:00"),
    ("2026-06-30T23:59:60Z", "bad_time"),
    ("2025-02-29T00:00:00Z", "bad_time"),
    ("1970-01-01T00:00:00Z", "bad_time"),
    ("9999-12-31T23:59:59Z", "bad_time"),
    ("0001-01-01T00:00:00+14:00", "bad_time"),
    ("2026-06-30", "bad_time"),
    ("2026-06-30T10Z", "bad_time"),
    ("2026-06-30T10:00:00+24:00", "bad_time"),
    ("2026-06-30T24:00:00Z", "bad_time"),
    ("30.06.2026 10:00", "bad_time"),
    ("yesterday", "bad_time"),
    (0, "bad_time"),
    (-1, "bad_time"),
    (20260630, "bad_time"),
    (10**30, "bad_time"),
    (math.nan, "bad_time"),
    (math.inf, "bad_time"),
    (True, "bad_time"),
    ([1782813600], "bad_time"),
    (None, None),
    ("", None),
]


@pytest.mark.parametrize(("value", "expected"), TIMES)
def test_times(value, expected):
    """Catches a dropped offset, a guessed zone, a wrong epoch unit, and a crash on impossible dates."""
    moment = values.instant(value, latest=LATEST)
    assert (moment.isoformat() if isinstance(moment, datetime) else moment) == expected


def test_a_declared_zone_makes_naive_times_readable():
    """Catches ignoring that a source has declared its zone."""
    assert values.instant("2026-06-30 10:00:00", naive_is_utc=True) == datetime(2026, 6, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", "x"), (" x ", " x "), ("001", "001"), (1, "1"), ("1e3", "1e3"), ("=cmd()", "=cmd()"), ("\tx", "\tx"),
     ("'; drop table x;--", "'; drop table x;--"), ("{{ x }}", "{{ x }}"), ("<script>", "<script>"),
     ("e\u0301", "e\u0301"), ("\u202e\u200b", "\u202e\u200b"), ("", None), ("   ", None), ("\u00a0", None),
     (None, None), ("a\nb", "bad_text"), ("a\x00b", "bad_text"), ("\ud800", "bad_text"), ("a\x85", "bad_text"),
     ("x" * 1_001, "bad_text"), (1.5, "bad_text"), (True, "bad_text"), ({}, "bad_text"), (["x"], "bad_text"),
     (10**40, "bad_text")],
)  # fmt: skip
def test_texts_keep_their_characters(value, expected):
    """Catches ids that are read as numbers, trimmed or normalised, and control characters that get in."""
    assert values.text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("True", True), ("FALSE", False), ("1", True), (0, False), (None, None), ("", None),
     ("yes", "bad_boolean"), (2, "bad_boolean"), (1.0, "bad_boolean"), ([], "bad_boolean")],
)  # fmt: skip
def test_booleans(value, expected):
    """Catches a truthy text taken for true."""
    assert values.boolean(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["b", "a", "b", "", None], '["b","a"]'), ('["a"]', '["a"]'), ("a;b;a", '["a","b"]'), ("a", '["a"]'),
     (7, '["7"]'), ([1, "1"], '["1"]'), ([], None), ("", None), (None, None), ("[broken", "bad_value"),
     ({"a": 1}, "bad_text"), ([["a"]], "bad_text"), ([1.5], "bad_text"), (["a\n"], "bad_text")],
)  # fmt: skip
def test_id_lists(value, expected):
    """Catches lost order, repeated ids and lists inside lists."""
    assert values.id_list(value) == expected


def test_a_single_id_is_put_in_front_of_a_list():
    """Catches a ticket that loses the outcome named in the other field."""
    assert values.id_list(values.fold_id("x", ["a", "x"])) == '["x","a"]'
    assert values.id_list(values.fold_id("x", None)) == '["x"]'
    assert values.id_list(values.fold_id(None, "a;b")) == '["a","b"]'
    assert values.id_list(values.fold_id("x", "[broken")) == "bad_value"


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-10, 200),
    st.floats(),
    st.floats(0, 1000),
    st.decimals(),
    st.text(max_size=30),
    st.text("0123456789.-+eE:TZ ", max_size=30),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from([value for value, _ in TIMES] + [value for value, _ in INTEGERS]),
    st.sampled_from([Decimal("sNaN"), Decimal("NaN"), Decimal("-Infinity"), float("nan"), float("inf")]),
)
KINDS = ["text", "id", "integer", "money", "minutes", "duration", "boolean", "time", "due", "currency", "ids"]


@given(st.sampled_from(KINDS), ANYTHING, st.booleans(), st.booleans())
def test_no_value_crashes_a_rule(kind, value, lenient, naive_is_utc):
    """Catches an exception where a reason code was promised: one such value would stop the whole file."""
    result = values.parser(kind, lenient=lenient, latest=LATEST, naive_is_utc=naive_is_utc)(value)
    if kind == "integer" and type(result) is int:
        assert 0 <= result <= values.MAX_COUNT
    if kind in ("time", "due") and isinstance(result, datetime):
        assert result.utcoffset() == timedelta(0)
        assert values.EARLIEST <= result < values.LATEST


TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(["x" * 1_000, "x" * 1_001, " ", "a\tb", "a\nb", "ü"]))
INSTANTS = st.datetimes(datetime(1999, 12, 1), datetime(2026, 7, 2))
NEAR_LATEST = st.datetimes(datetime(2026, 7, 1, 12), datetime(2026, 7, 1, 12, 10))
ISO_TEXTS = st.one_of(
    INSTANTS.map(lambda moment: moment.isoformat() + "Z"),
    NEAR_LATEST.map(lambda moment: moment.isoformat() + "+00:00"),
    INSTANTS.map(lambda moment: moment.isoformat(sep=" ") + "+02:00"),
    st.sampled_from([value for value, _ in TIMES if isinstance(value, str)]),
)
AMOUNTS = st.one_of(st.floats(-1, 1e10), st.floats(0, 100), st.floats(0, 5_000).map(lambda amount: round(amount, 4)))
LIKELY = {
    "integer": st.integers(-5, 2 * values.MAX_COUNT),
    "money": AMOUNTS,
    "minutes": AMOUNTS,
    "duration": AMOUNTS,
    "boolean": st.booleans(),
    "time": ISO_TEXTS,
    "due": ISO_TEXTS,
    "currency": st.sampled_from(["USD", "eur", "EURO", ""]),
}
OTHERS = [st.integers(-5, 10**9), AMOUNTS, TEXTS, st.booleans(), ISO_TEXTS]
CAST = {"money": "DECIMAL(38,12)", "minutes": "DECIMAL(18,6)"}


def _column(kind: str, column: list, con: duckdb.DuckDBPyConnection) -> tuple[list, dict[int, str]]:
    """The values of a column as they would be stored, and the reason of each bad one."""
    problems = Problems()
    array = typed_column(Field("x", kind), column, problems, latest=LATEST)
    batch = Batch(Objects([{}] * len(column)), numbered(1, len(column)), numbered(1, len(column)))
    bad = {row.line_no - 1: row.reason for row in problems.split({}, batch, Hasher(b"key")).quarantined}
    if kind not in CAST:
        return array.to_pylist(), bad
    amounts = pa.table({"x": array})
    return [x for (x,) in con.execute(f"SELECT x::{CAST[kind]} FROM amounts").fetchall() if amounts], bad


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("kind", "column"),
    [("text", ["x", "x" * 1_001]), ("id", ["x", "x" * 1_001]), ("id", ["x", "\u00a0\n"]), ("integer", [1, 10**9]),
     ("integer", [1, -1]), ("money", [0.5, -0.5]), ("money", [0.5, 1e300]), ("duration", [1.5, -1.5]),
     ("time", ["2026-06-30T10:00:00Z", "1999-12-31T23:59:59Z"]),
     ("time", ["2026-06-30T10:00:00Z", "2026-07-01T12:05:01Z"]),
     ("due", ["2026-06-30T10:00:00Z", "2101-01-01T00:00:00Z"]), ("time", ["2026-06-30T10:00:00Z", "2026-06-30T10Z"])],
)  # fmt: skip
def test_one_bad_value_is_found_in_a_column_of_its_type(kind, column, con):
    """Catches a bound that only the way of single values keeps."""
    found, bad = _column(kind, column, con)
    last = len(column) - 1
    assert list(bad) == ([last] if values.parser(kind, latest=LATEST)(column[last]) is not None else [])
    assert found[last] is None
    assert None not in found[:last]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whole_columns_are_read_as_single_values_are(kind, con, data):
    """Catches a fast path that judges a value otherwise when its neighbours are clean: a row's fate would then depend
    on the rows around it."""
    one_type = data.draw(st.sampled_from([LIKELY.get(kind, TEXTS)] * 3 + OTHERS))
    column = data.draw(st.lists(st.one_of(st.none(), one_type), min_size=1, max_size=6))
    found, bad = _column(kind, column, con)
    parse = values.parser(kind, latest=LATEST)
    for place, value in enumerate(column):
        alone = parse(value)
        if isinstance(alone, Bad):
            assert bad[place] == alone
            assert found[place] is None
        else:
            assert place not in bad
            assert found[place] == alone
