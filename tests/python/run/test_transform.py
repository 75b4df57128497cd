"""dbt as the pipeline starts it: it ends with its run, parses when it must, and says what was wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration import transform
from orchestration.transform import dbt_variables, failed_nodes, keep_newest_invocations, target_dir

PARENT = """
import os, subprocess, sys, time
code = "from orchestration.dbt_child import end_with_parent; end_with_parent(); import time; print('up', flush=True); "
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
    code = "from orchestration.dbt_child import end_with_parent; end_with_parent(); print('went on')"
    environment = {**os.environ, "DBT_CHILD_OF": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_failed_models_and_tests_are_named_with_their_reason_and_skipped_ones_are_not() -> None:
    """Catches a report of forty skipped models around the one that failed."""
    results = [
        {"unique_id": "model.inference_finops.attempts", "status": "error", "message": "Binder\n  Error"},
        {"unique_id": "test.inference_finops.unique_x.0a1b", "status": "fail", "message": "Got 3 results"},
        {"unique_id": "model.inference_finops.outcomes", "status": "skipped", "message": None},
        {"unique_id": "model.inference_finops.requests", "status": "success", "message": "OK"},
        {"unique_id": "test.inference_finops.warns.0a1b", "status": "warn", "message": "Got 1 result"},
    ]
    assert failed_nodes({"results": results}) == [
        "model attempts: Binder Error",
        "test unique_x: Got 3 results",
    ]
    assert failed_nodes({}) == []


def test_the_environment_of_dbt_does_not_stay_behind(settings, monkeypatch) -> None:
    """Catches a DBT_TARGET_PATH that sends a person's own dbt, or another home's, to this run's folder."""
    monkeypatch.setenv("FINOPS_HOME", "before")
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    with pytest.raises(KeyError), dbt_variables(settings):
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


def test_old_invocations_go_and_the_newest_parse_is_kept(settings) -> None:
    """Catches a folder that grows by megabytes every night."""
    target = target_dir(settings)
    for number in range(8):
        folder = target / f"dbt_build-{number}"
        folder.mkdir(parents=True)
        (folder / "partial_parse.msgpack").write_text(str(number), encoding="utf-8")
        os.utime(folder, (number, number))
    keep_newest_invocations(settings)
    kept = sorted(path.name for path in target.iterdir() if path.is_dir())
    assert kept == [f"dbt_build-{number}" for number in range(3, 8)]
    assert (target / "partial_parse.msgpack").read_text(encoding="utf-8") == "7"
    assert not list(target.glob("*/partial_parse.msgpack"))
