"""What the company's providers billed from July on, and what their own reports say: as the logs have it, but for a few
planted differences that a reconciliation must find to the last digit."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from orchestration.sample_company.company import LAST_DAY, UNKNOWN_MODEL
from orchestration.sample_company.landing_files import LandingFiles, Row, csv_bytes, parquet_bytes
from orchestration.sample_company.price_list import PriceList, rounded
from orchestration.sample_company.records import Attempt, Company, day_of, ms_of

MONTHS = ("2026-07", "2026-08", "2026-09")
KINDS = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
REASONS = ("unpriced", "missing_logs", "other_price", "credits_and_tax", "currency", "rounding", "unexplained")
CENT = Decimal("0.01")

# The planted differences.
MISSING_DAY, MISSING_MODEL = "2026-08-19", "gpt-5.4-mini"
MISSING_TOKENS = {"input": 4_000_000, "output": 250_000}
UNMAPPED_FEE = ("2026-09", Decimal("35.00"))
FORGOTTEN_CONTRACT = ("2026-08", "gemini-3.5-flash", {"input": Decimal("1.5"), "output": Decimal("9")})
GOOGLE_TAX_SHARE = Decimal("0.19")
AWS_CREDIT = ("2026-08", Decimal("-4.00"))
AWS_EUROS_PER_DOLLAR = Decimal("0.86")
CORRECTION = ("2026-07", Decimal("-1.50"))
NIMBUS_PRICES = {"input": Decimal("4"), "output": Decimal("12")}
# The first July invoice of OpenAI was a draft with another amount; it came again.
DRAFT_FACTOR = Decimal("1.1")

_GOOGLE_NAMES = {
    "gemini-3.1-flash-lite": "Gemini 3.1 Flash-Lite",
    "gemini-3.1-pro-preview": "Gemini 3.1 Pro Preview",
    "gemini-3.5-flash": "Gemini 3.5 Flash",
}
_ANTHROPIC_KINDS = {
    "input": "Input Tokens",
    "cache_read": "Prompt Caching Read",
    "cache_write": "Prompt Caching Write",
    "cache_write_1h": "Prompt Caching Write 1h",
    "output": "Output Tokens",
}
_AWS_KINDS = {
    "input": "InputTokenCount",
    "cache_read": "CacheReadInputTokenCount",
    "cache_write": "CacheWriteInputTokenCount",
    "cache_write_1h": "CacheWriteOneHourInputTokenCount",
    "output": "OutputTokenCount",
}
_CSV_COLUMN_TEXT = (
    "BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory "
    "ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart ConsumedQuantity ConsumedUnit "
    "ContractedCost EffectiveCost InvoiceId InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName "
    "PublisherName ServiceCategory ServiceName SkuId SkuMeter SkuPriceId Tags"
)
_CSV_COLUMNS = _CSV_COLUMN_TEXT.split()

Key = tuple[str, str, str]
"""Day or month, model, token kind."""


@dataclass
class Billed:
    """What one provider billed for one month: the parts of its difference from the logs, in dollars."""

    billed: Decimal = Decimal(0)
    parts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(REASONS, Decimal(0)))


class Usage:
    """Tokens and exact cost of what reached the providers."""

    def __init__(self, company: Company, prices: PriceList) -> None:
        self._tokens: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
        self._costs: dict[str, dict[Key, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for attempts in company.attempts.values():
            for attempt in attempts:
                if not attempt.cache_hit and day_of(attempt.started_ms)[:7] in MONTHS:
                    self._add(attempt, prices)

    def _add(self, attempt: Attempt, prices: PriceList) -> None:
        for kind in KINDS:
            tokens = getattr(attempt, f"{kind}_tokens")
            if tokens:
                key = (day_of(attempt.started_ms), attempt.model, kind)
                price = prices.price(
                    attempt.provider, attempt.model, attempt.service_tier, kind, attempt.started_ms
                ) or Decimal(0)
                self._tokens[attempt.provider][key] += tokens
                self._costs[attempt.provider][key] += tokens * price / 1_000_000

    def lines(self, provider: str, month: str) -> Iterator[tuple[Key, int, Decimal]]:
        """Tokens and dollars of each day, model and kind of a month, in order."""
        for key in sorted(self._tokens[provider]):
            if key[0].startswith(month):
                yield key, self._tokens[provider][key], self._costs[provider][key]

    def months(self, provider: str, month: str) -> Iterator[tuple[Key, int, Decimal]]:
        """The same for the month as a whole."""
        found: dict[Key, list[Any]] = {}
        for (_, model, kind), tokens, cost in self.lines(provider, month):
            total = found.setdefault((month, model, kind), [0, Decimal(0)])
            total[0] += tokens
            total[1] += cost
        for key in sorted(found):
            yield key, found[key][0], found[key][1]


def write_invoices(files: LandingFiles, company: Company, prices: PriceList, seeds: Path) -> dict[str, Any]:
    """Add the invoices and reports to the landing files; returns what a reconciliation must find, by provider and
    month."""
    usage = Usage(company, prices)
    with (seeds / "fx_rates.csv").open(encoding="utf-8", newline="") as lines:
        euros = {row["day"]: Decimal(row["rate"]) for row in csv.DictReader(lines) if row["currency"] == "EUR"}
    found: dict[str, dict[str, Billed]] = defaultdict(dict)
    writers: dict[str, Callable[..., Billed]] = {
        "openai": _openai, "anthropic": _anthropic, "google": _google, "aws": _aws, "nimbus": _nimbus,
    }  # fmt: skip
    for month in MONTHS:
        for provider, writer in writers.items():
            found[provider][month] = writer(files, usage, month, euros)
    # The correction came with the invoice of the month after, for usage of the month before.
    month, amount = CORRECTION
    found["anthropic"][month].billed += amount
    found["anthropic"][month].parts["credits_and_tax"] += amount
    for month in MONTHS:
        _openai_reports(files, usage, month)
        _anthropic_reports(files, usage, month)
    return {
        provider: {month: {"billed_cost": bill.billed, **bill.parts} for month, bill in months.items()}
        for provider, months in found.items()
    }


def _next_month(month: str) -> str:
    return (date.fromisoformat(f"{month}-01") + timedelta(days=31)).strftime("%Y-%m")


def _time(day: str) -> str:
    return f"{day}T00:00:00Z"


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _period(when: str) -> tuple[str, str]:
    """Charge period of a day or of a month; the open month ends with the last day of the logs."""
    if len(when) == 10:
        return _time(when), _time(_day_after(when))
    end = f"{_next_month(when)}-01"
    return _time(f"{when}-01"), _time(min(end, _day_after(LAST_DAY)))


def _row(provider: str, month: str, when: str, amount: Decimal, **others: Any) -> Row:
    start, end = _period(when)
    return {
        "BilledCost": format(amount, "f"), "BillingAccountId": f"{provider.lower().replace(' ', '-')}-4711",
        "BillingAccountName": "Harbour Mutual", "BillingCurrency": "USD",
        "BillingPeriodEnd": _time(f"{_next_month(month)}-01"), "BillingPeriodStart": _time(f"{month}-01"),
        "ChargeCategory": "Usage", "ChargeClass": None, "ChargeFrequency": "Usage-Based", "ChargePeriodEnd": end,
        "ChargePeriodStart": start, "ContractedCost": format(amount, "f"), "EffectiveCost": format(amount, "f"),
        # The month that still runs is not invoiced yet.
        "InvoiceId": None if month == LAST_DAY[:7] else f"INV-{provider[:3].upper()}-{month}",
        "InvoiceIssuerName": provider, "ListCost": format(amount, "f"), "ProviderName": provider,
        "PublisherName": provider, "ServiceCategory": "AI and Machine Learning", "ServiceName": f"{provider} API",
        "Tags": {},
    } | others  # fmt: skip


def _openai(files: LandingFiles, usage: Usage, month: str, euros: dict[str, Decimal]) -> Billed:
    """FOCUS 1.2 as CSV, a line per day, exact amounts; July's first delivery was a draft."""
    bill, rows = Billed(), []
    lines = {key: [tokens, cost] for key, tokens, cost in usage.lines("openai", month)}
    if MISSING_DAY.startswith(month):
        rates = {kind: cost / tokens for (_, model, kind), (tokens, cost) in lines.items() if model == MISSING_MODEL}
        for kind, tokens in MISSING_TOKENS.items():
            line = lines.setdefault((MISSING_DAY, MISSING_MODEL, kind), [0, Decimal(0)])
            line[0] += tokens
            line[1] += tokens * rates[kind]
            bill.parts["missing_logs"] += tokens * rates[kind]
    for (day, model, kind), (tokens, cost) in sorted(lines.items()):
        meter = f"{model}, {kind}" + (", batch" if model == "gpt-5.6-luna" else "")
        bill.billed += cost
        rows.append(_row("OpenAI", month, day, cost, ConsumedQuantity=tokens, ConsumedUnit="Tokens", SkuId=meter,
                         SkuMeter=meter, SkuPriceId=meter, PricingQuantity=tokens, PricingUnit="Tokens",
                         ChargeDescription=meter))  # fmt: skip
    if month == UNMAPPED_FEE[0]:
        bill.billed += UNMAPPED_FEE[1]
        bill.parts["unexplained"] += UNMAPPED_FEE[1]
        rows.append(_row("OpenAI", month, month, UNMAPPED_FEE[1], ChargeDescription="Data residency fee",
                         SkuId="data-residency", SkuMeter="Data residency"))  # fmt: skip
    if month == MONTHS[0]:
        draft = [row | {"BilledCost": format(Decimal(row["BilledCost"]) * DRAFT_FACTOR, "f")} for row in rows]
        files.add_whole(f"invoices/openai/{month}.csv", csv_bytes(draft, _CSV_COLUMNS), len(draft))
        files.add_whole(f"invoices/openai/{month}-restated.csv", csv_bytes(rows, _CSV_COLUMNS), len(rows))
    else:
        files.add_whole(f"invoices/openai/{month}.csv.gz", csv_bytes(rows, _CSV_COLUMNS), len(rows))
    return bill


def _anthropic(files: LandingFiles, usage: Usage, month: str, euros: dict[str, Decimal]) -> Billed:
    """FOCUS 1.3 as JSON lines, a line per month, rounded to cents; a correction of July came in August."""
    bill = Billed()
    path = f"invoices/anthropic/{month}.jsonl"
    for (when, model, kind), tokens, cost in usage.months("anthropic", month):
        amount = cost.quantize(CENT, ROUND_HALF_UP)
        bill.billed += amount
        bill.parts["rounding"] += amount - cost
        _add_json(files, path, _row("Anthropic", month, when, amount, ConsumedQuantity=str(tokens),
                                    ConsumedUnit="Tokens", ChargeDescription=f"{model} Usage - "
                                    f"{_ANTHROPIC_KINDS[kind]}", PricingQuantity=str(tokens),
                                    PricingUnit="Tokens"))  # fmt: skip
    if month == _next_month(CORRECTION[0]):
        _add_json(files, path, _row("Anthropic", month, CORRECTION[0], CORRECTION[1], ChargeClass="Correction",
                                    ChargeDescription="Goodwill correction of July"))  # fmt: skip
    return bill


def _add_json(files: LandingFiles, path: str, row: Row) -> None:
    """A row in the column names of version 1.3."""
    name = row.pop("ProviderName")
    files.add(path, orjson.dumps(row | {"ServiceProviderName": name, "HostProviderName": name}))


def _google(files: LandingFiles, usage: Usage, month: str, euros: dict[str, Decimal]) -> Billed:
    """CSV priced by the million tokens, with tax; in August the framework contract was forgotten."""
    bill, rows = Billed(), []
    for (when, model, kind), tokens, cost in usage.months("google", month):
        billed_month, billed_model, list_prices = FORGOTTEN_CONTRACT
        amount = tokens * list_prices[kind] / 1_000_000 if (month, model) == (billed_month, billed_model) else cost
        bill.billed += amount
        bill.parts["other_price"] += amount - cost
        name = f"{_GOOGLE_NAMES[model]} {kind.capitalize()}"
        rows.append(_row("Google Cloud", month, when, amount, PricingQuantity=format(Decimal(tokens) / 1_000_000, "f"),
                         PricingUnit="1M tokens", ChargeDescription=name, SkuId=name, SkuMeter=name))  # fmt: skip
    tax = (bill.billed * GOOGLE_TAX_SHARE).quantize(CENT, ROUND_HALF_UP)
    bill.billed += tax
    bill.parts["credits_and_tax"] += tax
    rows.append(_row("Google Cloud", month, month, tax, ChargeCategory="Tax", ChargeDescription="VAT 19%"))
    files.add_whole(f"invoices/google/{month}.csv", csv_bytes(rows, _CSV_COLUMNS), len(rows))
    return bill


def _aws(files: LandingFiles, usage: Usage, month: str, euros: dict[str, Decimal]) -> Billed:
    """Parquet in euros at the provider's own rate, priced in dollars by the thousand tokens; with a credit."""
    bill, rows = Billed(), []
    rate = _rate(euros, min(_day_before(f"{_next_month(month)}-01"), LAST_DAY))
    for (when, model, kind), tokens, cost in usage.months("aws", month):
        billed = rounded(cost * AWS_EUROS_PER_DOLLAR)
        dollars = rounded(billed * rate)
        bill.billed += dollars
        bill.parts["currency"] += dollars - cost
        rows.append(_row("Amazon Web Services", month, when, billed, BillingCurrency="EUR", PricingCurrency="USD",
                         PricingCurrencyEffectiveCost=format(cost, "f"),
                         PricingQuantity=format(Decimal(tokens) / 1000, "f"), PricingUnit="1K tokens",
                         SkuId=f"{model}/{_AWS_KINDS[kind]}", SkuMeter=_AWS_KINDS[kind],
                         ChargeDescription=f"Bedrock {_AWS_KINDS[kind]}"))  # fmt: skip
    if month == AWS_CREDIT[0]:
        dollars = rounded(AWS_CREDIT[1] * rate)
        bill.billed += dollars
        bill.parts["credits_and_tax"] += dollars
        rows.append(_row("Amazon Web Services", month, month, AWS_CREDIT[1], BillingCurrency="EUR",
                         ChargeCategory="Credit", ChargeDescription="Migration credit"))  # fmt: skip
    files.add_whole(f"invoices/aws/{month}.parquet", parquet_bytes([_typed(row) for row in rows], _PARQUET), len(rows))
    return bill


def _rate(euros: dict[str, Decimal], day: str) -> Decimal:
    """Dollars for a euro: the last published rate on or before a day."""
    return euros[max(known for known in euros if known <= day)]


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


_MONEY = (
    "BilledCost",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "PricingCurrencyEffectiveCost",
    "PricingQuantity",
)
_TIMES = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
_TEXTS = (
    "BillingAccountId", "BillingCurrency", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "InvoiceId", "InvoiceIssuerName", "PricingCurrency", "PricingUnit", "ProviderName", "PublisherName",
    "ServiceCategory", "ServiceName", "SkuId", "SkuMeter",
)  # fmt: skip
_PARQUET = pa.schema(
    [(name, pa.decimal128(38, 12)) for name in _MONEY]
    + [(name, pa.timestamp("us")) for name in _TIMES]
    + [(name, pa.string()) for name in _TEXTS]
)


def _typed(row: Row) -> Row:
    """A row as a Parquet export has it: decimals, and times in UTC that do not say so."""
    typed = {name: row.get(name) for name in _TEXTS}
    typed |= {name: rounded(Decimal(row[name])) if row.get(name) is not None else None for name in _MONEY}
    return typed | {name: ms_of(row[name].replace("Z", "+00:00")) * 1000 for name in _TIMES}


def _nimbus(files: LandingFiles, usage: Usage, month: str, euros: dict[str, Decimal]) -> Billed:
    """A small provider whose model no price book knows."""
    bill = Billed()
    for (when, model, kind), tokens, _ in usage.months("nimbus", month):
        amount = tokens * NIMBUS_PRICES[kind] / 1_000_000
        bill.billed += amount
        bill.parts["unpriced"] += amount
        files.add(f"invoices/nimbus-{month}.jsonl", orjson.dumps(_row(
            "Nimbus", month, when, amount, ConsumedQuantity=tokens, ConsumedUnit="tokens",
            SkuMeter=f"{UNKNOWN_MODEL} {kind}", ChargeDescription=f"{model} {kind}")))  # fmt: skip
    return bill


def _openai_reports(files: LandingFiles, usage: Usage, month: str) -> None:
    """The pages of the usage and costs endpoints, by day, model and line item."""
    days: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    costs: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for (day, model, kind), tokens, cost in usage.lines("openai", month):
        days[day][model][kind] += tokens
        costs[day][f"{model}, {kind}"] = cost
    if MISSING_DAY.startswith(month):
        for kind, tokens in MISSING_TOKENS.items():
            days[MISSING_DAY][MISSING_MODEL][kind] += tokens
    pages = {
        "usage": {
            day: [
                {"object": "organization.usage.completions.result", "input_tokens": kinds["input"],
                 "input_cached_tokens": 0, "output_tokens": kinds["output"], "num_model_requests": 1, "model": model,
                 "batch": model == "gpt-5.6-luna", "project_id": None, "user_id": None, "api_key_id": None}
                for model, kinds in sorted(models.items())
            ]
            for day, models in days.items()
        },
        "costs": {
            day: [
                {"object": "organization.costs.result", "amount": {"value": float(cost), "currency": "usd"},
                 "line_item": item, "project_id": None}
                for item, cost in sorted(items.items())
            ]
            for day, items in costs.items()
        },
    }  # fmt: skip
    for report, found in pages.items():
        buckets = [
            {"object": "bucket", "start_time": ms_of(day) // 1000, "end_time": ms_of(_day_after(day)) // 1000,
             "results": found[day]}
            for day in sorted(found)
        ]  # fmt: skip
        page = {"object": "page", "data": buckets, "has_more": False, "next_page": None}
        files.add_whole(
            f"openai_usage/{report}-{month}.json", orjson.dumps(page) + b"\n", sum(len(b["results"]) for b in buckets)
        )


def _anthropic_reports(files: LandingFiles, usage: Usage, month: str) -> None:
    """The pages of the messages usage report, by day and model."""
    days: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for (day, model, kind), tokens, _ in usage.lines("anthropic", month):
        days[day][model][kind] += tokens
    buckets = [
        {"starting_at": _time(day), "ending_at": _time(_day_after(day)), "results": [
            {"uncached_input_tokens": kinds["input"], "cache_read_input_tokens": kinds["cache_read"],
             "cache_creation": {"ephemeral_5m_input_tokens": kinds["cache_write"],
                                "ephemeral_1h_input_tokens": kinds["cache_write_1h"]},
             "output_tokens": kinds["output"], "server_tool_use": {"web_search_requests": 0}, "api_key_id": None,
             "workspace_id": None, "model": model, "service_tier": "standard", "context_window": "0-200k"}
            for model, kinds in sorted(days[day].items())
        ]}
        for day in sorted(days)
    ]  # fmt: skip
    page = {"data": buckets, "has_more": False, "next_page": None}
    files.add_whole(
        f"anthropic_usage/messages-{month}.json", orjson.dumps(page) + b"\n", sum(len(b["results"]) for b in buckets)
    )
