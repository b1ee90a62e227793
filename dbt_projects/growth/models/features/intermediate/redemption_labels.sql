-- What became of the targeting: coupons of this very campaign that the household redeemed, as far as seen.
select
    campaign_id,
    household_id,
    count(*) as label_redemption_count
from {{ source('marketing', 'redemptions') }}
group by 1, 2
