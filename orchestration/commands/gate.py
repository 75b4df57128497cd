"""The cost-quality gate of one release, as a step of a release pipeline."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import duckdb
from rich.table import Table

from orchestration.commands.console import EXIT_FAILED, EXIT_OK, CommandError, out, plain
from orchestration.commands.sql import shown
from orchestration.publish.reader import open_published
from orchestration.settings import Settings

FORMATS = ("table", "json")
EXIT_NOT_ENOUGH_EVIDENCE = 3
EXIT_CODES = {"pass": EXIT_OK, "fail": EXIT_FAILED, "not_enough_evidence": EXIT_NOT_ENOUGH_EVIDENCE}
_WORDS = {"pass": "pass", "fail": "FAIL", "not_enough_evidence": "not enough evidence"}
_STYLES = {"pass": "green", "fail": "red", "not_enough_evidence": "yellow"}


def run_gate(settings: Settings, release_id: str, output_format: str) -> int:
    """Print the verdict on a release from what is published, and return the exit code that says it.

    Raises:
        CommandError: nothing is published, the release is unknown there, or the format does not exist.
    """
    if output_format not in FORMATS:
        raise CommandError(f"no format {output_format!r}; there are {', '.join(FORMATS)}")
    with open_published(settings) as con:
        report = gate_report(con, release_id)
    if output_format == "json":
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report)
    return EXIT_CODES[report["verdict"]]


def gate_report(con: duckdb.DuckDBPyConnection, release_id: str) -> dict[str, Any]:
    """The verdict as plain values for JSON; what is not known is null, times are ISO 8601 in UTC.

    Raises:
        CommandError: the published build has no gate, or does not know the release.
    """
    try:
        checks = _rows(con, "SELECT * FROM gate_verdicts WHERE release_id = ? ORDER BY position", release_id)
        hours = _rows(con, "SELECT * FROM gate_watch_hourly WHERE release_id = ? ORDER BY hour_number", release_id)
    except duckdb.CatalogException as error:
        raise CommandError("the published build has no release gate; run `finops nightly` first") from error
    if not checks:
        known = [name for (name,) in con.execute("SELECT DISTINCT release_id FROM gate_verdicts ORDER BY 1").fetchall()]
        raise CommandError(
            f"no release {release_id!r} is published; "
            + (f"there are {', '.join(known)}" if known else "there are none")
            + " (a release stands in releases.csv of the reference data)"
        )
    first = checks[0]
    return {
        "release_id": release_id,
        "use_case": first["use_case"],
        "owner": first["owner"],
        "verdict": first["release_verdict"],
        "exit_code": EXIT_CODES[first["release_verdict"]],
        "comparison": first["comparison"],
        "baseline": _side(first, "baseline"),
        "candidate": _side(first, "candidate"),
        "is_window_complete": first["is_window_complete"],
        "uses_developed_figures": first["uses_developed_figures"],
        "immature_outcomes": first["immature_outcomes"],
        "mixed_outcomes": first["mixed_outcomes"],
        "earlier_releases": first["earlier_releases"],
        "checks": [_check(row) for row in checks],
        "watch": _watch(hours),
    }


def _side(row: dict[str, Any], side: str) -> dict[str, Any]:
    return {
        "from": row[f"{side}_from"],
        "until": row[f"{side}_until"],
        "outcomes": row[f"{side}_outcomes"],
        "cost_per_request": row[f"{side}_cost_per_request"],
    }


def _check(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "group": row["check_group"],
        "name": row["check_name"],
        "verdict": row["check_verdict"],
        "reason": row["reason"],
        "baseline": row["baseline_value"],
        "candidate": row["candidate_value"],
        "effect": row["effect"],
        "effect_lower": row["effect_lower"],
        "effect_upper": row["effect_upper"],
        "threshold": row["threshold"],
        "effect_meaning": row["effect_meaning"],
    }


def _watch(hours: list[dict[str, Any]]) -> dict[str, Any]:
    rollbacks = [row for row in hours if row["recommendation"] == "rollback"]
    latest = hours[-1] if hours else None
    return {
        "hours": len(hours),
        "recommendation": latest["recommendation"] if latest else None,
        "reason": latest["reason"] if latest else None,
        "rollback_hours": len(rollbacks),
        "first_rollback_hour": rollbacks[0]["hour_number"] if rollbacks else None,
    }


def _rows(con: duckdb.DuckDBPyConnection, query: str, release_id: str) -> list[dict[str, Any]]:
    cursor = con.execute(query, [release_id])
    names = [column[0] for column in cursor.description or []]
    return [{name: _value(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _print(report: dict[str, Any]) -> None:
    baseline, candidate = report["baseline"], report["candidate"]
    how = "side by side" if report["comparison"] == "side_by_side" else "before and after"
    out.print(plain(f"{report['release_id']}, {report['use_case']} ({report['owner']}), {how}"))
    out.print(
        f"baseline {_span(baseline)}, {baseline['outcomes']:,} outcomes; "
        f"release {_span(candidate)}, {candidate['outcomes']:,} outcomes"
    )
    for note in _notes(report):
        out.print(note)
    table = Table(show_edge=False, pad_edge=False)
    for title in ("check", "verdict", "found"):
        table.add_column(title, overflow="fold")
    for check in report["checks"]:
        verdict = check["verdict"]
        table.add_row(
            check["name"].replace("_", " "), f"[{_STYLES[verdict]}]{_WORDS[verdict]}[/]", plain(check["reason"])
        )
    out.print(table)
    watch = report["watch"]
    if watch["hours"]:
        out.print(plain(f"watch, hour {watch['hours']} of 72: {watch['recommendation']}, {watch['reason']}"))
    out.print(f"verdict: {_WORDS[report['verdict']]}", style=_STYLES[report["verdict"]])


def _span(side: dict[str, Any]) -> str:
    return " to ".join(shown(datetime.fromisoformat(side[end]))[:16] for end in ("from", "until"))


def _notes(report: dict[str, Any]) -> list[str]:
    notes = []
    if not report["is_window_complete"]:
        notes.append("The comparison is still running.")
    if report["uses_developed_figures"]:
        notes.append(
            f"{report['immature_outcomes']:,} outcomes can still be corrected; the figures are developed ones."
        )
    if report["mixed_outcomes"] and report["comparison"] == "side_by_side":
        notes.append(f"{report['mixed_outcomes']:,} outcomes were served by both versions and are left out.")
    if report["earlier_releases"]:
        notes.append(f"{report['earlier_releases']} other releases changed the use case during the baseline.")
    return notes
