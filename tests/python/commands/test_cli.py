"""The command line as a person or a scheduler meets it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from orchestration.commands.run import stage_of
from orchestration.instants import parse_instant


def finops(home, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FINOPS_")}
    environment |= {"FINOPS_HOME": str(home), **variables}
    command = [sys.executable, "-m", "orchestration.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_help_teaches_and_starts_quickly(tmp_path) -> None:
    """Catches a heavy import at the top of the module, and exit codes that are documented nowhere."""
    started = time.monotonic()
    done = finops(tmp_path, "--help")
    # A second on an idle machine; this one may be busy.
    assert time.monotonic() - started < 4
    assert done.returncode == 0
    for word in ("demo", "nightly", "rebuild", "sql", "prices", "sources", "doctor", "75 a run is in"):
        assert word in done.stdout


def test_nothing_heavy_is_imported_for_help_and_sql() -> None:
    """Catches the same without a clock."""
    code = "import sys, orchestration.cli, orchestration.commands.sql; print([m for m in ('dagster', 'dbt', 'pandas', "
    code += "'great_expectations', 'pyarrow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "sentence"),
    [
        (["sql", "select 1"], {}, 2, "nothing is published yet"),
        (["sql", "select 1", "--format", "xml"], {}, 2, "there are table, csv, json"),
        (["nightly", "--as-of", "yesterday"], {}, 2, "write it like 2026-09-28T06:00:00Z"),
        (["nightly", "--as-of", "2026-09-28T06:00:00"], {}, 2, "has no offset"),
        (["sources"], {"FINOPS_HOEM": "x"}, 2, "unknown setting FINOPS_HOEM"),
        (["sources"], {"FINOPS_THREADS": "none"}, 2, "FINOPS_THREADS"),
        (["nothing"], {}, 2, "No such command"),
        (["doctor"], {"FINOPS_SEEDS": "/nowhere"}, 1, "thing to fix"),
    ],
)
def test_errors_are_one_sentence_and_an_exit_code(tmp_path, arguments, variables, code, sentence) -> None:
    """Catches tracebacks, settings that are silently ignored, and exit code 0 for something that did not happen."""
    done = finops(tmp_path, *arguments, **variables)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_doctor_and_sources_are_content_with_a_new_machine(tmp_path) -> None:
    """Catches a doctor that calls a fresh clone ill, and names of landing folders that nobody is told about."""
    (tmp_path / "landing" / "inferense").mkdir(parents=True)
    done = finops(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout
    assert "nobody reads the folder inferense" in done.stdout
    done = finops(tmp_path, "sources")
    assert done.returncode == 0
    assert "inferense" in done.stdout


def test_the_demo_does_not_mix_with_files_of_a_company(tmp_path) -> None:
    """Catches a demo that pours made-up calls into real ones."""
    folder = tmp_path / "landing" / "inference"
    folder.mkdir(parents=True)
    (folder / "ours.jsonl").write_text("{}\n", encoding="utf-8")
    done = finops(tmp_path, "demo")
    assert done.returncode == 2
    assert "another FINOPS_HOME" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["ours.jsonl"]


def test_instants_are_utc_whatever_offset_they_come_with() -> None:
    """Catches an offset that is dropped."""
    assert parse_instant("2026-09-28T08:00:00+02:00") == datetime(2026, 9, 28, 6, tzinfo=UTC)


def test_every_step_of_a_run_belongs_to_a_stage() -> None:
    """Catches a step that a person following the run would not see."""
    steps = {
        "reference__checked": "reference data",
        "ledger": "reference data",
        "raw__inference": "landing files",
        "raw__inference_new_rows_are_sound": "checks of new rows",
        "raw__inference_rows_are_accounted_for": "checks of new rows",
        "plan__rebuild_days": "plan of days",
        "dbt_build": "models and tests",
        "marts__attempts_is_sound": "audit of marts",
        "published": "publish",
    }
    assert {step: stage_of(step) for step in steps} == steps
