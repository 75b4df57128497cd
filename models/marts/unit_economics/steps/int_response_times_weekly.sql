{{ config(
    materialized='incremental', incremental_strategy='replace_days',
    period_column='period_start', period_grain='week'
) }}

-- One row per week and use case: response times over its requests themselves, since percentiles cannot be averaged.
{{ response_times('week') }}
