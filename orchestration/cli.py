"""`finops`: the warehouse from the command line. Everything heavy is imported inside the commands."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import Settings, UnknownSetting, get_settings

EPILOG = (
    "Exit codes: 0 done; 1 a check or a run failed, or something must be fixed; 2 wrong usage or another error; "
    "75 a run is in progress, try again later."
)

app = typer.Typer(
    name="finops",
    help="What one correct outcome of AI costs, from raw logs to published marts.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
prices = typer.Typer(help="The price book, and the package it is taken from.", no_args_is_help=True, epilog=EPILOG)
app.add_typer(prices, name="prices")

AsOf = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Compute as of this instant, for example 2026-09-28T06:00:00Z; default now."),
]


@app.callback()
def _common(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    _shown["traceback"] = debug


_shown = {"traceback": False}


@app.command(epilog=EPILOG)
def demo() -> None:
    """Write a sample company into landing, run the nightly job, print the eight metrics and where to look.

    The company is thirteen weeks of made-up logs, the same every time.
    """
    from orchestration.commands.demo import run_demo

    run_demo(_settings())


@app.command(epilog=EPILOG)
def nightly(
    as_of: AsOf = None,
    full_audit: Annotated[
        bool, typer.Option("--full-audit", help="dbt tests look at every row, as in the first night of each week")
    ] = False,
) -> None:
    """Load what has landed, rebuild the days it touches, check everything, publish.

    Exit code 0 means that what is published is up to date: a new build, or the one before when nothing is new. If
    anything fails the build before it stays as it is, and the failed checks, models or tests are named.
    """
    _run("nightly", as_of, **({"full_audit": True} if full_audit else {}))


@app.command(epilog=EPILOG)
def rebuild(as_of: AsOf = None) -> None:
    """Load everything again from landing into a new warehouse and publish it; the figures stay the same.

    For a changed reporting zone, a repaired landing file, or doubt. Readers see the former build until the end.
    """
    _run("rebuild", as_of, fresh=True)


@app.command(epilog=EPILOG)
def sql(
    query: Annotated[str, typer.Argument(help='For example "from use_case_monthly limit 5".')],
    output_format: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="How to print.")] = "table",
) -> None:
    """Ask the published marts; read only.

    Marts need no schema name. In csv, text that a spreadsheet would run as a formula is led by an apostrophe.
    """
    from orchestration.commands.sql import run_query

    run_query(_settings(), query, output_format)


@app.command(epilog=EPILOG)
def review(
    rhythm: Annotated[str, typer.Argument(metavar="weekly|monthly|quarterly", help="Which review.")],
    owner: Annotated[str | None, typer.Option(metavar="OWNER", help="Only what this owner answers for.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the Markdown here.")] = None,
) -> None:
    """What changed, why, the top leaks, gates, budgets and the one action to take: as Markdown to mail or paste."""
    from orchestration.commands.review import run_review

    run_review(_settings(), rhythm, owner, output)


@app.command(
    epilog="Exit codes: 0 pass; 1 fail; 2 an error, for example an unknown release or nothing published; 3 not enough "
    "evidence."
)
def gate(
    release_id: Annotated[str, typer.Argument(help="A release of the reference data (releases.csv).")],
    output_format: Annotated[str, typer.Option("--format", metavar="table|json", help="How to print.")] = "table",
) -> None:
    """Did a release save money without hurting quality? The verdict of the last published build, check by check.

    For a step of a release pipeline: the exit code is the verdict.
    """
    from orchestration.commands.gate import run_gate

    raise typer.Exit(run_gate(_settings(), release_id, output_format))


@app.command(epilog=EPILOG)
def focus(
    file: Annotated[Path, typer.Argument(help="Where to write; .csv or .parquet.", dir_okay=False)],
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="Only this month; default all.")] = None,
) -> None:
    """Write our AI cost in FOCUS 1.2 columns, for other FinOps tools.

    One row is one day, owner, use case, provider, model, service tier and token kind.
    """
    from orchestration.commands.focus import run_focus

    run_focus(_settings(), file, month=month)


@app.command(epilog=EPILOG)
def alerts(
    send: Annotated[bool, typer.Option("--send", help="Deliver now what waits.")] = False,
) -> None:
    """Budget alerts: what was told, what waits and why.

    With --send, exit code 1 means that some still wait.
    """
    from orchestration.commands.alerts import show_alerts

    show_alerts(_settings(), send=send)


@app.command(epilog=EPILOG)
def dashboard(
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    single_file: Annotated[
        Path | None, typer.Option("--single-file", metavar="FILE", help="Write one HTML file for mailing instead.")
    ] = None,
    screenshot: Annotated[
        Path | None, typer.Option("--screenshot", metavar="FILE", help="Also take a picture (PNG) with Chromium.")
    ] = None,
    view: Annotated[
        str, typer.Option(metavar="ADDRESS", help="What the picture shows, as in the address.")
    ] = "#/overview",
) -> None:
    """Build the static dashboard from what is published; the nightly run does it too.

    It opens by double-click and needs no server and no network.
    """
    from orchestration.commands.dashboard import run_dashboard

    run_dashboard(_settings(), show=show, single_file=single_file, screenshot=screenshot, view=view)


@app.command(epilog=EPILOG)
def sources() -> None:
    """Per landing folder: files seen, loaded and refused, what became of the rows, and why."""
    from orchestration.commands.sources import show_sources

    show_sources(_settings())


@app.command(epilog=EPILOG)
def doctor() -> None:
    """Examine environment, folders, disk, reference data and landing, and say what to fix.

    Exit code 1 means that a run would fail as things are.
    """
    from orchestration.commands.doctor import examine

    examine(_settings())


@prices.command("update", epilog=EPILOG)
def prices_update(
    effective_date: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Day on which price changes took effect that the package gives no date for."),
    ] = None,
    allow_large_changes: Annotated[
        bool, typer.Option("--allow-large-changes", help="Accept prices that moved by more than a factor of ten.")
    ] = False,
) -> None:
    """Show what the installed price package says now, and write it into the price book, effective-dated."""
    from orchestration.commands.prices import run_update

    run_update(_settings(), check=False, effective_date=effective_date, allow_large_changes=allow_large_changes)


@prices.command("check", epilog=EPILOG)
def prices_check() -> None:
    """Show how the price book differs from the installed package, and which models have a unit without a price.

    Nothing is written; exit code 1 if the book differs from the package.
    """
    from orchestration.commands.prices import run_update
    from orchestration.commands.second_prices import show_coverage

    show_coverage(_settings())
    run_update(_settings(), check=True, effective_date=None, allow_large_changes=True)


@prices.command("second", epilog=EPILOG)
def prices_second(
    file: Annotated[Path, typer.Argument(help="A local copy of LiteLLM's model_prices_and_context_window.json.")],
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of the copy: changed prices begin then; default today.")
    ] = None,
    provider: Annotated[
        list[str] | None, typer.Option(help="Only this provider of the book, repeatable; default all of the map.")
    ] = None,
    allow_large_changes: Annotated[
        bool, typer.Option("--allow-large-changes", help="Accept prices that moved by more than a factor of ten.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only show what it says; write nothing.")] = False,
) -> None:
    """Take from a second price map what the price book has no price of; the book wins for all else."""
    from orchestration.commands.second_prices import run_second

    run_second(_settings(), file, date=date, providers=provider, allow_large_changes=allow_large_changes, check=check)


@prices.command("reprice", epilog=EPILOG)
def prices_reprice(
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="A version's name, or a date: what was known then. Without it, a list."),
    ] = None,
) -> None:
    """Show what the published calls would cost by a former version of the price book; nothing is changed."""
    from orchestration.commands.prices import run_reprice

    run_reprice(_settings(), version)


def main() -> None:
    """Entry point: errors for people are one sentence, without a traceback."""
    try:
        app()
    except Exception as error:
        if _shown["traceback"]:
            raise
        sys.exit(_explain(error))


def _run(job: str, as_of: str | None, **parameters: bool) -> None:
    from orchestration.commands.run import run_or_fail

    run_or_fail(_settings(), job, as_of=_instant(as_of), **parameters)


def _instant(as_of: str | None) -> datetime | None:
    if as_of is None:
        return None
    from orchestration.instants import parse_instant

    return parse_instant(as_of)


def _settings() -> Settings:
    return get_settings()


def _explain(error: Exception) -> int:
    from pydantic import ValidationError

    from orchestration.commands.console import EXIT_ERROR, CommandError, err, plain
    from orchestration.publish.reader import NothingPublished
    from orchestration.warehouse.lock import EXIT_CODE_IN_PROGRESS, RunInProgress

    sentence = str(error).strip() or type(error).__name__
    code = EXIT_ERROR
    if isinstance(error, CommandError):
        code = error.exit_code
    elif isinstance(error, RunInProgress):
        code = EXIT_CODE_IN_PROGRESS
    elif isinstance(error, ValidationError):
        wrong = (f"FINOPS_{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors())
        sentence = f"impossible setting: {'; '.join(wrong)}"
    elif not isinstance(error, (NothingPublished, UnknownSetting, ValueError, OSError)):
        sentence = f"{type(error).__name__}: {sentence} (`finops --debug ...` shows where)"
    for line in sentence.splitlines():
        err.print(plain(line), style="red", soft_wrap=True)
    return code


if __name__ == "__main__":
    main()
