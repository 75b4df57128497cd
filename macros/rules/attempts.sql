{#- Business rules of one attempt, written once. Each is a SQL expression over columns named as in `attempts`. -#}

{#- An attempt reached a model when it was not answered from a cache and the endpoint worked on it: a rate-limited or
    blocked call never did. -#}
{% macro reached_model(status, is_cache_hit) -%}
    (not {{ is_cache_hit }} and {{ status }} in ('success', 'error', 'timeout'))
{%- endmacro %}


{#- When an attempt was over: its end, or its start where no end is known. -#}
{% macro finished_at(ended_at, started_at) -%}
    coalesce({{ ended_at }}, {{ started_at }})
{%- endmacro %}


{#- Context of a call: every token of input, however it was billed. Unknown counts as nothing here; whether usage was
    reported at all is a column of its own. -#}
{% macro context_tokens(attempt) -%}
    ({{ attempt }}.input_tokens + {{ attempt }}.cache_read_tokens + {{ attempt }}.cache_write_tokens
        + {{ attempt }}.cache_write_1h_tokens)
{%- endmacro %}


{#- Input that price tiers are measured on: context plus what is no text. -#}
{% macro priced_input_tokens(attempt) -%}
    ({{ context_tokens(attempt) }} + {{ attempt }}.unit_input_tokens)
{%- endmacro %}


{#- Every token that a call made the model work on, read from a cache or not: what capacity is used by. -#}
{% macro served_tokens(attempt) -%}
    ({{ priced_input_tokens(attempt) }} + {{ attempt }}.output_tokens + {{ attempt }}.unit_output_tokens)
{%- endmacro %}


{#- Money of one token bucket, in millionths, at a price per million. No tokens cost nothing whatever the price; tokens without a
    price make the whole attempt unpriced (null), never free. -#}
{% macro bucket_cost(tokens, price_per_million) -%}
    case when {{ tokens }} = 0 then 0 else cast({{ tokens }} as decimal(12, 0)) * {{ price_per_million }} end
{%- endmacro %}


{#- Whether a landing source is of one of some families: its folder is named for the family, or `<family>-<anything>`. -#}
{% macro is_of_family(source, families) -%}
    (
        {%- for family in families %}
        {{ source }} = '{{ family }}' or {{ source }} like '{{ family }}-%'{{ ' or' if not loop.last }}
        {%- else %}
        false
        {%- endfor %}
    )
{%- endmacro %}


{#- Whether a landing source declares that its rows carry no links between attempts, so that the retry rule applies. -#}
{% macro is_retry_window_source(source) -%}
    {{ is_of_family(source, retry_window_sources()) }}
{%- endmacro %}
