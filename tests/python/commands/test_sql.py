"""Analysts get answers and nothing else: no writing, no other files, no formulas, no lost digits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest

from orchestration.commands.console import CommandError, plain
from orchestration.commands.sql import run_query, shown, to_csv, to_json
from orchestration.publish.publish import publish_build
from orchestration.publish.reader import NothingPublished, connect_read_only, open_published

PUBLISH = """
from pathlib import Path
from orchestration.publish.publish import publish_build
from orchestration.reference import PreparedReference
from orchestration.settings import get_settings
publish_build(get_settings(), run_id="r2", checks_passed=1, reference=PreparedReference(Path("."), "r2", (), ()))
"""


@pytest.fixture
def published(settings, make_build, reference):
    make_build("r1", 1)
    publish_build(settings, run_id="r1", checks_passed=1, reference=reference)
    return settings


def test_marts_need_no_schema(published, capsys) -> None:
    """Catches a search path that is lost when the configuration is locked."""
    run_query(published, "select use_case, requests from use_case_daily", "csv")
    assert capsys.readouterr().out == "use_case,requests\na,1\n"


@pytest.mark.parametrize(
    "statement",
    [
        "create table marts.x as select 1",
        "delete from attempts",
        "drop table attempts",
        "copy attempts to '{folder}/stolen.csv'",
        "from read_csv('/etc/passwd')",
        "attach '{folder}/other.duckdb'",
        "install httpfs",
        "load '{folder}/x.duckdb_extension'",
        "set enable_external_access = true",
        "set threads = 64",
        "select 1; set memory_limit = '1TB'",
        "export database '{folder}/all'",
    ],
)
def test_nothing_but_reading_is_allowed(published, tmp_path, statement: str) -> None:
    """Catches a setting that is left out or set after the lock."""
    with pytest.raises(CommandError) as refused:
        run_query(published, statement.format(folder=tmp_path), "table")
    assert refused.value.exit_code == 2
    assert not list(tmp_path.glob("stolen*"))


def test_before_the_first_publish_the_answer_is_a_sentence(settings) -> None:
    """Catches a traceback about a file, and an empty database made in its place."""
    with pytest.raises(NothingPublished, match="nothing is published yet"):
        run_query(settings, "select 1", "table")
    assert not settings.published_database.exists()


def test_the_current_build_is_read_even_while_the_former_is_open(published, make_build) -> None:
    """Catches a long-lived process that keeps being given the former build because it opens the link itself."""
    with open_published(published) as old:
        make_build("r2", 2)
        # In a process of its own, as in life: DuckDB does not let one process open a file in two ways.
        environment = {**os.environ, "FINOPS_HOME": str(published.home)}
        subprocess.run([sys.executable, "-c", PUBLISH], env=environment, check=True)
        with open_published(published) as new:
            assert new.execute("select requests from use_case_daily").fetchone() == (2,)
        assert old.execute("select requests from use_case_daily").fetchone() == (1,)


def test_csv_cells_that_begin_like_a_formula_are_disarmed_and_numbers_are_not() -> None:
    """Catches a use case called =cmd() that runs in a spreadsheet, and a negative amount that becomes text."""
    row = ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "plain", -1, Decimal("-0.5"), None, True]
    lines = to_csv(["=name", *"abcdefghij"], [row])
    header, rest = lines.split("\n", 1)
    assert header.startswith("'=name,")
    assert rest == "'=cmd(),'+1,'-1,'@x,'\tx,\"'\rx\",plain,-1,-0.5,,True\n"


def test_a_carriage_return_in_a_cell_does_not_start_a_row() -> None:
    """Catches a formula that hides behind a line end in the middle of a cell."""
    assert to_csv(["a"], [["x\r=cmd()"], ["y\n=cmd()"]]) == 'a\n"x\r=cmd()"\n"y\n=cmd()"\n'


def test_json_keeps_every_digit_and_has_no_numbers_that_are_none() -> None:
    """Catches money that goes through a float, and NaN, which is no JSON."""
    amount = Decimal("12345678901234567890.123456789012")
    row = [amount, float("nan"), 'a"b', {"k": [1, None]}, datetime(2026, 9, 1, tzinfo=UTC)]
    text = to_json(["money", "ratio", "text", "nested", "at"], [row])
    assert "12345678901234567890.123456789012" in text
    (read,) = json.loads(text, parse_float=Decimal)
    assert read["money"] == amount
    assert read["ratio"] is None
    assert read["text"] == 'a"b'
    assert read["nested"] == {"k": [1, None]}
    assert to_json(["x"], []) == "[]"


def test_values_cannot_speak_to_the_terminal() -> None:
    """Catches escape sequences and markup in a model's name."""
    text = plain("\x1b[31mred[bold]\n")
    assert text.plain == "\\x1b[31mred[bold]\\n"
    assert not text.spans


def test_amounts_are_shown_without_exponents() -> None:
    """Catches 0E-12 where a person expects 0."""
    assert [shown(Decimal(text)) for text in ("0E-12", "1.500000000000", "100")] == ["0", "1.5", "100"]


def test_a_plain_connection_shows_the_refusals_are_ours(published) -> None:
    """The counter-check: without the settings a query could read other files."""
    path = published.published_database.resolve()
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("select count(*) > 0 from read_text('/etc/hostname')").fetchone() == (True,)
    with connect_read_only(path, published) as con, pytest.raises(duckdb.Error):
        con.execute("from read_text('/etc/hostname')")
