"""Configurable places of outcome, use case, task class and the like in gateways' rows."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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

    @model_validator(mode="after")
    def _prefixed(self) -> OtelPlaces:
        for place in (*self.default, *(p for listed in self.fields.values() for p in listed)):
            if not place.startswith(("span:", "resource:")):
                raise ValueError(f"an OpenTelemetry place starts with span: or resource:, not {place!r}")
        return self


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
