"""Units, attributes and their like in the native format, where they may stand in any of several columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from orchestration.ingest.batches import Values
from orchestration.ingest.frames import Problems
from orchestration.ingest.paths import BadRow, lenient_object, opened, plain_members, short
from orchestration.ingest.privacy import to_json
from orchestration.ingest.reasons import BAD_VALUE
from orchestration.sources import guardrail_units
from orchestration.sources.units import METERS, Units, unit_arrays
from orchestration.sources.usage_members import modifiers, not_understood, unread

# Columns that hold one meter each.
METER_OF = {
    "audio_input_tokens": "audio_input",
    "audio_output_tokens": "audio_output",
    "image_input_tokens": "image_input",
    "web_search_calls": "web_search",
    "file_search_calls": "file_search",
    "code_interpreter_calls": "code_interpreter",
    "cache_storage_token_hours": "cache_storage",
}
UNITS, ATTRIBUTES = "units", "attributes"
NAMES = frozenset({*METER_OF, UNITS, ATTRIBUTES, guardrail_units.FIELD})
_OTHER_KEYS = ("provider", "model", "currency")
_TOOL = "tool:"


def unit_columns(values: Values, problems: Problems) -> dict[str, pa.Array]:
    """The columns of ``units.unit_arrays`` for a batch. Without any of the columns that state units, nothing is
    looked at row by row."""
    columns = [(name, values.column(name)) for name in sorted(NAMES & values.names())]
    stated = [(name, column) for name, column in columns if any(item is not None for item in column)]
    rows: list[dict[str, Any]] = [{}] * len(values)
    for place in range(len(values)) if stated else ():
        row = {name: column[place] for name, column in stated if column[place] is not None}
        if row:
            try:
                rows[place] = _columns_of(row)
            except BadRow as bad:
                problems.add(place, bad.reason, bad.field, bad.value)
    return unit_arrays(rows)


def _columns_of(row: dict[str, Any]) -> dict[str, Any]:
    units = Units()
    for column, meter in METER_OF.items():
        units.add(meter, row.get(column), column)
    _add_policies(units, row.get(guardrail_units.FIELD))
    unknown: dict[str, Any] = {}
    for item in _items(row.get(UNITS)):
        _add_item(units, item, unknown)
    return {
        **units.columns(),
        "usage_not_understood": not_understood(unread(unknown, frozenset())),
        "modifiers": modifiers(lenient_object(row.get(ATTRIBUTES))),
    }


def _items(value: Any) -> list[dict[str, Any]]:
    """The units of a row: a list of objects with meter and quantity, or an object of quantities by meter; JSON text of
    either.

    Raises:
        BadRow: it is something else.
    """
    found = opened(value)
    if found is None or found == "":
        return []
    if type(found) is dict:
        return [{"meter": meter, "quantity": quantity} for meter, quantity in found.items()]
    items = [opened(item) for item in found] if type(found) is list else [None]
    if any(type(item) is not dict for item in items):
        raise BadRow(BAD_VALUE, UNITS, value)
    return items


def _add_item(units: Units, item: dict[str, Any], unknown: dict[str, Any]) -> None:
    """One unit; among the unknown where the vocabulary has none of its name."""
    name, quantity = short(item.get("meter")), item.get("quantity")
    if name is None or quantity is None:
        raise BadRow(BAD_VALUE, UNITS, item)
    others = {key: word for key in _OTHER_KEYS if (word := short(item.get(key)))}
    if name.lower().startswith(_TOOL):
        others = {**others, "provider": others.get("provider", "tools"), "model": name[len(_TOOL) :]}
        name = "tool"
    meter = METERS.get(name.lower())
    if meter is None:
        unknown[name] = quantity
    else:
        units.add(meter.name, quantity, UNITS, **others)


def _add_policies(units: Units, value: Any) -> None:
    """The former column of guardrails: a list of objects with provider, policy and units, or JSON text of one."""
    items = opened(value)
    if items is None or items == "":
        return
    for item in items if type(items) is list else [None]:
        named = lenient_object(item)
        provider, policy = short(named.get("provider")), short(named.get("policy"))
        if provider is None or policy is None or named.get("units") is None:
            raise BadRow(BAD_VALUE, guardrail_units.FIELD, value)
        guardrail_units.add_policy(units, provider, policy, named["units"])


def with_stated(attributes: pa.Array, values: Values) -> pa.Array:
    """Attributes of a batch with those of the column that states some: short labels, numbers, booleans."""
    if ATTRIBUTES not in values.names():
        return attributes
    texts = attributes.to_pylist()
    for place, stated in enumerate(values.column(ATTRIBUTES)):
        if members := plain_members(stated):
            texts[place] = to_json({**lenient_object(texts[place]), **members})
    return pa.array(texts, pa.string())
