"""Members of usage and cost objects: which of them nobody reads, and attributes of a call that its price hangs on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from orchestration.ingest.privacy import is_label, to_json
from orchestration.ingest.values import integer

# Attributes that vendors price by, and words with which they say that nothing special was served.
PRICE_ATTRIBUTES = (
    "speed",
    "inference_geo",
    "data_residency",
    "vertex_location",
    "search_type",
    "search_context_size",
    "auth",
)
_NOTHING_SPECIAL = frozenset(
    ("", "standard", "default", "global", "none", "null", "not_available", "auto", "on_demand")
)
_PRICED_BY = frozenset(PRICE_ATTRIBUTES)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,59}")


def modifiers(stated: Mapping[str, Any]) -> str | None:
    """Attributes of a call that its price hangs on, as JSON text; None without any."""
    if _PRICED_BY.isdisjoint(stated):
        return None
    labels = tuple(
        (name, label)
        for name in PRICE_ATTRIBUTES
        if type(value := stated.get(name)) is str
        and (label := value.strip().lower()) not in _NOTHING_SPECIAL
        and is_label(label)
    )
    return _as_json(labels) if labels else None


@lru_cache(maxsize=1_000)
def _as_json(labels: tuple[tuple[str, str], ...]) -> str:
    return to_json(dict(labels))


def unread(members: Mapping[str, Any], known: frozenset[str], path: str = "") -> Iterator[str]:
    """Names of members that no rule reads and that say something: a number other than 0, a word, true.

    Names only, never what they hold; a name that is rather a text is `unnamed`.
    """
    for name in members.keys() - known:
        yield from _said(name if type(name) is str else "", members[name], path, 0)


def _said(name: str, value: Any, path: str, depth: int) -> Iterator[str]:
    if type(value) is dict and depth < 4:
        inner = f"{path}{name}." if _NAME.fullmatch(name) else path
        for member, item in value.items():
            yield from _said(str(member), item, inner, depth + 1)
    elif value and not _is_zero(value):
        yield path + (name if _NAME.fullmatch(name) else "unnamed")


def _is_zero(value: Any) -> bool:
    if type(value) is str:
        return value.strip().lower() in _NOTHING_SPECIAL or integer(value, lenient=True) == 0
    return type(value) is list and not any(value)


def not_understood(names: Iterable[str]) -> str | None:
    """The names as one text, in order; None without any."""
    return ",".join(sorted(set(names))) or None
