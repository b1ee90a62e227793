select
    f.household_id,
    d.household_id is not null as has_demographics,
    d.age_band,
    d.income_band,
    d.home_ownership,
    d.marital_status,
    d.household_size,
    d.household_comp,
    d.kids_count,
    d.income_rank,
    d.age_rank,
    f.first_purchase_date
from {{ ref('int_first_purchases') }} as f
left join {{ ref('stg_demographics') }} as d on d.household_id = f.household_id
