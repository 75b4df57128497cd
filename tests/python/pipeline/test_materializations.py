"""How a relation takes the place of the one before it (macros/pipeline/materializations.sql)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from .engine import Engine, Warehouse

AS_OF = datetime(2026, 9, 28, tzinfo=UTC)
SELECTED = ("+price_versions",)
RELATIONS = "SELECT schema_name, {kind}_name FROM duckdb_{kind}s() WHERE NOT internal AND database_name = 'build'"


def _relations(warehouse: Warehouse) -> dict[str, set[tuple[str, str]]]:
    with warehouse.marts() as con:
        return {kind: set(con.execute(RELATIONS.format(kind=kind)).fetchall()) for kind in ("table", "view")}


def test_only_the_relation_itself_is_left(engine: Engine, tmp_path: Path) -> None:
    """Mistake caught: a second copy of a mart that is published as one, a model that was a view and cannot become a
    table or the other way round, a mart whose columns nobody can look up."""
    warehouse = engine.warehouse(tmp_path)
    warehouse.night(AS_OF, select=SELECTED)
    wanted = _relations(warehouse)
    assert ("marts", "price_versions") in wanted["table"]
    assert wanted["view"]
    schema, view = min(wanted["view"])
    with duckdb.connect(str(warehouse.settings.build_database)) as con:
        con.execute("CREATE TABLE marts.price_versions__dbt_backup AS SELECT 1 AS day")
        con.execute(f"DROP VIEW {schema}.{view}; CREATE TABLE {schema}.{view} AS SELECT 1 AS x")
        con.execute("DROP TABLE marts.price_versions; CREATE VIEW marts.price_versions AS SELECT 1 AS x")
    warehouse.night(AS_OF, select=SELECTED)
    assert _relations(warehouse) == wanted
    with warehouse.marts() as con:
        for kind in ("table", "column"):
            found = con.execute(
                f"SELECT count(*), count(comment) FROM duckdb_{kind}s() WHERE schema_name = 'marts'"
            ).fetchone()
            assert found[0] == found[1] > 0, kind
