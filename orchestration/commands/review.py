"""The reviews of the operating rhythm, printed and written as Markdown."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
from rich.markdown import Markdown

from orchestration.commands.console import CommandError, out
from orchestration.publish.reader import open_published
from orchestration.reviews.review import REVIEWS, make_review
from orchestration.settings import Settings
from orchestration.warehouse.files import write_text_if_changed


def run_review(settings: Settings, rhythm: str, owner: str | None, target: Path | None) -> Path:
    """Print a review of what is published and write it to ``reviews/`` in the state folder, or to ``target``.

    Returns:
        Path of the Markdown file.

    Raises:
        CommandError: there is no such rhythm or owner, nothing is published, or the build is of an older version.
    """
    if rhythm not in REVIEWS:
        raise CommandError(f"no review {rhythm!r}; there are {', '.join(REVIEWS)}")
    with open_published(settings) as con:
        try:
            if owner is not None:
                _require_owner(con, owner)
            review = make_review(con, rhythm, owner)
        except duckdb.CatalogException as error:
            raise CommandError("the published build lacks marts of the review; run `finops nightly` first") from error
    text = review.to_markdown()
    path = target or settings.home / "reviews" / _file_name(rhythm, f"{review.as_of:%Y-%m-%d}", owner)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_if_changed(path, text)
    if out.is_terminal:
        out.print(Markdown(text))
    else:
        print(text)
    out.print(f"written to {path}", soft_wrap=True)
    return path


def _require_owner(con: duckdb.DuckDBPyConnection, owner: str) -> None:
    query = "SELECT owner FROM owner_budget_burn UNION SELECT owner FROM maturity ORDER BY 1"
    known = [name for (name,) in con.execute(query).fetchall()]
    if owner not in known:
        raise CommandError(f"no owner {owner!r}; there are {', '.join(known)}")


def _file_name(rhythm: str, day: str, owner: str | None) -> str:
    suffix = "" if owner is None else "-" + re.sub(r"[^A-Za-z0-9.]+", "-", owner).strip("-.")
    return f"{rhythm}-{day}{suffix}.md"
