"""What the calls of `tests/fixtures/clients` used, from the bodies that their provider answered with."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parents[2] / "fixtures" / "clients"
# Outcome -> model, in the order in which both scripts make their calls.
CALLS = {"o-0": "gpt-4o", "o-1": "gpt-5", "o-2": "gpt-4o", "o-3": "claude-sonnet-4-5", "o-4": "claude-haiku-4-5"}
BUCKETS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")


def fixture_rows(name: str) -> list[dict[str, Any]]:
    """Lines of a fixture file."""
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def used(outcome_id: str) -> tuple[int, ...]:
    """Exclusive buckets of a call, in the order of ``BUCKETS``."""
    provider, model = _provider(), CALLS[outcome_id]
    if model in provider.OPENAI_USAGE:
        body = provider.OPENAI_USAGE[model]
        cached = body["prompt_tokens_details"]["cached_tokens"]
        reasoning = body["completion_tokens_details"]["reasoning_tokens"]
        return body["prompt_tokens"] - cached, cached, 0, 0, body["completion_tokens"], reasoning
    body = provider.ANTHROPIC_USAGE[model]
    long_lived = body.get("cache_creation", {}).get("ephemeral_1h_input_tokens", 0)
    short_lived = body["cache_creation_input_tokens"] - long_lived
    return body["input_tokens"], body["cache_read_input_tokens"], short_lived, long_lived, body["output_tokens"], 0


def _provider() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fixture_provider", FOLDER / "provider.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
