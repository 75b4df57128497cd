{#- State of an outcome as of the run: the first rule that fits wins (DECISIONS.md, "Acceptance"). -#}
{% macro outcome_state(latest_decision, critical_tickets, last_request_succeeded, window_closed) -%}
    case
        when {{ latest_decision }} in ('rejected', 'abandoned') then {{ latest_decision }}
        when {{ critical_tickets }} > 0 then 'corrected'
        when {{ latest_decision }} = 'accepted' or {{ last_request_succeeded }} then 'accepted'
        when {{ window_closed }} then 'abandoned'
        else 'open'
    end
{%- endmacro %}


{#- Instant at which the acceptance window of an outcome closes: the window is the given number of whole days after
    the outcome's own day. -#}
{% macro acceptance_window_closes_at(day, window_days) -%}
    {{ start_of_day(add_days(day, '1 + ' ~ window_days)) }}
{%- endmacro %}
