"""Suites as data: one YAML file each in ``suites/``, with nothing in it that this module does not know."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

SUITES_DIR = Path(__file__).parent / "suites"


class Expectation(BaseModel):
    """One expectation of Great Expectations on one column; the fields besides are its own arguments."""

    model_config = ConfigDict(frozen=True, extra="allow")

    expect: Literal[
        "column_values_to_not_be_null",
        "column_values_to_be_in_set",
        "column_values_to_be_between",
        "column_values_to_match_regex",
        "column_value_lengths_to_be_between",
    ]
    column: str

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments besides the column."""
        return dict(self.model_extra or {})

    @property
    def name(self) -> str:
        """How a failure names it."""
        detail = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.column}: expect_{self.expect}" + (f" ({detail})" if detail else "")


class Suite(BaseModel):
    """What must hold for every row of one table.

    All expectations look at single rows, so that a table is read in pieces of bounded size. ``derived`` adds columns
    by SQL: money is compared there, as exact decimals, before pandas makes floats of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    promise: str
    database: Literal["raw", "build"]
    table: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    minimum_rows: int = Field(default=0, ge=0, description="rows that the whole table must have")
    derived: dict[str, str] = {}
    expectations: tuple[Expectation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _derived_is_used(self) -> Suite:
        unused = set(self.derived) - {expectation.column for expectation in self.expectations}
        if unused:
            raise ValueError(f"derived columns that nothing is expected of: {sorted(unused)}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _one_expectation_a_column(cls, content: dict[str, Any]) -> dict[str, Any]:
        """``columns: [a, b]`` is short for the same expectation of each."""
        expanded = []
        for item in content.get("expectations") or []:
            columns = item.get("columns") if isinstance(item, dict) else None
            if columns is None:
                expanded.append(item)
                continue
            rest = {key: value for key, value in item.items() if key != "columns"}
            expanded.extend({**rest, "column": column} for column in columns)
        return {**content, "expectations": expanded}

    @property
    def mart(self) -> str:
        """Table name without its schema."""
        return self.table.partition(".")[2]

    @property
    def columns(self) -> list[str]:
        """Columns that the table itself must have for the expectations."""
        return sorted({expectation.column for expectation in self.expectations} - set(self.derived))


@cache
def load_suites(folder: Path = SUITES_DIR) -> tuple[Suite, ...]:
    """Every suite of a folder, by name.

    Raises:
        pydantic.ValidationError: a suite has a field or an expectation that does not exist.
    """
    suites = []
    for path in sorted(folder.glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        suites.append(Suite.model_validate({**content, "name": path.stem}))
    return tuple(suites)
