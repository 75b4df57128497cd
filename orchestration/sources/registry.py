"""The sources that can be read, each as it declares itself beside its parser."""

from __future__ import annotations

import re

from orchestration.ingest.family import DeclarationError, Family
from orchestration.ingest.tables import Table
from orchestration.sources import (
    azure_apim,
    bedrock,
    costs,
    helicone,
    invoices,
    langfuse,
    litellm,
    native,
    otel,
    usage_reports,
)
from orchestration.sources.desks import jira, pagerduty, servicenow, zendesk

_DECLARED = (
    native.INFERENCE,
    litellm.SOURCE,
    otel.SOURCE,
    langfuse.SOURCE,
    helicone.SOURCE,
    bedrock.SOURCE,
    azure_apim.SOURCE,
    native.REWORK,
    native.SLA,
    native.OUTCOMES,
    costs.SOURCE,
    zendesk.SOURCE,
    jira.SOURCE,
    servicenow.SOURCE,
    pagerduty.SOURCE,
    invoices.SOURCE,
    usage_reports.OPENAI,
    usage_reports.ANTHROPIC,
)


def _by_name(declared: tuple[Family, ...]) -> dict[str, Family]:
    """The declarations by name.

    Raises:
        DeclarationError: two sources share a name or a table.
    """
    named: dict[str, Family] = {}
    landed: dict[str, str] = {}
    for family in declared:
        if family.name in named:
            raise DeclarationError(f"source {family.name}: another source has the same `name`")
        named[family.name] = family
        for table in family.tables:
            owner = landed.setdefault(table.full_name, family.name)
            if owner != family.name:
                raise DeclarationError(f"source {family.name}: {table.full_name} is the table of source {owner}")
    return named


SOURCES: dict[str, Family] = _by_name(_DECLARED)
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
