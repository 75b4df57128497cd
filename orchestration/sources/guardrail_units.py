"""Units of guardrails that a provider bills, out of what logs say of them: by policy, never what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from orchestration.ingest.paths import opened, short
from orchestration.sources.units import Units

FIELD = "guardrail_units"
# Counters of AWS Bedrock, by policy. The same names stand in its traces and in what LiteLLM logs of them.
POLICIES = {
    "automatedReasoningPolicyUnits": "reasoning",
    "contentPolicyImageUnits": "content-image",
    "contentPolicyUnits": "content",
    "contextualGroundingPolicyUnits": "grounding",
    "sensitiveInformationPolicyFreeUnits": "sensitive-regex",
    "sensitiveInformationPolicyUnits": "sensitive",
    "topicPolicyUnits": "topic",
    "wordPolicyUnits": "word",
}
# How many policies there were is counted beside the units, and is not billed.
_NOT_BILLED = frozenset({"automatedReasoningPolicies"})
_MAX_DEPTH = 12


def add_policy(units: Units, provider: str, policy: str, quantity: Any) -> None:
    """Units of one policy.

    Raises:
        BadRow: the quantity is none.
    """
    units.add("guardrail", quantity, FIELD, provider=provider.lower(), model=f"guardrail-{policy.lower()}")


def add_usage(units: Units, provider: str, usage: Any) -> None:
    """Units of one report: counters by their provider's names. A counter that nobody knows keeps its name, so that it
    shows as unpriced.

    Raises:
        BadRow: a counter is no count.
    """
    found = opened(usage)
    for name, number in found.items() if type(found) is dict else ():
        if name not in _NOT_BILLED and (name in POLICIES or short(name)):
            add_policy(units, provider, POLICIES.get(name) or _kebab(name), number)


def add_trace(units: Units, provider: str, trace: Any) -> None:
    """Units of every assessment in a trace of Bedrock: they stand in `invocationMetrics` at several depths."""
    for metrics in _metrics_in(trace, 0):
        add_usage(units, provider, metrics.get("usage"))


def _metrics_in(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if type(value) is dict:
        metrics = value.get("invocationMetrics")
        if type(metrics) is dict:
            yield metrics
        for member in value.values():
            yield from _metrics_in(member, depth + 1)
    elif type(value) is list:
        for item in value:
            yield from _metrics_in(item, depth + 1)


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])|[_ ]", lambda found: f"-{found[1] or ''}", name).lower()
