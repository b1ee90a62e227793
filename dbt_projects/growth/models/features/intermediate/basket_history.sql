{%- set last_4w = 'baskets.transaction_date >= targetings.start_date - 28' -%}
{%- set last_12w = 'baskets.transaction_date >= targetings.start_date - 84' -%}

-- What the household had bought before the start; targetings without a basket before it are missing here.
select
    targetings.campaign_id,
    targetings.household_id,
    targetings.start_date - max(baskets.transaction_date) as recency_days,
    targetings.start_date - min(baskets.transaction_date) as tenure_days,
    count(*) filter (where {{ last_4w }}) as baskets_4w,
    count(*) filter (where {{ last_12w }}) as baskets_12w,
    sum(baskets.sales_value - baskets.fuel_sales_value) filter (where {{ last_4w }}) as spend_4w,
    sum(baskets.sales_value - baskets.fuel_sales_value) filter (where {{ last_12w }}) as spend_12w,
    sum(baskets.retail_disc) filter (where {{ last_12w }}) as retail_disc_12w,
    sum(baskets.coupon_disc) filter (where {{ last_12w }}) as coupon_disc_12w,
    count(*) filter (where baskets.coupon_disc > 0 and {{ last_12w }}) as coupon_baskets_12w,
    sum(baskets.coupon_disc) as coupon_disc_all,
    count(distinct baskets.store_id) filter (where {{ last_12w }}) as stores_12w
from {{ ref('targetings') }} as targetings
inner join {{ source('sales', 'baskets') }} as baskets
    on baskets.household_id = targetings.household_id
    and baskets.transaction_date < targetings.start_date
group by targetings.campaign_id, targetings.household_id, targetings.start_date
