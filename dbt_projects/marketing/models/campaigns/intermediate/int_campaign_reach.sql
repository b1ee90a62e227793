select
    campaign_id,
    count(*) as targeted_household_count
from {{ ref('campaign_households') }}
group by campaign_id
