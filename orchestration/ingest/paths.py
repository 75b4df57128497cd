"""Finding values in the rows of gateways: objects may be JSON text or lists of pairs there, and names hold dots."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from orchestration.ingest.privacy import is_label, scrub
from orchestration.ingest.reasons import BAD_NUMBER, BAD_VALUE, Bad
from orchestration.ingest.values import CONTROL, integer

MAX_NAME = 200


class BadRow(Exception):
    """A row that cannot be used: why, and which field says so."""

    def __init__(self, reason: str, field: str, value: Any = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.value = value


class Place(NamedTuple):
    """Where a field may stand: a path into the row, or else a tag with one of these beginnings."""

    path: tuple[str, ...]
    prefixes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, place: str, field: str) -> Place:
        """``tag``, or names separated by dots."""
        return cls((), (f"{field}:", f"{field}=")) if place == "tag" else cls(tuple(place.split(".")))

    def find(self, row: dict[str, Any], tags: list[str]) -> Any:
        """The value here; None when there is none or it is empty."""
        if self.prefixes:
            return next((tag[len(self.prefixes[0]) :] or None for tag in tags if tag.startswith(self.prefixes)), None)
        found = at(row, self.path)
        return None if found == "" else found


def first_placed(row: dict[str, Any], tags: list[str], places: list[Place]) -> Any:
    """Value at the first place that holds one."""
    return next((found for place in places if (found := place.find(row, tags)) is not None), None)


def at(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of names; None where it leads nowhere. A name may itself hold dots: the longest name wins."""
    if not path:
        return value
    holder = opened(value)
    if type(holder) is not dict:
        return None
    for length in range(len(path), 0, -1):
        member = holder.get(".".join(path[:length]))
        if member is not None and (found := at(member, path[length:])) is not None:
            return found
    return None


def opened(value: Any) -> Any:
    """An object or list out of JSON text, an object out of a list of pairs (a map in Parquet); else the value."""
    if type(value) is str and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except ValueError:
            return value
    if type(value) is list and value and all(type(item) is tuple and len(item) == 2 for item in value):
        return dict(value)
    return value


def lenient_object(value: Any) -> dict[str, Any]:
    """An object, or nothing: for free metadata, which may be anything."""
    found = opened(value)
    return found if type(found) is dict else {}


def strict_object(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """The first of these members that is present, which must be an object: for counts, which must not get lost.

    Raises:
        BadRow: it is something else.
    """
    for name in names:
        value = row.get(name)
        if value is None or value == "" or value == []:
            continue
        found = opened(value)
        if type(found) is not dict:
            raise BadRow(BAD_VALUE, name, value)
        return found
    return {}


def first(row: dict[str, Any], *names: str) -> Any:
    """Value of the first of these members that is neither absent nor empty."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def count(value: Any, field: str) -> int | None:
    """A count; None when it is absent.

    Raises:
        BadRow: it is not a count.
    """
    # Maps that a database exports as decimals or floats hold whole numbers all the same.
    found = integer(value, lenient=True)
    if isinstance(found, Bad):
        raise BadRow(BAD_NUMBER, field, value)
    return found


def not_negative(value: Any) -> Any:
    """A duration; None for a negative one, which real logs hold and which says nothing."""
    try:
        return None if value is not None and Decimal(str(value)) < 0 else value
    except InvalidOperation:
        return value


def short(value: Any) -> str | None:
    """A name; None where it is rather a text."""
    return value if type(value) is str and 0 < len(value) <= MAX_NAME and not CONTROL.search(value) else None


def short_texts(value: Any) -> list[str]:
    """The short texts of a list (tags); also of JSON text of one."""
    items = opened(value)
    items = items if type(items) is list else []
    return [t for t in items if type(t) is str and t and is_label(t)]


def plain_members(value: Any) -> dict[str, Any]:
    """Members of an object that mapping rules may look at: short texts, numbers and booleans under harmless names."""
    kept = scrub(lenient_object(value)) or {}
    return {name: item for name, item in kept.items() if name != "_dropped" and type(item) in (str, int, float, bool)}
