{#- `make sources` writes this from orchestration/sources. -#}


{#- Models of attempts, one of each source that has some. -#}
{% macro attempt_models() %}{{ return(['stg_native__attempts', 'stg_litellm__attempts', 'int_otel_attempts', 'int_langfuse_attempts', 'stg_helicone__attempts', 'stg_bedrock__attempts', 'stg_azure_apim__attempts']) }}{% endmacro %}


{#- Sources whose rows carry no links between attempts, so that the retry rule applies. -#}
{% macro retry_window_sources() %}{{ return(['inference', 'helicone', 'bedrock', 'azure_apim']) }}{% endmacro %}


{#- Schemas of the desks, whose landed tables `records` share their columns of tickets. -#}
{% macro desks() %}{{ return(['zendesk', 'jira', 'servicenow', 'pagerduty']) }}{% endmacro %}
