"""The weekly, monthly and quarterly reviews: queries of ``analyses/`` over what is published, as one Markdown page."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
from jinja2.sandbox import SandboxedEnvironment

from orchestration.publish.ledger import read_publishes
from orchestration.settings import PROJECT_DIR, project_vars

# Sections of each review in order: files below ``analyses/``.
REVIEWS: dict[str, tuple[str, ...]] = {
    "weekly": (
        "weekly_what_changed", "weekly_why_it_moved", "weekly_top_leaks", "review_releases", "review_budgets",
        "weekly_cost_objectives", "review_next_action",
    ),
    "monthly": (
        "monthly_cost_and_quality", "monthly_why_it_moved", "monthly_leaks_and_levers", "review_releases",
        "review_budgets", "review_maturity", "review_next_action",
    ),
    "quarterly": (
        "quarterly_value", "quarterly_reallocation", "quarterly_forecasts", "review_maturity", "quarterly_progress",
        "quarterly_next_step",
    ),
}  # fmt: skip
_TITLES = {
    "weekly": "Weekly operational review",
    "monthly": "Monthly cost-quality review",
    "quarterly": "Quarterly budget review",
}
# What a column's name says about its numbers.
_SHARE = re.compile(r"(_share|_rate|_change|sla_attainment|share_of_\w+|acceptance_rate_7_days|quality_floor)$")
_MONEY = re.compile(r"(cost|_amount|_saved|_moved_by)")
_NOT_MONEY = frozenset({"cost_per_request_change", "cost_per_accepted_outcome_change"})
# Characters that Markdown or the HTML made of it would take for more than text.
_MARKUP = re.compile(r"([\\`*{}\[\]<>#+!|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")


@dataclass(frozen=True)
class Section:
    """One query of a review and its answer."""

    title: str
    words: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Review:
    """A review as of a publish, of all owners or of one."""

    rhythm: str
    as_of: datetime
    publish_id: str
    owner: str | None
    sections: tuple[Section, ...]

    def to_markdown(self) -> str:
        """The page as it is mailed or pasted: what to do first, then what it rests on."""
        *evidence, action = self.sections
        lines = [f"# {_TITLES[self.rhythm]}", ""]
        of_whom = f"Owner: {_text(self.owner)}. " if self.owner else ""
        lines += [
            f"{of_whom}As of {self.as_of:%Y-%m-%d %H:%M} UTC, build {_text(self.publish_id)}. Amounts in "
            f"{project_vars().reporting_currency}.",
            "",
            f"## {action.title}",
            "",
            _text(action.rows[0][action.columns.index("action")]) if action.rows else "Nothing has to be done.",
            "",
        ]
        for section in evidence:
            lines += [f"## {section.title}", "", section.words, "", *_table(section), ""]
        return "\n".join(lines).rstrip() + "\n"


def make_review(con: duckdb.DuckDBPyConnection, rhythm: str, owner: str | None) -> Review:
    """Answer the queries of a review from a published database.

    Args:
        con: connection with the marts in its search path.
        rhythm: weekly, monthly or quarterly.
        owner: only rows of this owner; sections that have no owner stay whole.

    Raises:
        KeyError: there is no such rhythm.
        duckdb.CatalogException: the published build lacks a mart that the review needs.
    """
    sections = tuple(_answer(con, name, owner) for name in REVIEWS[rhythm])
    published = read_publishes(con, "publishes")[-1]
    return Review(rhythm, published.as_of, published.publish_id, owner, sections)


def _answer(con: duckdb.DuckDBPyConnection, name: str, owner: str | None) -> Section:
    text = (PROJECT_DIR / "analyses" / f"{name}.sql").read_text(encoding="utf-8")
    comments = [line.removeprefix("--").strip() for line in text.split("\n") if line.startswith("--")]
    shared = (PROJECT_DIR / "macros" / "reviews.sql").read_text(encoding="utf-8")
    query = SandboxedEnvironment().from_string(shared + text).render(ref=lambda model: f'"{model}"')
    answer = con.execute(query)
    columns = tuple(column[0] for column in answer.description or ())
    rows = answer.fetchall()
    if owner is not None and "owner" in columns:
        at = columns.index("owner")
        rows = [row for row in rows if row[at] == owner]
    return Section(comments[0], " ".join(comments[1:]), columns, tuple(rows))


def _table(section: Section) -> list[str]:
    if not section.rows:
        return ["Nothing to report."]
    numbers = [any(isinstance(row[i], int | float | Decimal) for row in section.rows)
               for i in range(len(section.columns))]  # fmt: skip
    head = [name.replace("_", " ") for name in section.columns]
    return [
        _line(head),
        _line(["---:" if is_number else "---" for is_number in numbers]),
        *(
            _line([_cell(name, value) for name, value in zip(section.columns, row, strict=True)])
            for row in section.rows
        ),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(name: str, value: Any) -> str:
    """A value as people read it. What is not known stays empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _number(name, value)
    return _text(value)


def _number(name: str, value: int | float | Decimal) -> str:
    if _SHARE.search(name):
        sign = "+" if name.endswith("_change") else ""
        return f"{100 * value:{sign}.1f} %"
    if _MONEY.search(name) and name not in _NOT_MONEY:
        return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:,.4f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _text(value: Any) -> str:
    """A text from a log or from reference data, as text: on one line and without markup."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return _MARKUP.sub(r"\\\1", text)
