"""Prices of AWS Bedrock guardrails, which the package does not have: per unit of a policy, not per token.

A unit is up to 1,000 characters of text, or one image. Each policy is a model of the book, so that it has regions,
versions and overrides like any other. Read off the public price list of Amazon Bedrock in November 2026.
"""

from __future__ import annotations

from decimal import Decimal

from orchestration.prices.rows import CURRENCY, ORIGIN, PriceRow

SOURCE = "Amazon Bedrock price list 2026-11"
# Policy and price of a million units. Word filters and regular expressions are free.
_PRICES = {
    "content": "150",
    "content-image": "750",
    "grounding": "100",
    "reasoning": "170",
    "sensitive": "100",
    "sensitive-regex": "0",
    "topic": "150",
    "word": "0",
}


def guardrail_prices() -> list[PriceRow]:
    """One row per policy."""
    return [
        PriceRow(
            "aws", f"guardrail-{policy}", "", "standard", "guardrail", 0, Decimal(price), CURRENCY, ORIGIN, "", SOURCE
        )
        for policy, price in _PRICES.items()
    ]
