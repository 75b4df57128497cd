"""Worked prices: catches an oracle that counts cached tokens twice, slices tiers, or rounds before the end."""

from decimal import Decimal
from fractions import Fraction

import pytest

from .money import rounded, split


def only(company, **more):
    (attempt,) = company.compute(**more).attempts
    return attempt


def test_each_token_bucket_is_paid_once(company):
    """Catches cache tokens billed as input too, and a 1-hour write billed at the input price."""
    company.price("cache_read", "0.30")
    company.price("cache_write", "3.75")
    company.attempt(
        "a1",
        input_tokens=500,
        cache_read_tokens=8000,
        cache_write_tokens=2000,
        cache_write_1h_tokens=1000,
        output_tokens=200,
        reasoning_tokens=150,
    )
    # 500 x 3 = 1,500; 8,000 x 0.30 = 2,400; 2,000 x 3.75 = 7,500; 1,000 x 3.75 (no 1-hour price) = 3,750;
    # 200 x 15 = 3,000 (reasoning lies inside); together 18,150 per million.
    assert only(company).cost == Decimal("0.018150000000")


def test_missing_cache_price_is_the_input_price_and_zero_stays_zero(company):
    """Catches a missing price taken for 0, and an explicit 0 taken for missing."""
    company.price("cache_write", 0)
    company.attempt("a1", input_tokens=0, output_tokens=0, cache_read_tokens=1000, cache_write_tokens=5000)
    assert only(company).cost == Decimal("0.003000000000")  # 1,000 x 3 + 5,000 x 0


def test_reasoning_with_its_own_price_leaves_output(company):
    company.price("reasoning", 5)
    company.attempt("a1", input_tokens=0, output_tokens=200, reasoning_tokens=150)
    assert only(company).cost == Decimal("0.001500000000")  # 50 x 15 + 150 x 5 = 1,500


@pytest.mark.parametrize(("cached", "cost"), [(199_000, "0.603000000000"), (199_001, "1.206006000000")])
def test_tier_is_a_cliff_on_the_whole_input(company, cached, cost):
    """Catches marginal slicing, a threshold on uncached input only, and >= for >."""
    company.price("input", 6, above_tokens=200_000)
    company.price("output", 30, above_tokens=200_000)
    company.attempt("a1", input_tokens=1000, cache_read_tokens=cached, output_tokens=200)
    # 200,000 in all is not above: 1,000 x 3 + 199,000 x 3 + 200 x 15 = 603,000.
    # 200,001 is: (1,000 + 199,001) x 6 + 200 x 30 = 1,206,006.
    assert only(company).cost == Decimal(cost)


def test_price_of_the_instant(company):
    """Catches closed intervals: the new price holds from its first microsecond."""
    company.seed("model_prices")
    company.price("input", 3, valid_to="2026-07-01T12:00:00+00:00")
    company.price("input", 4, valid_from="2026-07-01T12:00:00+00:00")
    company.price("output", 0)
    company.attempt("a1", started_at="2026-07-01T11:59:59.999999Z")
    company.attempt("a2", started_at="2026-07-01T12:00:00Z")
    costs = {attempt.attempt_id: attempt.cost for attempt in company.compute().attempts}
    assert costs == {"a1": Decimal("0.003"), "a2": Decimal("0.004")}


def test_currency_of_the_usage_day(company):
    """Catches a current rate, a rate of the future, and a silent 1:1."""
    company.seed("model_prices")
    for kind in ("input", "output"):
        company.price(kind, 1, currency="EUR")
    company.seed(
        "fx_rates",
        {"day": "2026-06-26", "currency": "EUR", "rate": "1.123456789"},
        {"day": "2026-07-02", "currency": "EUR", "rate": "2"},
    )
    company.attempt("a1", input_tokens=1, output_tokens=0)
    company.attempt("a2", input_tokens=1, output_tokens=0, started_at="2026-06-25T12:00:00Z")
    company.attempt("a3", input_tokens=1, output_tokens=0, started_at="2026-07-10T00:00:00Z")
    attempts = {attempt.attempt_id: attempt for attempt in company.compute().attempts}
    # One token costs 0.000001 EUR; 5 days after the rate it is 0.000001123456789, rounded at the twelfth place.
    assert attempts["a1"].cost == Decimal("0.000001123457")
    assert (attempts["a2"].cost, attempts["a2"].cost_source) == (None, "unpriced")  # no rate yet
    assert attempts["a3"].cost is None  # the last rate is 8 days old


def test_service_tiers_and_overrides(company):
    """Catches a tier priced as standard without being told, and a discount applied to the wrong tier."""
    company.price("input", 2, service_tier="flex")
    company.price("output", 2, service_tier="flex")
    company.attempt("batch", service_tier="batch")
    company.attempt("flex", service_tier="flex")
    company.attempt("standard")
    costs = {a.attempt_id: a.cost for a in company.compute().attempts}
    assert costs == {"batch": None, "flex": Decimal("0.0022"), "standard": Decimal("0.0045")}
    company.seed("price_overrides", {"service_tier": "batch", "discount_share": "0.5"})
    assert {a.attempt_id: a.cost for a in company.compute().attempts}["batch"] == Decimal("0.00225")
    company.seed("price_overrides", {"model": "big", "token_kind": "input", "price_per_million": 1, "currency": "USD"})
    # 1,000 x 1 + 100 x 15 = 2,500
    assert {a.attempt_id: a.cost for a in company.compute().attempts}["standard"] == Decimal("0.0025")


def test_free_logged_and_unpriced_are_different(company):
    """Catches unknown taken for free."""
    company.price("input", 0, model="gift")
    company.price("output", 0, model="gift")
    company.attempt("hit", cache_hit=True)
    company.attempt("gift", model="gift")
    company.attempt("own", model="unheard", cost=0.25, currency="USD")
    company.attempt("none", model="unheard")
    found = {a.attempt_id: (a.cost, a.cost_source) for a in company.compute().attempts}
    assert found == {
        "hit": (Decimal(0), "free"),
        "gift": (Decimal(0), "free"),
        "own": (Decimal("0.25"), "logged"),
        "none": (None, "unpriced"),
    }


def test_units_are_billed_by_their_meter_or_as_the_text_that_they_are_part_of(company):
    """Catches a picture of a cache at the price of fresh text, and a unit without any price taken for free."""
    company.price("web_search", 10_000)
    company.attempt("fresh", units={"image_cache_read": 1000})
    company.attempt("search", units=[{"meter": "web_search", "quantity": 2}])
    company.attempt("heard", units={"input_seconds": "1.5"})
    company.attempt("told", units={"input_seconds": "1.5"}, cost="0.2", currency="USD")
    costs = {a.attempt_id: a.cost for a in company.compute().attempts}
    # 0.0045 each; 1,000 x 3 = 0.003 as input, since nothing else has a price; 2 x 0.01.
    assert costs == {"fresh": Decimal("0.0075"), "search": Decimal("0.0245"), "heard": None, "told": Decimal("0.2")}
    company.price("image_input", 8)
    assert {a.attempt_id: a.cost for a in company.compute().attempts}["fresh"] == Decimal("0.0125")
    company.price("cache_read", "0.30")
    assert {a.attempt_id: a.cost for a in company.compute().attempts}["fresh"] == Decimal("0.0048")


def test_an_output_of_priced_parts_has_to_be_taken_apart(company):
    """Catches an output that may be pictures billed as text."""
    company.price("image_output", 60)
    company.attempt("whole")
    company.attempt("text", units={"image_output": 0})
    company.attempt("picture", units={"image_output": 1000})
    company.attempt("none", output_tokens=0)
    costs = {a.attempt_id: a.cost for a in company.compute().attempts}
    # 0.0045 of text; 1,000 x 60 = 0.06.
    assert costs == {
        "whole": None,
        "text": Decimal("0.0045"),
        "picture": Decimal("0.0645"),
        "none": Decimal("0.003"),
    }


def test_a_call_that_used_nothing_is_not_free(company):
    """Catches a price of 0 for what is billed by something that the log does not tell."""
    nothing = {"input_tokens": 0, "output_tokens": 0}
    company.price("input_seconds", 100, model="ears")
    company.attempt("silent", **nothing)
    company.attempt("zero", **nothing, cost=0, currency="USD")
    company.attempt("told", **nothing, cost="0.5", currency="USD")
    company.attempt("failed", **nothing, status="timeout")
    company.attempt("failed and billed", **nothing, status="timeout", cost="0.5", currency="USD")
    company.attempt("by the second", **nothing, model="ears", cost=0, currency="USD")
    company.attempt("a zero", model="unheard", cost=0, currency="USD")
    found = {a.attempt_id: (a.cost, a.cost_source) for a in company.compute().attempts}
    unknown, half = (None, "unpriced"), (Decimal("0.5"), "logged")
    assert found == {
        "silent": unknown,
        "zero": unknown,
        "told": half,
        "failed": (Decimal(0), "price_book"),
        "failed and billed": half,
        "by the second": unknown,
        "a zero": unknown,
    }


def test_attributes_of_a_call_change_the_price_of_tokens(company):
    """Catches a factor on calls of tools, one of the provider that wins over that of the model, and a list not used."""
    company.price("web_search", 10_000)
    company.price("input", 9, service_tier="fast_lane")
    company.price("output", 20, service_tier="fast_lane")
    company.price("web_search", 10_000, service_tier="fast_lane")
    company.seed(
        "price_modifiers",
        {"provider": "acme", "attribute": "speed", "value": "fast", "multiplier": 6},
        {"provider": "acme", "model": "big", "attribute": "speed", "value": "fast", "multiplier": 2},
        {"provider": "acme", "attribute": "inference_geo", "value": "us", "multiplier": "1.1"},
        {"provider": "acme", "attribute": "speed", "value": "lane", "price_list": "fast_lane"},
    )
    company.attempt("fast", attributes={"speed": "fast"}, units={"web_search": 1, "audio_input": 1000})
    company.attempt("both", attributes={"speed": "fast", "inference_geo": "US"})
    company.attempt("lane", attributes={"speed": "lane"}, units={"web_search": 1})
    company.attempt("unheard", attributes={"speed": "warp"})
    costs = {a.attempt_id: a.cost for a in company.compute().attempts}
    assert costs == {
        "fast": Decimal("0.025"),  # (0.0045 + 1,000 x 3) x 2 + 0.01
        "both": Decimal("0.0099"),  # 0.0045 x 2.2
        "lane": Decimal("0.021"),  # 1,000 x 9 + 100 x 20, and the search
        "unheard": Decimal("0.0045"),
    }


def test_names_of_logs_resolve_through_aliases(company):
    company.seed("provider_aliases", {"alias": "acme_cloud", "provider": "acme"})
    company.seed("model_aliases", {"provider": "acme", "alias": "big-2026-01-01", "model": "big"})
    company.attempt("a1", provider="acme_cloud", model="big-2026-01-01")
    attempt = only(company)
    assert (attempt.cost, attempt.tier) == (Decimal("0.0045"), "premium")


def test_rounding_is_half_away_from_zero_and_happens_once():
    """Catches banker's rounding and a split that loses the rest."""
    assert rounded(Fraction(5, 10**13)) == Decimal("0.000000000001")
    assert rounded(Fraction(-5, 10**13)) == Decimal("-0.000000000001")
    assert rounded(Fraction(49, 10**14)) == Decimal(0)
    # 10 / 3 = 3.333333333333|3; the last part takes 10 - 2 x 3.333333333333.
    assert split(Decimal(10), 3) == [Decimal("3.333333333333")] * 2 + [Decimal("3.333333333334")]
    # 2 / 3 rounds up, so the last part is smaller.
    assert split(Decimal(2), 3) == [Decimal("0.666666666667")] * 2 + [Decimal("0.666666666666")]
