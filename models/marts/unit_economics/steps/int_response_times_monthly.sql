{{ config(
    materialized='incremental', incremental_strategy='replace_days',
    period_column='period_start', period_grain='month'
) }}

-- One row per month and use case: response times over its requests themselves, since percentiles cannot be averaged.
{{ response_times('month') }}
