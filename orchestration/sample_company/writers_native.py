"""The company's own logs: inference attempts, rework tickets, SLA clocks and decisions in the native contract."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa

from orchestration.sample_company.company import CANARY, UNDECLARED_USE_CASE, UseCase
from orchestration.sample_company.landing_files import LandingFiles, Row, csv_bytes, json_line, parquet_bytes
from orchestration.sample_company.records import Attempt, Clock, Decision, Ticket, day_of, iso, time_of, week_of

CSV_WEEK, PARQUET_WEEK, LATE_DAY = "2026-W28", "2026-W30", "2026-08-19"
_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_CSV_COLUMNS = [
    "attempt_id", "request_id", "outcome_id", "use_case", "task_class", "provider", "model", "service_tier",
    "started_at", "ended_at", "status", "input_tokens", "output_tokens", "prompt_hash", "can_wait", "release_id",
]  # fmt: skip
_PARQUET_SCHEMA = pa.schema(
    [
        (name, pa.string())
        for name in ("attempt_id", "retry_of", "outcome_id", "use_case", "task_class", "provider", "model")
    ]
    + [
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("ended_at", pa.timestamp("us", tz="UTC")),
        ("status", pa.string()),
    ]
    + [(name, pa.int64()) for name in ("input_tokens", "output_tokens", "cache_read_tokens")]
    + [("prompt_hash", pa.string()), ("input_valid", pa.bool_()), ("can_wait", pa.bool_())]
)
_OUTCOME_COLUMNS = ["outcome_id", "use_case", "decision", "decided_at", "decided_by_role"]


def inference_row(attempt: Attempt, log: str) -> Row:
    """One attempt in the native contract; the log style decides which links between attempts are written."""
    row: Row = {"attempt_id": attempt.attempt_id}
    if log == "native_ids":
        row["request_id"] = attempt.request_key
    if log == "native_links" and attempt.retry_of:
        row["retry_of"] = attempt.retry_of
    row |= {
        "outcome_id": attempt.outcome_id, "use_case": attempt.use_case, "task_class": attempt.task_class,
        "provider": attempt.provider, "model": attempt.model, "service_tier": attempt.service_tier,
        "started_at": iso(attempt.started_ms),
    }  # fmt: skip
    if log == "native_window":
        row["latency_ms"] = attempt.ended_ms - attempt.started_ms
    else:
        row["ended_at"] = iso(attempt.ended_ms)
    row |= {"status": attempt.status, "input_tokens": attempt.input_tokens, "output_tokens": attempt.output_tokens}
    for name in ("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens"):
        if getattr(attempt, name):
            row[name] = getattr(attempt, name)
    row |= {"cache_hit": attempt.cache_hit, "prompt_hash": attempt.prompt_hash}
    if not attempt.input_valid or log == "native_links":
        row["input_valid"] = attempt.input_valid
    if attempt.can_wait:
        row["can_wait"] = True
    for name in ("experiment", "release_id"):
        if getattr(attempt, name):
            row[name] = getattr(attempt, name)
    return {name: value for name, value in row.items() if value is not None}


def _logged_cost(attempt: Attempt) -> Row:
    """What the caller's library guessed: sixth decimals for some teams, and the only price of the unknown model."""
    if attempt.use_case == UNDECLARED_USE_CASE:
        if attempt.cost is None and attempt.started_ms % 2:
            return {"cost": float(Decimal(attempt.context_tokens) * Decimal("0.0000021")), "currency": "EUR"}
        return {}
    if attempt.cost is not None and attempt.started_ms % 3 == 0:
        return {"cost": float(round(attempt.cost, 6)), "currency": "USD"}
    return {}


def write_inference(files: LandingFiles, case: UseCase, attempts: list[Attempt]) -> None:
    """Daily files for the support team, weekly ones for others; one CSV and one Parquet file, one batch a week late."""
    tables: dict[str, list[Row]] = {}
    for attempt in sorted(attempts, key=lambda a: (a.started_ms, a.attempt_id)):
        day, week = day_of(attempt.started_ms), week_of(attempt.started_ms)
        row = inference_row(attempt, case.log)
        if case.code == "sup":
            name = f"customer_support/{day}{_SUFFIXES[int(day[-2:]) % 3]}"
        elif case.code == "cod" and day == LATE_DAY:
            name = "code_review_assistant/late/delivered-2026-08-27.jsonl.gz"
        elif (case.code, week) in (("doc", CSV_WEEK), ("inv", PARQUET_WEEK)):
            if case.code == "inv":
                row |= {"started_at": time_of(attempt.started_ms), "ended_at": time_of(attempt.ended_ms)}
            tables.setdefault(week, []).append(row)
            continue
        else:
            name = f"{case.name}/{week}{_SUFFIXES[(int(week[-2:]) + len(case.name)) % 3]}"
        row |= _logged_cost(attempt)
        if case.code in ("sup", "cod"):
            row["messages"] = [{"role": "user", "content": f"{CANARY} question about {attempt.prompt_hash[-6:]}"}]
        if case.code == "inv":
            row["response"] = f"{CANARY} fields of a scanned page"
        if case.code == "cod":
            row["repository"] = f"repo-{attempt.started_ms % 7}"
        files.add(f"inference/{name}", json_line(row))
    if CSV_WEEK in tables:
        rows = tables[CSV_WEEK]
        files.add_whole(f"inference/{case.name}/{CSV_WEEK}.csv", csv_bytes(rows, _CSV_COLUMNS), len(rows))
    if PARQUET_WEEK in tables:
        rows = tables[PARQUET_WEEK]
        files.add_whole(
            f"inference/{case.name}/{PARQUET_WEEK}.parquet", parquet_bytes(rows, _PARQUET_SCHEMA), len(rows)
        )


def write_rework(files: LandingFiles, tickets: list[Ticket]) -> None:
    """Weekly exports of ticket states, in order of their update."""
    states = [(state, ticket) for ticket in tickets for state in ticket.states]
    for state, ticket in sorted(states, key=lambda pair: (pair[0].updated_ms, pair[1].ticket_id)):
        row: Row = {"ticket_id": ticket.ticket_id}
        if len(ticket.outcome_ids) > 1:
            row["outcome_ids"] = ticket.outcome_ids
        else:
            row["outcome_id"] = ticket.outcome_ids[0]
        row |= {
            "use_case": ticket.use_case, "opened_at": iso(ticket.opened_ms), "closed_at": iso(state.closed_ms),
            "updated_at": iso(state.updated_ms), "severity": ticket.severity, "kind": ticket.kind,
            "cause": ticket.cause, "role": ticket.role, "status": state.status,
        }  # fmt: skip
        if state.minutes is not None:
            row["handling_minutes"] = float(state.minutes)
        if ticket.cost is not None and state.status != "open":
            row |= {"cost": float(ticket.cost), "currency": ticket.currency}
        week = week_of(state.updated_ms)
        suffix = _SUFFIXES[int(week[-2:]) % 3]
        files.add(f"rework/{week}{suffix}", json_line({k: v for k, v in row.items() if v is not None}))


def write_sla(files: LandingFiles, clocks: list[Clock]) -> None:
    """Weekly exports of clock states."""
    states = [(state, clock) for clock in clocks for state in clock.states]
    for state, clock in sorted(states, key=lambda pair: (pair[0].updated_ms, pair[1].event_id)):
        row: Row = {
            "event_id": clock.event_id, "outcome_id": clock.outcome_id, "use_case": clock.use_case,
            "metric": clock.metric, "started_at": iso(clock.started_ms), "due_at": iso(clock.due_ms),
            "stopped_at": iso(state.stopped_ms),
            "updated_at": iso(state.updated_ms), "paused_minutes": clock.paused_minutes or None, "status": state.status,
        }  # fmt: skip
        week = week_of(state.updated_ms)
        files.add(f"sla/{week}.jsonl.gz", json_line({k: v for k, v in row.items() if v is not None}))


def write_outcomes(files: LandingFiles, decisions: list[Decision]) -> None:
    """Monthly CSV exports of decisions."""
    months: dict[str, list[Row]] = {}
    for decision in sorted(decisions, key=lambda d: (d.decided_ms, d.outcome_id)):
        values = (decision.outcome_id, decision.use_case, decision.decision, iso(decision.decided_ms), decision.role)
        month = day_of(decision.decided_ms)[:7]
        months.setdefault(month, []).append(dict(zip(_OUTCOME_COLUMNS, values, strict=True)))
    for month, rows in months.items():
        files.add_whole(f"outcomes/{month}.csv.gz", csv_bytes(rows, _OUTCOME_COLUMNS), len(rows))
