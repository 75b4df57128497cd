"""What an alert says, and what hostile names cannot make it do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from orchestration.alerts.messages import Alert, chat_name, render

ALERT = Alert(
    "key", "ana", "u", "production", date(2026, 9, 1), 2, "soft", date(2026, 9, 17), Decimal("80.500000000001"),
    Decimal("100.000000000000"), "head", False,
)  # fmt: skip


def test_json_keeps_every_digit_and_says_null_for_no_limit() -> None:
    """Catches money as a double, and an unknown limit as 0."""
    told = json.loads(render(ALERT, "json", "USD"))
    assert (told["spent"], told["limit"], told["month"], told["revision"]) == ("80.500000000001", "100", "2026-09", 2)
    unbudgeted = replace(ALERT, threshold="no_budget", limit_amount=None, budget_revision=None)
    assert json.loads(render(unbudgeted, "json", "USD"))["limit"] is None


def test_slack_text_is_a_sentence() -> None:
    """Catches a message that nobody can act on, and a restated crossing that does not say so."""
    assert json.loads(render(ALERT, "slack", "USD"))["text"] == (
        "`u` of `ana`: the budget of September 2026 passed its soft threshold.\n"
        "80.50 of 100.00 USD spent by the end of 2026-09-17. Revision 2 of the budget.\n"
        "To be told: `head`."
    )
    assert "Restated" in json.loads(render(replace(ALERT, is_restated=True), "slack", "USD"))["text"]


@pytest.mark.parametrize(
    "name",
    ["<!channel>", "<!here|x>", "<@U123>", "<https://evil.example|click>", "x` <!channel> `y", "a\n<!everyone>\nb",
     "*bold* _it_ ~st~", "[x](https://evil.example)", "![x](y)", "\u202eabc", "&lt;!channel&gt;", "`" * 9, "@all", ""],
)  # fmt: skip
def test_names_are_inert(name) -> None:
    """Catches a use case or owner that calls the whole company, links elsewhere, or breaks out of its quotes."""
    shown = chat_name(name)
    assert shown[0] == shown[-1] == "`"
    inside = shown[1:-1]
    assert inside and not set(inside) & set("<>`\n\r\u202e")
    assert "&lt;" not in inside or "<" in name or "&" in name
    text = json.loads(render(replace(ALERT, use_case=name, owner=name, escalate_to=name), "slack", "USD"))["text"]
    assert text.count("`") == (6 if name else 4)
    assert "<" not in text and ">" not in text


def test_a_name_of_a_megabyte_is_cut() -> None:
    """Catches a message that no receiver takes, which would then be repeated for ever."""
    assert len(render(replace(ALERT, use_case="<" * 1_000_000), "slack", "USD")) < 2_000
