"""Reference data from a folder of seed files: what was true at an instant."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SeedRow = dict[str, str]
OLDEST_FX = timedelta(days=7)
# The vocabulary of units is the project's, whatever a company's own seeds are.
METERS = Path(__file__).parents[3] / "seeds" / "meters.csv"


@dataclass(frozen=True, slots=True)
class Dated:
    """A reference row with its half-open time of validity; ``None`` is open."""

    row: Any
    valid_from: datetime | None
    valid_to: datetime | None

    def holds_at(self, when: datetime) -> bool:
        after_start = self.valid_from is None or self.valid_from <= when
        return after_start and (self.valid_to is None or when < self.valid_to)


@dataclass(frozen=True, slots=True)
class Rule:
    """A mapping rule from what a log says to a use case."""

    priority: int
    source: str
    field: str
    pattern: re.Pattern[str]
    use_case: str


class Reference:
    """The seeds of one company, read once; dates mean midnight in the reporting zone."""

    def __init__(self, seeds: Path, zone: str, currency: str, acceptance_window_days: int = 14) -> None:
        self.zone = ZoneInfo(zone)
        self.currency = currency
        self._default_window = acceptance_window_days
        self._seeds = seeds
        self._use_cases = self._by("use_cases", lambda row: row["use_case"])
        self._experiments = self._by("experiments", lambda row: row["experiment"])
        self._role_rates = self._by("role_rates", lambda row: row["role"])
        self._delay_rates = self._by("delay_rates", lambda row: row["use_case"])
        self.prices = self._by("model_prices", price_key)
        self.overrides = [self._dated(row) for row in self._read("price_overrides")]
        named = [dated.row for dated in self.overrides if dated.row["provider"] and dated.row["model"]]
        self._priced_models = {key[:2] for key in self.prices} | {(row["provider"], row["model"]) for row in named}
        meters = _rows(METERS)
        self.part_of = {row["meter"]: row["part_of"] for row in meters}
        self.token_meters = {row["meter"] for row in meters if row["unit"] == "tokens"}
        self._modifiers = [self._dated(row) for row in self._read("price_modifiers")]
        self._provider_aliases = {row["alias"]: row["provider"] for row in self._read("provider_aliases")}
        self._model_aliases = {(row["provider"], row["alias"]): row["model"] for row in self._read("model_aliases")}
        self._tiers = {(row["provider"], row["model"]): row["tier"] for row in self._read("models")}
        self.rules = sorted((_rule_of(row) for row in self._read("use_case_rules")), key=lambda rule: rule.priority)
        self._fx: dict[str, dict[date, Fraction]] = defaultdict(dict)
        for row in self._read("fx_rates"):
            self._fx[row["currency"]][date.fromisoformat(row["day"])] = Fraction(row["rate"])
        self._fx_cache: dict[tuple[str, date], Fraction | None] = {}

    def _read(self, name: str) -> list[SeedRow]:
        path = self._seeds / f"{name}.csv"
        return _rows(path) if path.exists() else []

    def _by(self, name: str, key: Callable[[SeedRow], Any]) -> dict[Any, list[Dated]]:
        grouped: dict[Any, list[Dated]] = defaultdict(list)
        for row in self._read(name):
            grouped[key(row)].append(self._dated(row))
        return dict(grouped)

    def _dated(self, row: SeedRow) -> Dated:
        return Dated(row, self.instant(row.get("valid_from", "")), self.instant(row.get("valid_to", "")))

    def instant(self, text: str) -> datetime | None:
        """A date (midnight in the reporting zone) or a time with offset; empty is open."""
        if not text:
            return None
        if len(text) == 10:
            return self.midnight(date.fromisoformat(text))
        value = datetime.fromisoformat(text)
        return value if value.tzinfo else value.replace(tzinfo=self.zone)

    def midnight(self, day: date) -> datetime:
        """The instant at which a day of the reporting zone begins."""
        return datetime.combine(day, time.min, tzinfo=self.zone)

    def day(self, when: datetime) -> date:
        """The reporting day of an instant."""
        return when.astimezone(self.zone).date()

    def is_declared(self, use_case: str) -> bool:
        return use_case in self._use_cases

    def use_case_on(self, use_case: str, day: date) -> SeedRow | None:
        """The use case as declared at the start of a day."""
        return _row_at(self._use_cases.get(use_case, []), self.midnight(day))

    def acceptance_window_days(self, use_case: str, day: date) -> int:
        row = self.use_case_on(use_case, day)
        stated = (row or {}).get("acceptance_window_days", "")
        return int(stated) if stated else self._default_window

    def delay_cap_minutes(self, use_case: str, day: date) -> Fraction | None:
        row = self.use_case_on(use_case, day)
        stated = (row or {}).get("delay_cap_minutes", "")
        return Fraction(stated) if stated else None

    def experiment_owner(self, experiment: str | None, when: datetime) -> str | None:
        """Who declared to pay for an experiment then."""
        return (_row_at(self._experiments.get(experiment or "", []), when) or {}).get("owner") or None

    def role_rate(self, role: str | None, when: datetime) -> SeedRow | None:
        return _row_at(self._role_rates.get(role, []), when)

    def delay_rate(self, use_case: str, when: datetime) -> SeedRow | None:
        return _row_at(self._delay_rates.get(use_case, []), when)

    def fx(self, currency: str | None, day: date) -> Fraction | None:
        """Value of one unit of a currency, by the last rate published on or up to 7 days before the day."""
        if not currency or currency == self.currency:
            return Fraction(1)
        key = (currency, day)
        if key not in self._fx_cache:
            rates = self._fx.get(currency, {})
            known = [d for d in rates if day - OLDEST_FX <= d <= day]
            self._fx_cache[key] = rates[max(known)] if known else None
        return self._fx_cache[key]

    def provider(self, logged: str | None) -> str | None:
        return self._provider_aliases.get(logged, logged) if logged else logged

    def model(self, provider: str | None, logged: str | None) -> str | None:
        return self._model_aliases.get((provider, logged), logged)

    def modifier(
        self, provider: str | None, model: str | None, attribute: str, value: str, when: datetime
    ) -> SeedRow | None:
        """What an attribute does to a price: said of the model before of its provider, of the value before of any."""

        def is_about(row: SeedRow) -> bool:
            same_place = row["provider"] == provider and row["model"] in ("", model)
            return same_place and row["attribute"] == attribute and row["value"].lower() in ("", value.lower())

        found = [dated.row for dated in self._modifiers if dated.holds_at(when) and is_about(dated.row)]
        return max(found, key=lambda row: (bool(row["model"]), bool(row["value"])), default=None)

    def tier(self, provider: str | None, model: str | None) -> str:
        """The declared tier; a model that has a price but no declaration is balanced, any other unknown."""
        return self._tiers.get((provider, model), "balanced" if (provider, model) in self._priced_models else "unknown")


def _rows(path: Path) -> list[SeedRow]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: (value or "").strip() for key, value in row.items() if key} for row in csv.DictReader(file)]


def price_key(row: SeedRow) -> tuple[str, str, str, str]:
    """Provider, model, service tier and token kind of a price row; only rows for any region can apply."""
    tier = row["service_tier"] or "standard"
    if row["region"]:
        tier = f"{tier} in {row['region']}"
    return row["provider"], row["model"], tier, row["token_kind"]


def _row_at(rows: list[Dated], when: datetime) -> SeedRow | None:
    return next((dated.row for dated in rows if dated.holds_at(when)), None)


def _rule_of(row: SeedRow) -> Rule:
    pattern = re.compile(row["pattern"])
    return Rule(int(row["priority"]), row["source"], row["field"], pattern, row["use_case"])
