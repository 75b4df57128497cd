"""The price book against the installed price package."""

from __future__ import annotations

from datetime import UTC, date, datetime

from orchestration.commands.console import EXIT_FAILED, CommandError, out, plain
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
            effective_date=_date(effective_date),
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


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"not a date: {text!r}; write it like 2026-09-28") from None
