{{ config(materialized='table') }}

-- Households of usable cells (campaign and stratum with a targeted household and five controls), with their
-- weight and how far their two differences lie from the mean of their arm in the cell.
with differences as (
    select
        *,
        during_spend - before_spend as difference,
        before_spend - earlier_spend as placebo_difference
    from {{ ref('spend_windows') }}
),

cells as (
    select
        *,
        sum(targeted) over cell as targeted_in_cell,
        sum(1 - targeted) over cell as controls_in_cell,
        difference - avg(difference) over arm as residual,
        placebo_difference - avg(placebo_difference) over arm as placebo_residual
    from differences
    window
        cell as (partition by campaign_id, outcome, stratum),
        arm as (partition by campaign_id, outcome, stratum, targeted)
)

select
    campaign_id,
    campaign_type,
    outcome,
    household_id,
    targeted,
    stratum,
    earlier_spend,
    before_spend,
    during_spend,
    -- Controls stand for the targeted of their cell: over a cell both arms weigh the same.
    case when targeted = 1 then 1 else cast(targeted_in_cell as double) / controls_in_cell end as weight,
    residual,
    placebo_residual
from cells
where targeted_in_cell >= 1
    and controls_in_cell >= 5
