-- One row a campaign, household and 7-day block; empty blocks are zero, blocks cut off by the last day are left out.
with blocks as (
    select
        households.*,
        cast(weeks.k as integer) as relative_week
    from {{ ref('exposed_households') }} as households
    cross join generate_series(-12, 7) as weeks(k)
    where households.start_date + cast(7 * weeks.k as integer) + 6 <= households.last_day
)

select
    cast(campaign_id as bigint) as campaign_id,
    blocks.campaign_type,
    cast(household_id as bigint) as household_id,
    cast(blocks.targeted as integer) as targeted,
    relative_week,
    case
        when relative_week < 0 then 'before'
        when relative_week <= 3 then 'during'
        else 'after'
    end as phase,
    cast(coalesce(baskets.spend_ex_fuel, 0) as double) as spend_ex_fuel,
    cast(coalesce(couponed.spend_couponed, 0) as double) as spend_couponed,
    cast(coalesce(baskets.basket_count, 0) as bigint) as basket_count
from blocks
left join {{ ref('basket_blocks') }} as baskets using (campaign_id, household_id, relative_week)
left join {{ ref('couponed_blocks') }} as couponed using (campaign_id, household_id, relative_week)
