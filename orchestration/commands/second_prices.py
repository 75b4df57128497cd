"""The second price book, and how much of what is sold the two books price."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from orchestration.commands.console import CommandError, out, plain
from orchestration.commands.prices import day_of
from orchestration.settings import PROJECT_DIR, Settings, project_vars

if TYPE_CHECKING:
    from orchestration.prices.rows import PriceRow

# Differences between the books that are shown.
SHOWN = 40


def run_second(
    settings: Settings,
    file: Path,
    *,
    date: str | None,
    providers: list[str] | None,
    allow_large_changes: bool,
    check: bool,
) -> None:
    """Compare a copy of LiteLLM's map with the price book, and keep what the book lacks unless ``check``.

    Raises:
        CommandError: no such file, not the map, a price that nothing reads, or a change that needs a confirmation.
    """
    from orchestration.prices.second import SECOND_FILE, plan_second, read_aliases, second_book, write_second
    from orchestration.prices.seeds import ALIASES_FILE
    from orchestration.prices.update import LargePriceChange

    if not file.is_file():
        raise CommandError(f"no file {file}")
    first = first_book(settings)
    folder = settings.seeds_dir
    aliases = read_aliases(_own_or_projects(settings, ALIASES_FILE))
    try:
        found = second_book(file.read_text(encoding="utf-8"), first, aliases, providers)
        plan = plan_second(
            folder,
            found,
            first,
            day_of(date) or datetime.now(UTC).date(),
            zone=project_vars().reporting_time_zone,
            allow_large_changes=allow_large_changes or check,
        )
    except LargePriceChange as error:
        raise CommandError(f"{error} with --allow-large-changes") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    _show_differences(found.differences)
    reasons = Table("keys", "why they are not wholly priced", title="Keys of the map")
    for reason, count in found.left_out.most_common():
        reasons.add_row(str(count), plain(reason))
    out.print(reasons)
    out.print(plain(f"{found.priced} of {found.keys} keys of the map can be priced, {found.partly} more in part"))
    written = not check and write_second(folder, plan)
    what = f"written to {folder / SECOND_FILE}" if written else f"{folder / SECOND_FILE} stays as it is"
    out.print(plain(f"{len(plan.rows)} prices that the book lacks; {what}"), style="green")


def show_coverage(settings: Settings) -> None:
    """How many models of the package have every unit priced, which have not, and where the two books differ."""
    from orchestration.prices.book import unpriced_models
    from orchestration.prices.rows import read_rows
    from orchestration.prices.second import SECOND_FILE, overlaps

    first, second = first_book(settings), read_rows(settings.seeds_dir / SECOND_FILE)
    _show_differences(overlaps(first, second))
    count, missing = unpriced_models([*first, *second])
    if missing:
        table = Table("provider", "model", "no price of", title="Models with a unit that has no price")
        for provider, model, kinds in missing:
            table.add_row(provider, plain(model), kinds)
        out.print(table)
    share = 100 * (count - len(missing)) / count
    out.print(plain(f"{count - len(missing)} of {count} models have a price of every unit they bill ({share:.1f} %)"))


def first_book(settings: Settings) -> list[PriceRow]:
    """Rows of the company's price book, of the project's where it has none."""
    from orchestration.prices.rows import read_rows
    from orchestration.prices.seeds import PRICES_FILE

    return read_rows(_own_or_projects(settings, PRICES_FILE))


def _own_or_projects(settings: Settings, name: str) -> Path:
    own = settings.seeds_dir / name
    return own if own.exists() else PROJECT_DIR / "seeds" / name


def _show_differences(differences: list[tuple[PriceRow, Decimal]]) -> None:
    if not differences:
        return
    table = Table(title=f"Where the second book says another price than the first, which counts ({len(differences)})")
    for name in ("provider", "model", "region", "tier", "kind", "above", "first", "second"):
        table.add_column(name, justify="right" if name in ("above", "first", "second") else "left")
    for row, price in differences[:SHOWN]:
        values = (row.provider, row.model, row.region, row.service_tier, row.token_kind, row.above_tokens)
        table.add_row(*map(plain, (*values, price.normalize(), row.price_per_million.normalize())))
    if len(differences) > SHOWN:
        table.add_row(f"and {len(differences) - SHOWN} more")
    out.print(table)
