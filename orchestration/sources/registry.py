"""The sources that can be read. A new source is an entry here, its parser and a staging folder."""

from __future__ import annotations

import re
from functools import partial

from orchestration.ingest.family import Family
from orchestration.ingest.frames import Field, json_types
from orchestration.ingest.layouts import Layout
from orchestration.ingest.tables import Table
from orchestration.sources import (
    azure_apim,
    bedrock,
    gateway_tables,
    helicone,
    invoice_tables,
    langfuse,
    langfuse_reviews,
    litellm,
    otel,
    tables,
    usage_reports,
)
from orchestration.sources import invoices as focus
from orchestration.sources.azure_apim import ApimParser
from orchestration.sources.bedrock import BedrockParser
from orchestration.sources.desks import jira, jira_export, pagerduty, servicenow, zendesk
from orchestration.sources.helicone import HeliconeParser
from orchestration.sources.invoices import FocusParser
from orchestration.sources.langfuse import LangfuseParser
from orchestration.sources.litellm import LiteLLMParser
from orchestration.sources.native import FIELDS as NATIVE_FIELDS
from orchestration.sources.native import NativeParser
from orchestration.sources.otel import OtelParser
from orchestration.sources.usage_reports import AnthropicParser, OpenAIParser


def _needed(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names)


def _own_rows(*marks: str, fields: tuple[Field, ...] = ()) -> Layout:
    """Of rows that are one object a line; ``fields`` where they have the names of our own."""
    return Layout(marks=frozenset(marks), has_long_rows=False, types=json_types(fields))


SOURCES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "inference",
            "attempts in the native format: JSON lines, CSV or Parquet",
            (tables.INFERENCE,),
            _needed("attempt_id", "provider", "model", "started_at", "status", "input_tokens", "output_tokens"),
            partial(NativeParser, "inference"),
            fields=NATIVE_FIELDS["inference"],
            layout=_own_rows("attempt_id", fields=NATIVE_FIELDS["inference"]),
        ),
        Family(
            "litellm",
            "LiteLLM spend-log rows (JSON lines or CSV) and standard logging payloads (JSON lines)",
            (tables.CALLS,),
            _needed("request_id", "startTime", "model", "prompt_tokens", "completion_tokens"),
            LiteLLMParser,
            fields=litellm.FIELDS,
            layout=_own_rows("request_id", "id", "startTime", "model"),
        ),
        Family(
            "otel",
            "OpenTelemetry GenAI and OpenInference spans as the collector's file exporter writes them",
            (tables.SPANS,),
            (),
            OtelParser,
            fields=otel.FIELDS,
            formats=("json",),
            layout=otel.LAYOUT,
        ),
        Family(
            "langfuse",
            "Langfuse observations, traces, scores and review queue items: JSON lines, JSON documents or Parquet",
            (gateway_tables.OBSERVATIONS, gateway_tables.REVIEWS),
            (("id", "span_id"),),
            LangfuseParser,
            fields=langfuse.FIELDS + langfuse_reviews.REVIEW_FIELDS,
            layout=langfuse.LAYOUT,
        ),
        Family(
            "helicone",
            "Helicone requests: JSON lines, JSON documents, CSV or Parquet",
            (gateway_tables.REQUESTS,),
            _needed("request_id", "request_created_at", "provider"),
            HeliconeParser,
            fields=helicone.FIELDS,
            layout=helicone.LAYOUT,
        ),
        Family(
            "bedrock",
            "AWS Bedrock model invocation logs: JSON lines or JSON documents",
            (gateway_tables.INVOCATIONS,),
            (),
            BedrockParser,
            fields=bedrock.FIELDS,
            formats=("json",),
            layout=bedrock.LAYOUT,
        ),
        Family(
            "azure_apim",
            "Azure API Management logs of language-model calls: JSON lines, JSON documents, CSV or Parquet",
            (gateway_tables.LLM_LOGS,),
            (("CorrelationId", "correlationId"), ("TimeGenerated", "time")),
            ApimParser,
            fields=azure_apim.FIELDS,
            layout=azure_apim.LAYOUT,
        ),
        Family(
            "rework",
            "states of rework tickets: JSON lines, CSV or Parquet",
            (tables.REWORK,),
            _needed("ticket_id", "opened_at", "updated_at", "severity", "kind", "status"),
            partial(NativeParser, "rework"),
            fields=NATIVE_FIELDS["rework"],
            layout=_own_rows("ticket_id", fields=NATIVE_FIELDS["rework"]),
        ),
        Family(
            "sla",
            "clocks of outcomes: JSON lines, CSV or Parquet",
            (tables.SLA,),
            _needed("event_id", "outcome_id", "metric", "started_at", "due_at", "updated_at"),
            partial(NativeParser, "sla"),
            fields=NATIVE_FIELDS["sla"],
            layout=_own_rows("event_id", fields=NATIVE_FIELDS["sla"]),
        ),
        Family(
            "outcomes",
            "decisions on outcomes: JSON lines, CSV or Parquet",
            (tables.OUTCOMES,),
            _needed("outcome_id", "use_case", "decision", "decided_at"),
            partial(NativeParser, "outcomes"),
            fields=NATIVE_FIELDS["outcomes"],
            layout=_own_rows("outcome_id", fields=NATIVE_FIELDS["outcomes"]),
        ),
        Family(
            "zendesk",
            "Zendesk tickets, ticket metrics, metric events and SLA policies: JSON (pages or lines), CSV, Parquet",
            (tables.ZENDESK,),
            (("id", "ticket_id", "sla_policy_id"),),
            zendesk.ZendeskParser,
            fields=zendesk.ZendeskParser.fields,
            layout=zendesk.LAYOUT,
        ),
        Family(
            "jira",
            "Jira issues with history, worklogs, and SLA cycles of Jira Service Management: JSON (pages or lines) as"
            " the REST API returns it; or issues of the CSV export, which has neither history nor cycles, once"
            " sources.yml says how its times are written",
            (tables.JIRA,),
            _needed(*jira_export.NEEDED),
            jira.JiraParser,
            fields=jira.JiraParser.fields,
            formats=("json", "csv"),
            layout=jira.LAYOUT,
            named_once=jira_export.NAMED_ONCE,
        ),
        Family(
            "servicenow",
            "ServiceNow incidents and task SLAs: JSON (pages or lines), CSV, Parquet",
            (tables.SERVICENOW,),
            _needed("sys_id"),
            servicenow.ServiceNowParser,
            fields=servicenow.ServiceNowParser.fields,
            layout=servicenow.LAYOUT,
        ),
        Family(
            "pagerduty",
            "PagerDuty incidents of the REST API or of analytics: JSON (pages or lines), CSV, Parquet",
            (tables.PAGERDUTY,),
            _needed("id", "created_at"),
            pagerduty.PagerDutyParser,
            fields=pagerduty.PagerDutyParser.fields,
            layout=pagerduty.LAYOUT,
        ),
        Family(
            "invoices",
            "invoices as FOCUS cost-and-usage rows (1.0 to 1.4): JSON lines, CSV or Parquet",
            (invoice_tables.FOCUS_ROWS,),
            focus.NEEDED,
            FocusParser,
            layout=_own_rows(*(name for names in focus.NEEDED for name in names)),
        ),
        Family(
            "openai_usage",
            "usage and cost reports of OpenAI, in the pages that its API returns",
            (invoice_tables.OPENAI_USAGE, invoice_tables.OPENAI_COSTS),
            (),
            OpenAIParser,
            formats=("json",),
            layout=usage_reports.LAYOUT,
        ),
        Family(
            "anthropic_usage",
            "usage and cost reports of Anthropic, in the pages that its API returns",
            (invoice_tables.ANTHROPIC_USAGE, invoice_tables.ANTHROPIC_COSTS),
            (),
            AnthropicParser,
            formats=("json",),
            layout=usage_reports.LAYOUT,
        ),
    )
}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# Landing folders that are part of the contract but are not read yet.
NOT_READ_YET: tuple[str, ...] = ()


def family_of(source: str) -> Family | None:
    """The family of a landing folder; None for a folder that no family claims or whose name is not a plain word."""
    if not _PLAIN_NAME.fullmatch(source):
        return None
    family = SOURCES.get(source)
    if family is None:
        family = next((f for name, f in SOURCES.items() if source.startswith(f"{name}-")), None)
    return family


def landed_tables() -> tuple[Table, ...]:
    """The tables of all families."""
    return tuple({table.full_name: table for family in SOURCES.values() for table in family.tables}.values())


def landed_columns() -> dict[str, dict[str, str]]:
    """Columns and types of the tables of all families, by full name."""
    return {table.full_name: table.all_columns for table in landed_tables()}
