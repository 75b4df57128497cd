"""The vocabulary of meters and what parsers collect by it. Catches a meter that code names and nobody declared, tokens
lost or counted twice between text and meters, and quantities that change on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest.conftest import Warehouse
from ingest.samples import ATTEMPT, SPEND_LOG, as_csv, batch, jsonl, span

from orchestration.ingest.paths import BadRow
from orchestration.sources import langfuse_usage, litellm_usage, native_units, otel_usage
from orchestration.sources.units import METERS, MODALITIES, Units, add_input_modalities, add_output_modalities
from orchestration.sources.usage_members import modifiers, not_understood, unread

from .landed import loader

load = loader("inference/a.jsonl", "native.inference", "attempt_id")
NAMED = {
    *native_units.METER_OF.values(),
    *langfuse_usage.METER_OF.values(),
    *otel_usage.METERS,
    *litellm_usage.TOP_METERS.values(),
    *litellm_usage.DETAIL_METERS.values(),
    *litellm_usage.TOOL_METERS.values(),
    *(f"{modality}_{part}" for modality in MODALITIES for part in ("input", "cache_read", "output")),
    *("predicted_output", "images", "output_seconds", "guardrail", "tool", "fee"),
}


def test_every_meter_that_a_source_states_is_declared():
    """Catches a row taken out of the vocabulary: what a source states of it could be priced by nobody."""
    assert NAMED - METERS.keys() == set()


@pytest.mark.parametrize("meter", METERS)
def test_every_declared_meter_can_be_stated(warehouse: Warehouse, meter: str):
    """Catches a meter that the native format does not take, or whose tokens do not reach their bucket of text."""
    ((units, *parts),) = load(
        warehouse,
        {**ATTEMPT, "units": {meter: 7}},
        columns="units, unit_input_tokens, unit_cache_read_tokens, unit_output_tokens",
    )
    assert json.loads(units) == [{"meter": meter, "quantity": "7"}]
    assert parts == [7 if METERS[meter].part_of == part else 0 for part in ("input", "cache_read", "output")]


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ([{"meter": "pages", "quantity": 2}, {"meter": "pages", "quantity": "3"}],
         [{"meter": "pages", "quantity": "5"}]),
        ({"output_seconds": 8.5, "image_output": 10},
         [{"meter": "image_output", "quantity": "10"}, {"meter": "output_seconds", "quantity": "8.5"}]),
        ({"input_seconds": "0.1234567"}, [{"meter": "input_seconds", "quantity": "0.123457"}]),
        ([{"meter": "fee", "quantity": "0.000000000001", "currency": "EUR"}],
         [{"currency": "EUR", "meter": "fee", "quantity": "0.000000000001"}]),
        ({"tool:Crawl": 3}, [{"meter": "tool", "model": "Crawl", "provider": "tools", "quantity": "3"}]),
        ([{"meter": "Guardrail", "quantity": 2, "provider": "aws", "model": "guardrail-topic"}],
         [{"meter": "guardrail", "model": "guardrail-topic", "provider": "aws", "quantity": "2"}]),
        ({"web_search": 0, "image_output": 0}, [{"meter": "image_output", "quantity": "0"}]),
        ({"web_search": 0}, None),
        ({}, None),
        ([], None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [lambda value: value, lambda value: json.dumps(value) if value else value])
def test_native_units(warehouse: Warehouse, stated: Any, kept: Any, write: Any):
    """Catches units told apart by how they were written, a fee rounded away, a stated 0 that proves that an output is
    text lost, and any other 0 kept."""
    ((units,),) = load(warehouse, {**ATTEMPT, "units": write(stated)}, columns="units")
    assert (units and json.loads(units)) == kept


def test_former_columns_are_meters(warehouse: Warehouse):
    """Catches a column of an older export that is read no longer, in JSON or CSV."""
    stated = {name: number for number, name in enumerate(native_units.METER_OF, 1)}
    expected = [{"meter": meter, "quantity": str(stated[name])} for name, meter in native_units.METER_OF.items()]
    expected.sort(key=lambda unit: unit["meter"])
    warehouse.take("inference/b.csv", as_csv({**ATTEMPT, "attempt_id": "b", **stated}))
    rows = load(warehouse, {**ATTEMPT, **stated}, columns="units, unit_input_tokens, unit_output_tokens, _rescued")
    assert [(json.loads(units), *others) for units, *others in rows] == [(expected, 1 + 3, 2, None)] * 2


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("pages", "bad_value"),
        ([1], "bad_value"),
        ([{"meter": "pages"}], "bad_value"),
        ([{"quantity": 1}], "bad_value"),
        ({"pages": -1}, "bad_number"),
        ({"image_input": 1.5}, "bad_number"),
        ({"output_seconds": "soon"}, "bad_number"),
    ],
)
def test_units_that_cannot_be_read_are_refused(warehouse: Warehouse, stated: Any, reason: str):
    """Catches units that are dropped in silence: the attempt would look cheaper than it was."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "units": stated}, {**ATTEMPT, "attempt_id": "b"}))
    assert warehouse.reasons() == [(1, reason, "units")]


def test_what_nobody_declared_is_named_and_its_row_loaded(warehouse: Warehouse):
    """Catches a unit without a meter that vanishes, or takes its row along."""
    row = {**ATTEMPT, "units": {"widgets": 2, "gadgets": 1, "zeros": 0, "pages": 1}}
    assert load(warehouse, row, columns="usage_not_understood, units") == [
        ("gadgets,widgets", '[{"meter":"pages","quantity":"1"}]')
    ]


def test_attributes_are_kept_and_those_of_a_price_are_modifiers(warehouse: Warehouse):
    """Catches an attribute that prices or mapping rules look at and that is lost, a word for nothing special taken for
    a circumstance, and a text that gets through."""
    stated = {"speed": "Fast", "inference_geo": "global", "team": "a", "note": "word " * 20, "messages": "hello"}
    row = {**ATTEMPT, "attributes": stated, "repository": "r", "provider_request_id": "resp_1"}
    ((kept, priced, response),) = load(warehouse, row, columns="attributes, modifiers, provider_request_id")
    assert json.loads(kept) == {"inference_geo": "global", "repository": "r", "speed": "Fast", "team": "a"}
    assert (priced, response) == ('{"speed":"fast"}', "resp_1")


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"a": 1, "b": 0, "c": None, "d": "", "e": False, "f": [], "g": {}, "h": "0"}, "a"),
        ({"deep": {"x": 0, "y": {"z": 2}}}, "deep.y.z"),
        ({"what somebody wrote": 3}, "unnamed"),
        ({"known": 5}, None),
        ({"kind": "default", "mode": "burst"}, "mode"),
    ],
)
def test_members_that_nobody_reads_are_named(members: dict[str, Any], names: str | None):
    """Catches a member that costs money and is dropped, one that says nothing counted, and a text kept as a name."""
    assert not_understood(unread(members, frozenset({"known"}))) == names


def test_modifiers_take_labels_only():
    """Catches what somebody wrote kept as an attribute of a price."""
    assert modifiers({"speed": "word " * 60, "data_residency": 1, "inference_geo": None}) is None


counts = st.integers(0, 400)


@given(
    text=counts, modal=st.tuples(counts, counts, counts), shares=st.tuples(counts, counts, counts, counts),
    told=st.booleans(), written=counts,
)  # fmt: skip
def test_text_and_meters_are_the_stated_input(
    text: int, modal: tuple[int, ...], shares: tuple[int, ...], told: bool, written: int
):
    """Catches tokens of a modality billed twice, or lost, when some of them were cached: with details each keeps its
    share, and without them any whole that can hold all of it is read as far as it is consistent."""
    cached_of = {m: min(share, of) for m, share, of in zip(MODALITIES, shares[1:], modal, strict=True)}
    cached = min(shares[0], text) + sum(cached_of.values())
    whole = text + sum(modal) + written
    units = Units()
    stated = dict(zip(MODALITIES, modal, strict=True))
    doubtful = add_input_modalities(
        units, stated, cached_of if told else None, whole=whole, cached=cached, written=written
    )
    fresh, read = units.tokens("input"), units.tokens("cache_read")
    assert fresh + read == sum(modal)
    text_parts = (whole - cached - written - fresh, cached - read)
    assert min(text_parts) >= 0
    assert sum(text_parts) == text
    if told:
        assert not doubtful
        assert text_parts[1] == min(shares[0], text)
        assert {m: units.of(f"{m}_cache_read") for m in MODALITIES} == cached_of
    elif not doubtful:
        assert read == 0


@given(st.lists(counts, min_size=3, max_size=3))
def test_meters_of_an_output_are_what_was_stated(modal: list[int]):
    """Catches an output meter that goes to another bucket."""
    units = Units()
    add_output_modalities(units, dict(zip(MODALITIES, modal, strict=True)))
    assert units.tokens("output") == sum(modal)
    assert {unit["meter"]: unit["quantity"] for unit in json.loads(units.columns()["units"])} == {
        f"{modality}_output": str(number) for modality, number in zip(MODALITIES, modal, strict=True)
    }


def test_a_count_that_contradicts_its_cached_part_is_doubtful():
    """Catches more of a modality cached than there was taken in silence, and what only its cached part names lost."""
    units = Units()
    assert add_input_modalities(units, {"audio": 5}, {"audio": 8}, whole=100, cached=20)
    assert (units.of("audio_input"), units.of("audio_cache_read")) == (5, 8)
    units = Units()
    assert not add_input_modalities(units, {}, {"audio": 8}, whole=100, cached=20)
    assert (units.of("audio_input"), units.of("audio_cache_read")) == (0, 8)


def test_a_fraction_of_a_token_is_refused():
    """Catches half a token."""
    with pytest.raises(BadRow):
        Units().add("image_input", 0.5, "image_tokens")


@pytest.mark.parametrize(
    ("path", "row"),
    [
        (
            "litellm/a.jsonl",
            {**SPEND_LOG, "metadata": {"usage_object": {"prompt_tokens_details": {"audio_tokens": -1}}}},
        ),
        ("otel/a.jsonl", batch(span(attributes={"gen_ai.usage.audio.input_tokens": "many"}))),
    ],
)
def test_counts_of_meters_that_are_none_refuse_their_row(warehouse: Warehouse, path: str, row: dict[str, Any]):
    """Catches a count of a meter that nobody can read and that is left out."""
    warehouse.take(path, jsonl(row))
    assert warehouse.reasons() == [(1, "bad_number", "audio_input_tokens")]
