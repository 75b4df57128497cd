"""Catches prices of LiteLLM's map under a wrong unit, tier or name, and a second book that is mixed into the first."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.prices.litellm_map import NO_MODELS, MapKey, read_map
from orchestration.prices.rows import PriceRow, read_rows, write_rows
from orchestration.prices.second import overlaps, plan_second, second_book, write_second
from orchestration.prices.update import LargePriceChange
from orchestration.reference.prepare import validate
from orchestration.settings import PROJECT_DIR

SHARED_MAP = PROJECT_DIR.parent / "shared" / "data" / "litellm" / "model_prices_and_context_window.json"
FIRST = PriceRow("openai", "known", "", "standard", "input", 0, Decimal(2), "USD", "2020-01-01", "", "first")
ZONE = {"zone": "UTC", "allow_large_changes": False}


def entry(provider: str = "openai", mode: str = "chat", **prices: Any) -> dict[str, Any]:
    return {"litellm_provider": provider, "mode": mode, "max_tokens": 10, "supports_vision": True, **prices}


def keys(**entries: dict[str, Any]) -> list[MapKey]:
    return read_map(json.dumps(entries), "map")


def rows(prices: dict[str, Any], key: str = "m", **about: Any) -> list[tuple[str, ...]]:
    (found,) = read_map(json.dumps({key: entry(**about, **prices)}), "map")
    assert not found.left_out
    return [
        (r.service_tier, r.token_kind, str(r.above_tokens), format(r.price_per_million.normalize(), "f"))
        for r in sorted(found.rows, key=lambda row: row.key)
    ]


def test_a_name_says_base_lifetime_threshold_and_tier() -> None:
    """Catches a price above a threshold, of an hour's cache or of a tier taken for the plain one."""
    found = rows({
        "input_cost_per_token": 1e-06,
        "input_cost_per_token_above_200k_tokens": 2e-06,
        "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 4e-06,
        "input_cost_per_token_above_200k_tokens_batches": 1e-06,
        "input_cost_per_token_priority": 3e-06,
        "output_cost_per_image_token": 3e-05,
    })  # fmt: skip
    assert found == [
        ("batch", "cache_write_1h", "200000", "4"),
        ("batch", "image_output", "0", "30"),
        ("batch", "input", "200000", "1"),
        ("priority", "cache_write_1h", "200000", "4"),
        ("priority", "image_output", "0", "30"),
        ("priority", "input", "0", "3"),
        ("standard", "cache_write_1h", "200000", "4"),
        ("standard", "image_output", "0", "30"),
        ("standard", "input", "0", "1"),
        ("standard", "input", "200000", "2"),
    ]


@pytest.mark.parametrize(
    ("about", "prices", "expected"),
    [
        ({}, {"input_cost_per_second": 0.0001}, ("input_seconds", "100")),
        ({}, {"file_search_cost_per_1k_calls": 2.5}, ("file_search", "2500")),
        ({"mode": "rerank"}, {"input_cost_per_query": 0.002}, ("searches", "2000")),
        ({}, {"input_cost_per_query": 0.002}, ("request", "2000")),
        ({}, {"ocr_cost_per_page": 0.004}, ("pages", "4000")),
        ({"mode": "image_generation"}, {"input_cost_per_image": 0.04}, ("images", "40000")),
        ({}, {"search_context_cost_per_query": {"low": 0.01, "high": 0.01}}, ("web_search", "10000")),
        ({"mode": "image_generation", "key": "1024-x-1024/m"}, {"input_cost_per_pixel": 1e-08}, ("images", "10485.76")),
    ],
)
def test_units(about: dict[str, Any], prices: dict[str, Any], expected: tuple[str, str]) -> None:
    """Catches a price of one unit written as that of another, or off by a thousand."""
    ((tier, kind, above, price),) = rows(prices, **about)
    assert (tier, above, (kind, price)) == ("standard", "0", expected)


def test_levels_and_parts_of_the_week() -> None:
    """Catches the price of a long prompt for all, and an off-peak price that holds all day."""
    levels = [
        {"input_cost_per_token": 1e-06, "range": [0, 1000.0]},
        {"input_cost_per_token": 2e-06, "range": [1000.0, 9000.0]},
    ]
    assert rows({"tiered_pricing": levels}) == [
        ("standard", "input", "0", "1"),
        ("standard", "input", "1000", "2"),
    ]
    night = {"hours_utc": ["04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3]}
    weekend = {"hours_utc": "00:00-00:00", "weekdays": [7]}
    (found,) = keys(m=entry(off_peak_pricing={"input_cost_per_token": 1e-06, "windows": [night, weekend]}))
    windows = [(row.hours_utc, row.weekdays) for row in found.rows]
    assert windows == [("04:00-06:00", "1-3"), ("10:00-24:00", "1-3"), ("", "7")]


def test_what_no_row_can_say_is_named() -> None:
    """Catches a price left out in silence, and a plain price kept where the resolution decides."""
    (found,) = keys(m=entry(output_cost_per_second=0.2, output_cost_per_second_720p=0.1, input_cost_per_token=1e-06))
    assert ([row.token_kind for row in found.rows], found.left_out) == (["input"], {"prices by resolution or length"})
    (found,) = keys(m=entry(input_cost_per_token=1e-06, input_cost_per_token_ultrafast=3e-06, input_cost_per_image=1))
    assert found.left_out == {"tier ultrafast", "images sent"}
    (found,) = keys(m=entry(input_cost_per_token=0, output_cost_per_token=0.0))
    assert (found.rows, found.left_out) == ([], {"all prices are 0: free, or not known"})
    (found,) = keys(m=entry(input_cost_per_second=0.01, cost_per_second=0.01))
    assert (found.rows, found.left_out) == ([], {"capacity paid by the second"})


@pytest.mark.parametrize("name", ["input_cost_per_token_weekly", "input_cost_per_thought", "monthly_fee", "price"])
def test_a_price_of_an_unknown_name_is_refused(name: str) -> None:
    """Catches a new suffix read as the plain price, and a new kind of price ignored."""
    with pytest.raises(ValueError, match=f"m: {name} is a price that nothing here reads"):
        keys(m=entry(**{name: 1}))


@pytest.mark.parametrize(
    ("key", "provider", "expected"),
    [
        ("azure/eu/gpt-x", "azure", ("azure", "eu/gpt-x", "")),
        ("vertex_ai/claude-x", "vertex_ai-anthropic_models", ("google", "claude-x", "")),
        ("bedrock/us-gov-west-1/anthropic.x", "bedrock", ("aws", "anthropic.x", "us-gov-west-1")),
        ("us.anthropic.x", "bedrock_converse", ("aws", "us.anthropic.x", "")),
        ("deepinfra/openai/gpt-x", "deepinfra", ("deepinfra", "openai/gpt-x", "")),
        ("openai/gpt-oss", "groq", ("groq", "openai/gpt-oss", "")),
    ],
)
def test_names(key: str, provider: str, expected: tuple[str, str, str]) -> None:
    """Catches a model under another's provider, and a region kept as a part of the name."""
    (found,) = read_map(json.dumps({key: entry(provider, input_cost_per_token=1e-06)}), "map")
    assert (found.provider, found.model, found.region) == expected


def test_an_alias_has_the_prices_of_its_target_and_samples_are_no_models() -> None:
    """Catches a pointer without a price, and the map's own example priced."""
    found = keys(latest={"alias_of": "m"}, m=entry(input_cost_per_token=1e-06), **{n: {"a": "b"} for n in NO_MODELS})
    assert [(key.key, len(key.rows)) for key in found] == [("latest", 1), ("m", 1)]


def test_the_first_book_wins_kind_by_kind() -> None:
    """Catches a second price for what the first has, also in a tier or under another name of the model."""
    text = json.dumps({
        "openai/Known-2026-01-01": entry(
            input_cost_per_token=3e-06, input_cost_per_token_batches=1e-06, output_cost_per_audio_token=4e-06
        ),
        "new": entry(input_cost_per_token=1e-06, input_cost_per_token_priority=2e-06),
        "other/x": entry("other", input_cost_per_token=1e-06),
    })  # fmt: skip
    found = second_book(text, [FIRST], {("openai", "known-2026-01-01"): "known"}, ["openai"])
    assert {(row.model, row.service_tier, row.token_kind) for row in found.rows} == {
        ("known", "standard", "audio_output"),
        ("new", "standard", "input"),
        ("new", "priority", "input"),
    }
    assert [(row.model, row.price_per_million, price) for row, price in found.differences] == [("known", 3, 2)]
    assert (found.keys, found.priced, found.partly) == (2, 2, 0)
    assert {row.source for row in found.rows} == {"LiteLLM map sha256 " + found.rows[0].source[-12:]}


def test_names_of_one_model_that_disagree_are_no_price() -> None:
    """Catches one of two prices taken at random."""
    text = json.dumps({"m": entry(input_cost_per_token=1e-06), "openai/m": entry(input_cost_per_token=2e-06)})
    found = second_book(text, [], {})
    assert (found.rows, found.priced, dict(found.left_out)) == ([], 0, {"names of one model disagree": 2})


def test_a_changed_price_begins_on_the_day_of_its_snapshot(tmp_path: Path) -> None:
    """Catches a past that is priced anew, a price that is lost when the map drops it, and a slip of units."""
    for day, price in ((1, 1e-06), (9, 1.5e-06)):
        found = second_book(json.dumps({"m": entry(input_cost_per_token=price)}), [], {})
        write_second(tmp_path, plan_second(tmp_path, found, [], date(2026, 10, day), **ZONE))
    gone = second_book(json.dumps({"n": entry(input_cost_per_token=1e-06)}), [], {})
    write_second(tmp_path, plan_second(tmp_path, gone, [], date(2026, 10, 12), **ZONE))
    written = read_rows(tmp_path / "second_prices.csv")
    assert [(r.model, format(r.price_per_million, "f"), r.valid_from, r.valid_to) for r in written] == [
        ("m", "1", "2020-01-01", "2026-10-09"),
        ("m", "1.5", "2026-10-09", ""),
        ("n", "1", "2020-01-01", ""),
    ]
    assert written[0].source != written[1].source
    slip = second_book(json.dumps({"m": entry(input_cost_per_token=1.5e-03)}), [], {})
    with pytest.raises(LargePriceChange):
        plan_second(tmp_path, slip, [], date(2026, 10, 20), **ZONE)


def test_what_the_first_book_learns_leaves_the_second(tmp_path: Path) -> None:
    """Catches two prices of one thing in one build, and a difference that nobody is shown."""
    write_rows(tmp_path / "model_prices.csv", [FIRST])
    second = [replace(FIRST, price_per_million=Decimal(3)), replace(FIRST, token_kind="output")]
    write_rows(tmp_path / "second_prices.csv", second)
    tables, problems, warnings = validate(tmp_path, zone="UTC", reporting_currency="USD")
    assert [problem for problem in problems if problem.file == "second_prices.csv"] == []
    assert [row.values["token_kind"] for row in tables["second_prices"].rows] == ["output"]
    assert next(w.reason for w in warnings if w.file == "second_prices.csv").startswith("1 prices are in model_prices")
    assert [(row.token_kind, price) for row, price in overlaps([FIRST], second)] == [("input", 2)]
    plan = plan_second(tmp_path, second_book("{}", [FIRST], {}), [FIRST], date(2026, 10, 1), **ZONE)
    assert [row.token_kind for row in plan.rows] == ["output"]


def test_the_command_writes_what_the_book_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a check that writes, and a company's second book that lands in the project."""
    monkeypatch.setenv("FINOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FINOPS_SEEDS", str(tmp_path))
    copy = tmp_path / "map.json"
    copy.write_text(json.dumps({"brand-new": entry(input_cost_per_token=1e-06), "odd": entry()}), encoding="utf-8")
    target = tmp_path / "second_prices.csv"
    result = CliRunner().invoke(app, ["prices", "second", str(copy), "--check"])
    assert result.exit_code == 0, result.output
    assert "1 of 2 keys of the map can be priced, 0 more in part" in result.output
    assert not target.exists()
    assert CliRunner().invoke(app, ["prices", "second", str(copy), "--date", "2026-10-01"]).exit_code == 0
    assert [(row.model, row.token_kind) for row in read_rows(target)] == [("brand-new", "input")]
    assert "of 719 models have a price of every unit" in CliRunner().invoke(app, ["prices", "check"]).output


def test_the_project_ships_no_second_book() -> None:
    """Catches prices of the map in the project's own seeds."""
    assert read_rows(PROJECT_DIR / "seeds" / "second_prices.csv") == []


@pytest.mark.skipif(not SHARED_MAP.exists(), reason="no copy of the map here")
def test_a_whole_map_is_read() -> None:
    """Catches a grammar that fits the examples only."""
    found = second_book(SHARED_MAP.read_text(encoding="utf-8"), read_rows(PROJECT_DIR / "seeds/model_prices.csv"), {})
    assert found.priced > found.keys * 0.85
