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
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliResource
from packaging import version

from orchestration.dbt_child import PARENT_VARIABLE
from orchestration.settings import PROJECT_DIR, Settings

# Old invocations (log, compiled SQL, results) that are kept for whoever looks into a failure.
KEEP_INVOCATIONS = 5
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


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables of every dbt process that the pipeline starts."""
    return {
        "FINOPS_HOME": str(settings.home),
        "FINOPS_SEEDS_EFFECTIVE": str(settings.effective_seeds_dir),
        "FINOPS_THREADS": str(settings.threads),
        "FINOPS_MEMORY_LIMIT": settings.memory_limit,
        "DBT_TARGET_PATH": str(target_dir(settings)),
        "DBT_LOG_PATH": str(target_dir(settings) / "logs"),
        "DBT_PROJECT_DIR": str(PROJECT_DIR),
        "DBT_PROFILES_DIR": str(PROJECT_DIR),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "DBT_USE_COLORS": "false",
        # At dbt's own level, debug, each statement is written twice, ten megabytes a night; the SQL is kept beside it.
        "DBT_LOG_LEVEL_FILE": os.environ.get("DBT_LOG_LEVEL_FILE", "info"),
        PARENT_VARIABLE: str(os.getpid()),
    }


@contextmanager
def dbt_variables(settings: Settings) -> Iterator[None]:
    """Set the environment of dbt in this process, from which dagster-dbt copies it, and put the old one back."""
    with variables_set(dbt_environment(settings)):
        yield


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
        command = [sys.executable, "-m", "orchestration.dbt_child", "--quiet", "parse"]
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


class OneShotDbt(DbtCliResource):
    """dagster-dbt's resource, with dbt started as a child that ends with this process.

    The parent class asks the executable for its version and loads dbt's adapter into this process, which costs seconds
    on every run and gives nothing that is used here.
    """

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Any) -> Any:
        return None


def dbt_resource() -> OneShotDbt:
    """The resource named ``dbt`` of the Dagster definitions."""
    return OneShotDbt(
        project_dir=str(PROJECT_DIR),
        profiles_dir=str(PROJECT_DIR),
        dbt_executable=sys.executable,
        global_config_flags=["-m", "orchestration.dbt_child"],
    )


def failed_nodes(run_results: dict[str, Any]) -> list[str]:
    """One sentence per model or test that failed, from dbt's ``run_results.json``; skipped ones are not repeated."""
    sentences = []
    for result in run_results.get("results", []):
        if result["status"] not in ("error", "fail", "runtime error"):
            continue
        kind, _, name = result["unique_id"].partition(".")
        name = name.split(".")[1] if "." in name else name
        message = " ".join(str(result.get("message") or "no reason given").split())
        sentences.append(f"{kind} {name}: {message}")
    return sentences


def read_run_results(folder: Path) -> dict[str, Any]:
    """dbt's results of one invocation; empty when dbt ended before it wrote them."""
    path = folder / "run_results.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep_newest_invocations(settings: Settings) -> None:
    """Remove the folders of old invocations, and take over the newest partial parse for the next run."""
    target = target_dir(settings)
    folders = [path for path in target.iterdir() if path.is_dir() and path.name not in ("logs", "compiled", "run")]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    if folders and (folders[0] / "partial_parse.msgpack").exists():
        temporary = target / "partial_parse.msgpack.tmp"
        shutil.copyfile(folders[0] / "partial_parse.msgpack", temporary)
        temporary.replace(target / "partial_parse.msgpack")
    for folder in folders[KEEP_INVOCATIONS:]:
        shutil.rmtree(folder, ignore_errors=True)
    # A copy of every invocation's parse state would be most of the folder.
    for folder in folders:
        (folder / "partial_parse.msgpack").unlink(missing_ok=True)


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
