"""Rules over whole files: keys, intervals, references, and what only one file has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from orchestration.reference.csv_file import CsvTable, Problem, Record
from orchestration.reference.intervals import FOREVER, Interval, find_gaps, find_overlaps
from orchestration.reference.spec import Reference, SeedSpec
from orchestration.reference.specs import SPECS
from orchestration.reference.values import parse_instant

Tables = dict[str, CsvTable]


def check_columns(table: CsvTable, spec: SeedSpec, zone: str) -> list[Problem]:
    """Missing columns, missing values and impossible values.

    ``table.rows`` keeps the sound rows, with declared columns only and values in their canonical text; the others are
    taken out, since what else could be said of them would only repeat it.
    """
    problems = []
    missing = [c.name for c in spec.columns if c.name not in table.header and not c.optional]
    if missing and table.header:
        problems += [Problem(table.file, 1, name, "column is missing") for name in missing]
    if missing or len(set(table.header)) < len(table.header):
        table.rows = []
        return problems
    sound = []
    for record in table.rows:
        values = {name: record.values.get(name, "").strip() for name in spec.column_names}
        faults = list(_value_faults(table.file, record.line, values, spec, zone))
        problems += faults
        if not faults:
            canonical = {c.name: values[c.name] and c.canonical(values[c.name]) for c in spec.columns}
            sound.append(Record(record.line, canonical))
    table.rows = sound
    return problems


def _value_faults(file: str, line: int, values: dict[str, str], spec: SeedSpec, zone: str) -> Iterator[Problem]:
    for column in spec.columns:
        value = values[column.name]
        if not value:
            if column.required:
                yield Problem(file, line, column.name, "value is missing")
            continue
        try:
            column.check(value, zone)
        except ValueError as error:
            yield Problem(file, line, column.name, str(error))


def check_unique(table: CsvTable, spec: SeedSpec) -> list[Problem]:
    """Two rows of one key."""
    if not spec.unique:
        return []
    problems = []
    first: dict[tuple[str, ...], int] = {}
    for record in table.rows:
        key = spec.key(record.values, spec.unique)
        if key in first:
            reason = f"{_named(spec.unique, key)} is already on line {first[key]}"
            problems.append(Problem(table.file, record.line, spec.unique[-1], reason))
        else:
            first[key] = record.line
    return problems


def check_intervals(table: CsvTable, spec: SeedSpec, zone: str) -> list[Problem]:
    """Empty intervals, overlaps and (where the file must be gapless) gaps, per key."""
    if not spec.interval_key:
        return []
    problems = []
    by_key: dict[tuple[str, ...], list[Interval]] = defaultdict(list)
    for record in table.rows:
        start, end = interval_of(record.values, zone)
        if end <= start:
            problems.append(Problem(table.file, record.line, "valid_to", "is not after valid_from"))
        else:
            by_key[spec.key(record.values, spec.interval_key)].append(Interval(start, end, record.line))
    for key, intervals in by_key.items():
        name = _named(spec.interval_key, key)
        for earlier, later in find_overlaps(intervals):
            hint = " (which has no valid_to)" if earlier.end == FOREVER else ""
            reason = f"{name} overlaps line {earlier.line}{hint}"
            problems.append(Problem(table.file, later.line, "valid_from", reason))
        if spec.gapless:
            for earlier, later in find_gaps(intervals):
                reason = f"{name} has no row from {earlier.end.isoformat()}, where line {earlier.line} ends, until here"
                problems.append(Problem(table.file, later.line, "valid_from", reason))
    return problems


def interval_of(values: dict[str, str], zone: str) -> tuple[datetime, datetime]:
    """Instants from which and up to which a row holds."""
    start = parse_instant(values["valid_from"], zone)
    return start, parse_instant(values["valid_to"], zone) if values["valid_to"] else FOREVER


def check_references(tables: Tables, *, skip: Set[str] = frozenset()) -> tuple[list[Problem], list[Problem]]:
    """Values that name nothing: problems, and those that are only worth a warning; files in ``skip`` are left out."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name, table in tables.items():
        for reference in () if name in skip else SPECS[name].references:
            found = list(_dangling(table, reference, tables))
            (warnings if reference.only_warn else problems).extend(found)
    return problems, warnings


def _dangling(table: CsvTable, reference: Reference, tables: Tables) -> Iterator[Problem]:
    known = {
        tuple(record.values[column] for column in columns)
        for seed, columns in reference.targets
        for record in tables[seed].rows
    }
    if not known:
        return
    targets = " or ".join([*(f"{seed}.csv" for seed, _ in reference.targets), *sorted(reference.also_allowed)])
    for record in table.rows:
        value = tuple(record.values[column] for column in reference.columns)
        if value[-1] and value not in known and value[-1] not in reference.also_allowed:
            yield Problem(table.file, record.line, reference.columns[-1], f"{' '.join(value)} is not in {targets}")


def _named(columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    return ", ".join(f"{column} {value}" for column, value in zip(columns, key, strict=True) if value) or "the same key"


# A price that moves by more than this between two intervals is more often a slip of units than a price.
LARGE_STEP = 10


def warn_large_steps(table: CsvTable, spec: SeedSpec, zone: str) -> list[Problem]:
    """Prices that change more than tenfold from one interval of their key to the next."""
    by_key: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in table.rows:
        if record.values["price_per_million"]:
            by_key[spec.key(record.values, spec.interval_key)].append(record)
    warnings = []
    for records in by_key.values():
        records.sort(key=lambda record: interval_of(record.values, zone)[0])
        for before, after in pairwise(records):
            low, high = sorted(Decimal(r.values["price_per_million"]) for r in (before, after))
            if high > low * LARGE_STEP:
                reason = f"more than {LARGE_STEP} times apart from line {before.line}: per thousand, or per million?"
                warnings.append(Problem(table.file, after.line, "price_per_million", reason))
    return warnings
