-- Campaigns that can be measured: 84 days before and 28 days from their start lie inside the days seen.
with days as (
    select min(transaction_date) as first_day, max(transaction_date) as last_day
    from {{ source('sales', 'baskets') }}
)

select
    campaign_id,
    campaign_type,
    start_date,
    last_day
from {{ source('marketing', 'campaigns') }}
cross join days
where start_date - 84 >= first_day
    and start_date + 27 <= last_day
