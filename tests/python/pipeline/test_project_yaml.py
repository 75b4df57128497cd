"""What dbt does not say: a misspelt key in its YAML is silently no test, no description and no contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.settings import PROJECT_DIR

_DATA_TESTS = {"data_tests"}
_COLUMN = {
    "name",
    "description",
    "data_type",
    "data_tests",
    "constraints",
    "config",
    "meta",
    "tags",
    "quote",
    "granularity",
}
_ABOUT = {"name", "description", "config", "meta", "docs"}
KEYS: dict[str, set[str]] = {
    "file": {
        "version",
        "models",
        "sources",
        "seeds",
        "macros",
        "unit_tests",
        "data_tests",
        "exposures",
        "analyses",
        "semantic_models",
        "metrics",
    },
    "models": _ABOUT
    | _DATA_TESTS
    | {"columns", "constraints", "latest_version", "versions", "access", "group", "time_spine"},
    "seeds": _ABOUT | _DATA_TESTS | {"columns"},
    "macros": _ABOUT | {"arguments"},
    "arguments": {"name", "type", "description"},
    "sources": _ABOUT | {"database", "schema", "tables", "loader", "freshness", "loaded_at_field", "tags"},
    "tables": _ABOUT | _DATA_TESTS | {"columns", "identifier", "freshness", "loaded_at_field", "tags"},
    "columns": _COLUMN,
    "data_tests": {"name", "arguments", "config", "description", "meta"},
    "singular": _ABOUT,
    "unit_tests": {"name", "description", "model", "given", "expect", "overrides", "config", "versions"},
    "given": {"input", "rows", "format", "fixture"},
    "expect": {"rows", "format", "fixture"},
    "overrides": {"macros", "vars", "env_vars"},
    "exposures": {"name", "label", "type", "maturity", "url", "description", "depends_on", "owner", "config", "meta"},
    "analyses": _ABOUT | {"columns"},
    "semantic_models": {
        "name",
        "label",
        "description",
        "model",
        "defaults",
        "primary_entity",
        "entities",
        "dimensions",
        "measures",
        "config",
    },
    "entities": {"name", "type", "description", "label", "expr", "role", "config"},
    "dimensions": {"name", "type", "description", "label", "expr", "type_params", "is_partition", "config"},
    "measures": {
        "name",
        "agg",
        "description",
        "label",
        "expr",
        "agg_params",
        "agg_time_dimension",
        "non_additive_dimension",
        "create_metric",
        "config",
    },
    "metrics": {"name", "label", "type", "description", "type_params", "filter", "time_granularity", "config"},
}
CONFIG = {
    "where", "severity", "error_if", "warn_if", "limit", "store_failures", "enabled", "tags", "meta", "materialized",
    "schema", "alias", "contract", "column_types", "quote_columns", "delimiter", "on_schema_change", "event_time",
    "persist_docs", "full_refresh", "docs", "group", "access", "freshness", "loaded_at_field", "static_analysis",
}  # fmt: skip
PROJECT_KEYS = {
    "name", "version", "config-version", "profile", "model-paths", "seed-paths", "macro-paths", "test-paths",
    "analysis-paths", "snapshot-paths", "docs-paths", "clean-targets", "flags", "vars", "on-run-start", "on-run-end",
    "models", "seeds", "data_tests", "unit_tests", "sources", "snapshots", "require-dbt-version", "dispatch",
    "exposures", "query-comment",
}  # fmt: skip
# All that a model promises is one test.
KNOWN_TESTS = {"promises"}
PROMISES = {"unique", "not_null", "accepted_values", "always_true", "no_overlap"}

# Functions of one dialect only; they belong into macros, where another engine can have its own.
DIALECT_ONLY = re.compile(
    r"\b(read_json|read_csv|read_parquet|epoch_us|epoch_ms|list_transform|list_filter|unnest|arg_max|arg_min"
    r"|quantile_cont|to_microseconds|strftime|strptime|json_extract_string|regexp_full_match|try_cast)\s*\(",
    re.IGNORECASE,
)


def _yaml_files() -> list[Path]:
    folders = ("models", "seeds", "macros", "tests", "analyses")
    found = [path for folder in folders for path in (PROJECT_DIR / folder).rglob("*.y*ml")]
    return sorted(path for path in found if "python" not in path.relative_to(PROJECT_DIR).parts)


def _sql_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PROJECT_DIR / "models" / folder).rglob("*.sql"))


def _name(path: Path) -> str:
    return path.relative_to(PROJECT_DIR).as_posix()


class _Strict(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise yaml.YAMLError(f"{sorted(twice)} twice at {node.start_mark}")
        return super().construct_mapping(node, deep)


def _load(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict) or {}


def problems_of(content: dict[str, Any], known_tests: set[str]) -> list[str]:
    """Every key that dbt would not read, and every test that does not exist."""
    return list(_problems(content, "file", "", known_tests))


def _problems(content: Any, kind: str, place: str, known: set[str]) -> Iterator[str]:
    if not isinstance(content, dict):
        yield f"{place}: {content!r} is no mapping"
        return
    for key, value in content.items():
        if key not in KEYS[kind]:
            yield f"{place}: unknown key {key!r}"
        elif key == "config":
            yield from (f"{place}: unknown config {name!r}" for name in value if name not in CONFIG)
        elif key == "data_tests":
            yield from _test_problems(value, kind, place, known)
        elif key in KEYS and isinstance(value, list):
            for item in value:
                name = item.get("name", item.get("input", "?")) if isinstance(item, dict) else item
                yield from _problems(item, key, f"{place}/{key}:{name}", known)
        elif key in KEYS and isinstance(value, dict) and key in ("expect", "overrides"):
            yield from _problems(value, key, f"{place}/{key}", known)


def _test_problems(tests: list[Any], kind: str, place: str, known: set[str]) -> Iterator[str]:
    for test in tests:
        if kind == "file":
            yield from _problems(test, "singular", f"{place}/data_tests", known)
            continue
        name, settings = (test, {}) if isinstance(test, str) else next(iter(test.items()))
        if name not in known:
            yield f"{place}: no test is called {name!r}"
        if not isinstance(test, str) and len(test) != 1:
            yield f"{place}: {sorted(test)} is not one test"
        yield from _problems(settings or {}, "data_tests", f"{place}/{name}", known)
        if name == "promises":
            unknown = set(settings.get("arguments", {})) - PROMISES
            yield from (f"{place}: no promise is called {promise!r}" for promise in sorted(unknown))
            if settings.get("name") != f"promises_of_{place.rpartition(':')[2]}":
                yield f"{place}: the test is not named for its model"
    if kind == "models" and len(tests) != 1:
        yield f"{place}: more than one test"


def test_every_key_is_one_that_dbt_reads() -> None:
    """Mistake caught: `data_test:`, `descripton:`, a test on the wrong level, a key twice."""
    assert len(_yaml_files()) > 10
    found = {_name(path): problems_of(_load(path), KNOWN_TESTS) for path in _yaml_files()}
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert set(_load(PROJECT_DIR / "dbt_project.yml")) <= PROJECT_KEYS


def test_misspelt_keys_are_found() -> None:
    """Mistake caught: the check above seeing nothing."""
    wrong = {
        "models": [
            {"name": "a", "descripton": "x"},
            {"name": "b", "columns": [{"name": "c", "data_test": ["unique"]}]},
            {"name": "d", "data_tests": ["uniqe"]},
            {
                "name": "f",
                "data_tests": [{"promises": {"name": "promises_of_e", "arguments": {"uniqe": []}, "confg": {}}}],
            },
            {"name": "e", "config": {"materialised": "table"}},
        ]
    }
    assert len(problems_of(wrong, KNOWN_TESTS)) == 7


def _marts() -> dict[str, dict[str, Any]]:
    contents = [_load(path) for path in _yaml_files() if "marts" in path.parts]
    return {model["name"]: model for content in contents for model in content.get("models", [])}


def test_every_mart_is_promised() -> None:
    """Mistake caught: a mart without a contract, a column without a description or type, a mart that no YAML names."""
    marts = _marts()
    assert {path.stem for path in _sql_files("marts")} == set(marts)
    project = _load(PROJECT_DIR / "dbt_project.yml")
    everywhere = project["models"][project["name"]]["marts"].get("+contract", {}).get("enforced") is True
    for name, mart in marts.items():
        contract = mart.get("config", {}).get("contract", {}).get("enforced", everywhere)
        assert contract is True, name
        assert len(mart.get("description", "")) > 20, name
        for column in mart["columns"]:
            assert len(column.get("description", "").strip()) > 2, f"{name}.{column['name']} says nothing"
            assert column.get("data_type"), f"{name}.{column['name']} has no type"


def test_every_model_is_described() -> None:
    """Mistake caught: a model that nobody says anything about."""
    contents = [_load(path) for path in _yaml_files() if "models" in path.parts]
    described = {m["name"] for c in contents for m in c.get("models", []) if m.get("description")}
    assert {path.stem for path in _sql_files("staging", "intermediate", "marts")} - described == set()


@pytest.mark.parametrize("path", _sql_files("intermediate", "marts"), ids=_name)
def test_model_style(path: Path) -> None:
    """Mistake caught: `select *` that lets a new column through unseen, a dialect decided inside a model, and inner
    knowledge of one engine outside the macros."""
    sql = re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    stars = re.findall(r"select\s+(?:distinct\s+)?(?:\w+\.)?\*", sql, re.IGNORECASE)
    assert stars == []
    assert "target." not in sql
    assert DIALECT_ONLY.findall(sql) == []


@pytest.mark.parametrize("path", _sql_files("staging"), ids=_name)
def test_staging_reads_one_source(path: Path) -> None:
    """Mistake caught: a business rule or a join in staging."""
    sql = path.read_text(encoding="utf-8")
    assert len(set(re.findall(r"source\('(\w+)'", sql))) <= 1
    assert "target." not in sql
    # Unfolding a list that stands in the row itself reads no second source.
    sql = re.sub(r"--[^\n]*|cross join \{\{ json_elements", "", sql)
    assert not re.search(r"\bjoin\b", sql, re.IGNORECASE)
