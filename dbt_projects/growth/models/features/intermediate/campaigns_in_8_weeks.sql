-- For each week, how many campaigns began for the household in it or in the seven weeks before.
with reached as (
    select
        targets.household_id,
        cast(unnest(generate_series(campaigns.start_week, campaigns.start_week + 7)) as integer) as as_of_week
    from {{ source('marketing', 'campaign_households') }} as targets
    inner join {{ source('marketing', 'campaigns') }} as campaigns
        on campaigns.campaign_id = targets.campaign_id
)

select
    household_id,
    as_of_week,
    count(*) as campaigns_8w
from reached
group by 1, 2
