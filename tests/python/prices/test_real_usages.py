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
# Pictures that a model makes have a price of their own, and no bucket in the logs or the book.
PICTURES_MADE = {("google", "gemini-2.5-flash-image")}

PARTS_OF_INPUT = {
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "audio_input": "input_audio_tokens",
    "image_input": "input_image_tokens",
}


def buckets(usage: dict[str, int]) -> dict[str, int]:
    """Exclusive buckets of a usage that counts parts inside their whole."""
    tokens = {kind: usage.get(name, 0) for kind, name in PARTS_OF_INPUT.items()}
    # A picture that was read from the cache is counted as cached, not again as a picture.
    tokens["image_input"] -= usage.get("cache_image_read_tokens", 0)
    tokens["input"] = usage.get("input_tokens", 0) - sum(tokens.values())
    tokens["output"] = usage.get("output_tokens", 0)
    return tokens


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
                if (provider, body["model"]) in PICTURES_MADE:
                    assert extracted["usage"]["output_image_tokens"] > 0
                    outcome["makes pictures"] += 1
                elif abs(ours - known) > Decimal("1e-15"):
                    wrong.append((provider, body["model"], extracted["usage"], ours, known))
                else:
                    outcome["agrees"] += 1
    assert not wrong, wrong
    assert unnamed == NOT_NAMED
    assert outcome == {"agrees": 567, "name is no alias": 4, "makes pictures": 1}
