"""Everything that is billed beyond text tokens: the vocabulary of meters, and what one attempt used of each.

Adding a meter is a row of `seeds/meters.csv`, its price, and the place where a source states it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa

from orchestration.ingest.paths import BadRow, count
from orchestration.ingest.privacy import to_json
from orchestration.ingest.reasons import BAD_NUMBER, Bad
from orchestration.ingest.values import decimal
from orchestration.settings import PROJECT_DIR


class Meter(NamedTuple):
    """A billed unit: what it counts, and the text bucket whose tokens it is a part of (empty: of none)."""

    name: str
    unit: str
    part_of: str


def _vocabulary() -> dict[str, Meter]:
    with (PROJECT_DIR / "seeds" / "meters.csv").open(encoding="utf-8", newline="") as file:
        return {row["meter"]: Meter(row["meter"], row["unit"], row["part_of"]) for row in csv.DictReader(file)}


METERS = _vocabulary()
# A stated 0 of these proves that the output is text; any other quantity of 0 is nothing.
_PROOFS = frozenset({"image_output", "audio_output", "video_output"})
# Digits after the point of what is measured; everything else is counted.
_SCALES = {"seconds": 6, "token_hours": 6, "money": 12}
_PARTS = {"input": "unit_input_tokens", "cache_read": "unit_cache_read_tokens", "output": "unit_output_tokens"}
_COLUMNS = ("units", *_PARTS.values())
_NOTHING: dict[str, Any] = dict.fromkeys(_COLUMNS)
_Key = tuple[str, str, str, str]


class Units:
    """What one attempt used of each meter. Quantities of one meter add up."""

    __slots__ = ("_used",)

    def __init__(self) -> None:
        self._used: dict[_Key, Decimal] = {}

    def add(
        self, meter: str, quantity: Any, field: str, *, provider: str = "", model: str = "", currency: str = ""
    ) -> None:
        """More of a meter; an absent quantity is none.

        Args:
            field: what the quantity is called where it came from.
            provider, model, currency: where they are not the attempt's.

        Raises:
            BadRow: the quantity is none, or a fraction of what is counted.
        """
        if quantity is None or quantity == "":
            return
        amount = _amount(quantity, _SCALES.get(METERS[meter].unit), field)
        if amount or meter in _PROOFS:
            key = (meter, provider, model, currency)
            self._used[key] = self._used.get(key, 0) + amount

    def move(self, tokens: int, source: str, target: str) -> None:
        """Take tokens from one meter to another."""
        self._used[source, "", "", ""] -= tokens
        self._used[target, "", "", ""] = self._used.get((target, "", "", ""), 0) + tokens

    def has(self, meter: str) -> bool:
        """Whether any of a meter was used."""
        return any(key[0] == meter and amount for key, amount in self._used.items())

    def of(self, meter: str) -> int:
        """Tokens of a meter so far."""
        return int(self._used.get((meter, "", "", ""), 0))

    def tokens(self, part: str) -> int:
        """Tokens of all meters that are part of a text bucket: ``input``, ``cache_read`` or ``output``."""
        return int(sum(amount for key, amount in self._used.items() if METERS[key[0]].part_of == part))

    def columns(self) -> dict[str, Any]:
        """What a landed row says of its units: all as JSON text, and their tokens by bucket; None without any."""
        if not self._used:
            return _NOTHING
        used = tuple(sorted(item for item in self._used.items() if item[1] or item[0][0] in _PROOFS))
        return {"units": _as_json(used), **{column: self.tokens(part) for part, column in _PARTS.items()}}


def unit_arrays(rows: list[dict[str, Any]]) -> dict[str, pa.Array]:
    """The columns of flattened rows that hold what ``Units.columns`` and ``usage_members`` made."""
    types = {name: pa.int64() for name in _PARTS.values()} | dict.fromkeys(
        ("units", "usage_not_understood", "modifiers"), pa.string()
    )
    return {name: pa.array([row.get(name) for row in rows], kind) for name, kind in types.items()}


def _amount(value: Any, scale: int | None, field: str) -> Decimal | int:
    if scale is None:
        return count(value, field) or 0
    amount = decimal(value, scale=scale)
    if isinstance(amount, Bad):
        raise BadRow(BAD_NUMBER, field, value)
    return amount or 0


@lru_cache(maxsize=10_000)
def _as_json(used: tuple[tuple[_Key, Decimal], ...]) -> str | None:
    """One text for the many calls that used the same."""
    rows = []
    for (meter, *others), amount in used:
        text = format(Decimal(amount), "f")
        row = {"meter": meter, "quantity": text.rstrip("0").rstrip(".") if "." in text else text}
        row |= {name: value for name, value in zip(("provider", "model", "currency"), others, strict=True) if value}
        rows.append(row)
    return to_json(rows) if rows else None


MODALITIES = ("audio", "image", "video")


def add_input_modalities(
    units: Units,
    counts: Mapping[str, Any],
    of_cached: Mapping[str, Any] | None,
    *,
    whole: int | None,
    cached: int | None,
    written: int = 0,
) -> bool:
    """Tokens of an input that are no text. What is cached of them is in the count of cached tokens and in their own.

    Args:
        counts: tokens by modality.
        of_cached: cached tokens by modality; None where nothing tells them apart.
        whole: the input with all of them; cached, written: what of it was read from a cache, and written to one.

    Returns:
        Whether the counts leave open, or contradict, how much of a modality was cached. Where nothing tells, as few are
        taken for cached as the whole allows.

    Raises:
        BadRow: a count is none.
    """
    doubtful = False
    for modality in MODALITIES:
        field = f"{modality}_input_tokens"
        all_of_it, cached_of_it = count(counts.get(modality), field), None
        if of_cached:
            cached_of_it = count(of_cached.get(modality), field)
        if not all_of_it and not cached_of_it:
            continue
        fresh = (all_of_it or 0) - (cached_of_it or 0)
        if fresh < 0:
            # A sender that leaves what was cached out of its count, or one that names only that.
            doubtful, fresh = doubtful or bool(all_of_it), all_of_it or 0
        units.add(f"{modality}_input", fresh, field)
        units.add(f"{modality}_cache_read", cached_of_it, field)
    if of_cached is None and cached and whole is not None:
        over = min(units.tokens("input") + cached + written - whole, cached)
        for modality in MODALITIES:
            if (taken := min(over, units.of(f"{modality}_input"))) > 0:
                units.move(taken, f"{modality}_input", f"{modality}_cache_read")
                over -= taken
                doubtful = True
    return doubtful


def add_output_modalities(units: Units, counts: Mapping[str, Any]) -> None:
    """Tokens of an output that are no text.

    Raises:
        BadRow: a count is none.
    """
    for modality in MODALITIES:
        units.add(f"{modality}_output", counts.get(modality), f"{modality}_output_tokens")


def reasoning_is_outside(
    provider: Any, whole_input: int | None, output: int | None, reasoning: int | None, total: int | None
) -> bool:
    """Whether an output leaves its reasoning out: the total proves it, as with Gemini's own counts, or the rule of the
    vendor says so."""
    if not reasoning or output is None:
        return False
    return total == (whole_input or 0) + output + reasoning or provider == "perplexity"
