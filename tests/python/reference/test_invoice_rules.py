"""The project's rules for lines of invoices, against lines as the providers write them."""

from __future__ import annotations

import csv
import re

import pytest

from orchestration.settings import PROJECT_DIR
from orchestration.sources.guardrail_units import POLICIES

# Usage types of Amazon Bedrock are the counters of its traces, except for the two of sensitive information.
SENSITIVE = {"sensitiveInformationPolicyUnits": "Paid", "sensitiveInformationPolicyFreeUnits": "Free"}


def matches(provider: str, field: str, text: str) -> set[tuple[str, str]]:
    """Model and kind by every rule that matches the whole text."""
    with (PROJECT_DIR / "seeds" / "invoice_skus.csv").open(encoding="utf-8", newline="") as lines:
        rules = [row for row in csv.DictReader(lines) if (row["provider"], row["field"]) == (provider, field)]
    found = [(re.fullmatch(rule["pattern"], text), rule) for rule in rules]
    return {(match.expand(rule["model"]), rule["token_kind"]) for match, rule in found if match}


@pytest.mark.parametrize(("counter", "policy"), POLICIES.items())
def test_every_policy_of_a_guardrail_is_known_on_an_invoice(counter: str, policy: str) -> None:
    """Catches a policy that logs know and invoices do not, and one policy taken for another."""
    named = counter[0].upper() + counter[1:]
    if counter in SENSITIVE:
        named = f"SensitiveInformationPolicy{SENSITIVE[counter]}Units"
    wanted = {(f"guardrail-{policy}", "guardrail")}
    for usage_type in (f"Guardrail-{named}Consumed", f"USE1-Guardrail-{named}Consumed"):
        assert matches("aws", "sku_id", usage_type) == wanted
        assert matches("aws", "sku_meter", usage_type) == wanted
        described = f"$0.00015 per TextUnit for {usage_type} in US East (N. Virginia)"
        assert matches("aws", "charge_description", described) == wanted


@pytest.mark.parametrize(
    ("provider", "field", "text", "wanted"),
    [
        ("openai", "line_item", "web search tool calls | gpt-4o-mini", ("gpt-4o-mini", "web_search")),
        ("openai", "line_item", "Web search tool calls", ("unmapped", "web_search")),
        ("openai", "line_item", "Web search", ("unmapped", "web_search")),
        ("openai", "sku_meter", "web search tool calls | gpt-4o", ("gpt-4o", "web_search")),
        ("openai", "sku_meter", "web search tool calls", ("unmapped", "web_search")),
        ("anthropic", "charge_description", "Web Search Usage", ("unmapped", "web_search")),
        ("anthropic", "charge_description", "Code Execution Usage", ("unmapped", "code_interpreter")),
        ("google", "sku_meter", "Gemini 3 Grounding with Google Search", ("unmapped", "web_search")),
        ("google", "charge_description", "Grounding with Google Search queries", ("unmapped", "web_search")),
        ("openai", "line_item", "gpt-5.4, cached input", ("gpt-5.4", "cache_read")),
    ],
)
def test_tools_of_an_invoice_are_no_tokens(provider: str, field: str, text: str, wanted: tuple[str, str]) -> None:
    """Catches searches that no rule recognises, or that are taken for tokens of a model."""
    assert wanted in matches(provider, field, text)


def test_what_no_rule_is_for_stays_unknown() -> None:
    """Catches patterns so wide that a fee or another service is taken for tokens."""
    assert matches("openai", "line_item", "Data residency") == set()
    assert matches("aws", "sku_id", "USE1-GuardrailChecks-PromptAttackCheckUnitsConsumed") == set()
    assert matches("google", "sku_meter", "Google Search subscription") == set()
