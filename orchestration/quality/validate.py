"""Run a suite over a table, through pandas, and keep what came out without any value of the data."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.quality.suites import Expectation, Suite
from orchestration.settings import Settings
from orchestration.warehouse.database import quote_name
from orchestration.warehouse.files import write_text_if_changed

if TYPE_CHECKING:
    import pandas as pd

# About 100 MB as pandas objects for the widest suite; a million rows at once would be most of a small machine.
ROWS_AT_A_TIME = 250_000
_FINITE = "every_ratio_is_finite"


@dataclass
class ExpectationResult:
    """How often one expectation did not hold. Holds counts and names, never values."""

    expectation: str
    rows: int = 0
    unexpected: int = 0
    error: str | None = None

    @property
    def success(self) -> bool:
        return self.unexpected == 0 and self.error is None


@dataclass
class ValidationResult:
    """The outcome of one suite over one table."""

    suite: str
    table: str
    rows: int = 0
    expectations: list[ExpectationResult] = field(default_factory=list)

    @property
    def success(self) -> bool:
        return all(result.success for result in self.expectations)

    def failures(self) -> list[str]:
        """One sentence for each expectation that failed, with the table it failed on."""
        sentences = []
        for result in self.expectations:
            if result.error:
                sentences.append(f"{self.table}: {result.expectation}: {result.error}")
            elif not result.success:
                sentences.append(f"{self.table}: {result.expectation}: {result.unexpected} of {result.rows} rows")
        return sentences

    def to_json(self) -> dict[str, Any]:
        expectations = [{**asdict(result), "success": result.success} for result in self.expectations]
        return {
            "suite": self.suite,
            "table": self.table,
            "rows": self.rows,
            "success": self.success,
            "expectations": expectations,
        }


def validate_table(con: duckdb.DuckDBPyConnection, suite: Suite, *, where: str = "true") -> ValidationResult:
    """Validate the rows of a suite's table.

    Args:
        con: connection whose own database has the table.
        suite: what is expected.
        where: SQL condition of our own making; the rows that are new.
    """
    schema, table = suite.table.split(".")
    types = dict(
        con.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ?",
            [schema, table],
        ).fetchall()
    )
    result = ValidationResult(suite.name, suite.table)
    missing = [column for column in suite.columns if column not in types]
    if missing:
        reason = f"no such column in {suite.table}" if types else f"no table {suite.table}"
        result.expectations = [ExpectationResult(f"{column}: exists", error=reason) for column in missing]
        return result

    selected = [quote_name(column) for column in suite.columns]
    selected += [f"({sql}) AS {quote_name(name)}" for name, sql in suite.derived.items()]
    expectations = list(suite.expectations)
    floats = [name for name, data_type in types.items() if data_type in ("DOUBLE", "FLOAT")]
    if floats:
        # To pandas NaN is the same as NULL, so this is asked before.
        finite = " AND ".join(f"coalesce(isfinite({quote_name(name)}), true)" for name in sorted(floats))
        selected.append(f"({finite}) AS {_FINITE}")
        expectations.append(Expectation(expect="column_values_to_be_in_set", column=_FINITE, value_set=[True]))
    frames = _frames(con, f"SELECT {', '.join(selected)} FROM {suite.table} WHERE {where}")
    result.expectations = _validate_frames(frames, expectations, result)
    if suite.minimum_rows:
        (rows,) = con.execute(f"SELECT count(*) FROM {suite.table}").fetchone() or (0,)
        short = max(suite.minimum_rows - rows, 0)
        result.expectations.append(ExpectationResult(f"at least {suite.minimum_rows} rows", rows, short))
    return result


def keep_result(settings: Settings, run_id: str, result: ValidationResult) -> str:
    """Write a result under the run's folder; returns its path."""
    path = settings.validations_dir / run_id / f"{result.suite}.json"
    write_text_if_changed(path, json.dumps(result.to_json(), indent=1) + "\n")
    return str(path)


def _frames(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[pd.DataFrame]:
    # Decimals have served their purpose (exact differences); as floats they are a tenth of the size in pandas.
    columns = [
        f"{quote_name(name)}::DOUBLE AS {quote_name(name)}" if kind.startswith("DECIMAL") else quote_name(name)
        for name, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall()
    ]
    for batch in con.sql(f"SELECT {', '.join(columns)} FROM ({query})").to_arrow_reader(ROWS_AT_A_TIME):
        if batch.num_rows:
            yield batch.to_pandas()


def _validate_frames(
    frames: Iterable[pd.DataFrame], expectations: list[Expectation], result: ValidationResult
) -> list[ExpectationResult]:
    totals = [ExpectationResult(expectation.name) for expectation in expectations]
    batch_definition, suite = None, None
    for frame in frames:
        result.rows += len(frame)
        if batch_definition is None or suite is None:
            batch_definition, suite = _great_expectations(expectations)
        batch = batch_definition.get_batch({"dataframe": frame})
        # Without this Great Expectations puts examples of bad values into its result.
        outcome = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
        for part in outcome.results:
            total = totals[int(part.expectation_config.meta["position"])]
            total.rows += len(frame)
            total.unexpected += int(part.result.get("unexpected_count") or 0)
            if not part.success and not part.result.get("unexpected_count"):
                # Its text may quote a value; the kind of column and expectation is enough to find the cause.
                total.error = "could not be evaluated"
    return totals


def _great_expectations(expectations: list[Expectation]) -> tuple[Any, Any]:
    """A batch definition for frames, and a suite."""
    batch_definition = _batch_definition()
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    kinds = [get_expectation_impl(f"expect_{expectation.expect}") for expectation in expectations]
    # A suite that no context knows of is not written out again with each expectation that it gets.
    suite = gx.ExpectationSuite(
        "suite",
        expectations=[
            kind(column=expectation.column, meta={"position": position}, **expectation.arguments)
            for position, (kind, expectation) in enumerate(zip(kinds, expectations, strict=True))
        ],
    )
    return batch_definition, suite


@cache
def _batch_definition() -> Any:
    """Frames of any kind, in a context that keeps nothing and reports to nobody; one for the process."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    frames = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return frames.add_batch_definition_whole_dataframe("whole")
