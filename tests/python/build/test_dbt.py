"""dbt as the pipeline starts it: it ends with its run, parses when it must, and says what was wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.build import dbt as transform
from orchestration.build.dbt import DbtBuild, NodeResult, dbt_environment, keep_newest, target_dir, variables_set
from orchestration.settings import Settings

PARENT = """
import os, subprocess, sys, time
code = "from orchestration.build.dbt_child import end_with_parent; end_with_parent();"
code += "import time; print('up', flush=True); "
child = subprocess.Popen([sys.executable, "-c", code + "time.sleep(60)"], stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "DBT_CHILD_OF": str(os.getpid())})
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can end a child with its parent")
def test_dbt_ends_when_its_run_is_killed() -> None:
    """Catches a dbt that goes on writing while the next run, which has the lock, loads new rows."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    """Catches the moment between the start of the child and its request to end with the parent."""
    code = "from orchestration.build.dbt_child import end_with_parent; end_with_parent(); print('went on')"
    environment = {**os.environ, "DBT_CHILD_OF": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_failed_models_and_tests_are_named_with_their_reason_and_skipped_ones_are_not() -> None:
    """Catches a report of forty skipped models around the one that failed, and a broken promise that is not named."""

    def sentences(name: str, status: str, message: str | None, *said: str) -> list[str]:
        return NodeResult(f"{name}.0a1b", status, message, 0.1, list(said)).sentences

    assert sentences("model.inference_finops.attempts", "error", "Binder\n  Error") == ["model attempts: Binder Error"]
    assert sentences("test.inference_finops.rows_add_up", "fail", "Got 3 results") == [
        "test rows_add_up: Got 3 results"
    ]
    said = ("attempts: unique: attempt_id: 2 rows", "attempts: not null: day: 1 row")
    assert sentences("test.inference_finops.promises_of_attempts", "fail", "Got 3 results", *said) == [
        "test of attempts: unique: attempt_id: 2 rows",
        "test of attempts: not null: day: 1 row",
    ]
    assert sentences("model.inference_finops.outcomes", "skipped", None) == []
    assert sentences("model.inference_finops.requests", "success", "OK") == []
    assert sentences("test.inference_finops.warns", "warn", "Got 1 result") == []


def test_a_build_gives_results_as_they_come_and_keeps_the_rest_as_its_log(settings, monkeypatch) -> None:
    """Catches a result that is lost in the log, a log that holds results, and a broken dbt that counts as a success."""
    result = NodeResult("model.p.a", "error", "no such table", 0.5, ["said"])
    code = (
        f"import json, sys; print('before'); print(chr(30) + json.dumps({vars(result)})); print('after'); sys.exit(1)"
    )
    build = DbtBuild(settings, [], "r1")
    monkeypatch.setattr(build, "_command", [sys.executable, "-c", code])
    assert list(build.results()) == [result]
    assert build.log.read_text(encoding="utf-8") == "before\nafter\n"
    assert "model of said" in (build.failure or "")


def test_the_environment_of_dbt_does_not_stay_behind(settings, monkeypatch) -> None:
    """Catches a DBT_TARGET_PATH that sends a person's own dbt, or another home's, to this run's folder."""
    monkeypatch.setenv("FINOPS_HOME", "before")
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    with pytest.raises(KeyError), variables_set(dbt_environment(settings)):
        assert os.environ["FINOPS_HOME"] == str(settings.home)
        assert os.environ["DBT_TARGET_PATH"] == str(target_dir(settings))
        raise KeyError
    assert os.environ["FINOPS_HOME"] == "before"
    assert "DBT_TARGET_PATH" not in os.environ


def test_the_manifest_is_stale_after_a_change_of_a_model_and_not_of_the_rows_of_a_seed(
    settings, tmp_path, monkeypatch
) -> None:
    """Catches a graph that shows yesterday's models, and ten seconds of parsing for every new price."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "seeds").mkdir()
    model, seed = project / "models" / "a.sql", project / "seeds" / "s.csv"
    model.write_text("select 1", encoding="utf-8")
    seed.write_text("a\n1\n", encoding="utf-8")
    monkeypatch.setattr(transform, "PROJECT_DIR", project)
    target = target_dir(settings)
    target.mkdir(parents=True)
    (target / "manifest.json").write_text("{}", encoding="utf-8")
    assert not transform.manifest_is_current(settings)
    (target / "manifest.fingerprint").write_text(transform._fingerprint(), encoding="utf-8")
    assert transform.manifest_is_current(settings)
    seed.write_text("a\n1\n2\n", encoding="utf-8")
    assert transform.manifest_is_current(settings)
    model.write_text("select 2 as x", encoding="utf-8")
    assert not transform.manifest_is_current(settings)


def test_logs_of_old_builds_go(settings) -> None:
    """Catches a folder that grows every night."""
    logs = target_dir(settings) / "logs"
    logs.mkdir(parents=True)
    for number in range(8):
        path = logs / f"build-{number}.log"
        path.write_text("", encoding="utf-8")
        os.utime(path, (number, number))
    keep_newest(logs)
    assert sorted(path.name for path in logs.iterdir()) == [f"build-{number}.log" for number in range(3, 8)]


@pytest.mark.parametrize(
    ("limit", "threads", "expected"),
    [("512MB", 2, "1"), ("300MB", 2, "1"), ("1GB", 4, "2"), ("2GB", 2, "2"), ("8GB", 4, "4"), ("none", 2, "2")],
)
def test_little_memory_is_not_shared(tmp_path: Path, limit: str, threads: int, expected: str) -> None:
    """Mistake caught: a wide join that fails only when dbt happens to run another model or test beside it."""
    settings = Settings(home=tmp_path, memory_limit=limit, threads=threads)
    assert dbt_environment(settings)["FINOPS_THREADS"] == expected
