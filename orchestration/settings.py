"""The environment, read once. Unknown ``FINOPS_`` variables are refused: a misspelt one would silently do nothing."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent

# Set by the pipeline itself for the processes that it starts; not meant for people.
INTERNAL_VARIABLES = frozenset({"FINOPS_SEEDS_EFFECTIVE", "FINOPS_FAIL_AT"})


class ProjectVars(BaseModel):
    """The ``vars`` of ``dbt_project.yml`` that Python shares with SQL."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reporting_time_zone: str = "UTC"
    reporting_currency: str = "USD"
    retry_window_seconds: int = 120
    acceptance_window_days: int = 14


class Settings(BaseSettings):
    """Where state lies and how the pipeline behaves, from ``FINOPS_*`` environment variables.

    Sizes are bytes; shares are fractions of one.
    """

    model_config = SettingsConfigDict(env_prefix="FINOPS_", frozen=True, extra="ignore")

    home: Path = Field(default=PROJECT_DIR / "var", description="folder that holds all state")
    landing: str | None = Field(default=None, description="landing folder or fsspec URL; default HOME/landing")
    seeds: Path | None = Field(default=None, description="folder of reference data; default the project's seeds/")
    hash_key: SecretStr | None = Field(default=None, description="key of the prompt hash; default a key file in HOME")
    keep_builds: int = Field(default=5, ge=1, description="published builds to keep")
    max_line_bytes: int = Field(default=1_000_000, ge=1_000, description="longest line that is read")
    max_file_bytes: int = Field(default=64_000_000_000, ge=1_000, description="largest file, uncompressed")
    max_compression_ratio: int = Field(default=1_000, ge=10, description="uncompressed / compressed size")
    max_quarantined_share: float = Field(default=0.5, gt=0, le=1, description="above it the whole file is refused")
    memory_limit: str = Field(default="2GB", description="DuckDB memory limit of each process")
    threads: int = Field(default=2, ge=1, description="DuckDB threads; dbt threads where memory allows")
    alert_webhook_url: SecretStr | None = Field(default=None, description="where budget alerts go; https only")
    alert_kind: Literal["slack", "json"] = Field(default="json", description="format of the alerts")
    alert_secret: SecretStr | None = Field(default=None, description="signs the alerts (HMAC-SHA256)")
    alert_allow_private: bool = Field(
        default=False, description="let alerts go to private addresses, and by http to this machine"
    )

    @field_validator("home", "seeds")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().resolve()

    @property
    def landing_url(self) -> str:
        """Landing place: an absolute path or an fsspec URL."""
        if self.landing is None:
            return str(self.home / "landing")
        return self.landing if "://" in self.landing else str(Path(self.landing).expanduser().resolve())

    @property
    def warehouse_dir(self) -> Path:
        return self.home / "warehouse"

    @property
    def raw_database(self) -> Path:
        return self.warehouse_dir / "raw.duckdb"

    @property
    def build_database(self) -> Path:
        return self.warehouse_dir / "build.duckdb"

    @property
    def effective_seeds_dir(self) -> Path:
        return self.warehouse_dir / "seeds"

    @property
    def validations_dir(self) -> Path:
        return self.warehouse_dir / "validations"

    @property
    def lock_file(self) -> Path:
        return self.warehouse_dir / "writer.lock"

    @property
    def published_dir(self) -> Path:
        return self.home / "published"

    @property
    def published_database(self) -> Path:
        return self.published_dir / "current.duckdb"

    @property
    def quarantine_dir(self) -> Path:
        return self.home / "quarantine"

    @property
    def dagster_dir(self) -> Path:
        return self.home / "dagster"

    @property
    def seeds_dir(self) -> Path:
        """The reference data that people edit."""
        return self.seeds or PROJECT_DIR / "seeds"

    def make_folders(self) -> None:
        """Create the state folders; the warehouse is for its owner's eyes only."""
        for folder in (self.warehouse_dir, self.published_dir, self.quarantine_dir, self.dagster_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self.warehouse_dir.chmod(0o700)
        if "://" not in self.landing_url:
            Path(self.landing_url).mkdir(parents=True, exist_ok=True)


class UnknownSetting(ValueError):
    """A ``FINOPS_`` variable that nothing reads."""


def get_settings() -> Settings:
    """Settings of this process.

    Raises:
        UnknownSetting: a ``FINOPS_`` variable is set that does not exist.
        pydantic.ValidationError: a value is impossible.
    """
    known = {f"FINOPS_{name.upper()}" for name in Settings.model_fields} | INTERNAL_VARIABLES
    unknown = sorted(name for name in os.environ if name.startswith("FINOPS_") and name not in known)
    if unknown:
        raise UnknownSetting(f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return Settings()


@lru_cache(maxsize=1)
def project_vars() -> ProjectVars:
    """The shared ``vars`` of ``dbt_project.yml``."""
    raw: dict[str, Any] = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    return ProjectVars.model_validate(raw.get("vars") or {})
