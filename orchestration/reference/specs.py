"""Every reference file that people edit: the contract of `seeds/`, as data."""

from __future__ import annotations

from dataclasses import replace

from orchestration.reference.meters import TEXT_KINDS
from orchestration.reference.spec import (
    Reference,
    SeedSpec,
    boolean,
    currency,
    day,
    decimal,
    enum,
    hours,
    instant,
    integer,
    month,
    optional,
    regular_expression,
    share,
    text,
    weekdays,
)

# Largest amounts that are believed: a budget in any currency, a price in any currency per million units.
LARGEST_AMOUNT = "1000000000000"
LARGEST_PRICE = "100000000"

CRITICALITIES = ("critical", "important", "mass")
TASK_CLASSES = ("A", "B", "C")
# Tiers that no log names: a modifier of a call does.
PRICE_LISTS = ("fast_speed", "fast_search")
MODEL_TIERS = ("premium", "balanced", "economy")
# Of these, the price package does not know the three in the second line: people price them.
SERVICE_TIERS = (
    *("standard", "batch", "flex", "priority"),
    *("latency_optimized", "reserved", "scale"),
    *PRICE_LISTS,
)
UNITS = ("tokens", "seconds", "characters", "pieces", "calls", "sessions", "token_hours", "units", "money")
LEVERS = (
    "routing",
    "context_limits",
    "semantic_cache",
    "batching",
    "guardrails",
    "quality_gate",
    "budgets",
)
# Files with prices of units.
PRICE_SEEDS = ("model_prices", "second_prices", "price_overrides")
CAPACITY_KINDS = ("provisioned", "self_hosted")
# What a provider counts when it bills web searches: each search, or a request that searched at all.
SEARCH_UNITS = ("search", "request")
# What a rule shares a cost out by: stated shares, or a figure of the use cases on the day.
SHARING_KEYS = ("fixed", "requests", "attempts", "tokens", "outcomes", "inference_cost")
ALLOWANCE_PERIODS = ("day", "month")
# What invoices name a line by, and what a line can be for. They bill reasoning as output.
INVOICE_FIELDS = ("sku_id", "sku_meter", "charge_description", "line_item")

_VALIDITY = (instant("valid_from", required=True), instant("valid_to"))
_PRICE_KEY = ("provider", "model", "region", "service_tier", "token_kind", "above_tokens", "hours_utc", "weekdays")
# A row that became known later is a correction: it takes the place of what was known before, and may overlap it.
_KNOWN_PRICE_KEY = (*_PRICE_KEY, "known_from")
_PRICE_CIRCUMSTANCES = (optional(hours("hours_utc")), optional(weekdays("weekdays")), optional(instant("known_from")))
# What has no declared use case or owner is shown under these names, and may have a budget.
_USE_CASE = Reference(("use_case",), (("use_cases", ("use_case",)),), frozenset({"unallocated"}))
_OWNER = Reference(("owner",), (("owners", ("owner",)),), frozenset({"unowned"}))
_PRICED_MODELS = tuple((seed, ("provider", "model")) for seed in PRICE_SEEDS)
_KIND = Reference(("token_kind",), (("meters", ("meter",)),), frozenset(TEXT_KINDS))
# Invoices bill reasoning as output.
_INVOICED_KIND = replace(_KIND, also_allowed=_KIND.also_allowed - {"reasoning"})
_BOOK_COLUMNS = (
    text("provider", required=True),
    text("model", required=True),
    text("region"),
    enum("service_tier", *SERVICE_TIERS),
    text("token_kind", required=True),
    integer("above_tokens", 0, 1_000_000_000),
    decimal("price_per_million", "0", LARGEST_PRICE, places=9, required=True),
    currency(required=True),
    *_VALIDITY,
    text("source"),
    *_PRICE_CIRCUMSTANCES,
)


def _all_specs() -> tuple[SeedSpec, ...]:
    return (
        SeedSpec(
            "use_cases",
            (
                text("use_case", required=True),
                text("owner"),
                text("function"),
                enum("criticality", *CRITICALITIES, required=True),
                enum("task_class", *TASK_CLASSES, required=True),
                integer("acceptance_window_days", 0, 366),
                share("quality_floor"),
                integer("context_limit_a", 1, 1_000_000_000),
                integer("context_limit_b", 1, 1_000_000_000),
                integer("context_limit_c", 1, 1_000_000_000),
                decimal("cache_lifetime_hours", "0", "8784", places=6),
                decimal("delay_cap_minutes", "0", "5256000", places=6),
                *_VALIDITY,
            ),
            interval_key=("use_case",),
            gapless=True,
            references=(_OWNER,),
        ),
        SeedSpec(
            "use_case_rules",
            (
                integer("priority", 0, 1_000_000_000, required=True),
                text("source"),
                text("field", required=True),
                text("pattern", required=True),
                text("use_case", required=True),
            ),
            references=(_USE_CASE,),
        ),
        SeedSpec(
            "owners",
            (text("owner", required=True), text("contact"), text("escalation_1"), text("escalation_2")),
            unique=("owner",),
        ),
        SeedSpec(
            "models",
            (
                text("provider", required=True),
                text("model", required=True),
                enum("tier", *MODEL_TIERS, required=True),
                boolean("is_reference", required=True),
            ),
            unique=("provider", "model"),
            references=(Reference(("provider", "model"), _PRICED_MODELS, only_warn=True),),
        ),
        SeedSpec(
            "model_aliases",
            (text("provider", required=True), text("alias", required=True), text("model", required=True)),
            unique=("provider", "alias"),
            ignore_case=("alias",),
            references=(Reference(("provider", "model"), (*_PRICED_MODELS, ("models", ("provider", "model")))),),
        ),
        SeedSpec(
            "provider_aliases",
            (text("alias", required=True), text("provider", required=True)),
            unique=("alias",),
            ignore_case=("alias",),
            references=(
                Reference(
                    ("provider",),
                    tuple((seed, ("provider",)) for seed in (*PRICE_SEEDS, "models")),
                    only_warn=True,
                ),
            ),
        ),
        SeedSpec(
            "meters",
            (
                text("meter", required=True),
                enum("unit", *UNITS, required=True),
                enum("part_of", *(kind for kind in TEXT_KINDS if kind != "request")),
                text("sku_meter", required=True),
                text("source"),
            ),
            unique=("meter",),
        ),
        *(
            SeedSpec(
                name,
                _BOOK_COLUMNS,
                interval_key=_KNOWN_PRICE_KEY,
                gapless=True,
                defaults=(("service_tier", "standard"), ("above_tokens", "0")),
                references=(_KIND,),
            )
            for name in ("model_prices", "second_prices")
        ),
        SeedSpec(
            "price_modifiers",
            (
                text("provider", required=True),
                text("model"),
                text("attribute", required=True),
                text("value"),
                decimal("multiplier", "0", "100", places=6),
                enum("price_list", *SERVICE_TIERS),
                *_VALIDITY,
                text("source"),
            ),
            interval_key=("provider", "model", "attribute", "value"),
            ignore_case=("attribute", "value"),
            references=(Reference(("provider", "model"), _PRICED_MODELS, only_warn=True),),
        ),
        SeedSpec(
            "price_overrides",
            (
                text("provider"),
                text("model"),
                text("region"),
                enum("service_tier", *SERVICE_TIERS),
                text("token_kind"),
                integer("above_tokens", 0, 1_000_000_000),
                decimal("price_per_million", "0", LARGEST_PRICE, places=9),
                currency(),
                *_VALIDITY,
                text("source"),
                share("discount_share", places=6),
                optional(decimal("multiplier", "0", "100", places=6, above_low=True)),
                *_PRICE_CIRCUMSTANCES,
            ),
            interval_key=_KNOWN_PRICE_KEY,
            defaults=(("above_tokens", "0"),),
            references=(_KIND,),
        ),
        SeedSpec(
            "capacity",
            (
                text("deployment", required=True),
                text("provider"),
                text("model"),
                enum("kind", *CAPACITY_KINDS, required=True),
                decimal("units", "0", "1000000", places=3, required=True, above_low=True),
                decimal("hourly_rate", "0", "1000000", places=6, required=True),
                currency(required=True),
                integer("tokens_per_hour", 1, 1_000_000_000_000),
                *_VALIDITY,
            ),
            interval_key=("deployment",),
        ),
        SeedSpec(
            "search_allowances",
            (
                text("pool", required=True),
                text("provider", required=True),
                text("model", required=True),
                enum("billed_by", *SEARCH_UNITS, required=True),
                integer("free_searches", 0, 1_000_000_000, required=True),
                enum("period", *ALLOWANCE_PERIODS, required=True),
                *_VALIDITY,
                text("source"),
            ),
            interval_key=("provider", "model"),
            references=(Reference(("provider", "model"), _PRICED_MODELS, only_warn=True),),
        ),
        SeedSpec(
            "role_rates",
            (
                text("role", required=True),
                decimal("hourly_rate", "0", "10000000", places=6, required=True),
                currency(required=True),
                *_VALIDITY,
            ),
            interval_key=("role",),
            gapless=True,
        ),
        SeedSpec(
            "delay_rates",
            (
                text("use_case", required=True),
                decimal("per_minute", "0", "1000000000", places=6),
                decimal("per_breach", "0", "1000000000", places=6),
                currency(required=True),
                *_VALIDITY,
            ),
            interval_key=("use_case",),
            gapless=True,
            references=(_USE_CASE,),
        ),
        SeedSpec(
            "cost_sharing",
            (
                text("rule", required=True),
                enum("key", *SHARING_KEYS, required=True),
                text("use_case"),
                share("share"),
                *_VALIDITY,
            ),
            interval_key=("rule", "use_case"),
            references=(_USE_CASE,),
        ),
        SeedSpec(
            "budgets",
            (
                text("owner", required=True),
                text("use_case", required=True),
                month("month", required=True),
                integer("revision", 0, 1_000_000, required=True),
                instant("effective_at", required=True),
                enum("kind", "production", "experiment", required=True),
                decimal("limit_amount", "0", LARGEST_AMOUNT, places=12, required=True),
                currency(required=True),
                share("soft_share"),
                share("hard_share"),
                share("premium_limit_share"),
                share("throttle_share"),
            ),
            unique=("owner", "use_case", "month", "kind", "revision"),
            references=(_OWNER, _USE_CASE),
        ),
        SeedSpec(
            "cost_slos",
            (
                enum("criticality", *CRITICALITIES, required=True),
                decimal(
                    "target_cost_per_accepted_outcome", "0", LARGEST_AMOUNT, places=12, required=True, above_low=True
                ),
                share("quality_floor"),
                share("objective_share"),
                *_VALIDITY,
            ),
            interval_key=("criticality",),
            gapless=True,
        ),
        SeedSpec(
            "releases",
            (
                text("release_id", required=True),
                text("use_case", required=True),
                text("lever"),
                instant("released_at", required=True),
                text("decision_owner"),
                text("rollback_plan"),
                text("watch_plan"),
                text("impact_assessment"),
                share("quality_margin"),
                integer("minimum_outcomes", 0, 1_000_000_000),
            ),
            unique=("release_id",),
            references=(_USE_CASE,),
        ),
        SeedSpec(
            "lever_assumptions",
            (
                enum("lever", "all", *LEVERS, required=True),
                text("use_case"),
                enum("task_class", *TASK_CLASSES),
                enum(
                    "parameter",
                    *("share", "returned_share", "target", "limit_tokens"),
                    *("window_days", "observation_days", "minimum_outcomes"),
                    required=True,
                ),
                text("value", required=True),
                text("note"),
            ),
            unique=("lever", "use_case", "task_class", "parameter"),
            references=(_USE_CASE,),
        ),
        SeedSpec(
            "experiments",
            (text("experiment", required=True), text("owner"), text("use_case"), *_VALIDITY),
            interval_key=("experiment",),
            references=(_OWNER, _USE_CASE),
        ),
        SeedSpec(
            "fx_rates",
            (
                day("day", required=True),
                currency(required=True),
                decimal("rate", "0", "1000000", places=9, required=True, above_low=True),
            ),
            unique=("day", "currency"),
        ),
        SeedSpec(
            "invoice_skus",
            (
                text("provider", required=True),
                enum("field", *INVOICE_FIELDS, required=True),
                regular_expression("pattern", required=True),
                text("model", required=True),
                text("token_kind", required=True),
            ),
            unique=("provider", "field", "pattern"),
            references=(_INVOICED_KIND,),
        ),
    )


SPECS: dict[str, SeedSpec] = {spec.name: spec for spec in _all_specs()}

# These describe models, not the company: where it has no file of its own, the project's is used.
PROJECT_SEEDS = ("meters", "model_prices", "price_modifiers", "models", "model_aliases", "provider_aliases")
