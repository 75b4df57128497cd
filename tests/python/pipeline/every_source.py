"""A few deliveries of every source that the sample company does not have, so that what holds for deliveries is shown
for all of them at once. Jira comes as its REST API returns it, and from another site as its CSV export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.samples import jsonl
from sources.desks.builders import (
    jira_issue,
    jira_sla,
    jira_worklog,
    pagerduty_incident,
    servicenow_incident,
    servicenow_sla,
    zendesk_event,
    zendesk_metrics,
    zendesk_policy,
    zendesk_ticket,
)
from sources.gateway_samples import gateway_log, many, trace

from orchestration.settings import PROJECT_DIR

GATEWAYS = ("langfuse", "helicone", "bedrock", "azure_apim")
DESKS = ("zendesk", "jira", "servicenow", "pagerduty")
JIRA_EXPORT = "jira-export"
EXPORT = PROJECT_DIR / "tests" / "fixtures" / "desks" / "jira_export.csv"


def declare_sources(home: Path) -> None:
    """Say what no file says of itself: how the times of Jira's export are written."""
    times = '{time_format: "dd/MMM/yy h:mm a", time_zone: Europe/Berlin}'
    (home / "sources.yml").write_text(f"jira: {{csv: {{{JIRA_EXPORT}: {times}}}}}\n")


def land_other_sources(landing: Path) -> None:
    """Write one file of each source: versions of one thing among them, and things that belong together."""
    for source in GATEWAYS + DESKS:
        folder = landing / source
        folder.mkdir(parents=True)
        (folder / "july.jsonl").write_bytes(jsonl(*_rows(source)))
    (landing / JIRA_EXPORT).mkdir()
    (landing / JIRA_EXPORT / "july.csv").write_bytes(EXPORT.read_bytes())


def _rows(source: str) -> list[dict[str, Any]]:
    if source in DESKS:
        return [row for number in range(12) for row in _desk_rows(source, number)]
    more = {
        "langfuse": [trace(metadata={"outcome_id": "o-l"})],
        "azure_apim": [gateway_log({"usage": {"prompt_tokens": 9, "completion_tokens": 2}}, correlationId="c-1")],
    }
    return many(source) + more.get(source, [])


def _desk_rows(source: str, number: int) -> list[dict[str, Any]]:
    """A ticket with its time and clocks; every third one in two states."""
    outcome = f"o-{number % 5}"
    is_twice = number % 3 == 0
    if source == "zendesk":
        ticket = 200 + number
        places = {"ticket_id": ticket}
        rows = [
            zendesk_ticket(ticket, tags=[f"outcome:{outcome}"]),
            zendesk_metrics(ticket),
            zendesk_event(10 * number + 1, "activate", "08:00:00", **places),
            zendesk_event(10 * number + 2, "apply_sla", "08:00:00", **places),
            zendesk_event(10 * number + 3, "fulfill", f"09:{number:02d}:00", **places),
        ]
        before = zendesk_ticket(ticket, status="open", updated_at="2026-07-01T09:00:00Z", generated_timestamp=None)
        return [*rows, *([before] if is_twice else []), *([zendesk_policy()] if number == 0 else [])]
    if source == "jira":
        issue = str(10_000 + number)
        worklog = jira_worklog(f"w{number}", issue)
        again = jira_worklog(f"w{number}", issue, 60, updated="2026-07-01T11:00:00.000+0200")
        # A page of SLAs names its issue by id or by key.
        clock = {"issueId": issue, **jira_sla()} if is_twice else {"issueKey": f"AI-{issue[-2:]}", **jira_sla()}
        found = jira_issue(
            issue, fields={"labels": [f"outcome:{outcome}"], "timespent": None, "customfield_10020": jira_sla()}
        )
        return [found, worklog, clock, *([again] if is_twice else [])]
    if source == "servicenow":
        incident = f"{number:032x}"
        clock = servicenow_sla(f"s{number}", task={"value": incident})
        earlier = servicenow_sla(
            f"s{number}", task={"value": incident}, sys_updated_on="2026-07-01 08:30:00", end_time="",
            stage="in_progress",
        )  # fmt: skip
        return [servicenow_incident(incident, u_outcome_id=outcome), clock, *([earlier] if is_twice else [])]
    incident = f"P{number}"
    earlier = pagerduty_incident(incident, status="triggered", resolved_at=None, updated_at="2026-07-01T08:10:00Z")
    return [pagerduty_incident(incident, incident_key=f"outcome:{outcome}"), *([earlier] if is_twice else [])]
