"""The landed tables of invoices and of providers' own reports; see ``tables``."""

from __future__ import annotations

from orchestration.ingest.tables import Table, columns_of

FOCUS_ROWS = Table(
    schema="invoices",
    name="focus_rows",
    columns=columns_of(
        "provider_name, host_provider_name, publisher_name, invoice_issuer_name, billing_account_id, sub_account_id,"
        "invoice_id, billing_period_start:t, billing_period_end:t, charge_period_start:t, charge_period_end:t,"
        "charge_category, charge_class, charge_description, charge_frequency, pricing_category, service_category,"
        "service_name, sku_id, sku_meter, sku_price_id, region_id, resource_id, billing_currency, pricing_currency,"
        "billed_cost:m, effective_cost:m, contracted_cost:m, list_cost:m, pricing_currency_effective_cost:m,"
        "contracted_unit_price:m, list_unit_price:m, consumed_quantity:m, consumed_unit, pricing_quantity:m,"
        "pricing_unit"
    ),
    # The last one is empty until the charges are invoiced.
    key=("provider_name", "billing_account_id", "billing_period_start", "invoice_id"),
    event_time="charge_period_start",
    rank=(),
    has_current=True,
    is_statement=True,
)
_BUCKET = "bucket_start:t, bucket_end:t"
OPENAI_USAGE = Table(
    schema="openai",
    name="usage_buckets",
    columns=columns_of(
        f"report, {_BUCKET}, model, project_id, service_tier, is_batch:b, input_tokens:n, input_uncached_tokens:n,"
        "input_cached_tokens:n, input_cache_write_tokens:n, input_audio_tokens:n, input_image_tokens:n,"
        "input_cached_audio_tokens:n, input_cached_image_tokens:n, output_tokens:n, output_audio_tokens:n,"
        "output_image_tokens:n, requests:n, sessions:n, images:n, characters:n, seconds:n, bytes:n"
    ),
    key=("report", "bucket_start", "bucket_end"),
    event_time="bucket_start",
    rank=(),
    has_current=True,
    is_statement=True,
    line=("report", "model", "project_id", "service_tier", "is_batch"),
)
OPENAI_COSTS = Table(
    schema="openai",
    name="cost_buckets",
    columns=columns_of(f"{_BUCKET}, line_item, project_id, quantity:m, quantity_unit, amount:m, currency"),
    key=("bucket_start", "bucket_end"),
    event_time="bucket_start",
    rank=(),
    has_current=True,
    is_statement=True,
    line=("line_item", "project_id", "quantity_unit", "currency"),
)
ANTHROPIC_USAGE = Table(
    schema="anthropic",
    name="usage_buckets",
    columns=columns_of(
        f"{_BUCKET}, model, workspace_id, service_tier, context_window, inference_geo, uncached_input_tokens:n,"
        "cache_read_tokens:n, cache_write_tokens:n, cache_write_1h_tokens:n, output_tokens:n, web_search_requests:n"
    ),
    key=("bucket_start", "bucket_end"),
    event_time="bucket_start",
    rank=(),
    has_current=True,
    is_statement=True,
    line=("model", "workspace_id", "service_tier", "context_window", "inference_geo"),
)
ANTHROPIC_COSTS = Table(
    schema="anthropic",
    name="cost_buckets",
    columns=columns_of(
        f"{_BUCKET}, workspace_id, description, cost_type, model, service_tier, context_window, token_type,"
        "inference_geo, amount:m, currency"
    ),
    key=("bucket_start", "bucket_end"),
    event_time="bucket_start",
    rank=(),
    has_current=True,
    is_statement=True,
    line=(
        "workspace_id",
        "description",
        "cost_type",
        "model",
        "service_tier",
        "context_window",
        "token_type",
        "inference_geo",
        "currency",
    ),
)
