"""Validate all reference data and assemble the one folder of seeds that dbt loads."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.reference.checks import (
    Tables,
    check_columns,
    check_intervals,
    check_references,
    check_unique,
    interval_of,
    warn_large_steps,
)
from orchestration.reference.csv_file import CsvTable, Problem, read_table
from orchestration.reference.intervals import FOREVER
from orchestration.reference.rules import check_rules, warn_double_discounts, warn_missing_rates
from orchestration.reference.specs import PRICE_SEEDS, PROJECT_SEEDS, SPECS
from orchestration.reference.values import parse_instant
from orchestration.settings import PROJECT_DIR, Settings, project_vars
from orchestration.warehouse.files import write_text_if_changed

_BOOK_KIND = ("provider", "model", "token_kind")
# A published rate stands in for days without one (weekends, holidays), at most this many.
FX_RATE_DAYS = 7


class ReferenceError(ValueError):
    """The reference data cannot be used; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        super().__init__("\n".join([f"{count} in the reference data:", *map(str, problems)]))
        self.problems = problems


@dataclass(frozen=True)
class ReferenceRow:
    """One row as it counts: ``row_text`` is JSON of its columns, ``valid_from`` None where the file has no dates, and
    ``valid_to`` None while it is open."""

    seed: str
    row_text: str
    row_hash: str
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True)
class PreparedReference:
    """Valid reference data, written to ``path``; ``hash`` is equal for equal contents."""

    path: Path
    hash: str
    rows: tuple[ReferenceRow, ...]
    warnings: tuple[Problem, ...]


def prepare(settings: Settings) -> PreparedReference:
    """Validate every reference file and write the effective seeds.

    A file that the company's folder lacks is empty, except the price book with its meters and modifiers, models and
    aliases, which then come from the project. Files that would not change are not touched.

    Raises:
        ReferenceError: anything is wrong; nothing is written then.
    """
    shared = project_vars()
    tables, problems, warnings = validate(
        settings.seeds_dir, zone=shared.reporting_time_zone, reporting_currency=shared.reporting_currency
    )
    if problems:
        raise ReferenceError(problems)
    return write_effective(tables, settings.effective_seeds_dir, shared.reporting_time_zone, warnings)


def validate(
    folder: Path, *, zone: str, reporting_currency: str, project_seeds: Path = PROJECT_DIR / "seeds"
) -> tuple[Tables, list[Problem], list[Problem]]:
    """All reference files of a folder, what is wrong with them, and what may be wrong with them."""
    if not folder.is_dir():
        reason = f"the folder {folder} does not exist"
        return {}, [Problem(folder.name, 0, "", reason)], []
    tables: Tables = {}
    problems = [
        Problem(path.name, 0, "", f"no reference file has this name; known are {', '.join(sorted(SPECS))}")
        for path in sorted(folder.glob("*.csv"))
        if path.stem not in SPECS
    ]
    borrowed = set()
    for name, spec in SPECS.items():
        path = folder / f"{name}.csv"
        if not path.exists() and name in PROJECT_SEEDS:
            path = project_seeds / f"{name}.csv"
            borrowed.add(name)
        table = read_table(path) if path.exists() else CsvTable(path.name)
        tables[name] = table
        problems += table.problems
        if path.exists():
            problems += check_columns(table, spec, zone)
        problems += check_unique(table, spec) + check_intervals(table, spec, zone)
    warnings = _first_book_wins(tables)
    # Of a file whose rows were not all read, it is unknown what it holds: its absent rows are nobody's fault.
    unread = {problem.file for problem in problems}
    # The project's aliases may name models that a company's own price book does not have; they do no harm there.
    dangling, dubious = check_references(tables, skip=borrowed)
    warnings += dubious
    problems += [problem for problem in dangling if not _targets_of(problem, tables) & unread]
    problems += check_rules(tables, zone, reporting_currency)
    for name in PRICE_SEEDS:
        warnings += warn_large_steps(tables[name], SPECS[name], zone)
    warnings += warn_double_discounts(tables, zone)
    warnings += warn_missing_rates(tables, reporting_currency)
    order = {f"{name}.csv": index for index, name in enumerate(SPECS)}
    problems.sort(key=lambda problem: (order.get(problem.file, -1), problem.line))
    return tables, problems, warnings


def _first_book_wins(tables: Tables) -> list[Problem]:
    """Take out of the second price book what the first has a price of, in whatever tier; one warning says how much."""
    first, second = tables["model_prices"], tables["second_prices"]
    kinds = {tuple(row.values[name] for name in _BOOK_KIND) for row in first.rows}
    kept = [row for row in second.rows if tuple(row.values[name] for name in _BOOK_KIND) not in kinds]
    count = len(second.rows) - len(kept)
    second.rows = kept
    reason = f"{count} prices are in model_prices.csv too, which counts; `finops prices check` shows where they differ"
    return [Problem(second.file, 1, "", reason)] if count else []


def _targets_of(problem: Problem, tables: Tables) -> set[str]:
    spec = SPECS[Path(problem.file).stem]
    return {
        tables[seed].file
        for reference in spec.references
        if reference.columns[-1] == problem.column
        for seed, _ in reference.targets
    }


def write_effective(tables: Tables, folder: Path, zone: str, warnings: Iterable[Problem] = ()) -> PreparedReference:
    """Write the seeds folder that dbt loads: every file, declared columns in declared order, LF line ends.

    Each file is replaced atomically, and only if it changes, so that dbt does not parse again what it knows.
    """
    texts = {name: _effective_text(tables[name], name) for name in SPECS}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text_if_changed(folder / f"{name}.csv", text)
    for path in folder.glob("*.csv"):
        if path.stem not in texts:
            path.unlink()
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    rows = tuple(row for name in SPECS for row in _reference_rows(tables[name], name, zone))
    return PreparedReference(folder, digest.hexdigest(), rows, tuple(warnings))


def _effective_text(table: CsvTable, name: str) -> str:
    spec = SPECS[name]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(spec.column_names)
    for record in table.rows:
        writer.writerow([record.values[column] for column in spec.column_names])
    return out.getvalue()


def _reference_rows(table: CsvTable, name: str, zone: str) -> Iterable[ReferenceRow]:
    spec = SPECS[name]
    for record in table.rows:
        values = record.values
        row_text = json.dumps({column: values[column] for column in spec.column_names}, ensure_ascii=False)
        row_hash = hashlib.md5(f"{name}\n{row_text}".encode(), usedforsecurity=False).hexdigest()
        start: datetime | None = None
        end: datetime | None = None
        if spec.interval_key:
            start, end = interval_of(values, zone)
            end = None if end == FOREVER else end
        elif name == "fx_rates":
            start, end = _fx_interval(values["day"], zone)
        yield ReferenceRow(name, row_text, row_hash, start, end)


def _fx_interval(day: str, zone: str) -> tuple[datetime, datetime]:
    """The day of the rate and the days on which it may stand in."""
    start = parse_instant(day, zone)
    local_day = datetime.fromisoformat(day).date() + timedelta(days=1 + FX_RATE_DAYS)
    return start, parse_instant(local_day.isoformat(), zone)
