{#-
  The stratified difference-in-differences over groups of campaigns.

  `group` names the columns of matched_households that make a group: a campaign, or a campaign type. Strata stay
  within their campaign either way; in a group every targeted row weighs the same. The standard error adds up the
  influence of each household over all campaigns of the group before squaring, because a household is targeted more
  than once. Money is dollars per household and week, rounded to six places.
-#}

{# Doubles add up in the order of the threads, and a mean of cents lies on the edge of rounding often enough to show
   it. Decimals add up to the same in any order. #}
{% macro exact_sum(value) -%}
    sum(cast({{ value }} as decimal(28, 12)))
{%- endmacro %}

{% macro weighted_mean(value, targeted) -%}
    {{ exact_sum('weight * ' ~ value) }} filter (where targeted = {{ targeted }}) / sum(targeted)
{%- endmacro %}

{% macro stratified_difference(group) %}
with means as (
    select
        {{ group | join(', ') }},
        outcome,
        cast(sum(targeted) as bigint) as targeted_exposures,
        count(distinct household_id) filter (where targeted = 1) as targeted_households,
        count(distinct household_id) filter (where targeted = 0) as control_households,
        {% for window in ['earlier', 'before', 'during'] %}
        {{ weighted_mean(window ~ '_spend', 1) }} as targeted_{{ window }},
        {{ weighted_mean(window ~ '_spend', 0) }} as control_{{ window }}{{ '' if loop.last else ',' }}
        {% endfor %}
    from {{ ref('matched_households') }}
    group by {{ group | join(', ') }}, outcome
),

influence as (
    select
        {{ group | join(', ') }},
        outcome,
        household_id,
        cast({{ exact_sum('(2 * targeted - 1) * weight * residual') }} as double) as effect_influence,
        cast({{ exact_sum('(2 * targeted - 1) * weight * placebo_residual') }} as double) as placebo_influence
    from {{ ref('matched_households') }}
    group by {{ group | join(', ') }}, outcome, household_id
),

spread as (
    select
        {{ group | join(', ') }},
        outcome,
        sqrt({{ exact_sum('effect_influence * effect_influence') }}) as effect_spread,
        sqrt({{ exact_sum('placebo_influence * placebo_influence') }}) as placebo_spread
    from influence
    group by {{ group | join(', ') }}, outcome
),

estimates as (
    select
        *,
        (targeted_during - targeted_before) - (control_during - control_before) as difference,
        (targeted_before - targeted_earlier) - (control_before - control_earlier) as placebo_difference,
        effect_spread / targeted_exposures as standard_error,
        placebo_spread / targeted_exposures as placebo_standard_error
    from means
    inner join spread using ({{ group | join(', ') }}, outcome)
)

select
    {% for column in group %}
    {{ column }},
    {% endfor %}
    outcome,
    targeted_exposures,
    targeted_households,
    control_households,
    round(targeted_before, 6) as targeted_before,
    round(targeted_during, 6) as targeted_during,
    round(control_before, 6) as control_before,
    round(control_during, 6) as control_during,
    round(difference, 6) as effect,
    round(standard_error, 6) as effect_se,
    round(difference - 1.96 * standard_error, 6) as effect_lo,
    round(difference + 1.96 * standard_error, 6) as effect_hi,
    -- Against what the targeted would have spent in weeks 0 to 3 without the effect.
    round(difference / nullif(targeted_during - difference, 0), 6) as relative_effect,
    round(placebo_difference, 6) as placebo_effect,
    round(placebo_standard_error, 6) as placebo_se
from estimates
{% endmacro %}
