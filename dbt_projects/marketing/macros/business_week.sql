{# Week of the business year that holds a date: week 1 began on Monday 2016-12-26 (of which the data know
   only Sunday 2017-01-01), weeks 2 to 53 begin on Monday. 0 or less before it. #}
{% macro business_week(day) -%}
cast(floor(date_diff('day', date '2016-12-26', {{ day }}) / 7.0) + 1 as integer)
{%- endmacro %}
