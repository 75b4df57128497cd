"""How much of history a night's tests look at."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.build.audit_scope import audit_scope

# A Monday and the Tuesday after it; the Sunday before ends another week.
SUNDAY, MONDAY, TUESDAY = "2026-09-27 23:30:00+00", "2026-09-28 06:00:00+00", "2026-09-29 06:00:00+00"


@pytest.mark.parametrize(
    ("mode", "as_of", "published", "asked", "scope"),
    [
        ("incremental", TUESDAY, MONDAY, False, "rebuilt_days"),
        ("incremental", TUESDAY, MONDAY, True, "full"),
        ("full", TUESDAY, MONDAY, False, "full"),
        ("incremental", MONDAY, SUNDAY, False, "full"),
        ("incremental", TUESDAY, SUNDAY, False, "full"),
        ("incremental", TUESDAY, None, False, "full"),
    ],
)
def test_every_row_is_looked_at_once_a_week(
    mode: str, as_of: str, published: str | None, asked: bool, scope: str
) -> None:
    """Catches a week that no night looks at as a whole, its first night failed or not, and a night that always does."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA control; CREATE SCHEMA ledger")
        con.execute("CREATE TABLE control.run AS SELECT ? AS mode, CAST(? AS TIMESTAMPTZ) AS as_of", [mode, as_of])
        con.execute("CREATE TABLE ledger.publishes (as_of TIMESTAMPTZ)")
        if published:
            con.execute("INSERT INTO ledger.publishes VALUES (?)", [published])
        assert audit_scope(con, asked=asked) == scope
