"""The real `finops` and `dbt` commands in processes of their own, each with its own state folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.publish.content_hash import hash_marts, total_digest
from orchestration.publish.ledger import PublishRow, read_publishes
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse.database import open_database

AS_OF = "2026-09-28T06:00:00Z"
_TIMEOUT_SECONDS = 900


class Home:
    """A state folder and the commands that a person would type for it.

    ``output`` keeps everything that any of them printed.
    """

    def __init__(self, path: Path, *, project: Path = PROJECT_DIR, **variables: str) -> None:
        self.path, self.project = path, project
        path.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(home=path)
        self.landing = path / "landing"
        self.output = ""
        self._variables = variables

    def environment(self, **more: str) -> dict[str, str]:
        """The environment without anybody's settings but this home's."""
        private = ("FINOPS_", "DBT_", "DAGSTER_")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(private)}
        return {**plain, "FINOPS_HOME": str(self.path), **self._variables, **more}

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Begin a `finops` command."""
        return subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", *arguments],
            cwd=self.project,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def finops(self, *arguments: str, expect: int | None = 0, **variables: str) -> str:
        """Run a `finops` command to its end, check its exit code and return what it printed."""
        with self.start(*arguments, **variables) as process:
            printed, _ = process.communicate(timeout=_TIMEOUT_SECONDS)
        self.output += printed
        assert expect is None or process.returncode == expect, f"exit code {process.returncode}:\n{printed}"
        return printed

    def nightly(self, as_of: str = AS_OF, **more: str) -> str:
        """One nightly run that must publish."""
        return self.finops("nightly", "--as-of", as_of, **more)

    def dbt(self, target: Path, *arguments: str) -> str:
        """Run `dbt` by hand with nothing set but FINOPS_HOME (and a target folder apart from the project's)."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), *arguments],
            cwd=self.project,
            env=self.environment(DBT_TARGET_PATH=str(target), DBT_LOG_PATH=str(target / "logs")),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        self.output += done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def published(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """What an analyst opens."""
        with duckdb.connect(str(self.path / "published" / "current.duckdb"), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'; SET search_path = 'marts'")
            yield con

    @contextmanager
    def raw(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Landed rows, ledger and control."""
        with open_database(self.settings.raw_database, self.settings, read_only=read_only) as con:
            yield con

    def publishes(self) -> list[PublishRow]:
        """Every publish that the published build knows of, oldest first."""
        with self.published() as con:
            return read_publishes(con, "marts.publishes")

    @property
    def content_hash(self) -> str:
        """Content hash of the latest publish."""
        return self.publishes()[-1].content_hash

    def hash_of(self, database: Path) -> str:
        """Content hash of the marts of a database, computed anew."""
        with open_database(database, self.settings, read_only=True) as con:
            return total_digest(hash_marts(con))

    def plan(self) -> tuple[str, int]:
        """Mode of the last run, and how many days it built."""
        with self.raw() as con:
            (mode,) = con.execute("SELECT mode FROM control.run").fetchone()
            (days,) = con.execute("SELECT count(*) FROM control.rebuild_days").fetchone()
        return mode, days
