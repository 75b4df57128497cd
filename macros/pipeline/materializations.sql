{#- dbt-duckdb builds a table beside the old one, renames both, looks for indexes and drops the old one after the commit;
    dbt does the same with views. DuckDB replaces a relation within a transaction, which is as safe (others see the old
    one until the commit, a killed run rolls back), takes half the statements and leaves no second table behind. -#}

{% materialization table, adapter='duckdb' %}
    {{ return(replace_relation('table')) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {{ return(replace_relation('view')) }}
{% endmaterialization %}


{#- Builds the model in the place of the relation before it. `kind`: table or view. -#}
{% macro replace_relation(kind) %}
    {%- set target_relation = this.incorporate(type=kind) -%}
    {%- do clear_the_way(target_relation) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        drop {{ kind }} if exists {{ target_relation }};
        {%- if kind == 'table' %}
        {{ get_create_table_as_sql(False, target_relation, sql) }}
        {%- else %}
        {{ get_create_view_as_sql(target_relation, sql) }}
        {%- endif %}
        {{ comments_on(target_relation) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmacro %}


{#- Drops what has the name of a relation and is of another type, and what a run that was killed under dbt's own
    materializations left beside it. `relation`: what will be built. -#}
{% macro clear_the_way(relation) -%}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none and existing.type != relation.type -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do drop_relation_if_exists(load_cached_relation(make_backup_relation(relation, relation.type))) -%}
{%- endmacro %}


{#- What `persist_docs` writes, without asking which columns there are: a column that is described and does not exist is
    a mistake that stops the build. -#}
{% macro comments_on(relation) -%}
    {%- if config.persist_relation_docs() and model.description %}
        {{- duckdb__alter_relation_comment(relation, model.description) }}
    {%- endif %}
    {%- if config.persist_column_docs() %}
        {{- duckdb__alter_column_comment(relation, model.columns) }}
    {%- endif %}
{%- endmacro %}


{#- The comments of an incremental model stay with its table: changed ones change the code, which builds it in full. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set comments = '' if is_incremental() else comments_on(relation) -%}
    {%- if comments | trim -%}
        {%- call statement('comments') -%}{{ comments }}{%- endcall -%}
    {%- endif -%}
{%- endmacro %}


{#- Comments of columns, without a look at which ones exist. -#}
{% macro duckdb__alter_column_comment(relation, column_dict) -%}
    {%- for name, column in column_dict.items() %}
        comment on column {{ relation }}.{{ adapter.quote(name) if column['quote'] else name }}
        is {{ duckdb_escape_comment(column['description']) }};
    {%- endfor %}
{%- endmacro %}
