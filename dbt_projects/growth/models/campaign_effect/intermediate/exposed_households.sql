{{ config(materialized='table') }}

-- Everyone who could have been targeted: bought for the first time more than 84 days before the start.
select
    measured.campaign_id,
    measured.campaign_type,
    measured.start_date,
    measured.last_day,
    households.household_id,
    case when targets.household_id is null then 0 else 1 end as targeted
from {{ ref('measured_campaigns') }} as measured
inner join {{ source('customers', 'households') }} as households
    on households.first_purchase_date < measured.start_date - 84
left join {{ source('marketing', 'campaign_households') }} as targets
    on targets.campaign_id = measured.campaign_id
    and targets.household_id = households.household_id
