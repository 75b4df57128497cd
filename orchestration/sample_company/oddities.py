"""What goes wrong on the way to landing, planted in known numbers: broken, repeated, resent and partial rows."""

from __future__ import annotations

import orjson

from orchestration.sample_company.landing_files import LandingFiles, Row

RESENT_DAY, RECOMPRESSED_DAY = "2026-07-15", "2026-07-21"
_GOOD_ATTEMPT: Row = {
    "attempt_id": "sup-broken", "use_case": "customer_support_answers", "provider": "anthropic",
    "model": "claude-opus-4-8", "started_at": "2026-07-09T10:00:00.000Z", "status": "success",
    "input_tokens": 900, "output_tokens": 80,
}  # fmt: skip
_GOOD_TICKET: Row = {
    "ticket_id": "SUP-Tbroken", "outcome_id": "sup-o-none", "use_case": "customer_support_answers",
    "opened_at": "2026-07-09T10:00:00.000Z", "updated_at": "2026-07-09T10:00:00.000Z", "severity": "minor",
    "kind": "correction", "status": "open",
}  # fmt: skip
_GOOD_CLOCK: Row = {
    "event_id": "SUP-Sbroken", "outcome_id": "sup-o-none", "metric": "resolution",
    "started_at": "2026-07-09T10:00:00.000Z", "due_at": "2026-07-09T18:00:00.000Z",
    "updated_at": "2026-07-09T10:00:00.000Z",
}  # fmt: skip


def _changed(row: Row, **changes: object) -> bytes:
    return orjson.dumps({name: value for name, value in (row | changes).items() if value is not None})


def broken_lines() -> list[tuple[str, bytes, str]]:
    """File prefix, line and the reason code it must be refused with."""
    support, rework, sla = "inference/customer_support/2026-07-09", "rework/2026-W28", "sla/2026-W28"
    return [
        (support, _changed(_GOOD_ATTEMPT, input_tokens=-5), "bad_number"),
        (support, _changed(_GOOD_ATTEMPT, attempt_id="sup-broken-2", output_tokens="many"), "bad_number"),
        (support, _changed(_GOOD_ATTEMPT, attempt_id="sup-broken-3", started_at="2026-07-09T10:00:00"), "naive_time"),
        (support, _changed(_GOOD_ATTEMPT, attempt_id=None), "missing_id"),
        (support, _changed(_GOOD_ATTEMPT, attempt_id="sup-broken-4", status="finished"), "bad_value"),
        (support, _changed(_GOOD_ATTEMPT, attempt_id="sup-broken-5", model=None), "missing_field"),
        (support, b'{"attempt_id": "sup-broken-6", "use_case": "customer_sup', "malformed_json"),
        (rework, _changed(_GOOD_TICKET, ticket_id=" "), "missing_id"),
        (rework, _changed(_GOOD_TICKET, severity="urgent"), "bad_value"),
        (rework, _changed(_GOOD_TICKET, ticket_id="SUP-Tbroken2", handling_minutes="NaN"), "bad_number"),
        (sla, _changed(_GOOD_CLOCK, due_at="soon"), "bad_time"),
        (sla, _changed(_GOOD_CLOCK, event_id="SUP-Sbroken2", metric="first_touch"), "bad_value"),
        ("litellm/spend_logs/claims_triage-2026-W33", b'{"request_id": "chatcmpl-cut', "malformed_json"),
        ("otel/contract-desk/2026-W31", b'{"resourceSpans":[{"resource":{"attributes":[', "malformed_json"),
    ]


def plant_broken(files: LandingFiles) -> list[Row]:
    """Put the broken lines into the middle of their files; returns source, file, line number and reason of each."""
    planted = []
    for prefix, line, reason in broken_lines():
        paths = [path for path in files.paths(prefix) if not path.endswith(".csv")]
        if not paths:
            continue
        lines = files.lines(paths[0])
        lines.insert(len(lines) // 2, line)
        planted.append({"line": line, "file": paths[0], "reason": reason})
    return [
        {
            "source": entry["file"].split("/")[0],
            "file": entry["file"],
            "line_no": files.lines(entry["file"]).index(entry["line"]) + 1,
            "reason": entry["reason"],
        }
        for entry in planted
    ]


def plant_repeats(files: LandingFiles) -> dict[str, int]:
    """Repeat rows; returns how many rows of each source must be counted as duplicates."""
    duplicates = {"inference": 0, "litellm": 0, "rework": 0}

    def repeat(source: str, path: str, count: int, target: str | None = None) -> None:
        chosen = files.lines(path)[2 : 2 + count]
        for line in chosen:
            files.add(target or path, line)
        duplicates[source] += len(chosen)

    reviews = [path for path in files.paths("inference/code_review_assistant/")]
    if len(reviews) > 8:
        repeat("inference", reviews[3], 20)
        repeat("inference", reviews[6], 15, reviews[8])
    claims = [path for path in files.paths("litellm/spend_logs/claims_triage") if not path.endswith(".csv")]
    if len(claims) > 6:
        repeat("litellm", claims[4], 12, claims[6])
    desks = files.paths("rework/")
    if len(desks) > 5:
        repeat("rework", desks[4], 6, desks[5])
    return duplicates


def plant_partial_rows(files: LandingFiles, count: int = 10) -> int:
    """Streams that were logged before their end: the same attempt again with fewer output tokens; returns how many."""
    paths = files.paths("inference/code_review_assistant/")
    if len(paths) < 7:
        return 0
    planted = 0
    for line in list(files.lines(paths[5])):
        row = orjson.loads(line)
        if row["status"] == "success" and row["output_tokens"] > 8 and planted < count:
            row["output_tokens"] //= 4
            row.pop("cost", None)
            row.pop("currency", None)
            files.add(paths[5], orjson.dumps(row))
            planted += 1
    return planted


def plant_resends(files: LandingFiles) -> dict[str, object]:
    """One file again under another name with the same bytes, one again in another compression."""
    same = files.paths(f"inference/customer_support/{RESENT_DAY}")
    other = files.paths(f"inference/customer_support/{RECOMPRESSED_DAY}")
    result: dict[str, object] = {"same_bytes": None, "recompressed": None, "duplicates": 0}
    if same:
        name = same[0].rsplit("/", 1)[1]
        target = f"inference/customer_support/resent/copy-of-{name}"
        files.add_whole(target, files.content(same[0]), files.rows(same[0]))
        result["same_bytes"] = {"first": same[0], "again": target}
    if other:
        suffix = ".jsonl.zst" if not other[0].endswith(".zst") else ".jsonl"
        target = f"inference/customer_support/resent/{RECOMPRESSED_DAY}{suffix}"
        files.add_whole(target, files.content(other[0]), files.rows(other[0]))
        result["recompressed"] = {"first": other[0], "again": target}
        result["duplicates"] = files.rows(other[0])
    return result
