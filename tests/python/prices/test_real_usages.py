"""Catches prices that agree with the package only for usages made up here: real usage bodies with known prices."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orchestration.prices.rows import read_rows
from orchestration.settings import PROJECT_DIR

from .pricer import Book

SEEDS = PROJECT_DIR / "seeds"
REAL_USAGES = PROJECT_DIR.parent / "shared" / "data" / "genai_prices" / "usages_sample315.json"
# Each body was priced when it was recorded; at this instant every model of the sample has the price of then.
PRICED_AT = datetime(2026, 6, 1, 20, tzinfo=UTC)

# Names that only a prefix or a part of a model's name would match, which is guessing: they stay unpriced.
NOT_NAMED = {
    ("cerebras", "qwen-3-coder-480b"),
    ("deepseek", "deepseek-r1-distill-llama-70b"),
    ("google", "gemini-2.5-pro-preview-05-06"),
}
NO_TEXT = ("audio", "image", "video")


def buckets(usage: dict[str, int]) -> dict[str, int]:
    """Exclusive buckets of a usage that counts parts inside their whole."""
    cached = {kind: usage.get(f"cache_{kind}_read_tokens", 0) for kind in NO_TEXT}
    # A picture that was read from the cache is counted as cached and as a picture.
    fresh = {f"{kind}_input": usage.get(f"input_{kind}_tokens", 0) - cached[kind] for kind in NO_TEXT}
    made = {f"{kind}_output": usage.get(f"output_{kind}_tokens", 0) for kind in NO_TEXT}
    read, written = usage.get("cache_read_tokens", 0), usage.get("cache_write_tokens", 0)
    return {
        "input": usage.get("input_tokens", 0) - read - written - sum(fresh.values()),
        "cache_read": read - sum(cached.values()),
        "cache_write": written,
        "output": usage.get("output_tokens", 0) - sum(made.values()),
        **fresh,
        **{f"{kind}_cache_read": tokens for kind, tokens in cached.items()},
        **made,
    }


@pytest.mark.skipif(not REAL_USAGES.exists(), reason="sample of real usage bodies is not present")
def test_real_usage_bodies_cost_what_is_known() -> None:
    """Catches a wrong alias of a dated snapshot, or a cached part billed twice, on bodies that vendors really sent."""
    rows = read_rows(SEEDS / "model_prices.csv")
    names = {(row.provider, row.model.lower()): row.model for row in rows}
    with (SEEDS / "model_aliases.csv").open(encoding="utf-8", newline="") as file:
        names |= {(r["provider"], r["alias"].lower()): r["model"] for r in csv.DictReader(file)}
    book, outcome, wrong, unnamed = Book(rows), Counter(), [], set()
    for body in json.loads(REAL_USAGES.read_text(encoding="utf-8")):
        for extracted in body["extracted"]:
            for extractor in extracted["extractors"]:
                if "input_price" not in extractor or extractor["provider_id"] not in {row.provider for row in rows}:
                    continue
                provider = extractor["provider_id"]
                model = names.get((provider, body["model"].lower()))
                if model is None:
                    outcome["name is no alias"] += 1
                    unnamed.add((provider, body["model"]))
                    continue
                known = Decimal(extractor["input_price"]) + Decimal(extractor["output_price"])
                ours = book.price(provider, model, buckets(extracted["usage"]), PRICED_AT)
                if abs(ours - known) > Decimal("1e-15"):
                    wrong.append((provider, body["model"], extracted["usage"], ours, known))
                else:
                    outcome["agrees"] += 1
    assert not wrong, wrong
    assert unnamed == NOT_NAMED
    assert outcome == {"agrees": 568, "name is no alias": 4}
