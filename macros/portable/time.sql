{#- Calendar day, in the reporting time zone, of an instant. Null stays null. -#}
{% macro day_of(instant) -%}{{ return(adapter.dispatch('day_of')(instant)) }}{%- endmacro %}

{% macro default__day_of(instant) -%}
    cast({{ instant }} at time zone '{{ var("reporting_time_zone") }}' as date)
{%- endmacro %}


{#- Instant at which a calendar day begins in the reporting time zone. -#}
{% macro start_of_day(day) -%}{{ return(adapter.dispatch('start_of_day')(day)) }}{%- endmacro %}

{% macro default__start_of_day(day) -%}
    (cast({{ day }} as timestamp) at time zone '{{ var("reporting_time_zone") }}')
{%- endmacro %}


{#- A day moved by a whole number of days. -#}
{% macro add_days(day, days) -%}{{ return(adapter.dispatch('add_days')(day, days)) }}{%- endmacro %}

{% macro default__add_days(day, days) -%}cast({{ day }} + cast({{ days }} as integer) as date){%- endmacro %}


{#- First day of the day, ISO week (Monday) or month that holds `day`. -#}
{% macro period_start(day, grain) -%}
    {%- if grain == 'day' -%}{{ day }}{%- else -%}cast(date_trunc('{{ grain }}', {{ day }}) as date){%- endif -%}
{%- endmacro %}


{#- Whole microseconds from one instant to another, as a 64-bit integer; negative when `until` is earlier. -#}
{% macro microseconds_between(since, until) -%}
    {{ return(adapter.dispatch('microseconds_between')(since, until)) }}
{%- endmacro %}

{% macro default__microseconds_between(since, until) -%}
    (epoch_us({{ until }}) - epoch_us({{ since }}))
{%- endmacro %}


{#- Milliseconds between two instants as a double, for response times. -#}
{% macro milliseconds_between(since, until) -%}
    ({{ microseconds_between(since, until) }} / 1000.0e0)
{%- endmacro %}


{#- Whole microseconds of minutes (six decimals): wide enough for years, which the type of a column of minutes is not. -#}
{% macro microseconds_of_minutes(minutes) -%}
    cast(cast({{ minutes }} as decimal(38, 6)) * 60000000 as bigint)
{%- endmacro %}


{#- An instant moved by a number of microseconds. -#}
{% macro add_microseconds(instant, microseconds) -%}
    {{ return(adapter.dispatch('add_microseconds')(instant, microseconds)) }}
{%- endmacro %}

{% macro default__add_microseconds(instant, microseconds) -%}
    ({{ instant }} + to_microseconds(cast({{ microseconds }} as bigint)))
{%- endmacro %}


{#- An instant written by a person in reference data: a date means midnight in the reporting time zone, anything
    longer is a timestamp with its offset. Empty stays null. -#}
{% macro reference_instant(text) -%}
    case
        when length(trim({{ text }})) = 10 then {{ start_of_day('cast(trim(' ~ text ~ ') as date)') }}
        else cast(trim({{ text }}) as {{ instant_type() }})
    end
{%- endmacro %}

{% macro instant_type() -%}{{ return(adapter.dispatch('instant_type')()) }}{%- endmacro %}
{% macro default__instant_type() -%}timestamptz{%- endmacro %}


{#- Bounds that stand for "since ever" and "still open" in half-open intervals, so that joins stay plain ranges. -#}
{% macro beginning_of_time() -%}cast('1900-01-01 00:00:00+00' as {{ instant_type() }}){%- endmacro %}
{% macro end_of_time() -%}cast('9999-01-01 00:00:00+00' as {{ instant_type() }}){%- endmacro %}


{#- Whole days from one day to another; negative when `until` is earlier. -#}
{% macro days_between(since, until) -%}{{ return(adapter.dispatch('days_between')(since, until)) }}{%- endmacro %}

{% macro default__days_between(since, until) -%}date_diff('day', {{ since }}, {{ until }}){%- endmacro %}


{#- ISO weekday of a day: 1 Monday to 7 Sunday. -#}
{% macro iso_weekday(day) -%}{{ return(adapter.dispatch('iso_weekday')(day)) }}{%- endmacro %}

{% macro default__iso_weekday(day) -%}isodow({{ day }}){%- endmacro %}


{#- Number of days of the month that begins on `month`. -#}
{% macro days_in_month(month) -%}{{ return(adapter.dispatch('days_in_month')(month)) }}{%- endmacro %}

{% macro default__days_in_month(month) -%}day(last_day({{ month }})){%- endmacro %}


{#- The instant that lies a number of microseconds after 1970 in UTC. -#}
{% macro instant_of_microseconds(microseconds) -%}
    {{ return(adapter.dispatch('instant_of_microseconds')(microseconds)) }}
{%- endmacro %}

{% macro default__instant_of_microseconds(microseconds) -%}make_timestamptz(cast({{ microseconds }} as bigint)){%- endmacro %}


{#- Whole minutes of an instant since Monday 00:00 UTC of its week: 0 to 10079. -#}
{% macro minute_of_week(instant) -%}{{ return(adapter.dispatch('minute_of_week')(instant)) }}{%- endmacro %}

{#- 1970 began on a Thursday, 4320 minutes after its week did. -#}
{% macro default__minute_of_week(instant) -%}
    cast((epoch_us({{ instant }}) // 60000000 + 4320) % 10080 as integer)
{%- endmacro %}


{#- One row per day from `first_day` to `last_day`, both included: a table expression with the column `day`, to be cross
    joined laterally. -#}
{% macro days_from_to(first_day, last_day, alias) -%}
    {{ return(adapter.dispatch('days_from_to')(first_day, last_day, alias)) }}
{%- endmacro %}

{% macro default__days_from_to(first_day, last_day, alias) -%}
    lateral (
        select cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date) as day
    ) as {{ alias }}
{%- endmacro %}


{#- An instant as text in UTC, `2026-09-01T00:00:00Z`. -#}
{% macro instant_text(instant) -%}{{ return(adapter.dispatch('instant_text')(instant)) }}{%- endmacro %}

{% macro default__instant_text(instant) -%}
    strftime({{ instant }} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')
{%- endmacro %}


{#- An instant as text to the microsecond, in UTC; what `instant_literal` takes. -#}
{% macro exact_instant_text(instant) -%}{{ return(adapter.dispatch('exact_instant_text')(instant)) }}{%- endmacro %}

{% macro default__exact_instant_text(instant) -%}
    strftime({{ instant }} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f+00:00')
{%- endmacro %}


{#- The instant of a text with its offset, as a constant. -#}
{% macro instant_literal(text) -%}{{ return(adapter.dispatch('instant_literal')(text)) }}{%- endmacro %}

{% macro default__instant_literal(text) -%}timestamptz '{{ text }}'{%- endmacro %}
