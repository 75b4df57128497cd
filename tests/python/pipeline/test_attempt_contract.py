"""What a model that makes attempts may leave out, and what stops it (macros/rules/attempt_contract.sql)."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from orchestration.settings import PROJECT_DIR

GIVEN = """
    'kong' as source,
    id as attempt_id,
    -- Comments, texts and brackets may hold commas, and the gateway's quotes.
    coalesce(nullif(lower(provider), ''), 'a, b') as logged_provider,
    calls.logged_model,
    started_at,
    ended_at,
    case when code in (200, 201) then 'success' else 'error' end as status,
    input_tokens,
    output_tokens,
    input_tokens is not null as usage_reported,
    'a' as file_sha256,
    1 as file_row_no
"""
CALLS = (
    "(select 'i' as id, 'p' as provider, 'm' as logged_model, now() as started_at, now() as ended_at, 200 as code,"
    " 5 as input_tokens, 7 as output_tokens)"
)


def _compiled(project: Path, given: str) -> str:
    """SQL of a model that says ``given`` of its attempts, in a project of nothing else."""
    for folder in ("macros", "models"):
        (project / folder).mkdir(parents=True)
    shutil.copy(PROJECT_DIR / "macros" / "rules" / "attempt_contract.sql", project / "macros")
    (project / "dbt_project.yml").write_text("{name: contract, profile: contract}")
    (project / "profiles.yml").write_text("contract: {target: a, outputs: {a: {type: duckdb, path: ':memory:'}}}")
    model = f"select\n    {{% call attempt_columns() %}}{given}{{% endcall %}}\nfrom {CALLS} as calls"
    (project / "models" / "stg_kong__attempts.sql").write_text(model)
    folders = ["--project-dir", ".", "--profiles-dir", ".", "--target-path", "target", "--log-path", "logs"]
    paths = [name if name.startswith("--") else str(project / name) for name in folders]
    done = dbtRunner().invoke(["--quiet", "compile", *paths])
    if done.exception:
        raise done.exception
    return str(done.result.results[0].node.compiled_code)


def test_what_a_source_has_not_is_filled_in(tmp_path: Path) -> None:
    """Mistake caught: a column that a model has to write out although its source knows nothing of it, a name that is
    not found behind brackets, texts and comments."""
    found = duckdb.sql(_compiled(tmp_path, GIVEN))
    assert len(found.columns) == len(set(found.columns)) == 42
    row = dict(zip(found.columns, found.fetchall()[0], strict=True))
    assert (row["logged_provider"], row["status"], row["input_tokens"]) == ("p", "success", 5)
    assert (row["service_tier"], row["region"], row["cache_read_tokens"], row["can_wait"]) == ("standard", "", 0, False)
    assert (row["retry_of"], row["input_valid"], row["logged_cost"]) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (GIVEN.replace("    ended_at", "    1 as cached_tokens, ended_at"), "has no column 'cached_tokens'"),
        (GIVEN.replace("    output_tokens,\n", ""), "column 'output_tokens' of an attempt is missing"),
        (GIVEN.replace("    ended_at", "    started_at, ended_at"), "column 'started_at' of an attempt is said twice"),
    ],
    ids=["unknown", "missing", "twice"],
)
def test_a_wrong_list_of_columns_stops_dbt(tmp_path: Path, given: str, sentence: str) -> None:
    """Mistake caught: a misspelt column that silently counts as 0, an output of tokens that nobody stated."""
    assert given != GIVEN
    with pytest.raises(Exception, match="stg_kong__attempts: .*" + sentence):
        _compiled(tmp_path, given)
