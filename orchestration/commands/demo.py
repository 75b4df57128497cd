"""The sample company, from landing files to the first answers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from orchestration.commands.console import CommandError, err, out, plain
from orchestration.commands.run import run_or_fail
from orchestration.instants import parse_instant
from orchestration.publish.reader import open_published
from orchestration.settings import PROJECT_DIR, Settings, project_vars
from orchestration.warehouse.files import write_text_if_changed

WINDOW_DAYS = 28

EIGHT_METRICS = """
    WITH response_times AS (
        SELECT use_case, quantile_cont(response_time_ms, 0.95) AS p95_ms
        FROM requests WHERE cohort_day >= ? AND cohort_day < ? GROUP BY use_case
    )
    SELECT days.use_case,
        sum(inference_cost) / nullif(sum(requests), 0) AS "cost per request",
        sum(total_cost) / nullif(sum(accepted_outcomes), 0) AS "cost per accepted outcome",
        sum(accepted_outcomes) / nullif(sum(outcomes), 0) AS "accep- tance",
        sum(retried_requests) / nullif(sum(requests), 0) AS "retry rate",
        sum(reached_context_tokens) / nullif(sum(reached_attempts), 0) AS "context tokens",
        sum(premium_attempts) / nullif(sum(reached_attempts), 0) AS "premium traffic",
        any_value(response_times.p95_ms) / 1000 AS "p95 seconds",
        sum(sla_met_outcomes) / nullif(sum(sla_outcomes), 0) AS "SLA met",
        sum(full_review_outcomes) / nullif(sum(outcomes), 0) AS "full review"
    FROM use_case_daily AS days LEFT JOIN response_times ON days.use_case = response_times.use_case
    WHERE days.day >= ? AND days.day < ?
    GROUP BY days.use_case
    ORDER BY sum(total_cost) DESC
"""
STORY = """
    SELECT sum(inference_cost) / nullif(sum(requests), 0), sum(total_cost) / nullif(sum(accepted_outcomes), 0),
        sum(accepted_outcomes) / nullif(sum(outcomes), 0), sum(retried_requests) / nullif(sum(requests), 0)
    FROM use_case_daily WHERE use_case = ? AND day >= ? AND day < ?
"""
LEAKS = """
    SELECT use_case, replace(leak, '_', ' '), leak_cost, share_of_inference_cost, rework_cost + delay_cost
    FROM top_leaks WHERE period = 'all_time' ORDER BY leak_cost DESC LIMIT 5
"""
EXAMPLE = "select month, use_case, cost_per_accepted_outcome from use_case_monthly order by all"


def run_demo(settings: Settings) -> None:
    """Write the sample company, run the nightly job over it, and print what it found.

    Raises:
        CommandError: landing holds files that are not the sample company's, or the run failed.
    """
    from orchestration.sample_company import AS_OF

    settings.make_folders()
    _write_company(settings)
    run_or_fail(settings, "nightly", as_of=parse_instant(AS_OF))
    with open_published(settings) as con:
        _show_metrics(con)
        _show_story(con)
        _show_leaks(con)
    _show_next(settings)


def _write_company(settings: Settings) -> None:
    from orchestration.sample_company import write

    if "://" in settings.landing_url or settings.seeds is not None:
        raise CommandError(
            "the demo needs a local landing folder and the project's own reference data: unset FINOPS_LANDING and "
            "FINOPS_SEEDS, or look at your own data with `finops nightly`"
        )
    landing, mark = Path(settings.landing_url), settings.home / "demo.json"
    if not mark.exists() and any(path.is_file() for path in landing.rglob("*")):
        raise CommandError(
            f"{landing} holds files already and the demo would mix with them; run it with another FINOPS_HOME, "
            "for example `FINOPS_HOME=~/finops-demo finops demo`"
        )
    version = _company_version()
    if mark.exists() and json.loads(mark.read_text(encoding="utf-8")) == {"written": version}:
        return
    write_text_if_changed(mark, json.dumps({"written": None}))
    with err.status("writing thirteen weeks of a sample company"):
        summary = write(landing)
    write_text_if_changed(mark, json.dumps({"written": version}))
    files = sum(summary.files.values())
    out.print(f"wrote a sample company: {summary.attempts:,} model calls of 13 weeks in {files} files, into", landing)


def _company_version() -> str:
    digest = hashlib.sha256()
    for folder, pattern in (("orchestration/sample_company", "*.py"), ("seeds", "*.csv")):
        for path in sorted((PROJECT_DIR / folder).glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _show_metrics(con: duckdb.DuckDBPyConnection) -> None:
    from orchestration.sample_company import LAST_DAY

    (start, end) = con.execute(
        "SELECT (?::DATE - ? + 1)::VARCHAR, (?::DATE + 1)::VARCHAR", [LAST_DAY, WINDOW_DAYS, LAST_DAY]
    ).fetchone() or ("", "")
    cursor = con.execute(EIGHT_METRICS, [start, end, start, end])
    names = [column[0] for column in cursor.description or []]
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("use case")
    for name in names[1:]:
        table.add_column(name, justify="right")
    for use_case, *figures in cursor.fetchall():
        table.add_row(plain(use_case), *(_figure(name, value) for name, value in zip(names[1:], figures, strict=True)))
    out.print(f"\nThe eight metrics, last {WINDOW_DAYS} days to {LAST_DAY}, in {_currency()}")
    out.print(table)


def _show_story(con: duckdb.DuckDBPyConnection) -> None:
    from orchestration.sample_company.story import AFTER, BEFORE, STORY_CASE

    before = con.execute(STORY, [STORY_CASE, *BEFORE]).fetchone()
    after = con.execute(STORY, [STORY_CASE, *AFTER]).fetchone()
    if before is None or after is None:
        return
    names = ("cost per request", "cost per accepted outcome", "acceptance", "retry rate")
    table = Table(show_edge=False, pad_edge=False)
    for name in ("", "six weeks before", "six weeks after", "change"):
        table.add_column(name, justify="right" if name else "left")
    for name, old, new in zip(names, before, after, strict=True):
        table.add_row(name, _figure(name, old), _figure(name, new), _change(name, old, new))
    out.print(f"\nWhat a release of 2026-08-10 did to {STORY_CASE}: routing by task class, shorter context, a cache")
    out.print(table)


def _show_leaks(con: duckdb.DuckDBPyConnection) -> None:
    table = Table(show_edge=False, pad_edge=False)
    for name in ("use case", "leak", "leaked", "of inference cost", "rework and delay beside it"):
        table.add_column(name, justify="left" if name in ("use case", "leak") else "right")
    for use_case, leak, cost, share, beside in con.execute(LEAKS).fetchall():
        table.add_row(plain(use_case), leak, f"{cost:,.2f}", f"{share:.1%}", f"{beside:,.2f}")
    out.print(f"\nWhere most money leaked in these 13 weeks, in {_currency()}")
    out.print(table)


def _show_next(settings: Settings) -> None:
    out.print("\nWhere to look next")
    out.print(plain(f'  .venv/bin/finops sql "{EXAMPLE}"'), soft_wrap=True)
    out.print("  .venv/bin/finops review weekly   what changed, why, and the one action to take")
    out.print("  .venv/bin/finops sources   what was loaded and refused, and why")
    out.print("  .venv/bin/finops dashboard --open   the pages that the reviews are held over")
    out.print("  make ui                    the asset graph in Dagster")
    out.print(
        plain(f"  {settings.published_database}   open it read only with anything that reads DuckDB"), soft_wrap=True
    )


def _figure(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.startswith("cost"):
        return f"{float(value):,.4f}"
    if name == "context tokens":
        return f"{float(value):,.0f}"
    if name == "p95 seconds":
        return f"{float(value):,.1f}"
    return f"{float(value):.1%}"


def _change(name: str, old: Any, new: Any) -> str:
    if old is None or new is None:
        return ""
    if name.startswith("cost"):
        return f"{float(new) / float(old) - 1:+.1%}" if old else ""
    return f"{(float(new) - float(old)) * 100:+.1f} points"


def _currency() -> str:
    return project_vars().reporting_currency
