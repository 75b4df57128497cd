"""Exact money: fractions until the one rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

TRILLION = 10**12


def rounded(amount: Fraction) -> Decimal:
    """The amount at 12 decimals, half away from zero."""
    scaled = abs(amount) * TRILLION
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if amount >= 0 else -whole).scaleb(-12)


def split(amount: Decimal, parts: int) -> list[Decimal]:
    """Equal parts of a rounded amount; the last takes what rounding leaves over."""
    if parts == 1:
        return [amount]
    share = rounded(Fraction(amount) / parts)
    return [share] * (parts - 1) + [amount - share * (parts - 1)]
