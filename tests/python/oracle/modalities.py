"""Tokens that are no text, and what a cache held of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .fields import count
from .landing_files import BadRow, Row

KINDS = ("audio", "image", "video")
PLACES = ("inference_geo", "data_residency", "vertex_location")
PRICE_ATTRIBUTES = ("speed", *PLACES, "search_type", "search_context_size", "auth")
NOTHING_SPECIAL = ("", "standard", "default", "global", "none", "null", "not_available", "auto", "on_demand")


def price_attributes(stated: Any) -> dict[str, str]:
    """Attributes that vendors price by, without those that say that nothing special was served."""
    if not isinstance(stated, dict):
        return {}
    words = {name: stated[name].strip().lower() for name in PRICE_ATTRIBUTES if isinstance(stated.get(name), str)}
    return {name: word for name, word in words.items() if word not in NOTHING_SPECIAL}


def input_units(
    stated: dict[str, int | None], of_cached: dict[str, int | None], *, whole: int | None, cached: int, written: int
) -> dict[str, Decimal]:
    """Fresh and cached tokens by meter. What is cached of a kind is in its count; where nothing tells how much that is,
    it is what the whole input cannot hold otherwise, taken from one kind after the other."""
    fresh = {kind: (stated.get(kind) or 0) - (of_cached.get(kind) or 0) for kind in KINDS}
    read = {kind: of_cached.get(kind) or 0 for kind in KINDS}
    for kind in KINDS:
        if fresh[kind] < 0:
            fresh[kind] = stated.get(kind) or 0
    if whole is not None and not any(number is not None for number in of_cached.values()):
        for kind in KINDS:
            too_many = min(sum(fresh.values()) + cached + written - whole, cached - sum(read.values()), fresh[kind])
            fresh[kind], read[kind] = fresh[kind] - max(too_many, 0), read[kind] + max(too_many, 0)
    if sum(read.values()) > cached or (whole is not None and sum(fresh.values()) + cached + written > whole):
        raise BadRow("token_parts_above_total")
    found = {f"{kind}_input": fresh[kind] for kind in KINDS} | {f"{kind}_cache_read": read[kind] for kind in KINDS}
    return {meter: Decimal(tokens) for meter, tokens in found.items() if tokens}


def output_units(stated: dict[str, int | None]) -> dict[str, Decimal]:
    """Tokens of an output by meter; a stated 0 stays, since it says what the output is made of."""
    return {f"{kind}_output": Decimal(tokens) for kind, tokens in stated.items() if tokens is not None}


def by_kind(details: Row) -> dict[str, int | None]:
    """The counts of usage details by kind."""
    return {kind: count(details, f"{kind}_tokens") for kind in KINDS}


def tokens_of(units: dict[str, Decimal], part: str) -> int:
    """Tokens of the meters of one part: ``input``, ``cache_read`` or ``output``."""
    return int(sum(tokens for meter, tokens in units.items() if meter in {f"{kind}_{part}" for kind in KINDS}))
