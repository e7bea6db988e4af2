{# The platform names the schemas; dbt adds nothing to them. #}
{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}
