select
    cast(campaign_id as bigint) as campaign_id,
    replace(campaign_type, 'Type ', '') as campaign_type,
    cast(start_date as date) as start_date,
    cast(end_date as date) as end_date
from {{ source('landing', 'campaign_descriptions') }}
