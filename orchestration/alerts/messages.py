"""What an alert says, as JSON for programs and as text for chat programs.

Owners and use cases are names from logs and reference data: in a chat they must not call everybody, become a link or
change the look of the text.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

_LONGEST_NAME = 200
_CROSSED = {
    "soft": "passed its soft threshold",
    "hard": "passed its hard threshold",
    "exhausted": "is spent",
    "no_budget": "does not exist, and there is spend",
}
_BUDGETS = {"production": "budget", "premium": "limit of premium traffic", "experiment": "experiment budget"}


@dataclass(frozen=True)
class Alert:
    """One crossing as it is told. Amounts are in the reporting currency."""

    alert_key: str
    owner: str
    use_case: str
    budget: str
    month: date
    budget_revision: int | None
    threshold: str
    crossed_day: date
    spent_amount: Decimal
    limit_amount: Decimal | None
    escalate_to: str | None
    is_restated: bool


def render(alert: Alert, kind: str, currency: str) -> bytes:
    """The body of the message; equal for equal alerts, so that a repetition is the same message.

    Args:
        alert: what to tell.
        kind: ``slack`` for Slack and what understands its format, ``json`` for programs.
        currency: ISO code of the amounts.
    """
    message = _slack(alert, currency) if kind == "slack" else _json(alert, currency)
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode()


def chat_name(name: str) -> str:
    """A name as inert text: in a code span nothing is a mention, a link or markup, and nothing in it ends the span."""
    shown = "".join(" " if _is_invisible(character) else character for character in name.strip())
    if len(shown) > _LONGEST_NAME:
        shown = f"{shown[:_LONGEST_NAME]}..."
    shown = shown.replace("`", "'") or " "
    # These three are what Slack reads as markup even in a code span: <!channel>, <@user>, <address|text>.
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        shown = shown.replace(character, entity)
    return f"`{shown}`"


def _json(alert: Alert, currency: str) -> dict[str, Any]:
    return {
        "type": "budget.threshold_crossed",
        "version": 1,
        "id": alert.alert_key,
        "owner": alert.owner,
        "use_case": alert.use_case,
        "budget": alert.budget,
        "month": alert.month.strftime("%Y-%m"),
        "revision": alert.budget_revision,
        "threshold": alert.threshold,
        "crossed_on": alert.crossed_day.isoformat(),
        "spent": _amount(alert.spent_amount),
        "limit": None if alert.limit_amount is None else _amount(alert.limit_amount),
        "currency": currency,
        "escalate_to": alert.escalate_to,
        "restated": alert.is_restated,
    }


def _slack(alert: Alert, currency: str) -> dict[str, Any]:
    spent = f"{alert.spent_amount:,.2f}"
    amounts = f"{spent} {currency} spent"
    if alert.limit_amount is not None:
        amounts = f"{spent} of {alert.limit_amount:,.2f} {currency} spent"
    lines = [
        f"{chat_name(alert.use_case)} of {chat_name(alert.owner)}: the {_BUDGETS[alert.budget]} of "
        f"{alert.month:%B %Y} {_CROSSED[alert.threshold]}.",
        f"{amounts} by the end of {alert.crossed_day.isoformat()}."
        + (f" Revision {alert.budget_revision} of the budget." if alert.budget_revision is not None else ""),
    ]
    if alert.is_restated:
        lines.append("Restated: that day had been published without it; rows came late or the budget was changed.")
    if alert.escalate_to:
        lines.append(f"To be told: {chat_name(alert.escalate_to)}.")
    return {"text": "\n".join(lines), "unfurl_links": False, "unfurl_media": False, "link_names": False}


def _amount(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_invisible(character: str) -> bool:
    # Line breaks, controls, and marks that turn the direction of the text round.
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
