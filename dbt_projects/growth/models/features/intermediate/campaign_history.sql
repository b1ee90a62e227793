-- What the household had received and redeemed before the start, of whatever campaign.
with redeemed as (
    select
        targetings.campaign_id,
        targetings.household_id,
        count(*) as redemptions_before,
        count(distinct redemptions.campaign_id) as campaigns_redeemed_before,
        targetings.start_date - max(redemptions.redemption_date) as days_since_redemption
    from {{ ref('targetings') }} as targetings
    inner join {{ source('marketing', 'redemptions') }} as redemptions
        on redemptions.household_id = targetings.household_id
        and redemptions.redemption_date < targetings.start_date
    group by targetings.campaign_id, targetings.household_id, targetings.start_date
),

received as (
    select
        later.campaign_id,
        later.household_id,
        count(*) as campaigns_received_before
    from {{ ref('targetings') }} as later
    inner join {{ ref('targetings') }} as earlier
        on earlier.household_id = later.household_id
        and earlier.start_date < later.start_date
    group by 1, 2
)

select
    campaign_id,
    household_id,
    redeemed.redemptions_before,
    redeemed.campaigns_redeemed_before,
    redeemed.days_since_redemption,
    received.campaigns_received_before
from redeemed
full join received using (campaign_id, household_id)
