"""What dbt has to know of the sources, written from their declarations: ``python -m orchestration.sources.dbt_files``.

Columns, types and counts come from the declarations. What a column means is kept as it stands in the YAML; a new column
is described as other tables describe their column of that name, and has no description where none does.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from orchestration.ingest.family import Connected, Family
from orchestration.settings import PROJECT_DIR
from orchestration.sources.registry import SOURCES

_STAGING = Path("models/staging")
_MACROS = Path("macros/pipeline/declared_sources.sql")


def dbt_files(families: tuple[Family, ...], project: Path = PROJECT_DIR) -> dict[Path, str]:
    """The files that follow from declarations, by path within the project."""
    stated = _Stated(project)
    schemas: dict[str, list[Family]] = {}
    for family in families:
        for schema in {table.schema: None for table in family.tables}:
            schemas.setdefault(schema, []).append(family)
    files = {sources_path(schema): _sources_yaml(schema, owners, stated) for schema, owners in schemas.items()}
    return {**files, _MACROS: _macros(families, project)}


def sources_path(schema: str) -> Path:
    """Where a schema's landed tables are told to dbt."""
    return _STAGING / schema / f"_{schema}__sources.yml"


def attempts_model(schema: str, project: Path = PROJECT_DIR) -> str:
    """A source's attempts in the shape of all: a model of intermediate where it has rules, else of staging."""
    resolved = f"int_{schema}_attempts"
    has_rules = any((project / "models" / "intermediate").rglob(f"{resolved}.sql"))
    return resolved if has_rules else f"stg_{schema}__attempts"


class _Stated:
    """Descriptions as they stand."""

    def __init__(self, project: Path) -> None:
        self._sources: dict[str, dict[str, Any]] = {}
        self._tables: dict[tuple[str, str], dict[str, Any]] = {}
        self._columns: dict[tuple[str, str], dict[str, str]] = {}
        self._usual: dict[str, Counter[str]] = {}
        for path in sorted((project / _STAGING).glob("*/_*__sources.yml")):
            for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
                self._sources[source["name"]] = source
                for table in source["tables"]:
                    self._add(source["name"], table)

    def _add(self, schema: str, table: dict[str, Any]) -> None:
        described = {column["name"]: column.get("description", "") for column in table["columns"]}
        self._tables[schema, table["name"]] = table
        self._columns[schema, table["name"]] = described
        for name, description in described.items():
            if description:
                self._usual.setdefault(name, Counter())[description] += 1

    def source(self, schema: str, default: str) -> str:
        return self._sources.get(schema, {}).get("description") or default

    def table(self, schema: str, name: str) -> str:
        return self._tables.get((schema, name), {}).get("description") or ""

    def column(self, schema: str, table: str, name: str) -> str:
        usual = self._usual.get(name)
        return self._columns.get((schema, table), {}).get(name) or (usual.most_common(1)[0][0] if usual else "")


def _sources_yaml(schema: str, owners: list[Family], stated: _Stated) -> str:
    lines = [
        "# `make sources` writes this from orchestration/sources; descriptions are kept, so change them here.",
        "version: 2",
        "",
        "sources:",
        f"  - name: {schema}",
        f"    description: {_quoted(stated.source(schema, owners[0].description + '.'))}",
        "    database: raw",
        f"    schema: {schema}",
        "    tables:",
    ]
    for owner in owners:
        counted = {found.table.full_name: found for found in owner.connected}
        for table in owner.tables:
            lines += [
                f"      - name: {table.name}",
                f"        description: {_quoted(stated.table(schema, table.name))}",
                *_meta(counted.get(table.full_name)),
                "        columns:",
            ]
            for name, kind in table.all_columns.items():
                description = _quoted(stated.column(schema, table.name, name))
                lines.append(f"          - {{name: {name}, data_type: {_type(kind)}, description: {description}}}")
    return "\n".join(lines) + "\n"


def _meta(connected: Connected | None) -> list[str]:
    if connected is None or not connected.attempts:
        return []
    return [f"        config: {{meta: {{attempts: {_quoted(connected.attempts)}}}}}"]


def _type(kind: str) -> str:
    name = kind.lower()
    return _quoted(name) if "," in name else name


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _macros(families: tuple[Family, ...], project: Path) -> str:
    attempts = {
        attempts_model(found.table.schema, project): None
        for family in families
        for found in family.connected
        if found.holds_attempts
    }
    lists = {
        "attempt_models": ("Models of attempts, one of each source that has some.", list(attempts)),
        "retry_window_sources": (
            "Sources whose rows carry no links between attempts, so that the retry rule applies.",
            [family.name for family in families if family.has_retry_window],
        ),
        "desks": (
            "Schemas of the desks, whose landed tables `records` share their columns of tickets.",
            [found.table.schema for family in families for found in family.connected if found.is_desk],
        ),
    }
    written = [
        f"{{#- {meaning} -#}}\n{{% macro {name}() %}}{{{{ return({names}) }}}}{{% endmacro %}}\n"
        for name, (meaning, names) in lists.items()
    ]
    return "{#- `make sources` writes this from orchestration/sources. -#}\n\n\n" + "\n\n".join(written)


def main() -> None:
    """Write the files that differ, and name them."""
    for path, text in dbt_files(tuple(SOURCES.values())).items():
        target = PROJECT_DIR / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
