"""Jira's CSV export: its columns have the names that people see, and a field with several values several columns."""

from __future__ import annotations

from itertools import chain
from typing import Any

from orchestration.sources.desks.config import JiraPlaces, plain_word

# Files without one of these are refused: without them a row is no issue, or no state of one.
NEEDED = ("Issue key", "Issue id", "Status", "Created", "Updated")
# Columns of one value. Others stand as often as the issue with most values needs; two custom fields may have one name.
NAMED_ONCE = frozenset({*NEEDED, "Priority", "Resolved", "Time Spent", "Status Category"})
_READ = NAMED_ONCE | {"Labels", "Log Work"}
# Members of an issue of the REST API -> the columns that hold them, so that one declaration of places serves both.
_COLUMNS_OF: dict[str, tuple[str, ...]] = {
    "labels": ("Labels",),
    "priority": ("Priority",),
    "issuetype": ("Issue Type",),
    "resolution": ("Resolution",),
    "components": ("Components", "Component/s"),
    "fixVersions": ("Fix versions", "Fix Version/s"),
    "versions": ("Affects versions", "Affects Version/s"),
    "summary": ("Summary",),
    "description": ("Description",),
    "environment": ("Environment",),
}
_PROJECT = {"key": "Project key", "name": "Project name", "projectTypeKey": "Project type"}
_CATEGORY_KEYS = {"to_do": "new", "in_progress": "indeterminate", "done": "done"}
_CUSTOM = "Custom field ("


def columns_read(places: JiraPlaces) -> frozenset[str]:
    """Columns that are looked at. Texts and people are among them only where a place names them."""
    named = places.first_names()
    members = {column for name in named for column in _COLUMNS_OF.get(name, ())}
    project = set(_PROJECT.values()) if "project" in named else set()
    custom = {f"{_CUSTOM}{name})" for name in places.custom_names()}
    return frozenset(_READ | members | project | named | custom)


def is_exported(row: dict[str, Any]) -> bool:
    """Whether a row is one of the CSV export: texts and lists of texts only."""
    if not ("Issue key" in row and "Issue id" in row):
        return False
    held = chain.from_iterable(value if type(value) is list else (value,) for value in row.values())
    return all(value is None or type(value) is str for value in held)


def members_of(row: dict[str, Any], places: JiraPlaces) -> dict[str, Any]:
    """The row as the members of an issue of the REST API, as far as places can name them."""
    members: dict[str, Any] = {}
    for name, columns in _COLUMNS_OF.items():
        held = next((row[column] for column in columns if row.get(column)), None)
        if held is not None:
            members[name] = [{"name": value} for value in held] if type(held) is list else {"name": held}
    project = {key: row[column] for key, column in _PROJECT.items() if row.get(column)}
    status, category = row.get("Status"), row.get("Status Category")
    state = {"name": status, "statusCategory": _category(status, category, places)}
    return members | {"project": project, "status": state}


def _category(status: Any, category: Any, places: JiraPlaces) -> dict[str, Any]:
    """The category of a status. Exports of older versions have none: there the declared statuses say what is done."""
    if category:
        return {"key": _CATEGORY_KEYS.get(plain_word(category)), "name": category}
    is_done = status is not None and plain_word(status) in map(plain_word, places.done_statuses)
    return {"key": "done"} if is_done else {}


def custom_fields(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Custom fields by the names that people see."""
    return [
        {"name": name.removeprefix(_CUSTOM).removesuffix(")"), "value": value}
        for name, value in row.items()
        if name.startswith(_CUSTOM)
    ]


def seconds_logged(cells: Any) -> int | None:
    """Seconds of all cells ``comment;date;account;seconds``; None where nothing was logged.

    Raises:
        ValueError: a cell is of another shape.
    """
    logged = [cell for cell in (cells if type(cells) is list else [cells]) if cell]
    # The comment comes first and may hold semicolons itself.
    parts = [cell.rsplit(";", 3) for cell in logged]
    if any(len(part) < 4 or not (part[3].isascii() and part[3].strip().isdigit()) for part in parts):
        raise ValueError("not a worklog")
    return sum(int(part[3]) for part in parts) if parts else None
