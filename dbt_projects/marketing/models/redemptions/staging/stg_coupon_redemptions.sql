select
    cast(household_id as bigint) as household_id,
    cast(campaign_id as bigint) as campaign_id,
    cast(coupon_upc as bigint) as coupon_upc,
    cast(redemption_date as date) as redemption_date
from {{ source('landing', 'coupon_redemptions') }}
