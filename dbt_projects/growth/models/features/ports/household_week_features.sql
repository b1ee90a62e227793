-- One row a household and week since its first purchase; windows end with as_of_week, the label lies after it.
with rolled as (
    select
        *,
        sum(spend) over (household rows between 3 preceding and current row) as spend_4w,
        sum(spend) over (household rows between 7 preceding and current row) as spend_8w,
        sum(spend) over twelve as spend_12w,
        sum(basket_count) over (household rows between 3 preceding and current row) as baskets_4w,
        sum(basket_count) over twelve as baskets_12w,
        count(purchase_week) over twelve as active_weeks_12w,
        max(spend) over twelve as max_week_12w,
        sum(retail_disc) over twelve as retail_disc_12w,
        sum(coupon_disc) over twelve as coupon_disc_12w,
        max(purchase_week) over (household rows unbounded preceding) as last_purchase_week,
        sum(spend) over (household rows between 1 following and 4 following) as spend_next_4w
    from {{ ref('dense_weeks') }}
    window
        household as (partition by household_id order by as_of_week),
        twelve as (partition by household_id order by as_of_week rows between 11 preceding and current row)
)

select
    cast(household_id as bigint) as household_id,
    as_of_week,
    cast(as_of_week - rolled.first_week as integer) as tenure_weeks,
    cast(rolled.spend as double) as spend_1w,
    cast(rolled.spend_4w as double) as spend_4w,
    cast(rolled.spend_8w as double) as spend_8w,
    cast(rolled.spend_12w as double) as spend_12w,
    cast(rolled.baskets_4w as bigint) as baskets_4w,
    cast(rolled.baskets_12w as bigint) as baskets_12w,
    cast(rolled.active_weeks_12w as bigint) as active_weeks_12w,
    cast(rolled.max_week_12w as double) as max_week_12w,
    cast(rolled.retail_disc_12w as double) as retail_disc_12w,
    cast(rolled.coupon_disc_12w as double) as coupon_disc_12w,
    cast(as_of_week - rolled.last_purchase_week as integer) as weeks_since_purchase,
    cast(coalesce(campaigns.campaigns_8w, 0) as bigint) as campaigns_8w,
    -- Unknown, not zero, until four later weeks have been seen.
    cast(case when as_of_week + 4 <= rolled.last_week then rolled.spend_next_4w end as double) as label_spend_next_4w
from rolled
left join {{ ref('campaigns_in_8_weeks') }} as campaigns using (household_id, as_of_week)
