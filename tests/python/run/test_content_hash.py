"""A content hash that depends on the order of rows cries wolf; one that misses a change hides it."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.content_hash import hash_marts, total_digest, unchanged_days

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
