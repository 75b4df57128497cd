{#- The seven levers with the defaults of their parameters; `lever_assumptions` overrides them. -#}
{% macro lever_defaults() -%}
    {{ return([
        ['routing', 'target', none],
        ['routing', 'share', '1'],
        ['context_limits', 'limit_tokens', none],
        ['context_limits', 'share', '1'],
        ['semantic_cache', 'share', '0.9'],
        ['batching', 'share', '1'],
        ['guardrails', 'share', '0.8'],
        ['guardrails', 'returned_share', '1'],
        ['quality_gate', 'share', '1'],
        ['budgets', 'share', '1']
    ]) }}
{%- endmacro %}


{#- Join condition of the assumption about a parameter for a row with a use case and, if given, a task class. -#}
{% macro assumption_applies(alias, lever, parameter, use_case, task_class="''") -%}
    {{ alias }}.lever = '{{ lever }}'
            and {{ alias }}.parameter = '{{ parameter }}'
            and {{ alias }}.use_case = {{ use_case }}
            and {{ alias }}.task_class = coalesce({{ task_class }}, '')
{%- endmacro %}


{#- A share as a decimal that money can be multiplied with. -#}
{% macro share_factor(text) -%}cast({{ text }} as decimal(10, 9)){%- endmacro %}


{#- A ratio as words: 0.985 is "98.5 %". -#}
{% macro percent_words(share) -%}(cast(round(100 * cast({{ share }} as double), 1) as varchar) || ' %'){%- endmacro %}


{#- An amount as words, four decimals, in the reporting currency. -#}
{% macro money_words(amount) -%}
    (cast(cast(round({{ amount }}, 4) as decimal(38, 4)) as varchar) || ' {{ var("reporting_currency") }}')
{%- endmacro %}


{#- Whether routing moves what a model answered to the target of its class: away from a dearer tier, or to another model
    of the same tier when the target names a model. -#}
{% macro is_routed(served, target) -%}
    (
                {{ tier_rank(served ~ '.tier') }} > {{ tier_rank(target ~ '.tier') }}
                or (
                    {{ target }}.is_named_model
                    and {{ tier_rank(served ~ '.tier') }} = {{ tier_rank(target ~ '.tier') }}
                    and ({{ served }}.provider <> {{ target }}.provider or {{ served }}.model <> {{ target }}.model)
                )
            )
{%- endmacro %}


{#- An amount of a number of days as one per month of 365.25 / 12 days, so that twelve of them make a year. -#}
{% macro per_month(amount, days) -%}
    {{ exact_quotient([[amount, 12], ['30.4375', 4]], days) }}
{%- endmacro %}
