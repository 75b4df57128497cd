"""Units of guardrails that a provider bills, out of what logs say of them: by policy, never what was found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from orchestration.ingest.paths import BadRow, count, lenient_object, opened, short
from orchestration.ingest.privacy import to_json
from orchestration.ingest.reasons import BAD_VALUE

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
_UNITS = Counter[tuple[str, str]]
_MAX_DEPTH = 12


def as_json(units: _UNITS) -> str | None:
    """Provider, policy and units of each policy that was used, in order; None without any."""
    used = sorted((place, number) for place, number in units.items() if number)
    named = [{"provider": provider, "policy": policy, "units": number} for (provider, policy), number in used]
    return to_json(named) if named else None


def of_usage(provider: str, usage: Any) -> _UNITS:
    """Units of one report: counters by their provider's names. A counter that nobody knows keeps its name, so that it
    shows as unpriced.

    Raises:
        BadRow: a counter is no count.
    """
    found = opened(usage)
    units: _UNITS = Counter()
    for name, number in found.items() if type(found) is dict else ():
        if name not in _NOT_BILLED and (name in POLICIES or short(name)):
            units[provider, POLICIES.get(name) or _kebab(name)] += count(number, FIELD) or 0
    return units


def of_trace(provider: str, trace: Any) -> _UNITS:
    """Units of every assessment in a trace of Bedrock: they stand in `invocationMetrics` at several depths."""
    units: _UNITS = Counter()
    for metrics in _metrics_in(trace, 0):
        units += of_usage(provider, metrics.get("usage"))
    return units


def of_list(value: Any) -> _UNITS:
    """Units of the native format: a list of objects with provider, policy and units, or JSON text of one.

    Raises:
        BadRow: it is something else.
    """
    items = opened(value)
    units: _UNITS = Counter()
    if items is None or items == "":
        return units
    for item in items if type(items) is list else [None]:
        named = lenient_object(item)
        provider, policy = short(named.get("provider")), short(named.get("policy"))
        if provider is None or policy is None or named.get("units") is None:
            raise BadRow(BAD_VALUE, FIELD, value)
        units[provider.lower(), policy.lower()] += count(named["units"], FIELD) or 0
    return units


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
