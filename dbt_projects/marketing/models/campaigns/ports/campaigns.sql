select
    d.campaign_id,
    d.campaign_type,
    d.start_date,
    d.end_date,
    date_diff('day', d.start_date, d.end_date) + 1 as duration_days,
    {{ business_week('d.start_date') }} as start_week,
    coalesce(r.targeted_household_count, 0) as targeted_household_count,
    coalesce(o.coupon_count, 0) as coupon_count,
    coalesce(o.product_count, 0) as product_count
from {{ ref('stg_campaign_descriptions') }} as d
left join {{ ref('int_campaign_reach') }} as r on r.campaign_id = d.campaign_id
left join {{ ref('int_campaign_offers') }} as o on o.campaign_id = d.campaign_id
