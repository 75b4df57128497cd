"""What dbt does not say: a misspelt key in its YAML is silently no test, no description and no contract."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.jsonschemas import JSONSCHEMAS_PATH
from jsonschema import Draft7Validator

from orchestration.settings import PROJECT_DIR

# dbt's published schema says nothing of the parts of a semantic model and knows metrics in a later form only.
_ABOUT = {"name", "label", "description", "config"}
_SEMANTIC: dict[str, set[str]] = {
    "semantic_models": _ABOUT | {"model", "defaults", "primary_entity", "entities", "dimensions", "measures"},
    "entities": _ABOUT | {"type", "role", "expr"},
    "dimensions": _ABOUT | {"type", "expr", "type_params", "is_partition"},
    "measures": _ABOUT | {"agg", "expr", "agg_params", "agg_time_dimension", "non_additive_dimension", "create_metric"},
    "metrics": _ABOUT | {"type", "type_params", "filter", "time_granularity"},
}
_DOC = re.compile(r"\{\{ doc\('(\w+)'\) \}\}")
_LATER_FLOORS = ("intermediate", "facts", "marts", "semantic")
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


def _schema_of(kind: str) -> Draft7Validator:
    """The schema that dbt publishes for its YAML, as the installed dbt ships it. ``kind``: project or resources."""
    by_version = sorted(
        (Path(JSONSCHEMAS_PATH) / kind).glob("*.json"), key=lambda path: path.stem.split(".")[-1].zfill(9)
    )
    return Draft7Validator(json.loads(by_version[-1].read_text(encoding="utf-8")))


def problems_of(content: dict[str, Any], known_tests: set[str]) -> list[str]:
    """Every key that dbt would not read, and every test that does not exist."""
    # Dates are texts to a schema.
    plain = json.loads(json.dumps({k: v for k, v in content.items() if k not in _SEMANTIC}, default=str))
    found = [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in _schema_of("resources").iter_errors(plain)]
    for kind in _SEMANTIC.keys() & content.keys():
        found += _semantic_problems(content[kind], kind)
    return [*found, *_test_problems(content, known_tests)]


def _semantic_problems(items: list[dict[str, Any]], kind: str) -> Iterator[str]:
    for item in items:
        yield from (f"{kind}/{item.get('name')}: unknown key {key!r}" for key in item.keys() - _SEMANTIC[kind])
        for part in _SEMANTIC.keys() & item.keys():
            yield from _semantic_problems(item[part], part)


def _test_problems(content: dict[str, Any], known: set[str]) -> Iterator[str]:
    """Tests of models, seeds and sources that do not exist, have no such promise or are not named for their model."""
    for kind in ("models", "seeds", "sources", "tables", "columns"):
        for item in content.get(kind, []):
            tests = item.get("data_tests", [])
            for test in tests:
                name, settings = (test, {}) if isinstance(test, str) else next(iter(test.items()))
                if name not in known:
                    yield f"{item['name']}: no test is called {name!r}"
                elif name == "promises":
                    unknown = set(settings.get("arguments", {})) - PROMISES
                    yield from (f"{item['name']}: no promise is called {promise!r}" for promise in sorted(unknown))
                    if settings.get("name") != f"promises_of_{item['name']}":
                        yield f"{item['name']}: the test is not named for its model"
            if kind == "models" and len(tests) > 1:
                yield f"{item['name']}: more than one test"
            yield from _test_problems(item, known)


def test_every_key_is_one_that_dbt_reads() -> None:
    """Mistake caught: `data_test:`, `descripton:`, a test on the wrong level, a key twice."""
    assert len(_yaml_files()) > 10
    found = {_name(path): problems_of(_load(path), KNOWN_TESTS) for path in _yaml_files()}
    assert {name: problems for name, problems in found.items() if problems} == {}
    # The settings of tests are written with `+`, as everywhere in dbt; the schema wants them without.
    project = {key: value for key, value in _load(PROJECT_DIR / "dbt_project.yml").items() if key != "data_tests"}
    assert [error.message for error in _schema_of("project").iter_errors(project)] == []


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
        ],
        "unit_tests": [
            {"name": "f", "model": "a", "given": [{"input": "ref('b')", "row": []}], "expect": {"rows": []}}
        ],
        "semantic_models": [{"name": "g", "model": "ref('a')", "measures": [{"name": "h", "agregation": "sum"}]}],
    }
    assert len(problems_of(wrong, KNOWN_TESTS)) == 9


def _is_read_by_others(path: Path) -> bool:
    """Whether a file below models is about facts and marts, not about the steps towards them."""
    folders = path.relative_to(PROJECT_DIR / "models").parts
    return folders[0] in ("facts", "marts") and not {"steps", "days"} & set(folders)


def _marts() -> dict[str, dict[str, Any]]:
    contents = [_load(path) for path in _yaml_files() if "models" in path.parts and _is_read_by_others(path)]
    return {model["name"]: model for content in contents for model in content.get("models", [])}


def test_every_mart_is_promised() -> None:
    """Mistake caught: a mart without a contract, a column without a description or type, a mart that no YAML names."""
    marts = _marts()
    assert {path.stem for path in _sql_files("facts", "marts") if _is_read_by_others(path)} == set(marts)
    project = _load(PROJECT_DIR / "dbt_project.yml")
    floors = [project["models"][project["name"]][name] for name in ("facts", "marts")]
    everywhere = all(floor.get("+contract", {}).get("enforced") is True for floor in floors)
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
    assert {path.stem for path in _sql_files("staging", *_LATER_FLOORS)} - described == set()


@pytest.mark.parametrize("path", _sql_files(*_LATER_FLOORS), ids=_name)
def test_model_style(path: Path) -> None:
    """Mistake caught: `select *` that lets a new column through unseen, a dialect decided inside a model, and inner
    knowledge of one engine outside the macros."""
    sql = re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    stars = re.findall(r"select\s+(?:distinct\s+)?(?:\w+\.)?\*", sql, re.IGNORECASE)
    assert stars == []
    assert "target." not in sql
    assert DIALECT_ONLY.findall(sql) == []
    # A number of days is a rule's, and stands with its reason in dbt_project.yml.
    assert re.findall(r"add_days\([^{}]*'-?\d\d+'", sql) == []


@pytest.mark.parametrize("path", _sql_files("staging"), ids=_name)
def test_staging_reads_one_source(path: Path) -> None:
    """Mistake caught: a business rule or a join in staging."""
    sql = path.read_text(encoding="utf-8")
    assert len(set(re.findall(r"source\('(\w+)'", sql))) <= 1
    assert "target." not in sql
    # Unfolding a list that stands in the row itself reads no second source.
    sql = re.sub(r"--[^\n]*|cross join \{\{ json_elements", "", sql)
    assert not re.search(r"\bjoin\b", sql, re.IGNORECASE)


def _descriptions(model: dict[str, Any]) -> set[str]:
    return {" ".join(column.get("description", "").split()) for column in model.get("columns", [])} - {""}


def test_what_several_models_say_stands_once() -> None:
    """Mistake caught: the meaning of a column changed in one model and not in the others, a text that nobody uses."""
    contents = [_load(path) for path in _yaml_files() if "models" in path.parts]
    said = Counter(text for content in contents for model in content.get("models", []) for text in _descriptions(model))
    assert [text for text, models in said.items() if models > 1 and not _DOC.fullmatch(text)] == []
    files = sorted((PROJECT_DIR / "models" / "docs").glob("*.md"))
    written = Counter(
        name for path in files for name in re.findall(r"\{% docs (\w+) %\}", path.read_text(encoding="utf-8"))
    )
    assert written == {match[1]: 1 for text in said if (match := _DOC.fullmatch(text))}
