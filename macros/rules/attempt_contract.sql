{#- The shape of an attempt, whatever source it came from: every column in order, with the expression that stands where
    a source has none. Without one, the source has to say it: a count of tokens that nobody logged is not 0, but a kind
    of token that a source does not tell apart is inside another one. -#}
{% macro attempt_contract() %}
    {%- set text, count = 'cast(null as varchar)', 'cast(0 as bigint)' -%}
    {{ return({
        'source': none,
        'attempt_id': none,
        'logged_request_id': text,
        'retry_of': text,
        'retry_group': text,
        'outcome_id': text,
        'logged_use_case': text,
        'logged_task_class': text,
        'logged_provider': none,
        'logged_model': none,
        'service_tier': "'standard'",
        'region': "''",
        'deployment': text,
        'started_at': none,
        'ended_at': none,
        'status': none,
        'input_tokens': none,
        'cache_read_tokens': count,
        'cache_write_tokens': count,
        'cache_write_1h_tokens': count,
        'output_tokens': none,
        'reasoning_tokens': count,
        'unit_input_tokens': count,
        'unit_output_tokens': count,
        'units': text,
        'usage_reported': none,
        'usage_disagrees': 'false',
        'usage_not_understood': text,
        'modifiers': text,
        'provider_request_id': text,
        'cache_hit': 'false',
        'prompt_hash': text,
        'input_valid': 'cast(null as boolean)',
        'can_wait': 'false',
        'experiment': text,
        'release_id': text,
        'logged_cost': 'cast(null as decimal(38, 12))',
        'logged_currency': text,
        'hidden_retries': count,
        'attributes': text,
        'file_sha256': none,
        'file_row_no': none,
    }) }}
{% endmacro %}


{#- The columns of a select that makes attempts: those that the block of the call says, then those of the contract that
    the source has not. A name that the contract does not know, one said twice, or one that only the source can say and
    does not, stops dbt before anything runs.

    The name of a column is the last word of its expression, once texts, comments and what stands in brackets are away:
    `coalesce(region, '') as region` and `calls.region` both say region. -#}
{% macro attempt_columns() %}
    {%- set contract, columns = attempt_contract(), caller().strip() -%}
    {%- set plain = namespace(sql=modules.re.sub("'[^']*'|--[^\n]*", '', columns)) -%}
    {#- Brackets go from the inside out; a select has far fewer than this inside one another. -#}
    {%- for _ in range(20) -%}
        {%- set plain.sql = modules.re.sub('[(][^()]*[)]', '', plain.sql) -%}
    {%- endfor -%}
    {%- set said = modules.re.findall('([a-zA-Z0-9_]+)[ \n]*(?:,|$)', plain.sql) -%}
    {%- for column in said -%}
        {%- if column not in contract -%}
            {{ exceptions.raise_compiler_error(model.name ~ ": an attempt has no column '" ~ column ~ "' (see attempt_contract)") }}
        {%- elif said.count(column) > 1 -%}
            {{ exceptions.raise_compiler_error(model.name ~ ": column '" ~ column ~ "' of an attempt is said twice") }}
        {%- endif -%}
    {%- endfor -%}
    {{ columns }}
    {%- for column, absent in contract.items() if column not in said -%}
        {%- if absent is none -%}
            {{ exceptions.raise_compiler_error(model.name ~ ": column '" ~ column ~ "' of an attempt is missing, and only the source can say it") }}
        {%- endif -%}
        ,
    {{ absent }} as {{ column }}
    {%- endfor -%}
{% endmacro %}
