"""Catches package prices that are turned into wrong rows: small made-up providers, each with one difficulty."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from orchestration.prices import book
from orchestration.prices.rows import PriceRow, read_rows, write_rows
from orchestration.prices.seeds import update_prices
from orchestration.reference import meters


def price(**prices: str) -> ModelPrice:
    return ModelPrice(**{name: Decimal(value) for name, value in prices.items()})


def rows_of(monkeypatch: pytest.MonkeyPatch, prices, variants=None) -> list[tuple]:
    """Rows of one model, without what never changes."""
    model = ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=prices, price_variants=variants)
    monkeypatch.setattr(book, "_package_providers", [Provider(id="p", name="P", api_pattern="", models=[model])])
    return [
        (r.service_tier, r.token_kind, r.above_tokens, str(r.price_per_million.normalize()), r.valid_from, r.valid_to)
        for r in book.package_prices(("p",)).rows
    ]


def test_zero_is_a_price_and_missing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a free model that becomes unpriced, and a missing price that becomes free."""
    assert rows_of(monkeypatch, price(input_mtok="0")) == [("standard", "input", 0, "0", "2020-01-01", "")]


def test_start_dates_become_half_open_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a price that overlaps its successor, and one split where nothing changed."""
    rows = rows_of(
        monkeypatch,
        [
            ConditionalPrice(prices=price(input_mtok="2", output_mtok="8")),
            ConditionalPrice(StartDateConstraint(date(2026, 5, 1)), prices=price(input_mtok="1", output_mtok="8")),
        ],
    )
    assert rows == [
        ("standard", "input", 0, "2", "2020-01-01", "2026-05-01T00:00:00Z"),
        ("standard", "input", 0, "1", "2026-05-01T00:00:00Z", ""),
        ("standard", "output", 0, "8", "2020-01-01", ""),
    ]


def test_a_kind_that_appears_later_has_no_earlier_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a new kind of price applied to the time before it existed."""
    rows = rows_of(
        monkeypatch,
        [
            ConditionalPrice(prices=price(input_mtok="2")),
            ConditionalPrice(StartDateConstraint(date(2026, 5, 1)), prices=price(input_mtok="2", cache_read_mtok="1")),
        ],
    )
    assert rows == [
        ("standard", "cache_read", 0, "1", "2026-05-01T00:00:00Z", ""),
        ("standard", "input", 0, "2", "2020-01-01", ""),
    ]


def test_each_threshold_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches long prompts at the short price."""
    tiered = TieredPrices(base=Decimal(1), tiers=[Tier(500, Decimal(3)), Tier(100, Decimal(2))])
    assert [row[2:4] for row in rows_of(monkeypatch, ModelPrice(input_mtok=tiered))] == [
        (0, "1"),
        (100, "2"),
        (500, "3"),
    ]


def test_a_batch_variant_is_written_in_full_from_its_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a batch call whose cached tokens have no price because the variant names only input and output."""
    variant = PriceVariant(
        {"processing": "batch"}, price(input_mtok="1"), constraint=StartDateConstraint(date(2026, 10, 14))
    )
    rows = rows_of(monkeypatch, price(input_mtok="2", cache_read_mtok="0.5"), [variant])
    assert [row for row in rows if row[0] == "batch"] == [
        ("batch", "cache_read", 0, "0.5", "2026-10-14T00:00:00Z", ""),
        ("batch", "input", 0, "1", "2026-10-14T00:00:00Z", ""),
    ]


def test_prices_by_time_of_day_are_rows_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a peak price that silently becomes the price of the whole day, one whose window begins at midnight, and a
    row for a part of the day in which nothing is different."""
    peak = ConditionalPrice(TimeOfDateConstraint(time(0), time(4)), prices=price(input_mtok="9", output_mtok="8"))
    rows = rows_of(monkeypatch, [ConditionalPrice(prices=price(input_mtok="2", output_mtok="8")), peak])
    assert rows == [
        ("standard", "input", 0, "2", "2020-01-01", ""),
        ("standard", "input", 0, "9", "2020-01-01", ""),
        ("standard", "output", 0, "8", "2020-01-01", ""),
    ]
    written = book.package_prices(("p",))
    assert [row.hours_utc for row in written.rows] == ["", "00:00-04:00", ""]
    assert written.not_represented == []


def test_prices_of_other_units_are_per_million_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a fee per request or search off by a thousand, and a price per hour taken for one of seconds."""
    rows = rows_of(
        monkeypatch,
        price(
            **{"requests_kcount": "5", "web_searches_kcount": "10", "audio_hours": "0.36", "input_audio_hours": "0.36"},
            **{"input_mchars": "15", "input_document_kpages": "2", "output_image_mtok": "30"},
        ),
    )
    assert [row[1:4] for row in rows] == [
        ("image_output", 0, "3E+1"),
        ("input_characters", 0, "15"),
        ("input_seconds", 0, "1E+2"),
        ("pages", 0, "2E+3"),
        ("request", 0, "5E+3"),
        ("web_search", 0, "1E+4"),
    ]


def test_a_price_per_hour_without_an_end_per_second_is_rounded_as_every_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an hour that is off by more than what a price is kept to: 0.111 / 3600 is 0.0000308333..."""
    ((*_, kept, _start, _end),) = rows_of(monkeypatch, price(input_audio_hours="0.111"))
    assert kept == "30.833333333"
    assert abs(Decimal(kept) * 3600 / 1_000_000 - Decimal("0.111")) < Decimal("2e-12")


def test_two_prices_of_one_unit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches one of them taken at random."""
    with pytest.raises(ValueError, match="audio_hours is another price of input_seconds"):
        rows_of(monkeypatch, price(audio_hours="1", input_audio_hours="2"))


def test_a_unit_without_a_meter_is_named_and_never_written(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Catches a price that is left out without a word, because the package or the vocabulary changed."""
    rows_of(monkeypatch, price(input_mtok="2", input_gpixels="1"))
    assert book.package_prices(("p",)).unknown_units == ["p/m: no meter for input_gpixels"]
    with pytest.raises(ValueError, match="p/m: no meter for input_gpixels"):
        update_prices(tmp_path, today=date(2026, 11, 28), providers=("p",))
    assert update_prices(tmp_path, today=date(2026, 11, 28), providers=("p",), check=True).package.unknown_units
    assert list(tmp_path.iterdir()) == []


def test_a_meter_that_the_vocabulary_lost_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a row of meters.csv that is deleted while the book has prices of it."""
    assert book.package_prices().unknown_units == []
    left = tuple(kind for kind in meters.TOKEN_KINDS if kind != "pages")
    monkeypatch.setattr(meters, "TOKEN_KINDS", left)
    assert [line.split(": ")[1] for line in book.package_prices().unknown_units] == ["pages is no meter of meters.csv"]


def test_every_price_of_the_package_is_in_the_book() -> None:
    """Catches a price, or a price by request context, that the book has no place for."""
    found = book.package_prices()
    assert (found.unknown_units, found.not_represented) == ([], [])


def test_prices_by_request_context_are_tiers_that_modifiers_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches fast answers at the standard price, a context that is standard kept as a price of its own, and one tier
    under two names written twice or, where the names differ in price, once at random."""
    fast = PriceVariant({"speed": "fast"}, price(input_mtok="4"))
    default = PriceVariant({"service_tier": "default"}, price())
    priority = [PriceVariant({"service_tier": name}, price(input_mtok="3")) for name in ("priority", "fast")]
    rows = rows_of(monkeypatch, price(input_mtok="2"), [fast, default, *priority])
    assert [(row[0], row[3]) for row in rows] == [("fast_speed", "4"), ("priority", "3"), ("standard", "2")]
    assert book.package_prices(("p",)).not_represented == []
    other = PriceVariant({"service_tier": "fast"}, price(input_mtok="5"))
    turbo = PriceVariant({"speed": "turbo"}, price(input_mtok="9"))
    rows_of(monkeypatch, price(input_mtok="2"), [priority[0], other, turbo])
    assert book.package_prices(("p",)).not_represented == [
        "p/m: service_tier=fast differs from the tier priority",
        "p/m: no tier for requests with speed=turbo",
    ]


def test_unknown_provider_is_refused() -> None:
    """Catches a misspelt provider that would silently have no prices."""
    with pytest.raises(ValueError, match="no provider opnai"):
        book.package_prices(("opnai",))


def test_a_row_survives_writing_and_reading(tmp_path) -> None:
    """Catches prices written with an exponent or cut off, and a file that differs each time it is written."""
    rows = [
        PriceRow("p", 'm,"1"', "", "batch", "input", 10, Decimal(value), "USD", "2020-01-01", to, "s")
        for value, to in (("0.000000001", "2021-01-01"), ("100000", ""))
    ]
    rows[1] = PriceRow(**{**rows[1].__dict__, "valid_from": "2021-01-01"})
    path = tmp_path / "model_prices.csv"
    assert write_rows(path, rows[::-1])
    assert "E" not in path.read_text(encoding="utf-8").split("\n", 1)[1]
    assert read_rows(path) == rows
    assert not write_rows(path, read_rows(path))
