"""dbt: its environment, its manifest, and one build in a process of its own.

The process ends with the build, which is what releases the database files; a dbt that stays in this process would keep
them locked.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import IO

import duckdb
from pydantic import ByteSize, TypeAdapter

from orchestration.build.dbt_child import PARENT_VARIABLE, RESULT_MARK, TELL
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse.failpoint import fail_at

# Logs of builds that are kept for whoever looks into a failure.
KEEP_LOGS = 5
# Room for one statement: with half a gigabyte any passes alone over five million attempts, and two at once do not.
_STATEMENT_BYTES = 450_000_000
_PARSED_PATTERNS = (
    "dbt_project.yml", "profiles.yml", "models/**/*", "macros/**/*", "seeds/**/*", "tests/generic/**/*",
    "tests/reconciliation/**/*", "analyses/**/*",
)  # fmt: skip


class DbtFailure(RuntimeError):
    """dbt did not finish; the message names the models and tests and what was wrong with each."""


def target_dir(settings: Settings) -> Path:
    """Manifest and partial parse of the pipeline, apart from those of a person who runs dbt by hand: the two have
    different environments, and each would make the other parse everything again."""
    return settings.home / "dbt" / "pipeline"


def _statements_at_once(settings: Settings) -> int:
    """How many models and tests dbt runs side by side: they share one memory, and DuckDB gives each all cores."""
    # DuckDB reads its own spellings, a share of the machine's memory among them.
    with duckdb.connect(config={"memory_limit": settings.memory_limit}) as con:
        (limit,) = con.execute("SELECT current_setting('memory_limit')").fetchone()
    return max(1, min(settings.threads, TypeAdapter(ByteSize).validate_python(limit) // _STATEMENT_BYTES))


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables of every dbt process that the pipeline starts."""
    return {
        "FINOPS_HOME": str(settings.home),
        "FINOPS_SEEDS_EFFECTIVE": str(settings.effective_seeds_dir),
        "FINOPS_THREADS": str(_statements_at_once(settings)),
        "FINOPS_MEMORY_LIMIT": settings.memory_limit,
        "DBT_TARGET_PATH": str(target_dir(settings)),
        "DBT_LOG_PATH": str(target_dir(settings) / "logs"),
        "DBT_PROJECT_DIR": str(PROJECT_DIR),
        "DBT_PROFILES_DIR": str(PROJECT_DIR),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "DBT_USE_COLORS": "false",
        # The log of a build is what dbt's child says; dbt's own has each statement twice, ten megabytes a night.
        "DBT_LOG_LEVEL_FILE": os.environ.get("DBT_LOG_LEVEL_FILE", "none"),
        PARENT_VARIABLE: str(os.getpid()),
    }


@contextmanager
def variables_set(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables of this process, and put the old ones back."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ensure_manifest(settings: Settings) -> Path:
    """Path of a manifest that fits the project's files; dbt parses them when anything changed.

    Raises:
        DbtFailure: the project does not parse.
    """
    target = target_dir(settings)
    target.mkdir(parents=True, exist_ok=True)
    # Dagster starts several processes that load the definitions at the same time.
    with (target / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if manifest_is_current(settings):
            return target / "manifest.json"
        fingerprint = _fingerprint()
        _place_seeds(settings)
        environment = {**os.environ, **dbt_environment(settings)}
        command = [sys.executable, "-m", "orchestration.build.dbt_child", "--quiet", "parse"]
        done = subprocess.run(
            command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode != 0:
            raise DbtFailure(f"dbt cannot parse the project:\n{(done.stdout + done.stderr).strip()}")
        (target / "manifest.fingerprint").write_text(fingerprint, encoding="utf-8")
    return target / "manifest.json"


def manifest_is_current(settings: Settings) -> bool:
    """Whether the manifest was made from the project's files as they are now."""
    target = target_dir(settings)
    mark = target / "manifest.fingerprint"
    return mark.exists() and (target / "manifest.json").exists() and mark.read_text(encoding="utf-8") == _fingerprint()


@dataclass(frozen=True)
class NodeResult:
    """How one node of a build ended.

    Attributes:
        unique_id: dbt's name of the node.
        status: dbt's word for it.
        message: what dbt says of it, or nothing.
        seconds: how long it took.
        said: what the node's own SQL had to say; a test of promises names those that are broken.
    """

    unique_id: str
    status: str
    message: str | None
    seconds: float
    said: list[str]

    @property
    def is_good(self) -> bool:
        return self.status in ("success", "pass")

    @property
    def sentences(self) -> list[str]:
        """Why the node failed; nothing when it did not, or was skipped because of another."""
        if self.status not in ("error", "fail", "runtime error"):
            return []
        kind, _, name = self.unique_id.split(".")[:3]
        message = " ".join(str(self.message or "no reason given").split())
        return [f"{kind} of {said}" for said in self.said] or [f"{kind} {name}: {message}"]


class DbtBuild:
    """One build by dbt, in a process that ends with it.

    Attributes:
        log: dbt's log of the build.
        failure: why the build is not good, one line for each node that failed; known when all results were read.
    """

    def __init__(self, settings: Settings, arguments: list[str], run_id: str, **environment: str) -> None:
        self._command = [
            sys.executable,
            "-m",
            "orchestration.build.dbt_child",
            TELL,
            "--no-write-json",
            "build",
            *arguments,
        ]
        self._environment = {**os.environ, **dbt_environment(settings), **environment}
        self.log = target_dir(settings) / "logs" / f"build-{run_id}.log"
        self.failure: str | None = f"dbt ended without finishing; its log is {self.log}"

    def results(self) -> Iterator[NodeResult]:
        """Start dbt and give each node's result as it comes."""
        failed: list[str] = []
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w", encoding="utf-8") as log, subprocess.Popen(
            self._command, cwd=PROJECT_DIR, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                for result in _results(process.stdout, log):
                    fail_at("dbt")
                    failed += result.sentences
                    yield result
            except BaseException:
                process.kill()
                raise
        if failed:
            self.failure = "\n".join([*failed, f"dbt's log: {self.log}"])
        elif process.returncode == 0:
            self.failure = None
        keep_newest(self.log.parent)


def _results(lines: IO[str], log: IO[str]) -> Iterator[NodeResult]:
    for line in lines:
        if line.startswith(RESULT_MARK):
            yield NodeResult(**json.loads(line.removeprefix(RESULT_MARK)))
        else:
            log.write(line)


def keep_newest(logs: Path) -> None:
    """Remove the logs of old builds."""
    builds = sorted(logs.glob("build-*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in builds[KEEP_LOGS:]:
        path.unlink(missing_ok=True)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for package in ("dbt-core", "dbt-duckdb"):
        digest.update(installed_version(package).encode())
    for path in sorted({path for pattern in _PARSED_PATTERNS for path in PROJECT_DIR.glob(pattern) if path.is_file()}):
        name = path.relative_to(PROJECT_DIR).as_posix()
        if path.suffix == ".csv":
            # The rows of a seed are data; only its name is part of the project.
            digest.update(f"{name}\0".encode())
        else:
            status = path.stat()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _place_seeds(settings: Settings) -> None:
    """Before the first run there is no checked reference data yet; dbt only wants to see the files."""
    folder = settings.effective_seeds_dir
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((PROJECT_DIR / "seeds").glob("*.csv")):
        if not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)


def node_count(settings: Settings) -> int:
    """Models, seeds and tests of the current manifest."""
    path = target_dir(settings) / "manifest.json"
    if not path.exists():
        return 1
    manifest = json.loads(path.read_text(encoding="utf-8"))
    kinds = ("model", "seed", "test", "snapshot")
    return sum(node["resource_type"] in kinds for node in manifest["nodes"].values())
