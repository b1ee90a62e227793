{{ config(materialized='table') }}

-- Mean weekly spend in the four windows of the estimate, per campaign, household and outcome, and the stratum.
-- A published double is a sum of cents: cast back to DECIMAL the means are exact (quarter cents) and every
-- later sum of them comes out the same however many threads add it up.
with outcomes as (
    select
        campaign_id,
        campaign_type,
        household_id,
        targeted,
        relative_week,
        'all_grocery' as outcome,
        cast(spend_ex_fuel as decimal(18, 2)) as spend
    from {{ ref('campaign_panel') }}
    union all
    select
        campaign_id,
        campaign_type,
        household_id,
        targeted,
        relative_week,
        'couponed_products' as outcome,
        cast(spend_couponed as decimal(18, 2)) as spend
    from {{ ref('campaign_panel') }}
),

windows as (
    select
        campaign_id,
        campaign_type,
        household_id,
        targeted,
        outcome,
        {% for name, first, last in [('matching', -12, -9), ('earlier', -8, -5), ('before', -4, -1), ('during', 0, 3)] %}
        cast(sum(case when relative_week between {{ first }} and {{ last }} then spend else 0 end) / 4
            as decimal(18, 4)) as {{ name }}_spend{{ '' if loop.last else ',' }}
        {% endfor %}
    from outcomes
    group by 1, 2, 3, 4, 5
),

-- One stratification a campaign, on all grocery: the two outcomes are estimated on the same matched households.
strata as (
    select
        campaign_id,
        household_id,
        ntile(10) over (partition by campaign_id order by matching_spend, household_id) as stratum
    from windows
    where outcome = 'all_grocery'
)

select
    windows.*,
    strata.stratum
from windows
inner join strata using (campaign_id, household_id)
