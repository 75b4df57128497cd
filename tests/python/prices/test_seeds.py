"""Catches committed price seeds that no longer follow from the package, and names that lead nowhere."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from orchestration.prices.names import RESELLERS, SNAPSHOTS, is_fine_tuned
from orchestration.prices.rows import price_text, read_rows, write_rows
from orchestration.prices.seeds import update_prices
from orchestration.prices.tiers import suggested_tier
from orchestration.prices.update import EffectiveDateNeeded
from orchestration.settings import PROJECT_DIR

SEEDS = PROJECT_DIR / "seeds"
TODAY = date(2026, 11, 22)


def records(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model_prices.csv", "model_aliases.csv"):
        shutil.copy(SEEDS / name, tmp_path / name)
    return tmp_path


def test_committed_seeds_are_up_to_date() -> None:
    """Catches a new package version without `finops prices update`, and a price edited by hand in the seed."""
    assert update_prices(SEEDS, today=TODAY, check=True).up_to_date


def test_check_writes_nothing_and_says_what_is_stale(folder: Path) -> None:
    """Catches a check that changes files, or that calls a stale book fresh."""
    rows = read_rows(folder / "model_prices.csv")
    write_rows(folder / "model_prices.csv", rows[1:])
    before = (folder / "model_prices.csv").read_bytes()
    result = update_prices(folder, today=TODAY, check=True)
    assert not result.up_to_date
    assert not result.written
    assert (folder / "model_prices.csv").read_bytes() == before


def test_a_price_change_is_shown_with_old_and_new_price(folder: Path) -> None:
    """Catches a silent update: the table must name the model, both prices and the day."""
    rows = read_rows(folder / "model_prices.csv")
    index = next(i for i, r in enumerate(rows) if (r.model, r.token_kind, r.provider) == ("gpt-4o", "input", "openai"))
    now = rows[index].price_per_million
    rows[index] = type(rows[index])(**{**rows[index].__dict__, "price_per_million": now * 2})
    write_rows(folder / "model_prices.csv", rows)
    with pytest.raises(EffectiveDateNeeded):
        update_prices(folder, today=TODAY)
    result = update_prices(folder, today=TODAY, effective_date=date(2026, 11, 20))
    console = Console(width=160, record=True)
    for table in result.tables():
        console.print(table)
    shown = console.export_text()
    assert "gpt-4o" in shown
    assert price_text(now * 2) in shown
    assert "2026-11-20" in shown
    assert result.written
    assert update_prices(folder, today=TODAY).up_to_date


def test_an_empty_folder_gets_a_whole_book(tmp_path: Path) -> None:
    """Catches a first update that needs files to exist already."""
    assert update_prices(tmp_path, today=TODAY).written
    assert (tmp_path / "model_prices.csv").read_bytes() == (SEEDS / "model_prices.csv").read_bytes()
    assert (tmp_path / "model_aliases.csv").read_bytes() == (SEEDS / "model_aliases.csv").read_bytes()


def test_seeds_stay_small_enough_for_dbt() -> None:
    """Catches a provider list that makes every build wait for its seeds."""
    assert len(records("model_prices.csv")) < 6_000
    assert len(records("model_aliases.csv")) < 4_000


def test_aliases_lead_to_priced_models_and_published_snapshots_are_known() -> None:
    """Catches a dated name of a current model that would be unpriced."""
    priced = {(row.provider, row.model) for row in read_rows(SEEDS / "model_prices.csv")}
    aliases = {(r["provider"], r["alias"]): r["model"] for r in records("model_aliases.csv")}
    assert all((provider, model) in priced for (provider, _), model in aliases.items())
    sellers = {maker: [maker, *(r for r, makers in RESELLERS.items() if maker in makers)] for maker in SNAPSHOTS}
    for maker, names in SNAPSHOTS.items():
        for name in names:
            assert (maker, name) in aliases.keys() | priced
            assert "azure" not in sellers[maker] or is_fine_tuned(name) or ("azure", name) in aliases.keys() | priced, (
                name
            )
    profile = ("aws", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert aliases[profile] == "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_provider_aliases_lead_to_providers_of_the_book() -> None:
    """Catches logs of a gateway whose provider name is not recognised."""
    providers = {row.provider for row in read_rows(SEEDS / "model_prices.csv")}
    aliases = {r["alias"]: r["provider"] for r in records("provider_aliases.csv")}
    assert set(aliases.values()) <= providers
    assert not set(aliases) & providers
    assert aliases["bedrock"] == "aws" and aliases["vertex_ai"] == "google" and aliases["xai"] == "x-ai"


def test_tiers_follow_the_stated_rule_and_have_one_reference_each() -> None:
    """Catches a model declared cheap that is not, and two models standing for one tier."""
    rows = read_rows(SEEDS / "model_prices.csv")
    models = records("models.csv")
    wrong = [
        (r["provider"], r["model"], r["tier"])
        for r in models
        if suggested_tier(rows, r["provider"], r["model"]) != r["tier"]
    ]
    assert not wrong
    assert Counter(r["tier"] for r in models if r["is_reference"] == "true") == {
        "premium": 1,
        "balanced": 1,
        "economy": 1,
    }


def test_a_fine_tuned_model_is_never_an_alias_of_its_base() -> None:
    """Catches fine-tuned models at the lower price of the model they were made of."""
    names = [(row["alias"], row["model"]) for row in records("model_aliases.csv")]
    assert [pair for pair in names if is_fine_tuned(pair[0]) != is_fine_tuned(pair[1])] == []
    assert ("ft:gpt-4o-2024-08-06", "ft:gpt-4o") in names
