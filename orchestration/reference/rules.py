"""Rules that only one reference file has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

import duckdb

from orchestration.reference.checks import Tables, interval_of
from orchestration.reference.csv_file import Problem
from orchestration.reference.levers import lever_problems
from orchestration.reference.sharing import sharing_problems
from orchestration.reference.specs import PRICE_SEEDS, SPECS
from orchestration.reference.values import parse_instant, window_minutes

# No hour of work costs more than this in a currency of this size; 4500 is 45.00 without its point.
HIGHEST_HOURLY_RATE = Decimal(5000)
LARGE_CURRENCIES = frozenset({"AUD", "CAD", "CHF", "EUR", "GBP", "SGD", "USD"})


def check_rules(tables: Tables, zone: str, reporting_currency: str) -> list[Problem]:
    """Problems of single files that neither a column nor a key can state."""
    return [
        *_overrides(tables),
        *_modifiers(tables),
        *(problem for name in PRICE_SEEDS for problem in _windows(tables, name, zone)),
        *_search_pools(tables, zone),
        *_budgets(tables, zone),
        *_reference_models(tables),
        *_use_case_rules(tables),
        *_hourly_rates(tables),
        *_delay_rates(tables),
        *_fx_rates(tables, reporting_currency),
        *lever_problems(tables),
        *sharing_problems(tables, zone),
    ]


def warn_missing_rates(tables: Tables, reporting_currency: str) -> list[Problem]:
    """Currencies of amounts for which there is no exchange rate at all: such amounts will count as unknown."""
    rated = {record.values["currency"] for record in tables["fx_rates"].rows} | {reporting_currency}
    warnings = []
    for name, table in tables.items():
        if name == "fx_rates" or "currency" not in SPECS[name].column_names:
            continue
        first: dict[str, int] = {}
        for record in table.rows:
            first.setdefault(record.values["currency"], record.line)
        for currency, line in first.items():
            if currency and currency not in rated:
                reason = f"fx_rates.csv has no rate of {currency}; these amounts will be unknown"
                warnings.append(Problem(table.file, line, "currency", reason))
    return warnings


def warn_double_discounts(tables: Tables, zone: str) -> list[Problem]:
    """Discounts for a service tier of which the book has a price of its own: they come on top of that price.

    Meant for a tier that the book does not know yet; when the book learns its price, the discount should end there.
    """
    table, warnings = tables["price_overrides"], []
    priced = [record.values for record in tables["model_prices"].rows if record.values["service_tier"] not in _STANDARD]
    for record in table.rows:
        override = record.values
        if not override["discount_share"] or override["service_tier"] in _STANDARD:
            continue
        start, end = interval_of(override, zone)
        both = [
            (max(start, interval_of(price, zone)[0]), price["provider"], price["model"])
            for price in priced
            if all(override[name] in ("", price[name]) for name in _OVERRIDE_KEY)
            and interval_of(price, zone)[0] < end
            and interval_of(price, zone)[1] > start
        ]
        if both:
            since, provider, model = min(both)
            count = len({found[1:] for found in both})
            reason = (
                f"from {since.date()} the price book has its own {override['service_tier']} prices "
                f"({count} models, first {provider} {model}); the discount comes on top of them"
            )
            warnings.append(Problem(table.file, record.line, "discount_share", reason))
    return warnings


_STANDARD = ("", "standard")
_OVERRIDE_KEY = ("provider", "model", "region", "service_tier", "token_kind", "hours_utc", "weekdays")
_OVERRIDE_AMOUNTS = ("price_per_million", "discount_share", "multiplier")


def _overrides(tables: Tables) -> Iterator[Problem]:
    table = tables["price_overrides"]
    for record in table.rows:
        price = record.values["price_per_million"]
        given = [name for name in _OVERRIDE_AMOUNTS if record.values[name]]
        if len(given) != 1:
            what = f"both {' and '.join(given)}" if given else f"neither of {', '.join(_OVERRIDE_AMOUNTS)}"
            reason = f"{what} given; exactly one must be"
            yield Problem(table.file, record.line, "discount_share", reason)
        elif price and not record.values["currency"]:
            yield Problem(table.file, record.line, "currency", "value is missing: a price has a currency")


def _modifiers(tables: Tables) -> Iterator[Problem]:
    table = tables["price_modifiers"]
    for record in table.rows:
        given = [name for name in ("multiplier", "price_list") if record.values[name]]
        if len(given) != 1:
            what = "both multiplier and price_list" if given else "neither multiplier nor price_list"
            yield Problem(table.file, record.line, "multiplier", f"{what} given; exactly one must be")


def _search_pools(tables: Tables, zone: str) -> Iterator[Problem]:
    """Models that share a pool of free searches, and do not say the same about it."""
    table = tables["search_allowances"]
    by_pool = defaultdict(list)
    for record in table.rows:
        by_pool[record.values["pool"]].append(record)
    for records in by_pool.values():
        for number, later in enumerate(records):
            start, end = interval_of(later.values, zone)
            for earlier in records[:number]:
                other_start, other_end = interval_of(earlier.values, zone)
                if start >= other_end or other_start >= end:
                    continue
                for column in ("provider", "free_searches", "period"):
                    if later.values[column] != earlier.values[column]:
                        reason = f"the pool has {earlier.values[column]!r} in line {earlier.line} at the same time"
                        yield Problem(table.file, later.line, column, reason)


def _windows(tables: Tables, name: str, zone: str) -> Iterator[Problem]:
    """Two parts of the week with different prices of one key that have a minute in common."""
    table, spec = tables[name], SPECS[name]
    place = tuple(column for column in spec.interval_key if column not in ("hours_utc", "weekdays"))
    by_place = defaultdict(list)
    for record in table.rows:
        if record.values["hours_utc"] or record.values["weekdays"]:
            by_place[spec.key(record.values, place)].append(record)
    for records in by_place.values():
        for number, later in enumerate(records):
            window = _window(later.values)
            for earlier in records[:number]:
                start, end = interval_of(later.values, zone)
                other_start, other_end = interval_of(earlier.values, zone)
                if window == _window(earlier.values) or start >= other_end or other_start >= end:
                    continue
                pieces = [(a, b) for a in window_minutes(*window) for b in window_minutes(*_window(earlier.values))]
                if any(max(a[0], b[0]) < min(a[1], b[1]) for a, b in pieces):
                    reason = f"shares a part of the week with line {earlier.line}: there is no one price then"
                    yield Problem(table.file, later.line, "hours_utc", reason)
                    break


def _window(values: dict[str, str]) -> tuple[str, str]:
    return values["hours_utc"], values["weekdays"]


def _budgets(tables: Tables, zone: str) -> Iterator[Problem]:
    table = tables["budgets"]
    revisions = defaultdict(list)
    for record in table.rows:
        values = record.values
        soft, hard = values["soft_share"], values["hard_share"]
        if soft and hard and Decimal(soft) > Decimal(hard):
            yield Problem(table.file, record.line, "soft_share", f"{soft} is more than hard_share {hard}")
        key = tuple(values[name] for name in ("owner", "use_case", "month", "kind"))
        moment = parse_instant(values["effective_at"], zone)
        revisions[key].append((int(values["revision"]), moment, record.line))
    for rows in revisions.values():
        for before, after in pairwise(sorted(rows)):
            if before[0] != after[0] and after[1] <= before[1]:
                reason = (
                    f"revision {after[0]} takes effect no later than revision {before[0]} on line {before[2]}: "
                    "two would be active at once"
                )
                yield Problem(table.file, after[2], "effective_at", reason)


def _reference_models(tables: Tables) -> Iterator[Problem]:
    table = tables["models"]
    first: dict[str, int] = {}
    for record in table.rows:
        tier = record.values["tier"]
        if record.values["is_reference"] != "true":
            continue
        if tier in first:
            reason = f"tier {tier} has its reference model already on line {first[tier]}"
            yield Problem(table.file, record.line, "is_reference", reason)
        else:
            first[tier] = record.line
    for tier in sorted({record.values["tier"] for record in table.rows} - first.keys()):
        yield Problem(table.file, 1, "is_reference", f"no model is the reference of tier {tier}")


def _use_case_rules(tables: Tables) -> Iterator[Problem]:
    table = tables["use_case_rules"]
    first: dict[int, tuple[int, str]] = {}
    with duckdb.connect() as con:
        for record in table.rows:
            priority, use_case = int(record.values["priority"]), record.values["use_case"]
            line, other = first.setdefault(priority, (record.line, use_case))
            if other != use_case:
                reason = f"line {line} has the same priority for {other}: there is no first of the two"
                yield Problem(table.file, record.line, "priority", reason)
            try:
                con.execute("select regexp_full_match('', ?)", [record.values["pattern"]])
            except duckdb.Error as error:
                reason = f"not a regular expression: {str(error).splitlines()[0]}"
                yield Problem(table.file, record.line, "pattern", reason)


def _hourly_rates(tables: Tables) -> Iterator[Problem]:
    table = tables["role_rates"]
    for record in table.rows:
        rate, currency = Decimal(record.values["hourly_rate"]), record.values["currency"]
        if currency in LARGE_CURRENCIES and rate > HIGHEST_HOURLY_RATE:
            reason = f"is {rate} {currency} an hour; more than {HIGHEST_HOURLY_RATE} is taken for a mistake"
            yield Problem(table.file, record.line, "hourly_rate", reason)


def _delay_rates(tables: Tables) -> Iterator[Problem]:
    table = tables["delay_rates"]
    for record in table.rows:
        if not record.values["per_minute"] and not record.values["per_breach"]:
            yield Problem(table.file, record.line, "per_minute", "neither per_minute nor per_breach is given")


def _fx_rates(tables: Tables, reporting_currency: str) -> Iterator[Problem]:
    table = tables["fx_rates"]
    for record in table.rows:
        if record.values["currency"] == reporting_currency and Decimal(record.values["rate"]) != 1:
            reason = f"{reporting_currency} is the reporting currency: its rate is 1"
            yield Problem(table.file, record.line, "rate", reason)
