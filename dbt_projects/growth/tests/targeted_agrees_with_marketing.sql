-- In the panel exactly the households on the campaign's list are marked. Here and not in the contract, since
-- marketing may publish a longer list at any time.
select
    panel.campaign_id,
    panel.household_id
from {{ ref('campaign_panel') }} as panel
left join {{ source('marketing', 'campaign_households') }} as targets
    on targets.campaign_id = panel.campaign_id
    and targets.household_id = panel.household_id
where (panel.targeted = 1) <> (targets.household_id is not null)
