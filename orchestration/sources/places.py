"""Configurable places of outcome, use case, task class and the like in gateways' rows."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from orchestration.settings import Settings
from orchestration.sources.desks.config import DeskPlaces, JiraPlaces, PagerDutyPlaces, ZendeskPlaces

PLACED_FIELDS = (
    "outcome_id",
    "use_case",
    "task_class",
    "release_id",
    "experiment",
    "can_wait",
    "input_valid",
    "prompt_hash",
)
DEFAULT_FILE = Path(__file__).with_name("places.yml")


class PlacesError(ValueError):
    """``sources.yml`` cannot be used; the text names the file and what is wrong."""


class GatewayPlaces(BaseModel):
    """Places of one gateway: a default list, and lists for single fields that replace it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = sorted(set(fields) - set(PLACED_FIELDS))
        if unknown:
            raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(PLACED_FIELDS)}")
        return fields

    def of(self, field: str) -> tuple[str, ...]:
        """Places of a field, in order, with ``<field>`` filled in."""
        return tuple(place.replace("<field>", field) for place in self.fields.get(field, self.default))


class OtelPlaces(GatewayPlaces):
    """Places in spans, and emitters whose input tokens leave out what was read from or written to a cache."""

    input_excludes_cache: tuple[str, ...] = ()


class TracedPlaces(GatewayPlaces):
    """Places in a gateway whose rows do not link attempts: where the caller put a trace id that retries share."""

    trace: tuple[str, ...] = ()


class Review(BaseModel):
    """What kind of rework a review was, where the row does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Literal["critical", "major", "minor"] = "minor"
    kind: Literal["correction", "full_review", "spot_check"] = "spot_check"
    cause: Literal["quality", "input", "policy", "timeout", "other"] = "quality"
    role: str | None = None
    handling_minutes: float | None = Field(default=None, ge=0)


class LangfusePlaces(GatewayPlaces):
    """Places in Langfuse, which has no field for the provider, and what its corrections and review queues mean.

    ``providers`` maps regular expressions of whole model names to providers.
    """

    provider: tuple[str, ...] = ()
    providers: dict[str, str] = Field(default_factory=dict)
    corrections: Review = Review(severity="critical", kind="correction")
    reviews: Review = Review()
    queues: dict[str, Review] = Field(default_factory=dict)

    @field_validator("providers")
    @classmethod
    def _patterns(cls, providers: dict[str, str]) -> dict[str, str]:
        for pattern in providers:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"providers: {pattern!r} is not a regular expression: {error}") from error
        return providers

    def provider_of(self, model: object) -> str | None:
        """The provider that is declared for a model's name; None when none is."""
        return next((p for pattern, p in self.providers.items() if re.fullmatch(pattern, str(model))), None)


class ReportUnits(BaseModel):
    """What a provider's report means by its numbers.

    Attributes:
        cost_unit: ``cents``: amounts are hundredths of the currency; ``currency``: they are whole units.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cost_unit: Literal["cents", "currency"] = "currency"


class Places(BaseModel):
    """Places of all gateways and desks, and units of providers' reports."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    litellm: GatewayPlaces = GatewayPlaces()
    otel: OtelPlaces = OtelPlaces()
    langfuse: LangfusePlaces = LangfusePlaces()
    helicone: TracedPlaces = TracedPlaces()
    bedrock: TracedPlaces = TracedPlaces()
    azure_apim: TracedPlaces = TracedPlaces()
    zendesk: ZendeskPlaces = ZendeskPlaces()
    jira: JiraPlaces = JiraPlaces()
    servicenow: DeskPlaces = DeskPlaces()
    pagerduty: PagerDutyPlaces = PagerDutyPlaces()
    anthropic_usage: ReportUnits = ReportUnits(cost_unit="cents")
    openai_usage: ReportUnits = ReportUnits()

    @field_validator("otel")
    @classmethod
    def _prefixed(cls, places: OtelPlaces) -> OtelPlaces:
        for place in (*places.default, *(p for listed in places.fields.values() for p in listed)):
            if not place.startswith(("span:", "resource:")):
                raise ValueError(f"an OpenTelemetry place starts with span: or resource:, not {place!r}")
        return places


class _NoDuplicates(yaml.SafeLoader):
    """YAML in which a key stated twice is an error instead of the last one winning."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


@lru_cache(maxsize=1)
def _defaults() -> dict:
    return yaml.safe_load(DEFAULT_FILE.read_text(encoding="utf-8"))


def load_places(settings: Settings) -> Places:
    """The places in force: the package's ``places.yml``, overridden by ``$FINOPS_HOME/sources.yml`` where it exists.

    Raises:
        PlacesError: the override is not valid.
    """
    merged = {gateway: dict(places) for gateway, places in _defaults().items()}
    override = settings.home / "sources.yml"
    if not override.exists():
        return Places.model_validate(merged)
    try:
        own = yaml.load(override.read_text(encoding="utf-8"), Loader=_NoDuplicates) or {}
        Places.model_validate(own)
        for gateway, places in own.items():
            for name, value in places.items():
                stated = merged[gateway].get(name)
                # Places of one field leave those of the others as they are.
                both = isinstance(value, dict) and isinstance(stated, dict)
                merged[gateway][name] = {**stated, **value} if both else value
        return Places.model_validate(merged)
    except (yaml.YAMLError, ValueError, AttributeError, TypeError) as error:
        raise PlacesError(f"{override}: {error}") from error
