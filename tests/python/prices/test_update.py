"""Catches an update of the price book that rewrites the past, or that changes prices without anybody noticing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from orchestration.prices.rows import PriceRow
from orchestration.prices.update import EffectiveDateNeeded, LargePriceChange, UpdatePlan, plan_update

TODAY = date(2026, 11, 1)
START = "2026-10-01T00:00:00Z"


def row(price: str, valid_from: str = "2020-01-01", valid_to: str = "", **changes) -> PriceRow:
    base = PriceRow("p", "m", "", "standard", "input", 0, Decimal(price), "USD", valid_from, valid_to, "package 1")
    return replace(base, **changes)


def plan(book: list[PriceRow], package: list[PriceRow], **options) -> UpdatePlan:
    return plan_update(book, package, today=TODAY, **options)


def spans(result: UpdatePlan) -> list[tuple[str, str, str]]:
    return [(str(r.price_per_million), r.valid_from, r.valid_to) for r in result.rows]


def test_nothing_new_changes_nothing() -> None:
    """Catches an update that rewrites rows only because the package has a new version."""
    book = [row("2")]
    result = plan(book, [row("2", source="package 2")])
    assert result.up_to_date
    assert result.rows == book


def test_undated_change_needs_a_date_and_keeps_the_past() -> None:
    """Catches a price change that is applied to last year's calls."""
    with pytest.raises(EffectiveDateNeeded) as error:
        plan([row("2")], [row("3")])
    assert [(c.old, c.new) for c in error.value.changes] == [(2, 3)]
    result = plan([row("2")], [row("3", source="package 2")], effective_date=date(2026, 10, 15))
    assert spans(result) == [("2", "2020-01-01", "2026-10-15"), ("3", "2026-10-15", "")]
    assert [r.source for r in result.rows] == ["package 1", "package 2"]


def test_an_update_is_stable() -> None:
    """Catches history that the next update takes for a change."""
    first = plan([row("2")], [row("3")], effective_date=date(2026, 10, 15))
    assert plan(first.rows, [row("3")]).up_to_date
    back = plan(first.rows, [row("2")], effective_date=date(2026, 10, 20))
    assert spans(back)[-2:] == [("3", "2026-10-15", "2026-10-20"), ("2", "2026-10-20", "")]


def test_a_date_in_the_package_is_taken_at_its_word() -> None:
    """Catches a dated change that is put off to the day of the update."""
    result = plan([row("2")], [row("2", valid_to=START), row("3", START)])
    assert spans(result) == [("2", "2020-01-01", START), ("3", START, "")]
    assert [c.dated for c in result.changes] == [True]
    assert plan(result.rows, result.rows).up_to_date


def test_a_price_corrected_under_a_known_date_is_undated() -> None:
    """Catches a correction that slips into the past under a start date which the book knew already."""
    book = [row("2", valid_to=START), row("3", START)]
    package = [row("2", valid_to=START), row("4", START)]
    with pytest.raises(EffectiveDateNeeded):
        plan(book, package)
    result = plan(book, package, effective_date=date(2026, 10, 20))
    assert spans(result) == [("2", "2020-01-01", START), ("3", START, "2026-10-20"), ("4", "2026-10-20", "")]


def test_past_prices_that_the_package_corrects_are_left_alone() -> None:
    """Catches an endless demand for a date when only closed intervals differ."""
    package = [row("1", valid_to=START), row("2", START)]
    result = plan([row("2")], package)
    assert result.up_to_date
    assert spans(result) == [("2", "2020-01-01", "")]


def test_a_future_price_may_still_be_corrected() -> None:
    """Catches a planned price that can no longer be put right before it begins."""
    later = "2027-01-01T00:00:00Z"
    book = [row("2", valid_to=later), row("3", later)]
    result = plan(book, [row("2", valid_to=later), row("4", later)], effective_date=TODAY)
    assert spans(result) == [("2", "2020-01-01", later), ("4", later, "")]


def test_what_the_package_dropped_stays() -> None:
    """Catches old calls that lose their price when a model is retired."""
    result = plan([row("2"), row("1", model="old")], [row("2")])
    assert {r.model for r in result.rows} == {"m", "old"}
    assert result.up_to_date
    assert [key[1] for key in result.kept] == ["old"]


def test_a_tier_that_ends_on_a_date_is_closed() -> None:
    """Catches a surcharge for long prompts that goes on after the vendor dropped it."""
    long = row("4", above_tokens=200_000)
    result = plan([row("2"), long], [row("2"), replace(long, valid_to=START)])
    assert [(r.above_tokens, r.valid_to) for r in result.rows] == [(0, ""), (200_000, START)]


def test_a_new_model_is_added_with_its_history_and_a_new_kind_only_from_now_on() -> None:
    """Catches a new cache price that restates what cached tokens have cost so far."""
    new_model, new_kind = row("5", model="new"), row("1", token_kind="cache_read")
    with pytest.raises(EffectiveDateNeeded):
        plan([row("2")], [row("2"), new_kind])
    result = plan([row("2")], [row("2"), new_kind, new_model], effective_date=TODAY)
    starts = {(r.model, r.token_kind): r.valid_from for r in result.rows}
    assert starts == {("m", "input"): "2020-01-01", ("m", "cache_read"): "2026-11-01", ("new", "input"): "2020-01-01"}
    assert result.added_models == [("p", "new", "standard")]


@pytest.mark.parametrize(("old", "new", "large"), [("2", "20", False), ("2", "20.1", True), ("2", "0", True)])
def test_more_than_tenfold_is_refused_unless_allowed(old: str, new: str, large: bool) -> None:
    """Catches a price per thousand where one per million is meant."""
    options = {"effective_date": TODAY}
    if large:
        with pytest.raises(LargePriceChange):
            plan([row(old)], [row(new)], **options)
    result = plan([row(old)], [row(new)], allow_large_changes=large, **options)
    assert spans(result)[-1][0] == new


def test_a_date_before_a_change_of_the_book_is_refused() -> None:
    """Catches a later price overwritten by an earlier effective date."""
    book = [row("2", valid_to="2026-10-15"), row("3", "2026-10-15")]
    with pytest.raises(ValueError, match="2026-10-15"):
        plan(book, [row("4")], effective_date=date(2026, 10, 1))
