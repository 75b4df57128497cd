"""A run builds only the days that something new touches, and the result is what a full build would give."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from orchestration.instants import parse_instant
from orchestration.sample_company import AS_OF, FIRST_DAY, write

from .deliveries import Line, deal, lines_of, write_lines
from .engine import Engine, Night, Warehouse
from .random_company import (
    START,
    Landed,
    RandomCompany,
    Row,
    change_reference,
    deliver,
    first_reference,
    write_reference,
)

WEEKS = 13
DELIVERIES = 4
FIRST = datetime.fromisoformat(FIRST_DAY).replace(tzinfo=UTC)
END = parse_instant(AS_OF)


class Twin:
    """A warehouse that grows night by night, and full builds of the same landing files to hold it against.

    It begins empty, or as a copy of ``grown``.
    """

    def __init__(self, engine: Engine, folder: Path, seeds: Path | None = None, *, grown: Path | None = None) -> None:
        self._engine, self._folder, self._seeds = engine, folder, seeds
        if grown:
            shutil.copytree(grown, folder / "grown", symlinks=True)
        self.warehouse = engine.warehouse(folder / "grown", seeds)
        self._builds = 0

    def full(self, as_of: datetime) -> Night:
        """A build from nothing, as of an instant."""
        self._builds += 1
        other: Warehouse = self._engine.warehouse(self._folder / f"full-{self._builds}", self._seeds)
        shutil.copytree(self.warehouse.landing, other.landing, dirs_exist_ok=True)
        night = other.night(as_of)
        assert night.plan.mode == "full"
        return night

    def night(self, as_of: datetime, *, compare: bool = True) -> Night:
        """One more night; it must give what a build from nothing gives."""
        night = self.warehouse.night(as_of)
        if compare:
            wanted = self.full(as_of)
            different = [name for name in wanted.marts if wanted.marts[name] != night.marts.get(name)]
            assert _parts(night) == _parts(wanted), f"{different} differ after {night.plan}"
        return night


def _parts(night: Night) -> dict[str, str]:
    return {name: mart.digest for name, mart in night.marts.items()}


@pytest.fixture(scope="module")
def weekly(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[list, Night]:
    """Lines of a small company by week, and the full build of all of them."""
    folder = tmp_path_factory.mktemp("weekly")
    warehouse = engine.warehouse(folder)
    write(warehouse.landing, scale=0.05)
    # An invoice comes as a whole: another part of it would restate it.
    shutil.rmtree(warehouse.landing / "invoices", ignore_errors=True)
    night = warehouse.night(END)
    lines = lines_of(warehouse.landing)
    Random(1).shuffle(lines)
    return deal(lines, FIRST, WEEKS * 7, DELIVERIES), night


@pytest.mark.slow
def test_week_by_week(engine: Engine, weekly: tuple[list, Night], tmp_path: Path) -> None:
    """Mistake caught: rows of a later week that change an earlier one, whose day is not built again."""
    weeks, wanted = weekly
    twin = Twin(engine, tmp_path)
    random = Random(2)
    for number, lines in enumerate(weeks):
        write_lines(twin.warehouse.landing, lines, f"week-{number}", random)
        last = number == DELIVERIES - 1
        night = twin.night(
            END if last else FIRST + timedelta(days=WEEKS * 7 / DELIVERIES * (number + 1), hours=6), compare=False
        )
        assert night.plan.mode == ("incremental" if number else "full")
    assert night.content_hash == wanted.content_hash
    again = twin.warehouse.night(END)
    assert again.content_hash == wanted.content_hash
    # Nothing new, and no time has passed: only clocks that run late could change, and they have not.
    assert len(again.days) <= 2
    _land(twin, "late", ("rework", _ticket_on(weeks)))
    night = twin.night(END)
    assert night.plan.mode == "incremental"
    assert len(night.days) <= 5


@pytest.mark.slow
def test_weeks_in_any_order(engine: Engine, weekly: tuple[list, Night], tmp_path: Path) -> None:
    """Mistake caught: figures that depend on which week arrived first."""
    weeks, wanted = weekly
    twin = Twin(engine, tmp_path)
    random = Random(3)
    order = list(range(DELIVERIES))
    random.shuffle(order)
    for place, number in enumerate(order):
        write_lines(twin.warehouse.landing, weeks[number], f"week-{number}", random)
        if place % 2:
            night = twin.night(END, compare=False)
    assert night.plan.mode == "incremental"
    assert night.content_hash == wanted.content_hash


def _ticket_on(deliveries: list[list[Line]]) -> Row:
    """A critical ticket about an outcome of the first weeks."""
    lines = (line.content for line in deliveries[0] if line.source == "inference" and not line.header)
    rows = (json.loads(line) for line in lines if b"outcome_id" in line and line.endswith(b"}"))
    outcome_id = next(row["outcome_id"] for row in rows)
    return {
        "ticket_id": "late", "outcome_id": outcome_id, "opened_at": AS_OF, "updated_at": AS_OF, "severity": "critical",
        "kind": "correction", "status": "closed", "cost": 100,
    }  # fmt: skip


@pytest.fixture(scope="module")
def six_weeks(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder of six weeks of made-up work with own reference data, built once."""
    folder = tmp_path_factory.mktemp("six-weeks")
    write_reference(folder / "seeds", first_reference())
    twin = Twin(engine, folder, folder / "seeds")
    rows = [landed for landed in RandomCompany(17).rows if landed.known_at < NOW]
    deliver(twin.warehouse.landing, rows, "first")
    twin.night(NOW, compare=False)
    return twin.warehouse.settings.home


@pytest.fixture
def small(engine: Engine, six_weeks: Path, tmp_path: Path) -> tuple[Twin, Path]:
    """A copy of those six weeks, and where its reference data lie."""
    seeds = tmp_path / "seeds"
    write_reference(seeds, first_reference())
    return Twin(engine, tmp_path, seeds, grown=six_weeks), seeds


NOW = START + timedelta(days=42, hours=6)


def _attempt(attempt_id: str, day: int, **more: Any) -> Row:
    at = (START + timedelta(days=day, hours=10)).isoformat()
    row = {
        "attempt_id": attempt_id, "use_case": "claims", "provider": "acme", "model": "big", "started_at": at,
        "status": "success", "input_tokens": 1000, "output_tokens": 100,
    }  # fmt: skip
    return {name: value for name, value in (row | more).items() if value is not None}


def _text(day: int, hours: int = 0) -> str:
    return (START + timedelta(days=day, hours=hours)).isoformat()


LATE_ROWS = {
    "attempt": ("inference", _attempt("late-1", 3, outcome_id="o5")),
    "retry across days": ("inference", _attempt("late-2", 12, retry_of="a7")),
    # A sender that names a request after its first attempt, on another day and without an outcome in common.
    "request named after an attempt": ("inference", _attempt("late-3", 30, request_id="a11")),
    "new version of an attempt": ("inference", _attempt("a9", 21, output_tokens=99_999, outcome_id="o8")),
    "attempt that tells a use case": ("inference", _attempt("late-4", 2, outcome_id="o13", use_case="later")),
    "ticket": (
        "rework",
        {
            "ticket_id": "late", "outcome_ids": ["o1", "o2", "o3"], "opened_at": _text(5), "updated_at": _text(40),
            "closed_at": _text(39), "severity": "critical", "kind": "full_review", "status": "closed",
            "handling_minutes": 100, "role": "clerk",
        },
    ),
    "ticket moves to another outcome": (
        "rework",
        {
            "ticket_id": "t3", "outcome_ids": ["o9"], "opened_at": _text(6), "updated_at": _text(41),
            "severity": "critical", "kind": "correction", "status": "closed", "cost": 12.5,
        },
    ),
    "clock": (
        "sla",
        {
            "event_id": "late", "outcome_id": "o4", "use_case": "claims", "metric": "response", "started_at": _text(2),
            "due_at": _text(3), "stopped_at": _text(9), "updated_at": _text(41),
        },
    ),
    "clock is cancelled": (
        "sla",
        {
            "event_id": "e2", "outcome_id": "o6", "metric": "response", "started_at": _text(4), "due_at": _text(5),
            "updated_at": _text(41), "status": "cancelled",
        },
    ),
    "decision": (
        "outcomes",
        {"outcome_id": "o10", "use_case": "claims", "decision": "rejected", "decided_at": _text(41)},
    ),
}  # fmt: skip


@pytest.mark.slow
def test_late_rows_of_every_kind(small: tuple[Twin, Path]) -> None:
    """Mistake caught: one kind of row whose connections to older days the plan does not follow."""
    twin, _ = small
    kinds = list(LATE_ROWS)
    for number in range(0, len(kinds), 5):
        group = kinds[number : number + 5]
        _land(twin, f"late-{number}", *(LATE_ROWS[kind] for kind in group))
        night = twin.night(NOW)
        assert night.plan.mode == "incremental", group


def _land(twin: Twin, name: str, *rows: tuple[str, Row]) -> None:
    deliver(twin.warehouse.landing, [Landed(source, row, NOW) for source, row in rows], name)


CHANGES = {
    "price of some days": lambda reference: reference["price_overrides"][0].update(price_per_million="70"),
    "override removed, rate of exchange": lambda reference: (
        reference["price_overrides"].clear(),
        reference["fx_rates"][2].update(rate="2.5"),
    ),
    "owner from a day on": lambda reference: reference["use_cases"].__setitem__(
        slice(1, 2),
        [
            reference["use_cases"][1] | {"valid_to": "2026-07-20"},
            reference["use_cases"][1] | {"valid_from": "2026-07-20", "owner": "cleo"},
        ],
    ),
    # Its older rows are no longer of an undeclared use case, though its validity begins later.
    "use case declared from a day on": lambda reference: reference["use_cases"].append(
        {"use_case": "later", "owner": "cleo", "criticality": "mass", "task_class": "C", "valid_from": "2026-07-25"}
    ),
}


@pytest.mark.slow
def test_changed_reference_data(small: tuple[Twin, Path]) -> None:
    """Mistake caught: a changed price, owner, declaration or rate that reaches some of its days only."""
    twin, seeds = small
    reference = first_reference()
    for number, (change, make) in enumerate(CHANGES.items()):
        make(reference)
        write_reference(seeds, reference)
        night = twin.night(NOW, compare=number % 2 == 1)
        assert night.plan.mode == "incremental" or change == "use case declared from a day on", change
        assert night.days or night.plan.mode == "full", change


def _searching(attempt_id: str, day: int, searches: int, **more: Any) -> tuple[str, Row]:
    return "inference", _attempt(attempt_id, day, web_search_calls=searches, **more)


@pytest.mark.slow
def test_late_searches_use_up_what_later_ones_had(engine: Engine, tmp_path: Path) -> None:
    """Mistake caught: a late search of a pool that lasts a month, and days after it that keep their free searches."""
    reference, seeds = first_reference(), tmp_path / "seeds"
    reference["model_prices"] += [
        {
            "provider": "acme",
            "model": model,
            "token_kind": "web_search",
            "price_per_million": "10000",
            "currency": "USD",
        }
        for model in ("big", "bigger")
    ]
    pool = {"pool": "acme", "provider": "acme", "billed_by": "search", "free_searches": "5", "period": "month"}
    reference["search_allowances"] = [pool | {"model": "big"}, pool | {"model": "bigger"}]
    write_reference(seeds, reference)
    twin = Twin(engine, tmp_path, seeds)
    days = [day for day in range(40) if (START + timedelta(days=day)).month == (START + timedelta(days=20)).month]
    first, middle, last = days[0], days[len(days) // 2], days[-1]
    _land(twin, "on-time", _searching("middle", middle, 3, model="bigger"), _searching("last", last, 2),
          _searching("next month", last + 1, 2))  # fmt: skip
    twin.night(NOW, compare=False)
    assert _billed(twin) == {"middle": 0, "last": 0, "next month": 0}
    _land(twin, "late", _searching("first", first, 4))
    night = twin.night(NOW)
    assert night.plan.mode == "incremental"
    assert _billed(twin) == {"first": 0, "middle": 2, "last": 2, "next month": 0}
    # The allowance grows by one: another search is free, whatever day it was on.
    for row in reference["search_allowances"]:
        row["free_searches"] = "6"
    write_reference(seeds, reference)
    twin.night(NOW)
    assert _billed(twin) == {"first": 0, "middle": 1, "last": 2, "next month": 0}


def _billed(twin: Twin) -> dict[str, int]:
    with twin.warehouse.marts() as con:
        query = "SELECT attempt_id, CAST(billed_quantity AS INTEGER) FROM attempt_units WHERE meter = 'web_search'"
        return dict(con.execute(query).fetchall())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [100])
def test_random_nights(engine: Engine, tmp_path: Path, seed: int) -> None:
    """Mistake caught: whatever nobody thought of. Rows late, early and corrected, reference data changed in between."""
    random = Random(seed)
    rows, reference, seeds = RandomCompany(seed).rows, first_reference(), tmp_path / "seeds"
    write_reference(seeds, reference)
    twin = Twin(engine, tmp_path, seeds)
    as_of = START + timedelta(days=random.randrange(5, 20))
    for number in range(4):
        now = [landed for landed in rows if landed.known_at <= as_of and random.random() < 0.8]
        rows = [landed for landed in rows if landed not in now]
        deliver(twin.warehouse.landing, now, f"night-{number}")
        if number and random.random() < 0.6:
            change_reference(reference, random)
            write_reference(seeds, reference)
        twin.night(as_of, compare=number == 3)
        as_of += timedelta(seconds=random.choice((600, 86_400, 86_400 * 3, 86_400 * 9)))


@pytest.mark.slow
def test_nights_of_little_news(small: tuple[Twin, Path]) -> None:
    """Mistake caught: a model left as it was although time, a copy of old rows or a budget has moved what it says; and
    a night of nothing that builds everything."""
    twin, seeds = small
    later = NOW + timedelta(days=1)
    night = twin.night(later)
    assert {"budgets", "model_prices", "stg_native__attempts", "stg_reference__budgets"} <= night.kept
    assert {"owner_budget_burn", "traffic_policy"}.isdisjoint(night.kept)

    landed = twin.warehouse.landing / "inference" / "first.jsonl"
    lines = landed.read_text(encoding="utf-8").splitlines(keepends=True)
    (landed.parent / "copy.jsonl").write_text("".join(reversed(lines)), encoding="utf-8")
    night = twin.night(later, compare=False)
    assert night.reports["inference"].duplicate == len(lines)
    # Shared costs look at the names of files, so that the marts that show them are built whenever files came.
    assert {"attempts", "spend_daily", "owner_budget_burn", "int_attempts"} <= night.kept
    assert {"load_files", "publishes"}.isdisjoint(night.kept)
    before = night.content_hash

    night = twin.night(later, compare=False)
    # Days of clocks that still run are planned again, which the ledger's marts count as news.
    assert {"attempts", "int_attempts"} <= night.kept
    assert night.content_hash == before

    reference = first_reference()
    reference["owners"].append({"owner": "dora"})
    write_reference(seeds, reference)
    night = twin.night(later)
    assert "owners" not in night.kept
    assert {"attempts", "outcomes", "requests", "model_prices"} <= night.kept
