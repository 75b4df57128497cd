"""The price book against the installed price package."""

from __future__ import annotations

from datetime import UTC, date, datetime

from rich.table import Table

from orchestration.commands.console import EXIT_FAILED, CommandError, out, plain
from orchestration.reference.values import parse_instant
from orchestration.settings import PROJECT_DIR, Settings, project_vars


def run_update(settings: Settings, *, check: bool, effective_date: str | None, allow_large_changes: bool) -> None:
    """Show how the price book differs from the package; write it unless ``check``.

    Raises:
        CommandError: the book is out of date (``check``), or a change needs a date or a confirmation.
    """
    from orchestration.prices.seeds import PRICES_FILE, update_prices
    from orchestration.prices.update import EffectiveDateNeeded, LargePriceChange

    # A company without a price book of its own uses the project's.
    own = settings.seeds_dir / PRICES_FILE
    folder = settings.seeds_dir if own.exists() else PROJECT_DIR / "seeds"
    try:
        result = update_prices(
            folder,
            today=datetime.now(UTC).date(),
            effective_date=day_of(effective_date),
            allow_large_changes=allow_large_changes,
            check=check,
            zone=project_vars().reporting_time_zone,
        )
    except EffectiveDateNeeded as error:
        raise CommandError(f"{error} with --effective-date YYYY-MM-DD; `finops prices check` lists them") from error
    except LargePriceChange as error:
        raise CommandError(f"{error} with --allow-large-changes") from error
    for table in result.tables():
        out.print(table)
    if result.up_to_date:
        out.print(plain(f"{folder} says what {result.source} says"), style="green")
    elif check:
        raise CommandError(f"{folder} differs from {result.source}; `finops prices update` takes it over", EXIT_FAILED)
    else:
        out.print(plain(f"written to {folder}; look at the difference before you commit it"), style="green")


def day_of(text: str | None) -> date | None:
    """The day that a person gave.

    Raises:
        CommandError: not a day.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"not a date: {text!r}; write it like 2026-09-28") from None


_REPRICED = """
    SELECT month, provider, model, attempts, published_cost, repriced_cost, difference, repriced_unpriced_attempts
    FROM repriced_costs WHERE book_version = ? AND (difference <> 0 OR repriced_unpriced_attempts <> unpriced_attempts)
    ORDER BY ALL
"""
_TOTALS = "SELECT sum(published_cost), sum(repriced_cost), sum(difference) FROM repriced_costs WHERE book_version = ?"


def run_reprice(settings: Settings, version: str | None) -> None:
    """Show what the published attempts would cost by a former version of the price book; nothing is changed.

    Args:
        version: name of a version, or a date or instant, which means the version known then; None lists the versions.

    Raises:
        CommandError: nothing is published, or the price book had no other version then.
    """
    from orchestration.publish.reader import open_published

    with open_published(settings) as con:
        query = "SELECT DISTINCT book_version, known_from FROM repriced_costs ORDER BY known_from"
        versions: list[tuple[str, datetime]] = con.execute(query).fetchall()
        if not versions:
            out.print("no price was ever corrected: the price book has one version, the published one")
            return
        if version is None:
            for name, known_from in versions:
                out.print(plain(f"{name}  known from {known_from:%Y-%m-%d %H:%M} UTC"))
            return
        name = _version_named(versions, version)
        table = Table(title=f"Cost by the price book as of version {name}, where it differs")
        for column in ("month", "provider", "model", "attempts", "published", "repriced", "difference", "unpriced"):
            table.add_column(column, justify="left" if column in ("month", "provider", "model") else "right")
        for month, *values in con.execute(_REPRICED, [name]).fetchall():
            table.add_row(f"{month:%Y-%m}", *(plain(value) for value in values))
        out.print(table)
        published, repriced, difference = con.execute(_TOTALS, [name]).fetchone() or (0, 0, 0)
        out.print(plain(f"all months: published {published}, by version {name} {repriced}, difference {difference}"))


def _version_named(versions: list[tuple[str, datetime]], text: str) -> str:
    if text in {name for name, _ in versions}:
        return text
    try:
        instant = parse_instant(text, project_vars().reporting_time_zone)
    except ValueError:
        names = ", ".join(name for name, _ in versions)
        raise CommandError(f"no version {text!r}; there are {names}, or give a date such as 2026-09-28") from None
    known = [name for name, known_from in versions if known_from <= instant]
    if not known:
        raise CommandError(f"no version of the price book was known at {text}")
    return known[-1]
