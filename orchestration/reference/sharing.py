"""What a rule for sharing out costs may say: one key at a time, shares that are a part of the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from orchestration.reference.checks import Tables, interval_of
from orchestration.reference.csv_file import CsvTable, Problem, Record


def sharing_problems(tables: Tables, zone: str) -> Iterator[Problem]:
    """Rows of ``cost_sharing`` that say too little, or something else than the other rows of their rule at that time.

    Args:
        zone: the reporting zone.
    """
    table = tables["cost_sharing"]
    by_rule: dict[str, list[Record]] = defaultdict(list)
    for record in table.rows:
        yield from _row_problems(table, record)
        by_rule[record.values["rule"]].append(record)
    for records in by_rule.values():
        yield from _rule_problems(table, records, zone)


def _row_problems(table: CsvTable, record: Record) -> Iterator[Problem]:
    key, use_case, share = (record.values[name] for name in ("key", "use_case", "share"))
    if key == "fixed":
        for name, value in (("use_case", use_case), ("share", share)):
            if not value:
                yield Problem(table.file, record.line, name, "value is missing: a fixed share names both")
    elif share and Decimal(share) != 1:
        yield Problem(table.file, record.line, "share", f"is {share}, but {key} decides the shares; leave it empty")


def _rule_problems(table: CsvTable, records: list[Record], zone: str) -> Iterator[Problem]:
    """Looked at from the beginning of each row on: what holds together changes nowhere else but where rows end."""
    for record in records:
        start, _ = interval_of(record.values, zone)
        earlier = [
            other
            for other in records
            if _begins_before(other, record, zone) and interval_of(other.values, zone)[1] > start
        ]
        for other in earlier:
            if other.values["key"] != record.values["key"]:
                reason = f"line {other.line} has the key {other.values['key']} for the same rule and time"
                yield Problem(table.file, record.line, "key", reason)
            elif not other.values["use_case"] or not record.values["use_case"]:
                reason = f"line {other.line} holds for the same rule and time, and one of the two for all use cases"
                yield Problem(table.file, record.line, "use_case", reason)
        shares = [Decimal(row.values["share"] or 0) for row in (*earlier, record) if row.values["key"] == "fixed"]
        if sum(shares) > 1:
            reason = f"the shares of rule {record.values['rule']} add up to {sum(shares)} at that time; at most 1"
            yield Problem(table.file, record.line, "share", reason)


def _begins_before(other: Record, record: Record, zone: str) -> bool:
    """Rows that begin together count in the order of their lines."""
    start, other_start = interval_of(record.values, zone)[0], interval_of(other.values, zone)[0]
    return (other_start, other.line) < (start, record.line)
