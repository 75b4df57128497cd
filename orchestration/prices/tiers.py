"""Model tiers by price, for the seed `models.csv`.

The rule: the blended price of a model is (3 x input + output) / 4 per million tokens at the standard tier, since most
calls send about three tokens for each one they get back. Up to 2.25 USD it is economy, above 7 USD premium, between
them balanced. The limits lie in gaps of the current price lists, and are wide enough that the 10 % that clouds add for
regional processing moves no model into another tier.

The seed is for people to edit: what a tier is for is their decision, and nothing rewrites it.
"""

from __future__ import annotations

from decimal import Decimal

from orchestration.prices.rows import PriceRow

ECONOMY_UP_TO = Decimal("2.25")
PREMIUM_ABOVE = Decimal("7")


def blended_price(rows: list[PriceRow], provider: str, model: str) -> Decimal | None:
    """(3 x input + output) / 4 of the open standard prices, per million tokens; None without both prices."""
    prices = {
        row.token_kind: row.price_per_million
        for row in rows
        if (row.provider, row.model, row.service_tier, row.above_tokens) == (provider, model, "standard", 0)
        and not row.valid_to
    }
    if not {"input", "output"} <= prices.keys():
        return None
    return (3 * prices["input"] + prices["output"]) / 4


def suggested_tier(rows: list[PriceRow], provider: str, model: str) -> str | None:
    """``premium``, ``balanced`` or ``economy`` by the rule above; None for a model without both prices."""
    price = blended_price(rows, provider, model)
    if price is None:
        return None
    if price > PREMIUM_ABOVE:
        return "premium"
    return "economy" if price <= ECONOMY_UP_TO else "balanced"
