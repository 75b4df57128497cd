"""What a provider used for one answer besides the answer: iterations of a usage, such as the compaction of a long
conversation, are billed with it and are not in its counts."""

from __future__ import annotations

from typing import Any

from orchestration.ingest.paths import count, opened

# The answer itself, whose counts are those of the usage.
_ANSWER = "message"
_INPUTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_NAMES = (*_INPUTS, "output_tokens")


def extra_counts(usage: dict[str, Any], whole_input: int | None, output: int | None) -> dict[str, int]:
    """Tokens of all iterations but the answer's, by Anthropic's names; nothing where the usage holds them already.

    Args:
        whole_input, output: the usage's counts. Whether its input holds what was cached makes no difference.

    Raises:
        BadRow: a count is none.
    """
    listed = opened(usage.get("iterations"))
    iterations = [item for item in listed if type(item) is dict] if type(listed) is list else []
    others = [item for item in iterations if item.get("type") != _ANSWER]
    if not others:
        return {}
    every = _sums(iterations)
    inputs = {every["input_tokens"], sum(every[name] for name in _INPUTS)}
    if output == every["output_tokens"] and whole_input in inputs:
        return {}
    return {name: tokens for name, tokens in _sums(others).items() if tokens}


def _sums(iterations: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(count(item.get(name), "iterations") or 0 for item in iterations) for name in _NAMES}
