"""The second price book, `seeds/second_prices.csv`: LiteLLM's map, for what the first book has no price of.

The first book wins for each provider, model and kind, in all its tiers. The map has no dates: a price that changes
between two snapshots begins on the day of the later one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.prices.litellm_map import MapKey, read_map
from orchestration.prices.rows import PriceKey, PriceRow, read_rows, write_rows
from orchestration.prices.update import UpdatePlan, plan_update
from orchestration.reference.csv_file import read_table

SECOND_FILE = "second_prices.csv"
Kind = tuple[str, str, str]


@dataclass
class SecondBook:
    """What the map adds to the first book, where the two differ, and which of the map's keys can be priced."""

    rows: list[PriceRow] = field(default_factory=list)
    differences: list[tuple[PriceRow, Decimal]] = field(default_factory=list)
    """Rows of the map for what the first book prices otherwise, with the first book's price."""
    keys: int = 0
    priced: int = 0
    """Keys of which every price is a row of one of the two books; ``partly`` those of which some are."""
    partly: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Reasons why a key is not wholly priced, by number of keys; a key may have several."""


def second_book(
    text: str, first: list[PriceRow], aliases: dict[tuple[str, str], str], providers: Iterable[str] | None = None
) -> SecondBook:
    """The map compared with the first book.

    Args:
        text: the map, JSON.
        first: rows of the first book.
        aliases: model of the first book by provider and other name, in lower case.
        providers: whose prices are wanted, by their names in the books; None for all.

    Raises:
        ValueError: see :func:`orchestration.prices.litellm_map.read_map`.
    """
    source = f"LiteLLM map sha256 {hashlib.sha256(text.encode()).hexdigest()[:12]}"
    keys = [_named_as_in(aliases, key) for key in read_map(text, source)]
    if providers:
        keys = [key for key in keys if key.provider in set(providers)]
    found = SecondBook(keys=len(keys))
    current = _current(first)
    kinds, tiers = kinds_of(first), {(row.provider, row.model, row.service_tier) for row in first}
    models = {kind[:2] for kind in kinds}
    offered: dict[PriceKey, PriceRow] = {}
    disputed: set[Kind] = set()
    for key in keys:
        for row in key.rows:
            known = offered.setdefault(row.key, row)
            if known.price_per_million != row.price_per_million:
                disputed.add(kind_of(row))
    for row in offered.values():
        if kind_of(row) in kinds:
            other = current.get(row.key)
            if other is not None and other != row.price_per_million and kind_of(row) not in disputed:
                found.differences.append((row, other))
        elif kind_of(row) not in disputed and (
            (row.provider, row.model) not in models or (row.provider, row.model, row.service_tier) in tiers
        ):
            found.rows.append(row)
    for key in keys:
        reasons = {*key.left_out}
        if any(kind_of(row) in disputed - kinds for row in key.rows):
            reasons.add("names of one model disagree")
        found.left_out.update(reasons)
        found.priced += not reasons
        found.partly += bool(reasons and key.rows)
    return found


def overlaps(first: list[PriceRow], second: list[PriceRow]) -> list[tuple[PriceRow, Decimal]]:
    """Prices of a second book that the first has by now and says otherwise, with the first book's price."""
    current = _current(first)
    return [
        (row, price)
        for key, row in ((row.key, row) for row in second if not row.valid_to)
        if (price := current.get(key)) is not None and price != row.price_per_million
    ]


def _current(rows: list[PriceRow]) -> dict[PriceKey, Decimal]:
    return {row.key: row.price_per_million for row in rows if not row.valid_to}


def kind_of(row: PriceRow) -> Kind:
    return (row.provider, row.model, row.token_kind)


def kinds_of(rows: Iterable[PriceRow]) -> Set[Kind]:
    return {kind_of(row) for row in rows}


def _named_as_in(aliases: dict[tuple[str, str], str], key: MapKey) -> MapKey:
    """The key under the model's name in the first book."""
    model = aliases.get((key.provider, key.model.lower()), key.model)
    return replace(key, model=model, rows=[replace(row, model=model) for row in key.rows])


def read_aliases(path: Path) -> dict[tuple[str, str], str]:
    """Models by provider and alias in lower case."""
    rows = read_table(path).rows if path.exists() else []
    return {(row.values["provider"], row.values["alias"].lower()): row.values["model"] for row in rows}


def plan_second(
    folder: Path, found: SecondBook, first: list[PriceRow], snapshot: date, *, zone: str, allow_large_changes: bool
) -> UpdatePlan:
    """What `second_prices.csv` becomes; what the first book has by now is no longer in it.

    Raises:
        LargePriceChange: a price moved by more than ten times and ``allow_large_changes`` is false.
        ValueError: the snapshot lies before a change that the file has already.
    """
    kinds = kinds_of(first)
    before = [row for row in read_rows(folder / SECOND_FILE) if kind_of(row) not in kinds]
    return plan_update(
        before,
        found.rows,
        today=snapshot,
        effective_date=snapshot,
        allow_large_changes=allow_large_changes,
        zone=zone,
    )


def write_second(folder: Path, plan: UpdatePlan) -> bool:
    """Write the file atomically; false if it was so already."""
    return write_rows(folder / SECOND_FILE, plan.rows)
