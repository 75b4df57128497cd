"""Where rows lie in the values of a JSON file: a row by itself, a list of rows, an API's answer with lists inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

# Names under which APIs, exports and event hubs hold their rows.
ENVELOPES = frozenset({"data", "items", "records", "results", "value"})
_PLAIN = frozenset({str, int, float, bool, type(None)})


@dataclass(frozen=True)
class Layout:
    """What a source's rows look like among other JSON.

    Attributes:
        marks: names of which a row has at least one. An object that has none of them and a list under one of the
            common names (``ENVELOPES``) is a page around rows.
        pages: further names under which the source's own API holds one row or a list of them, whatever else an object
            has.
        shared: members of a page that its rows lack.
        unfold: the rows inside one value that is no page, where that is not the value itself. What is none of the
            source's shapes comes back as the reason (``Bad``).
        has_long_rows: one row may be as long as a page of rows.
        types: type of each known field of the rows as they stand in the file; where they are given, plain lines are
            read by column.
    """

    marks: frozenset[str] = frozenset()
    pages: frozenset[str] = frozenset()
    shared: tuple[str, ...] = ()
    unfold: Callable[[Any], list[Any]] | None = None
    has_long_rows: bool = True
    types: Mapping[str, pa.DataType] = field(default_factory=dict)

    def is_row(self, value: Any) -> bool:
        """Whether a value is an object and one row, as nearly every line of a file of JSON lines is."""
        return type(value) is dict and self.unfold is None and not self._held(value)

    def rows(self, value: Any) -> Iterator[Any]:
        """Every row in a value, in order. An item that is no object comes too, so that it is counted; a list of such
        items alone is no list of rows."""
        if type(value) is list and (not value or not _PLAIN.issuperset(map(type, value))):
            for item in value:
                yield from self.rows(item)
            return
        held = self._held(value) if type(value) is dict else []
        if not held:
            yield from self._unfolded(value)
            return
        shared = {name: value[name] for name in self.shared if name in value}
        for name in held:
            inside = value[name]
            for item in inside if type(inside) is list else [inside]:
                yield from self._unfolded({**shared, **item} if shared and type(item) is dict else item)

    def _held(self, value: dict[str, Any]) -> list[str]:
        """Names of an object under which rows lie; none when it is a row by itself."""
        held = [name for name in self.pages & value.keys() if type(value[name]) in (list, dict)]
        if not held and self.marks.isdisjoint(value):
            held = [name for name in ENVELOPES & value.keys() if type(value[name]) is list]
        return sorted(held)

    def _unfolded(self, value: Any) -> list[Any]:
        return [value] if self.unfold is None or type(value) is not dict else self.unfold(value)
