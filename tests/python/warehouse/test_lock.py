"""Two runs at once would mix their writes; a lock that outlives a killed run would stop the nightly job for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from orchestration.settings import Settings
from orchestration.warehouse.lock import EXIT_CODE_IN_PROGRESS, RunInProgress, lock_is_held, writer_lock

HOLD = """
import sys, time
from orchestration.warehouse.lock import writer_lock
from orchestration.settings import get_settings
with writer_lock(get_settings()):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(settings: Settings):
    environment = {**os.environ, "FINOPS_HOME": str(settings.home)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_told_at_once_and_a_killed_one_leaves_no_lock(settings: Settings, holder) -> None:
    """Catches a lock that waits, that is not seen across processes, or that stays after SIGKILL."""
    started = time.monotonic()
    with pytest.raises(RunInProgress, match=f"a run is in progress .process {holder.pid} holds"), writer_lock(settings):
        pass
    assert time.monotonic() - started < 1
    assert lock_is_held(settings)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writer_lock(settings):
        pass


def test_a_command_ends_with_75_while_another_run_goes_on(settings: Settings, holder) -> None:
    """Catches an exit code that a scheduler would take for a failure of the data, and a traceback."""
    environment = {**os.environ, "FINOPS_HOME": str(settings.home)}
    command = [sys.executable, "-m", "orchestration.cli", "nightly"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_CODE_IN_PROGRESS
    assert "a run is in progress" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_lock_is_counted_inside_one_process(settings: Settings) -> None:
    """Catches a command that takes the lock and then locks out its own job, and a release that comes too early."""
    with writer_lock(settings):
        with writer_lock(settings):
            pass
        command = "from orchestration.warehouse.lock import lock_is_held as held;"
        command += "from orchestration.settings import get_settings"
        environment = {**os.environ, "FINOPS_HOME": str(settings.home)}
        done = subprocess.run(
            [sys.executable, "-c", f"{command}; print(held(get_settings()))"],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == "True\n"
    assert not lock_is_held(settings)
