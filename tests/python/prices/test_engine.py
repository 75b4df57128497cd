"""The engine itself (ingest, reference data, dbt) against prices known from elsewhere: the price package, real usage
bodies, worked examples. One warehouse for all of them."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from ingest.samples import batch, span
from pipeline.engine import Engine

from orchestration.prices.book import BookModel, book_models, package_prices, package_providers
from orchestration.prices.names import ALIAS_COLUMNS, model_alias_rows
from orchestration.prices.rows import COLUMNS, write_rows

from .client_calls import BUCKETS, CALLS, fixture_rows, used
from .engine_warehouse import EngineWarehouse
from .package_usage import CONTEXTS, as_package_usage
from .pricer import PARENTS
from .test_real_usages import NOT_NAMED, PRICED_AT, REAL_USAGES, buckets

TOLERANCE = Decimal("1e-9")
PROVIDERS = tuple(provider.id for provider in package_providers())
# Around the dates on which prices of the package change.
DAYS = [datetime(2025, 1, 15, tzinfo=UTC), datetime(2026, 8, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)]
# Where vendors' limits lie, exactly and one beyond.
LIMITS = (0, 1, 32_000, 32_001, 128_000, 128_001, 199_999, 200_000, 200_001, 256_001, 272_000, 272_001, 512_001)
# Columns of a native row; all else is a unit.
FIELDS = {
    "input": "input_tokens", "cache_read": "cache_read_tokens", "cache_write": "cache_write_tokens",
    "cache_write_1h": "cache_write_1h_tokens", "output": "output_tokens", "reasoning": "reasoning_tokens",
    "audio_input": "audio_input_tokens", "audio_output": "audio_output_tokens", "image_input": "image_input_tokens",
    "web_search": "web_search_calls", "file_search": "file_search_calls",
}  # fmt: skip
# Price lists that are no tier of a log: what a call says that is served by one.
SERVED_BY = {"fast_speed": {"speed": "fast"}, "fast_search": {"search_type": "fast"}}
# A meter falls back to text, which then has no price either.
UNPRICED_TOKENS = {"no_price_for_token_kind", *(f"no_price_for_{meter}" for meter in PARENTS)}


@dataclass(frozen=True)
class Call:
    """A call of a model, and what it is for."""

    attempt_id: str
    provider: str
    model: str
    tier: str
    at: datetime
    tokens: dict[str, int]

    def row(self) -> dict[str, Any]:
        """The call as a native landing row."""
        units = {kind: count for kind, count in self.tokens.items() if kind not in FIELDS}
        said = SERVED_BY.get(self.tier)
        return {
            "attempt_id": self.attempt_id, "provider": self.provider, "model": self.model,
            **({"attributes": said} if said else {"service_tier": self.tier}),
            "started_at": self.at.isoformat(), "status": "success", "input_tokens": 0, "output_tokens": 0,
            **{FIELDS[kind]: count for kind, count in self.tokens.items() if kind in FIELDS},
            **({"units": units} if units else {}),
        }  # fmt: skip


def random_tokens(rng: random.Random) -> dict[str, int]:
    """Exclusive buckets; the whole input often lies at a vendor's limit."""
    tokens = dict.fromkeys(FIELDS, 0)
    if rng.random() < 0.5:
        tokens["cache_read"] = rng.randrange(90_000)
    if rng.random() < 0.3:
        tokens["cache_write"], tokens["cache_write_1h"] = rng.randrange(9_000), rng.choice((0, 4_321))
    if rng.random() < 0.15:
        tokens["audio_input"], tokens["image_input"] = rng.randrange(3_000), rng.randrange(3_000)
    before = sum(tokens.values())
    tokens["input"] = max(rng.choice(LIMITS) - before, 0) if rng.random() < 0.5 else rng.randrange(400_000)
    tokens["output"] = rng.randrange(20_000)
    if rng.random() < 0.3:
        tokens["reasoning"] = rng.randrange(tokens["output"] + 1)
    if rng.random() < 0.1:
        tokens["audio_output"] = rng.randrange(2_000)
    if rng.random() < 0.1:
        tokens["image_output"] = rng.randrange(2_000)
    if rng.random() < 0.1:
        tokens["image_cache_read"], tokens["audio_cache_read"] = rng.randrange(900), rng.randrange(900)
    if rng.random() < 0.15:
        tokens["web_search"] = rng.randrange(1, 9)
    return tokens


def generated_calls() -> dict[str, tuple[Call, BookModel]]:
    """A call of every model of every provider, and of each service tier that has prices."""
    rng = random.Random(20260928)
    tiers = defaultdict(set)
    for row in package_prices(PROVIDERS).rows:
        tiers[row.provider, row.model].add(row.service_tier)
    calls = {}
    for book_model in book_models(PROVIDERS):
        place = (book_model.provider.id, book_model.model.id)
        for tier in sorted(tiers[place]):
            at = rng.choice(DAYS) + timedelta(seconds=rng.randrange(86_400))
            call = Call(f"{place[0]}|{place[1]}|{tier}", *place, tier, at, random_tokens(rng))
            calls[call.attempt_id] = (call, book_model)
    return calls


def real_calls() -> list[tuple[Call, Decimal]]:
    """Calls with the usage bodies that vendors sent, and their known price."""
    if not REAL_USAGES.exists():
        return []
    found = []
    for body in json.loads(REAL_USAGES.read_text(encoding="utf-8")):
        for extracted in body["extracted"]:
            for extractor in extracted["extractors"]:
                # A body without a model has no price.
                if "input_price" not in extractor:
                    continue
                place = (extractor["provider_id"], body["model"])
                if place in NOT_NAMED:
                    continue
                call = Call(f"real|{len(found)}", *place, "standard", PRICED_AT, buckets(extracted["usage"]))
                found.append((call, Decimal(extractor["input_price"]) + Decimal(extractor["output_price"])))
    return found


CAPACITY = (
    *("deployment", "provider", "model", "kind", "units"),
    *("hourly_rate", "currency", "tokens_per_hour", "valid_from", "valid_to"),
)
ALLOWANCES = ("pool", "provider", "model", "billed_by", "free_searches", "period", "valid_from", "valid_to", "source")
OVERRIDES = [*COLUMNS[:11], "discount_share", "multiplier", *COLUMNS[11:]]
EXAMPLE = {"provider": "example", "model": "m", "token_kind": "input", "currency": "USD", "valid_from": "2026-01-01"}


def example_prices() -> list[dict[str, str]]:
    """A model with everything that the package does not have: a region, a night, a correction of March."""
    march = {"valid_from": "2026-03-01", "valid_to": "2026-04-01", "known_from": "2026-07-01"}
    return [
        {**EXAMPLE, "price_per_million": "10"},
        {**EXAMPLE, "price_per_million": "5", "hours_utc": "22:00-06:00", "weekdays": "1-5"},
        {**EXAMPLE, "price_per_million": "12", "region": "eu"},
        {**EXAMPLE, "price_per_million": "9", **march},
        {**EXAMPLE, "price_per_million": "1000", "token_kind": "web_search"},
        {**EXAMPLE, "price_per_million": "0", "model": "open"},
        *(
            {**EXAMPLE, "price_per_million": price, "model": model, "token_kind": kind}
            for model in ("seeker", "seeker-lite")
            for kind, price in (("input", "10"), ("web_search", "14000"))
        ),
    ]


def example_rows() -> list[dict[str, Any]]:
    """Calls of a million tokens each, named after what they are about."""
    million = {"provider": "example", "model": "m", "status": "success", "input_tokens": 1_000_000, "output_tokens": 0}
    noon, night = "2026-02-04T12:00:00Z", "2026-02-04T23:00:00Z"
    return [
        {**million, "attempt_id": "day", "started_at": noon},
        {**million, "attempt_id": "night", "started_at": night},
        {**million, "attempt_id": "saturday night", "started_at": "2026-02-07T23:00:00Z"},
        {**million, "attempt_id": "eu", "started_at": noon, "region": "eu"},
        {**million, "attempt_id": "eu batch", "started_at": noon, "region": "eu", "service_tier": "batch"},
        {**million, "attempt_id": "batch", "started_at": noon, "service_tier": "batch", "web_search_calls": 1},
        {**million, "attempt_id": "search", "started_at": noon, "web_search_calls": 1},
        {**million, "attempt_id": "code", "started_at": noon, "code_interpreter_calls": 1},
        {**million, "attempt_id": "march", "started_at": "2026-03-04T12:00:00Z"},
        {**million, "attempt_id": "ptu 1", "started_at": noon, "deployment": "ptu"},
        {**million, "attempt_id": "ptu 2", "started_at": night, "deployment": "ptu", "input_tokens": 2_000_000},
        {**million, "attempt_id": "spilled", "started_at": noon, "deployment": "paygo"},
        {**million, "attempt_id": "free", "started_at": noon, "model": "open"},
        {**million, "attempt_id": "seek 1", "started_at": noon, "model": "seeker", "web_search_calls": 2},
        {**million, "attempt_id": "seek 2", "started_at": night, "model": "seeker-lite", "web_search_calls": 2},
        {**million, "attempt_id": "seek 3", "started_at": night, "model": "seeker-lite", "web_search_calls": 1},
        {**million, "attempt_id": "seek 4", "started_at": "2026-02-05T00:00:00Z", "model": "seeker",
         "web_search_calls": 3},
        {**million, "attempt_id": "guarded", "started_at": noon, "guardrail_units": [
            {"provider": "aws", "policy": "content", "units": 2_000},
            {"provider": "aws", "policy": "word", "units": 9}]},
        {**million, "attempt_id": "guarded by somebody", "started_at": noon,
         "guardrail_units": [{"provider": "acme", "policy": "content", "units": 1}]},
    ]  # fmt: skip


def reserved_rows() -> list[dict[str, Any]]:
    """A gateway's rows of a reserved deployment, for which it logs no cost, and one that spilled over."""
    at = "2026-02-10T12:00:00Z"
    row = {
        "model": "m", "custom_llm_provider": "example", "startTime": at, "endTime": at, "status": "success",
        "prompt_tokens": 1_000_000, "completion_tokens": 0, "spend": 0.0, "model_id": "gw-ptu", "metadata": {},
    }  # fmt: skip
    spilled = {"azure_spillover": {"from_deployment": "gw-ptu"}}
    return [
        {**row, "request_id": "reserved 1"},
        {**row, "request_id": "reserved 2", "prompt_tokens": 3_000_000},
        {**row, "request_id": "spilled", "metadata": spilled},
    ]


def foreign_spans() -> list[dict[str, Any]]:
    """Calls of models without a price, whose costs the spans state: in euros, in dollars, in a currency without a
    rate, and without a currency."""
    lines = []
    for number, currency in enumerate(("EUR", "USD", "CHF", None), start=1):
        attributes: dict[str, Any] = {
            "gen_ai.request.model": "nobody's", "gen_ai.usage.cost": 0.9, "gen_ai.usage.cost.currency": currency
        }  # fmt: skip
        lines.append(batch(span(spanId=f"{number:016d}", attributes=attributes)))
    return lines


def gateway_rows() -> list[dict[str, Any]]:
    """A gateway's rows of a call whose data had to stay in a region, of one that a guardrail alone was charged for, and
    of two that failed, the first of them after an attempt that was billed."""
    at = "2026-02-12T12:00:00Z"
    row = {
        "custom_llm_provider": "example", "startTime": at, "endTime": at, "status": "success",
        "prompt_tokens": 1_000_000, "completion_tokens": 0,
    }  # fmt: skip
    guarded = {"input_cost": 0, "output_cost": 0, "guardrail_cost": 0.0036, "total_cost": 0.0036}
    return [
        {**row, "request_id": "resident", "model": "m", "spend": 13, "cost_breakdown": {"data_residency": "EU"}},
        {**row, "request_id": "guarded", "model": "nobody's", "spend": 0.0036, "cost_breakdown": guarded},
        {**row, "request_id": "twice", "model": "m", "status": "failure", "metadata": {"attempted_retries": 1}},
        {**row, "request_id": "twice-attempt-0", "model": "m", "status": "failure", "spend": 10},
        {**row, "request_id": "once", "model": "m", "status": "failure"},
    ]


@pytest.fixture(scope="module")
def warehouse(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> EngineWarehouse:
    made = EngineWarehouse(engine, tmp_path_factory.mktemp("engine"))
    rows = package_prices(PROVIDERS).rows
    write_rows(made.seeds / "model_prices.csv", rows)
    with (made.seeds / "model_prices.csv").open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, COLUMNS, restval="").writerows(example_prices())
    aliases = model_alias_rows({(row.provider, row.model) for row in rows}, PROVIDERS)
    made.seed("model_aliases", ALIAS_COLUMNS, aliases)
    made.seed("provider_aliases", ("alias", "provider"), [])
    made.seed("models", ("provider", "model", "tier", "is_reference"), [])
    overrides = [
        {"provider": "example", "service_tier": "batch", "discount_share": "0.5", "valid_from": "2026-01-01"},
        {"provider": "example", "region": "eu", "multiplier": "1.1", "valid_from": "2026-01-01"},
    ]
    made.seed("price_overrides", OVERRIDES, [[row.get(name, "") for name in OVERRIDES] for row in overrides])
    # 24 h x 2 x 1.5 USD a day; the second day is idle.
    ptu = ["ptu", "example", "m", "provisioned", 2, "1.5", "USD", 125_000, "2026-02-04", "2026-02-06"]
    through_gateway = ["gw-ptu", "example", "m", "provisioned", 1, "1", "USD", "", "2026-02-10", "2026-02-11"]
    made.seed("capacity", CAPACITY, [ptu, through_gateway])
    allowances = [
        ["free", "example", model, "search", 3, "day", "2026-01-01", "", ""] for model in ("seeker", "seeker-lite")
    ]
    made.seed("search_allowances", ALLOWANCES, allowances)
    calls = [call.row() for call, _ in generated_calls().values()]
    made.land("inference/calls.jsonl", calls)
    made.land("inference/real.jsonl", [call.row() for call, _ in real_calls()] or calls[:1])
    made.land("inference-examples/calls.jsonl", example_rows())
    # The same calls again: another order, split over files, each file with half of the one before.
    shuffled = random.Random(3).sample(calls, len(calls))
    size = len(shuffled) // 4
    for number in range(5):
        made.land(f"inference-again/{number}.jsonl", shuffled[max(number * size - size // 2, 0) : (number + 1) * size])
    made.land("litellm/client.jsonl", fixture_rows("litellm.jsonl"))
    made.land("litellm-reserved/calls.jsonl", reserved_rows())
    made.land("litellm-examples/calls.jsonl", gateway_rows())
    made.land("otel/client.jsonl", fixture_rows("otel.jsonl"))
    made.seed("fx_rates", ("day", "currency", "rate"), [("2026-06-30", "EUR", "1.1")])
    made.land("otel-foreign/spans.jsonl", foreign_spans())
    made.build("attempts", "capacity_usage", "repriced_costs", "price_versions", "price_coverage")
    return made


def costs(warehouse: EngineWarehouse, source: str) -> dict[str, tuple[Decimal | None, str | None]]:
    """Cost and reason of every attempt of a source."""
    rows = warehouse.all("select attempt_id, cost, unpriced_reason from attempts where source = ?", source)
    return {attempt_id: (cost, reason) for attempt_id, cost, reason in rows}


def disagreement(call: Call, book_model: BookModel, reason: str | None) -> str | None:
    """Why the engine and the package say different things about a call; None where nothing explains it."""
    prices = book_model.model.get_prices(call.at, CONTEXTS[call.tier])
    if reason == "no_price_for_web_search" and prices.web_searches_kcount is None:
        return "a search without a price is unpriced here and free there"
    if reason in UNPRICED_TOKENS and (prices.input_mtok is None or prices.output_mtok is None):
        return "tokens without a price are unpriced here and free there"
    if reason == "no_price_for_tier_or_time" and call.tier != "standard":
        return "the tier has no price yet: unpriced here, the standard price there"
    return None


def test_the_package_agrees_on_generated_usages(warehouse: EngineWarehouse) -> None:
    """Catches any rule of the engine that is not the vendors': all that an independent pricer knows."""
    found = costs(warehouse, "inference")
    outcome: Counter[str] = Counter()
    wrong = []
    for attempt_id, (call, book_model) in generated_calls().items():
        ours, reason = found[attempt_id]
        theirs = book_model.model.calc_price(
            as_package_usage(call.tokens), book_model.provider, genai_request_timestamp=call.at,
            price_context=CONTEXTS[call.tier],
        ).total_price  # fmt: skip
        if ours is not None and abs(ours - theirs) <= TOLERANCE:
            outcome["agrees"] += 1
            continue
        why = disagreement(call, book_model, reason)
        outcome[why or "unexplained"] += 1
        if why is None:
            wrong.append((call, ours, reason, theirs))
    print(outcome)
    assert not wrong, wrong[:10]
    assert outcome["agrees"] >= 1_000


@pytest.mark.skipif(not REAL_USAGES.exists(), reason="sample of real usage bodies is not present")
def test_real_usage_bodies_cost_what_is_known(warehouse: EngineWarehouse) -> None:
    """Catches a name of a real log that no alias resolves, and a bucket of a real body that is lost on the way."""
    found = costs(warehouse, "inference")
    wrong = [(call, found[call.attempt_id], known) for call, known in real_calls()
             if found[call.attempt_id][0] is None or abs(found[call.attempt_id][0] - known) > TOLERANCE]  # fmt: skip
    assert not wrong, wrong[:10]
    assert len(real_calls()) > 500


def test_order_splitting_and_repetition_of_deliveries_change_nothing(warehouse: EngineWarehouse) -> None:
    """Catches a cost that depends on which file brought a call, or on how often it was brought."""
    once, again = costs(warehouse, "inference"), costs(warehouse, "inference-again")
    assert again == {attempt_id: once[attempt_id] for attempt_id in again}
    assert len(again) == len(generated_calls())


def test_every_grouping_has_the_same_total(warehouse: EngineWarehouse) -> None:
    """Catches a join that drops or doubles calls of one group: no grouping may change the sum."""
    ((total, calls),) = warehouse.all("select sum(cost), count(*) from attempts")
    for columns in ("provider", "model", "provider, model, service_tier", "day", "price_version_id", "source, region",
                    "cost_source, unpriced_reason"):  # fmt: skip
        query = (
            f"with g as (select sum(cost) c, count(*) n from attempts group by {columns}) select sum(c), sum(n) from g"
        )
        assert warehouse.all(query) == [(total, calls)], columns
    ((priced,),) = warehouse.all("select sum(inference_cost) from price_coverage")
    assert priced == total


def test_worked_examples(warehouse: EngineWarehouse) -> None:
    """Catches rules that hold one by one and not together: region, night, batch, uplift, tools, capacity."""
    found = costs(warehouse, "inference-examples")
    assert {attempt_id: cost for attempt_id, (cost, _) in found.items()} == {
        "day": Decimal(10),
        "night": Decimal(5),
        "saturday night": Decimal(10),
        "eu": Decimal("13.2"),  # the region's own 12, raised by a tenth
        "eu batch": Decimal("6.6"),  # half of it
        "batch": Decimal("5.001"),  # half the tokens, the search at its price
        "search": Decimal("10.001"),
        "code": None,
        "march": Decimal(9),  # as corrected in July
        # 72 USD a day; 3 of 6 million tokens a day are used, a third and two thirds of 36 USD.
        "ptu 1": Decimal(12),
        "ptu 2": Decimal(24),
        "spilled": Decimal(10),
        "free": Decimal(0),
        # Three searches a day are free for both models together; the fourth and fifth cost 0.014 each.
        "seek 1": Decimal(10),
        "seek 2": Decimal("10.014"),
        "seek 3": Decimal("10.014"),
        "seek 4": Decimal(10),
        "guarded": Decimal("10.3"),  # 2,000 units at 150 a million
        "guarded by somebody": None,
    }
    assert found["guarded by somebody"][1] == "no_price_for_guardrail"
    assert found["code"][1] == "no_price_for_code_interpreter"
    assert warehouse.all("select cost_source from attempts where attempt_id = 'free'") == [("free",)]


def test_reserved_throughput_behind_a_gateway_is_paid_by_the_hour(warehouse: EngineWarehouse) -> None:
    """Catches reserved calls priced by tokens because a gateway logged them, and spilled-over ones that are not."""
    assert {attempt_id: cost for attempt_id, (cost, _) in costs(warehouse, "litellm-reserved").items()} == {
        "reserved 1": Decimal(6),  # a quarter of 24 hours at 1 USD
        "reserved 2": Decimal(18),
        "spilled": Decimal(10),
    }


def test_idle_capacity_is_shown_and_belongs_to_nobody(warehouse: EngineWarehouse) -> None:
    """Catches an idle day that is missing, and hours that are lost between what is used and what is idle."""
    query = (
        "select cast(day as varchar), capacity_cost, used_cost, idle_cost, tokens, utilisation"
        " from capacity_usage where deployment = 'ptu' order by 1"
    )
    assert warehouse.all(query) == [
        ("2026-02-04", Decimal(72), Decimal(36), Decimal(36), 3_000_000, 0.5),
        ("2026-02-05", Decimal(72), Decimal(0), Decimal(72), 0, 0.0),
    ]
    assert warehouse.all("select sum(cost) from attempts where deployment = 'ptu'") == [(Decimal(36),)]


def test_a_former_version_of_the_book_shows_the_difference(warehouse: EngineWarehouse) -> None:
    """Catches a correction of the past that cannot be told from what was published: March cost 10, and costs 9."""
    rows = warehouse.all(
        "select book_version, cast(month as varchar), provider, model, published_cost, repriced_cost, difference"
        " from repriced_costs where difference <> 0"
    )
    assert rows == [("original", "2026-03-01", "example", "m", Decimal(9), Decimal(10), Decimal(1))]
    ((months, published),) = warehouse.all("select count(*), sum(published_cost) from repriced_costs")
    ((total,),) = warehouse.all("select sum(cost) from attempts")
    assert months > 100
    assert published == total


def test_a_version_tells_the_prices_behind_a_cost(warehouse: EngineWarehouse) -> None:
    """Catches a version id that leads nowhere, or to the prices of another hour or region."""
    rows = warehouse.all(
        """
        select attempts.attempt_id, versions.price_per_million, versions.list_price_per_million, attempts.list_cost
        from attempts inner join price_versions as versions
            on attempts.price_version_id = versions.price_version_id and versions.token_kind = 'input'
            and attempts.started_at >= versions.valid_from
            and attempts.started_at < coalesce(versions.valid_to, timestamptz '9999-01-01')
        where attempts.attempt_id in ('day', 'night', 'eu') group by all order by 1
        """
    )
    assert rows == [("day", 10, 10, 10), ("eu", Decimal("13.2"), 12, 12), ("night", 5, 5, 5)]
    unknown = warehouse.all(
        "select count(*) from attempts where price_version_id not in (select price_version_id from price_versions)"
    )
    assert unknown == [(0,)]


def test_coverage_counts_names_that_an_alias_resolved(warehouse: EngineWarehouse) -> None:
    """Catches a fallback of names or of deployments that nobody can see."""
    ((aliased, seen),) = warehouse.all(
        "select (select sum(aliased_attempts) from price_coverage), count(model_alias) from attempts"
    )
    assert aliased == seen
    assert not REAL_USAGES.exists() or seen > 50
    assert warehouse.all("select sum(undeclared_deployment_attempts) from price_coverage") == [(1,)]


def test_coverage_names_a_guardrail_that_has_no_price(warehouse: EngineWarehouse) -> None:
    """Catches a policy without a price that shows only as the model that it checked."""
    found = warehouse.all(
        "select provider, model, reason, unpriced_attempts, missing_units from price_coverage"
        " where reason = 'no_price_for_guardrail'"
    )
    assert found == [("example", "m", "no_price_for_guardrail", 1, "acme/guardrail-content: 1")]


@pytest.mark.parametrize("source", ["litellm", "otel"])
def test_logs_of_real_clients_have_the_tokens_of_the_answers(warehouse: EngineWarehouse, source: str) -> None:
    """Catches a reader that knows its own fixtures only: tokens lost, counted twice or in another bucket between a
    provider's answer, what LiteLLM or an OpenTelemetry instrumentation writes of it, and the facts."""
    columns = ", ".join(f"{bucket}_tokens" for bucket in BUCKETS)
    found = warehouse.all(
        f"select outcome_id, {columns} from attempts where source = ? and outcome_id < 'o-5' order by 1",
        source,
    )
    wanted = {outcome_id: used(outcome_id) for outcome_id in CALLS}
    if source == "otel":
        # Its span has one count of cache writes, and no reasoning of a stream.
        fresh, read, short_lived, long_lived, *rest = wanted["o-3"]
        wanted["o-3"] = (fresh, read, short_lived + long_lived, 0, *rest)
    assert {outcome_id: tuple(tokens) for outcome_id, *tokens in found} == wanted
    assert warehouse.all(
        "select status, cost from attempts where source = ? and outcome_id = 'o-5'", source
    ) == [("rate_limited", Decimal(0))]  # fmt: skip


def test_our_cost_is_the_one_that_litellm_logged(warehouse: EngineWarehouse) -> None:
    """Catches buckets that add up and are priced as each other: LiteLLM has a price list and an engine of its own."""
    rows = warehouse.all("select outcome_id, cost, logged_cost from attempts where source = 'litellm' order by 1")
    priced = [(outcome_id, ours, logged) for outcome_id, ours, logged in rows if outcome_id != "o-5"]
    assert len(priced) == 6
    assert [row for row in priced if row[1] is None or abs(row[1] - row[2]) > TOLERANCE] == []


def test_a_cost_in_a_span_is_converted_from_its_currency(warehouse: EngineWarehouse) -> None:
    """Catches 0.90 euros added up as 0.90 dollars, and a currency without a rate taken at par."""
    found = warehouse.all("select logged_currency, logged_cost, cost from attempts where source = 'otel-foreign'")
    assert sorted(found) == [
        ("CHF", None, None),
        ("EUR", Decimal("0.99"), Decimal("0.99")),
        ("USD", Decimal("0.9"), Decimal("0.9")),
        ("USD", Decimal("0.9"), Decimal("0.9")),
    ]


def test_what_a_gateway_says_of_its_price_is_heard(warehouse: EngineWarehouse) -> None:
    """Catches a region at the worldwide price, and a model that nobody priced costed by what its guardrail cost."""
    rows = warehouse.all(
        "select attempt_id, cost, logged_cost from attempts where source = 'litellm-examples' and status = 'success'"
    )
    assert sorted(rows) == [("guarded", None, None), ("resident", Decimal("13.2"), Decimal(13))]


def test_attempts_that_a_gateway_billed_are_one_request(warehouse: EngineWarehouse) -> None:
    """Catches a retry inside a gateway counted as another request."""
    rows = warehouse.all(
        "select attempt_id, request_id from attempts where source = 'litellm-examples' and status = 'error' order by 1"
    )
    assert rows == [("once", "once"), ("twice", "twice"), ("twice-attempt-0", "twice")]
