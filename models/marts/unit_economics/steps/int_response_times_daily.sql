{{ config(
    materialized='incremental', incremental_strategy='replace_days',
    period_column='period_start', period_grain='day'
) }}

-- One row per day and use case: response times over its requests themselves, since percentiles cannot be averaged.
{{ response_times('day') }}
