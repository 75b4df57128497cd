"""A content hash that depends on the order of rows cries wolf; one that misses a change hides it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import duckdb
import pytest

from orchestration.publish import content_hash
from orchestration.publish.content_hash import hash_marts, total_digest, unchanged_days, unchanged_marts
from orchestration.warehouse.marts import DAILY_MARTS

ROWS = "SELECT i AS id, 'n' || i AS name, (i / 7)::DECIMAL(38, 12) AS cost, i / 3.0::DOUBLE AS share"


def digest(*statements: str) -> str:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE SCHEMA marts")
        for statement in statements:
            con.execute(statement)
        return total_digest(hash_marts(con))


def table(select: str, name: str = "m") -> str:
    return f"CREATE TABLE marts.{name} AS {select}"


def test_order_of_rows_and_columns_and_excluded_columns_do_not_matter() -> None:
    """Catches a hash of the file or of the insertion order, and one that every run id changes."""
    plain = digest(table(f"{ROWS} FROM range(100) t(i)"))
    shuffled = digest(
        table(f"SELECT share, cost, name, id FROM ({ROWS} FROM range(100) t(i)) ORDER BY hash(id)"),
    )
    with_run = digest(table(f"{ROWS}, 'r' || i AS run_id, now() AS loaded_at FROM range(100) t(i)"))
    with_publishes = digest(table(f"{ROWS} FROM range(100) t(i)"), table("SELECT 1 AS x", "publishes"))
    assert plain == shuffled == with_run == with_publishes


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE marts.m SET cost = cost + 0.000000000001 WHERE id = 7",
        "UPDATE marts.m SET name = NULL WHERE id = 7",
        "UPDATE marts.m SET name = '' WHERE id = 7",
        "DELETE FROM marts.m WHERE id = 7",
        "INSERT INTO marts.m FROM marts.m WHERE id = 7",
        "UPDATE marts.m SET name = CASE id WHEN 1 THEN 'n2' ELSE 'n1' END WHERE id IN (1, 2)",
        "ALTER TABLE marts.m RENAME name TO other",
        "CREATE TABLE marts.another AS SELECT 1 AS x",
    ],
)
def test_every_change_of_content_changes_it(change: str) -> None:
    """Catches a sum that a swap between rows or a lost last digit does not move, and NULL taken for empty text."""
    create = table(f"{ROWS} FROM range(100) t(i)")
    assert digest(create, change) != digest(create)


def test_values_do_not_run_into_each_other() -> None:
    """Catches plain concatenation, for which ('ab', 'c') and ('a', 'bc') are one row."""
    assert digest(table("SELECT 'ab' AS a, 'c' AS b")) != digest(table("SELECT 'a' AS a, 'bc' AS b"))


def test_only_untouched_days_with_as_many_rows_are_taken_over() -> None:
    """Catches a day that was rebuilt without being announced and keeps its old hash."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(table("SELECT DATE '2026-09-01' + (i % 4)::INT AS day, i FROM range(40) t(i)", "attempts"))
        before = hash_marts(con)
        con.execute("UPDATE marts.attempts SET i = -1 WHERE day = '2026-09-01'")
        con.execute("DELETE FROM marts.attempts WHERE day = '2026-09-02' AND i = 1")
        known = unchanged_days(con, before, ["2026-09-01"])
        assert sorted(known["attempts"].parts) == ["2026-09-03", "2026-09-04"]
        assert hash_marts(con, known=known)["attempts"].digest == hash_marts(con)["attempts"].digest


# Of each type: values that differ, and that a careless hash takes for one.
VALUES = {
    "BOOLEAN": ["true", "false", "NULL"],
    "INTEGER": ["0", "1", "-1", "NULL"],
    "BIGINT": ["0", "-1", "9223372036854775807", "NULL"],
    "HUGEINT": ["0", "-1", "1", "-2", "170141183460469231731687303715884105727", "NULL"],
    "DECIMAL(18, 6)": ["0", "-0.000001", "0.000001", "1.5", "NULL"],
    "DECIMAL(38, 12)": ["0", "-0.000000000001", "0.000000000001", "1.5", "-1.5", "NULL"],
    "DECIMAL(38, 0)": ["0", "-1", "1", "NULL"],
    "DOUBLE": ["0", "0.1", "0.1::DOUBLE + 0.2::DOUBLE", "0.3", "'nan'", "'inf'", "NULL"],
    "VARCHAR": ["''", "'-'", "'NULL'", "'a'", "'a '", "chr(0)", "'a' || chr(0)", "'A'", "NULL"],
    "BLOB": ["''", "'a'", "NULL"],
    "DATE": ["'2026-09-01'", "'2026-09-02'", "'infinity'", "NULL"],
    "TIMESTAMP": ["'2026-09-01 00:00:00'", "'2026-09-01 00:00:00.000001'", "NULL"],
    "TIMESTAMPTZ": ["'2026-09-01 00:00:00+00'", "'2026-09-01 00:00:00+02'", "NULL"],
    "INTERVAL": ["'1 day'", "'24 hours'", "'1 month'", "'30 days'", "NULL"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "NULL"],
    "JSON": ["'{}'", "'[]'", "'null'", "'{\"a\": 1}'", "NULL"],
    "VARCHAR[]": ["[]", "[NULL]", "['NULL']", "['']", "['a', 'b']", "['b', 'a']", "['a, b']", "NULL"],
    "BIGINT[][]": ["[]", "[[]]", "[[], [1]]", "[[1], []]", "[NULL]", "NULL"],
    "STRUCT(a VARCHAR, b VARCHAR)": [
        "{'a': 'x', 'b': NULL}",
        "{'a': NULL, 'b': 'x'}",
        "{'a': NULL, 'b': NULL}",
        "NULL",
    ],
    "MAP(VARCHAR, BIGINT)": ["MAP {}", "MAP {'a': 1}", "MAP {'a': NULL}", "NULL"],
}


@pytest.mark.parametrize("data_type", VALUES)
def test_each_value_of_each_type_has_a_hash_of_its_own(data_type: str) -> None:
    """Catches an empty list taken for none, and the smallest negative amount of money taken for zero."""
    digests = [digest(table(f"SELECT CAST({value} AS {data_type}) AS x")) for value in VALUES[data_type]]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.0::DOUBLE", "-0.0::DOUBLE"),
        ("TIMESTAMPTZ '2026-09-01 02:00:00+02'", "TIMESTAMPTZ '2026-09-01 00:00:00+00'"),
        ("1.50::DECIMAL(38, 12)", "(3 / 2)::DECIMAL(38, 12)"),
    ],
)
def test_equal_values_of_a_type_are_hashed_alike(one: str, other: str) -> None:
    """Catches a hash of how a value is written."""
    assert digest(table(f"SELECT {one} AS x")) == digest(table(f"SELECT {other} AS x"))


def test_the_type_of_a_column_is_content() -> None:
    """Catches true taken for one."""
    assert digest(table("SELECT true AS x")) != digest(table("SELECT 1 AS x")) != digest(table("SELECT 1.0 AS x"))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_changes_in_random_rows_changes_it(seed: int) -> None:
    """Catches changes that cancel out: in one column, between two columns of a row, between two rows."""
    r = random.Random(seed)
    types = [r.choice(list(VALUES)) for _ in range(r.randint(2, 6))]
    rows = [[r.choice(VALUES[kind]) for kind in types] for _ in range(r.randint(2, 12))]

    def hashed(rows: list[list[str]]) -> str:
        names = [f"c{number}" for number in range(len(types))]
        values = ", ".join(
            f"({', '.join(f'CAST({v} AS {t})' for v, t in zip(row, types, strict=True))})" for row in rows
        )
        return digest(table(f"SELECT * FROM (VALUES {values}) AS t({', '.join(names)})"))

    before = hashed(rows)
    assert hashed(r.sample(rows, len(rows))) == before
    assert hashed([*rows, r.choice(rows)]) != before
    for number, kind in enumerate(types):
        row = r.randrange(len(rows))
        for value in VALUES[kind]:
            changed = [list(each) for each in rows]
            changed[row][number] = value
            assert (hashed(changed) == before) == (value == rows[row][number])
        exchanged = [list(each) for each in rows]
        exchanged[0][number], exchanged[1][number] = rows[1][number], rows[0][number]
        assert (hashed(exchanged) == before) == (sorted(map(str, exchanged)) == sorted(map(str, rows)))


def test_values_exchanged_between_columns_change_it() -> None:
    """Catches a sum over columns, which does not know which one a value stood in."""
    columns = "SELECT {} AS a, {} AS b, 3 AS c UNION ALL SELECT {}, {}, 4"
    assert digest(table(columns.format(1, 2, 2, 1))) != digest(table(columns.format(2, 1, 1, 2)))


def test_threads_row_groups_and_the_way_of_building_do_not_matter() -> None:
    """Catches a hash of how rows are stored: a table built at once, in pieces by two threads, and with rows deleted."""
    rows = f"{ROWS}, DATE '2026-09-01' + (i % 40)::INT AS day FROM range(300000) t(i)"
    pieces = (table(f"{rows} WHERE i < 0", "attempts"), "SET threads = 2", "SET preserve_insertion_order = false")
    inserts = [
        f"INSERT INTO marts.attempts SELECT * FROM ({rows}) WHERE day {sign} '2026-09-20'" for sign in (">=", "<")
    ]
    again = (
        "DELETE FROM marts.attempts WHERE day < '2026-09-10'",
        f"{inserts[0].split(' WHERE day')[0]} WHERE day < '2026-09-10'",
    )
    assert digest("SET threads = 1", table(rows, "attempts")) == digest(*pieces, *inserts, *again)


def test_another_version_of_duckdb_takes_nothing_over(monkeypatch) -> None:
    """Catches days hashed by one version beside days hashed by another."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(table("SELECT DATE '2026-09-01' AS day, 1 AS i", "attempts"))
        con.execute(table("SELECT 1 AS i", "maturity"))
        monkeypatch.setattr(content_hash, "_HASH", "hash of duckdb 1.0")
        former = hash_marts(con)
        assert unchanged_days(con, former, [])["attempts"].parts
        assert list(unchanged_marts(con, former, hash_marts(con))) == ["maturity"]
        monkeypatch.undo()
        assert unchanged_days(con, former, []) == {}
        assert unchanged_marts(con, former, hash_marts(con)) == {}


def test_daily_marts_are_those_that_dbt_replaces_by_the_days_of_the_run() -> None:
    """Catches a mart whose days are taken over although a run writes others, or all of it, anew."""
    for mart, day in DAILY_MARTS.items():
        (path,) = Path("models").rglob(f"{mart}.sql")
        (config,) = re.findall(r"config\(([^)]*)\)", path.read_text(encoding="utf-8"))
        assert "incremental_strategy='replace_days'" in config
        assert "rebuild_days_model" not in config and "period_grain" not in config
        period = re.search(r"period_column='\"?(\w+)\"?'", config)
        assert (period.group(1) if period else "day") == day
