"""The eight metrics as columns of the use-case marts: what is added up, what it is divided by, how it is shown.

The page adds numerators and denominators over whatever is chosen and divides once. A test compares each quotient with
the mart's own column, row by row, so that this list cannot become a second definition.
"""

from __future__ import annotations

from typing import Any

METRICS: tuple[dict[str, Any], ...] = (
    {
        "id": "cost_per_accepted_outcome",
        "label": "Cost per accepted outcome",
        "numerator": "total_cost",
        "denominator": "accepted_outcomes",
        "unit": "money",
        "better": "lower",
        "means": "inference, rework and delay cost / outcomes accepted without critical correction",
        "unknown": ["unpriced_attempts", "uncosted_tickets", "uncosted_delays"],
    },
    {
        "id": "cost_per_request",
        "label": "Cost per request",
        "numerator": "inference_cost",
        "denominator": "requests",
        "unit": "money",
        "better": "lower",
        "means": "inference cost / requests",
        "unknown": ["unpriced_attempts"],
    },
    {
        "id": "acceptance_rate",
        "label": "Acceptance rate",
        "numerator": "accepted_outcomes",
        "denominator": "outcomes",
        "unit": "share",
        "better": "higher",
        "means": "accepted / complete outcomes",
    },
    {
        "id": "full_human_review_rate",
        "label": "Full human review",
        "numerator": "full_review_outcomes",
        "denominator": "outcomes",
        "unit": "share",
        "better": "lower",
        "means": "outcomes with a full review / complete outcomes",
    },
    {
        "id": "retry_rate",
        "label": "Retry rate",
        "numerator": "retried_requests",
        "denominator": "requests",
        "unit": "share",
        "better": "lower",
        "means": "requests with more than one attempt / requests",
    },
    {
        "id": "avg_context_tokens",
        "label": "Context per call",
        "numerator": "reached_context_tokens",
        "denominator": "reached_attempts",
        "unit": "tokens",
        "better": "lower",
        "means": "context tokens / attempts that reached a model",
    },
    {
        "id": "premium_traffic_share",
        "label": "Premium traffic",
        "numerator": "premium_attempts",
        "denominator": "reached_attempts",
        "unit": "share",
        "better": "lower",
        "means": "attempts on premium-tier models / attempts that reached a model",
        "beside": {
            "id": "premium_cost_share",
            "label": "of the cost",
            "numerator": "premium_cost",
            "denominator": "reached_cost",
        },
    },
    {
        "id": "sla_attainment",
        "label": "SLA attainment",
        "numerator": "sla_met_outcomes",
        "denominator": "sla_outcomes",
        "unit": "share",
        "better": "higher",
        "means": "outcomes with no breach / outcomes with an SLA clock",
    },
)
