"""Catches effective seeds that differ from what people wrote, and changes that build too little or too much again."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.reference import PreparedReference, ReferenceError, changed_ranges, prepare, save_reference_rows
from orchestration.reference.specs import SPECS
from orchestration.settings import PROJECT_DIR, Settings

from .company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path / "seeds")


@pytest.fixture
def settings(tmp_path: Path, company: Company) -> Settings:
    return Settings(home=tmp_path / "home", seeds=company.folder)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create schema ledger")
    connection.execute(
        "create table ledger.reference_rows (seed varchar, row_hash varchar, valid_from timestamptz, "
        "valid_to timestamptz, row_text varchar)"
    )
    yield connection
    connection.close()


def written(prepared: PreparedReference, name: str) -> list[list[str]]:
    with (prepared.path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_every_seed_is_written_in_contract_order(settings: Settings, company: Company) -> None:
    """Catches a seed that dbt does not find, a header in the user's order, and the user's extra column."""
    company.write("owners", ["escalation_2,note,owner,contact,escalation_1", "b,hello,claims,c,a"])
    prepared = prepare(settings)
    assert sorted(path.name for path in prepared.path.iterdir()) == sorted(f"{name}.csv" for name in SPECS)
    assert written(prepared, "owners") == [
        ["owner", "contact", "escalation_1", "escalation_2"],
        ["claims", "c", "a", "b"],
    ]
    for name, spec in SPECS.items():
        assert written(prepared, name)[0] == list(spec.column_names)


def test_missing_files_are_empty_or_the_projects(settings: Settings, company: Company) -> None:
    """Catches a company that must copy the price book, and one that inherits the sample company's budgets."""
    for name in ("model_prices", "models", "model_aliases", "provider_aliases", "budgets"):
        company.remove(name)
    # It routes to a model of the made-up price book.
    company.remove("lever_assumptions")
    prepared = prepare(settings)
    assert written(prepared, "budgets") == [list(SPECS["budgets"].column_names)]
    assert len(written(prepared, "model_prices")) > 1_000
    project = (PROJECT_DIR / "seeds" / "model_aliases.csv").read_bytes()
    assert (prepared.path / "model_aliases.csv").read_bytes() == project


def test_the_projects_seeds_are_their_own_effective_form(tmp_path: Path) -> None:
    """Catches committed seeds that dbt run by hand would read otherwise than the pipeline does."""
    prepared = prepare(Settings(home=tmp_path, seeds=PROJECT_DIR / "seeds"))
    differing = []
    for path in (PROJECT_DIR / "seeds").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        if "month" in header:
            # The one value that may be written in two ways; staging reads both.
            at = header.index("month")
            rows = [[*row[:at], f"{row[at][:7]}-01", *row[at + 1 :]] for row in rows]
        if [header, *rows] != written(prepared, path.stem):
            differing.append(path.name)
    assert differing == []


def test_values_are_data_whatever_they_look_like(settings: Settings, company: Company) -> None:
    """Catches text that becomes a formula, a template or two rows on its way into the warehouse."""
    values = ["=cmd()", "{{ env_var('HOME') }}", 'a "b", c', "two\nlines", "Grüße 🙂"]
    lines = [
        ",".join(f'"{v.replace(chr(34), chr(34) * 2)}"' for v in [f"o{i}", v, "", ""]) for i, v in enumerate(values)
    ]
    company.write("owners", [*company.lines("owners"), *lines])
    assert [row[1] for row in written(prepare(settings), "owners")[2:]] == values


def test_equal_contents_in_other_bytes_are_equal(settings: Settings, company: Company) -> None:
    """Catches a byte order mark, CRLF or another way to write a month that builds everything again."""
    before = prepare(settings)
    for path in company.folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8").replace("2026-07,1", "2026-07-01,01").replace("FALSE", "False")
        path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    stamps = {path: path.stat().st_mtime_ns for path in before.path.iterdir()}
    after = prepare(settings)
    assert after.hash == before.hash
    assert after.rows == before.rows
    assert {path: path.stat().st_mtime_ns for path in after.path.iterdir()} == stamps
    assert written(after, "budgets")[1][2:4] == ["2026-07-01", "1"]
    company.change("owners", 2, "head", "chief")
    assert prepare(settings).hash != before.hash


def test_invalid_data_leave_the_effective_seeds_alone(settings: Settings, company: Company) -> None:
    """Catches a half-replaced folder after a mistake in one file."""
    before = prepare(settings)
    stamps = {path: path.read_bytes() for path in before.path.iterdir()}
    company.change("owners", 2, "head", "chief")
    company.change("fx_rates", 2, "1.1", "x")
    company.change("role_rates", 2, "60", "-60")
    with pytest.raises(ReferenceError) as error:
        prepare(settings)
    assert [(p.file, p.line, p.column) for p in error.value.problems] == [
        ("role_rates.csv", 2, "hourly_rate"),
        ("fx_rates.csv", 2, "rate"),
    ]
    assert "fx_rates.csv:2 rate: not a plain number" in str(error.value)
    assert {path: path.read_bytes() for path in before.path.iterdir()} == stamps


def test_no_temporary_files_stay(settings: Settings) -> None:
    """Catches files that dbt would take for seeds."""
    prepared = prepare(settings)
    stray = prepared.path / "old_seed.csv"
    stray.write_text("a\n1\n", encoding="utf-8")
    prepare(settings)
    assert not stray.exists()
    assert not [path for path in prepared.path.iterdir() if path.name.startswith(".")]


def day(month: int, number: int, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


def saved(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    save_reference_rows(con, prepare(settings))


def test_first_build_is_of_everything(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Catches a first run that finds nothing to do."""
    assert changed_ranges(con, prepare(settings)) == "all"
    saved(con, settings)
    assert changed_ranges(con, prepare(settings)) is None
    assert con.execute("select count(*), count(distinct row_hash) from ledger.reference_rows").fetchone() == (
        len(prepare(settings).rows),
        len(prepare(settings).rows),
    )


# What is changed, and which time must be built again.
TOUCHED = {
    "closing an open price and opening the next leaves the past alone": (
        [("model_prices", 5, ",1,USD,2026-01-01,,", ",1,USD,2026-01-01,2026-09-01,")],
        [("model_prices", "acme,m2,,,input,,4,USD,2026-09-01,,")],
        [(day(9, 1), None)],
    ),
    "a corrected rate touches its whole interval": (
        [("model_prices", 2, ",2,USD", ",2.5,USD")],
        [],
        [(day(1, 1), day(7, 1))],
    ),
    "a price moved by a day touches that day": (
        [("model_prices", 2, "2026-07-01", "2026-07-02"), ("model_prices", 3, "2026-07-01", "2026-07-02")],
        [],
        [(day(7, 1), day(7, 2))],
    ),
    "a new override touches the time for which it holds": (
        [],
        [("price_overrides", "acme,,,,,,,,2026-05-01,2026-06-01,,0.1")],
        [(day(5, 1), day(6, 1))],
    ),
    "a new owner of a use case touches what comes after": ([("use_cases", 3, "claims", "")], [], [(day(7, 1), None)]),
    "a rate of exchange stands in for seven more days": (
        [("fx_rates", 3, "1.1", "1.2")],
        [],
        [(day(7, 2), day(7, 10))],
    ),
    "another source is no other price": ([("model_prices", 2, "2026-07-01,", "2026-07-01,invoice")], [], None),
    "owners, budgets, targets and releases are joined to finished facts": (
        [("owners", 2, "head", "chief"), ("budgets", 2, "1000", "2000"), ("cost_slos", 2, "1.5", "1.6"),
         ("releases", 2, "200", "300")],
        [],
        None,
    ),
    "an experiment that goes on touches its new days": (
        [("experiments", 2, "2026-08-01", "2026-09-01")],
        [],
        [(day(8, 1), day(9, 1))],
    ),
    "a rule has no dates": ([("use_case_rules", 2, "claims-.*", "c-.*")], [], "all"),
    "a tier has no dates": ([("models", 3, "premium", "economy"), ("models", 3, "FALSE", "true")], [], "all"),
    "an alias has no dates": ([("model_aliases", 2, "latest", "new")], [], "all"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "additions", "expected"), TOUCHED.values(), ids=TOUCHED.keys())
def test_changes_touch_exactly_their_time(
    con: duckdb.DuckDBPyConnection, settings: Settings, company: Company, changes, additions, expected
) -> None:
    """Catches figures that stay old after a correction, and a nightly run that builds years for one new price."""
    saved(con, settings)
    for change in changes:
        company.change(*change)
    for addition in additions:
        company.add(*addition)
    assert changed_ranges(con, prepare(settings)) == expected
    saved(con, settings)
    assert changed_ranges(con, prepare(settings)) is None


def test_rows_are_replaced_within_the_callers_transaction(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Catches a ledger that remembers reference data of a build that was never published."""
    saved(con, settings)
    count = con.execute("select count(*) from ledger.reference_rows").fetchone()
    con.execute("begin")
    saved(con, settings)
    con.execute("rollback")
    assert con.execute("select count(*) from ledger.reference_rows").fetchone() == count
