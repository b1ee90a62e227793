{{ config(materialized='table') }}

-- Who was targeted by what; every feature of a targeting is taken from before its start.
select
    targets.campaign_id,
    targets.household_id,
    campaigns.campaign_type,
    campaigns.start_date,
    campaigns.end_date,
    campaigns.coupon_count,
    campaigns.product_count,
    campaigns.duration_days
from {{ source('marketing', 'campaign_households') }} as targets
inner join {{ source('marketing', 'campaigns') }} as campaigns
    on campaigns.campaign_id = targets.campaign_id
