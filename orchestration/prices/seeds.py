"""The command behind `finops prices update`: compare, show, and only then write the seed files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.table import Table

from orchestration.prices.book import PROVIDERS, PackagePrices, package_prices, package_source
from orchestration.prices.names import ALIAS_COLUMNS, model_alias_rows
from orchestration.prices.rows import read_rows, render_csv, write_rows
from orchestration.prices.update import UpdatePlan, describe, plan_update
from orchestration.reference.csv_file import read_table
from orchestration.warehouse.files import write_text_if_changed

PRICES_FILE = "model_prices.csv"
ALIASES_FILE = "model_aliases.csv"


@dataclass
class UpdateResult:
    """What an update found, and whether it wrote anything."""

    plan: UpdatePlan
    package: PackagePrices
    source: str
    new_aliases: list[tuple[str, ...]]
    changed_aliases: list[tuple[str, str, str, str]]
    """Provider, alias, model in the seed, model in the package; the seed's stays until a person changes it."""
    written: bool = False

    @property
    def up_to_date(self) -> bool:
        """True if an update has nothing to write."""
        return self.plan.up_to_date and not self.new_aliases

    def tables(self, limit: int = 60) -> list[Table]:
        """What changes, what is new, and what cannot be represented, for a terminal; at most ``limit`` rows each."""
        return [
            table for table in (self._changes(limit), self._additions(limit), self._notes(limit)) if table.row_count
        ]

    def _changes(self, limit: int) -> Table:
        table = Table(title=f"Prices that change ({len(self.plan.changes)})")
        for name in ("", "provider", "model", "tier", "kind", "above", "old", "new", "from"):
            table.add_column(name, justify="right" if name in ("above", "old", "new") else "left")
        _fill(table, [describe(change) for change in self.plan.changes], limit)
        return table

    def _additions(self, limit: int) -> Table:
        table = Table("provider", "new", "examples", title="New names")
        for what, rows in (
            ("models and service tiers", self.plan.added_models),
            ("aliases", self.new_aliases),
        ):
            for provider, count in sorted(Counter(row[0] for row in rows).items()):
                examples = [row[1] for row in rows if row[0] == provider][:3]
                _fill(table, [(provider, f"{count} {what}", ", ".join(examples))], limit)
        return table

    def _notes(self, limit: int) -> Table:
        table = Table("what", title="Not represented in the price book")
        notes = [*self.package.unknown_units, *self.package.not_represented]
        notes += [f"{p}: alias {a} is {old} here, {new} in the package" for p, a, old, new in self.changed_aliases]
        if self.plan.kept:
            kept = len(self.plan.kept)
            notes.append(f"{kept} prices are not in the package, or were corrected, and stay as they are")
        _fill(table, [(note,) for note in notes], limit)
        return table


def _fill(table: Table, rows: list[tuple[str, ...]], limit: int) -> None:
    for row in rows[:limit]:
        # A model's name is data: square brackets in it are not markup.
        table.add_row(*(text.replace("[", r"\[") for text in row))
    if len(rows) > limit:
        table.add_row(f"and {len(rows) - limit} more", *[""] * (len(table.columns) - 1))


def update_prices(
    folder: Path,
    *,
    today: date,
    effective_date: date | None = None,
    allow_large_changes: bool = False,
    check: bool = False,
    zone: str = "UTC",
    providers: tuple[str, ...] = PROVIDERS,
) -> UpdateResult:
    """Bring `model_prices.csv` and `model_aliases.csv` of a seeds folder up to the installed package.

    With ``check`` nothing is written: ``up_to_date`` of the result says whether anything would be. Each file is
    replaced atomically. Arguments and errors otherwise as :func:`orchestration.prices.update.plan_update`.

    Raises:
        ValueError: the package has a price of a unit that the vocabulary of meters lacks; ``check`` only names it.
    """
    package = package_prices(providers)
    if package.unknown_units and not check:
        raise ValueError(f"prices that nothing could be billed by: {'; '.join(package.unknown_units)}")
    prices_file, aliases_file = folder / PRICES_FILE, folder / ALIASES_FILE
    plan = plan_update(
        read_rows(prices_file),
        package.rows,
        today=today,
        effective_date=effective_date or (today if check else None),
        allow_large_changes=allow_large_changes or check,
        zone=zone,
    )
    aliases = _read_aliases(aliases_file)
    priced = {(row.provider, row.model) for row in plan.rows}
    offered = {(row[0], row[1]): row[2] for row in model_alias_rows(priced, providers)}
    # Names are compared without regard to case.
    held = {(provider, alias.lower()) for provider, alias in aliases}
    new = [(*key, model) for key, model in sorted(offered.items()) if (key[0], key[1].lower()) not in held]
    changed = [(*key, aliases[key], offered[key]) for key in sorted(aliases.keys() & offered.keys())]
    changed = [row for row in changed if row[2] != row[3]]
    result = UpdateResult(plan, package, package_source(), new, changed)
    if check or result.up_to_date:
        return result
    rows = [*((*key, model) for key, model in aliases.items()), *new]
    result.written = write_rows(prices_file, plan.rows)
    result.written |= write_text_if_changed(aliases_file, render_csv(ALIAS_COLUMNS, sorted(rows)))
    return result


def _read_aliases(path: Path) -> dict[tuple[str, str], str]:
    if not path.exists():
        return {}
    table = read_table(path)
    return {(row.values["provider"], row.values["alias"]): row.values["model"] for row in table.rows}
