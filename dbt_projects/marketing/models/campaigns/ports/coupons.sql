-- The source repeats 4,872 rows exactly.
select distinct
    cast(campaign_id as bigint) as campaign_id,
    cast(coupon_upc as bigint) as coupon_upc,
    cast(product_id as bigint) as product_id
from {{ source('landing', 'coupons') }}
