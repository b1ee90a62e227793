select
    household_id,
    campaign_id,
    coupon_upc,
    redemption_date,
    {{ business_week('redemption_date') }} as week
from {{ ref('stg_coupon_redemptions') }}
