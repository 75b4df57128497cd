"""Finds in one record what the declared places hold, and says it in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from orchestration.ingest.reasons import BAD_NUMBER, BAD_TEXT, BAD_TIME, BAD_VALUE, Bad
from orchestration.ingest.values import instant
from orchestration.sources.desks.config import ALLOWED, ANY_OTHER, UNIT_MINUTES, DeskPlaces, Place, plain_word

# Longer values are texts, not names; a pattern that finds as much has found the text itself.
MAX_FOUND = 200
# Patterns are written by people and may take long on long texts.
MAX_SEARCHED = 100_000
_TAG_ENDS = re.compile(r"[\s,;]+")
# How desks wrap a value: a choice, a reference, a named thing.
_WRAPPED = ("value", "display_value", "name", "id", "key")
_CLOCK_TIME = re.compile(
    r"(?:1970-(?P<month>\d\d)-(?P<day>\d\d) )?(?P<hours>\d{1,4}):(?P<minutes>\d\d):(?P<seconds>\d\d)"
)


class Refused(Exception):
    """A record that is not loaded, and why."""

    def __init__(self, reason: Bad, field: str, value: Any = None) -> None:
        super().__init__(field)
        self.reason = reason
        self.field = field
        self.value = value


class Record:
    """One record of a desk, opened as far as the places need.

    Args:
        roots: objects in which a path is looked for, in order.
        tags: the record's tags, as a list or as text.
        custom_fields: a list of objects with ``id`` (and perhaps ``name``) and ``value``.
    """

    def __init__(self, places: DeskPlaces, roots: list[dict[str, Any]], tags: Any, custom_fields: Any = None) -> None:
        self._places = places
        self._roots = roots
        self._tags = _tag_list(tags)
        self._custom = _custom_map(custom_fields)

    def is_in_scope(self) -> bool:
        """Whether one of the places that a row must have holds something."""
        filters = self._places.filters()
        return not filters or any(True for place in filters for _ in self._at(place))

    def outcome_ids(self) -> list[str] | None:
        """Ids at the first place that holds any: all of them, in order."""
        for place in self._places.of("outcome_ids"):
            found = [value for value in self._at(place) if value]
            if found:
                return found
        return None

    def word(self, field: str) -> str | None:
        """The value of a field in our words.

        The first place decides whose value is in the field's table of words or is one of our words; then the table's
        word for any other; then the default.

        Raises:
            Refused: values were found, but none that the field may hold.
        """
        table, allowed = self._places.translation(field), ALLOWED[field]
        strange = None
        for place in self._places.of(field):
            for value in self._at(place):
                plain = plain_word(value)
                if plain in table:
                    return table[plain]
                if plain in allowed:
                    return plain
                if not allowed and not table:
                    return value
                strange = strange or value
        if strange is not None:
            if ANY_OTHER in table:
                return table[ANY_OTHER]
            if allowed:
                raise Refused(BAD_VALUE, field, strange)
        return self._places.defaults.get(field)

    def label(self, field: str) -> str | None:
        """As ``word``; why not in place of a value that cannot be used."""
        try:
            return self.word(field)
        except Refused as refused:
            return refused.reason

    def first(self, field: str) -> str | None:
        """The value at the first place of a field, as it came."""
        return next((value for place in self._places.of(field) for value in self._at(place)), None)

    def handling_minutes(self) -> Decimal | None:
        """Minutes of work at the first place that holds some.

        Raises:
            Refused: what stands there is no duration.
        """
        value = self.first("handling_minutes")
        if value is None:
            return None
        minutes = minutes_of(value, self._places.handling_unit)
        if isinstance(minutes, Bad):
            raise Refused(minutes, "handling_minutes", value)
        return minutes

    def _at(self, place: Place) -> Iterator[str]:
        if place.kind == "tag":
            name = place.path[0].lower()
            for tag in self._tags:
                if tag.lower().startswith((f"{name}:", f"{name}=")):
                    yield from _short(tag[len(name) + 1 :], place)
            return
        if place.kind == "custom_field":
            yield from _scalars(self._custom.get(place.path[0]), place)
            return
        for root in self._roots:
            held = self._tags if place.path == ("tags",) else _follow(root, place.path)
            found = False
            for value in _searched(held, place) if place.kind == "match" else _scalars(held, place):
                found = True
                yield value
            if found:
                return


def _follow(value: Any, path: tuple[str, ...]) -> Any:
    # A file read by column has `status.name` as a name of its own.
    if type(value) is dict and ".".join(path) in value:
        return value[".".join(path)]
    for name in path:
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


def unwrapped(value: Any) -> Any:
    """The value inside a choice, a reference or a named thing; anything else as it is."""
    if type(value) is dict:
        return next((value[name] for name in _WRAPPED if value.get(name) not in (None, "")), None)
    return value


def _scalars(value: Any, place: Place) -> Iterator[str]:
    for item in value if type(value) is list else [value]:
        item = unwrapped(item)
        if type(item) in (int, float, Decimal):
            yield str(item)
        elif type(item) is str and item.strip():
            yield from _short(item, place)


def _short(value: str, place: Place) -> Iterator[str]:
    if len(value) > MAX_FOUND:
        raise Refused(BAD_TEXT, ".".join(place.path), value)
    if value.strip():
        yield value


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """All texts of a value; Jira writes its documents as nested objects."""
    if type(value) is str:
        yield value
    elif type(value) in (int, float):
        yield str(value)
    elif type(value) in (list, dict) and depth < 32:
        for item in value.values() if type(value) is dict else value:
            yield from _texts(item, depth + 1)


def _searched(value: Any, place: Place) -> Iterator[str]:
    seen = set()
    for text in _texts(value):
        for match in place.pattern.finditer(text[:MAX_SEARCHED]):  # type: ignore[union-attr]
            found = (match.group(1) if place.pattern.groups else match.group()) or ""  # type: ignore[union-attr]
            if found.strip() and len(found) <= MAX_FOUND and found not in seen:
                seen.add(found)
                yield found


def _tag_list(tags: Any) -> list[str]:
    if type(tags) is str:
        if tags.lstrip().startswith("["):
            try:
                tags = orjson.loads(tags)
            except ValueError:
                return []
        else:
            tags = _TAG_ENDS.split(tags)
    return [tag for tag in tags if type(tag) is str and tag] if type(tags) is list else []


def _custom_map(fields: Any) -> dict[str, Any]:
    if type(fields) is str:
        try:
            fields = orjson.loads(fields)
        except ValueError:
            return {}
    if type(fields) is not list:
        return {}
    named: dict[str, Any] = {}
    for field in fields:
        if type(field) is dict:
            for name in (field.get("name"), field.get("id")):
                if type(name) in (str, int):
                    named.setdefault(str(name), field.get("value"))
    return named


def minutes_of(value: Any, unit: str) -> Decimal | Bad | None:
    """A duration in minutes: a number in the given unit, or a clock time (``hh:mm:ss``, also counted from 1970-01-01
    as ServiceNow stores durations)."""
    value = unwrapped(value)
    if value is None or (type(value) is str and not value.strip()):
        return None
    if type(value) is str and (match := _CLOCK_TIME.fullmatch(value.strip())):
        days = 0
        if match["day"]:
            start = instant(f"2000-{match['month']}-{match['day']}T00:00:00Z")
            if isinstance(start, Bad):
                return BAD_NUMBER
            days = start.timetuple().tm_yday - 1  # type: ignore[union-attr]
            # 1970 had no 29 February.
            days -= start.month > 2  # type: ignore[union-attr]
        seconds = ((days * 24 + int(match["hours"])) * 60 + int(match["minutes"])) * 60 + int(match["seconds"])
        return Decimal(seconds) / 60
    if type(value) not in (int, float, str, Decimal):
        return BAD_NUMBER
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return BAD_NUMBER
    return amount * UNIT_MINUTES[unit] if amount.is_finite() and amount >= 0 else BAD_NUMBER


def moment_us(value: Any, field: str, *, naive_is_utc: bool = False, latest: Any = None) -> int | None:
    """A moment inside a nested list, in microseconds since 1970.

    Raises:
        Refused: it is no moment.
    """
    moment = instant(value, naive_is_utc=naive_is_utc, latest=latest)
    if isinstance(moment, Bad):
        raise Refused(moment, field, value)
    if moment is None:
        return None
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def object_in(row: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object, or JSON text of one as CSV has it; empty when it is absent.

    Raises:
        Refused: something else stands there.
    """
    value = row.get(name)
    if type(value) is str and value.strip():
        try:
            value = orjson.loads(value)
        except ValueError:
            raise Refused(BAD_VALUE, name, value) from None
    if value is None or value == "":
        return {}
    if type(value) is not dict:
        raise Refused(BAD_VALUE, name, value)
    return value


def list_in(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list member; empty when it is absent."""
    value = row.get(name)
    return [item for item in value if type(item) is dict] if type(value) is list else []


def required(value: Any, field: str, reason: Bad = BAD_TIME) -> Any:
    """The value, which must be there."""
    if value is None:
        raise Refused(reason, field)
    return value
