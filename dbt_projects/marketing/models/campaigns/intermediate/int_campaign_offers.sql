select
    campaign_id,
    count(distinct coupon_upc) as coupon_count,
    count(distinct product_id) as product_count
from {{ ref('coupons') }}
group by campaign_id
