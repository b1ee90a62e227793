-- Every week from a household's first purchase to the last week seen; weeks without a purchase are zero.
with spans as (
    select
        household_id,
        min("week") as first_week,
        (select max("week") from {{ source('customers', 'household_weeks') }}) as last_week
    from {{ source('customers', 'household_weeks') }}
    group by household_id
),

calendar as (
    select
        household_id,
        first_week,
        last_week,
        cast(unnest(generate_series(first_week, last_week)) as integer) as as_of_week
    from spans
)

select
    calendar.*,
    bought."week" as purchase_week,
    coalesce(bought.basket_count, 0) as basket_count,
    coalesce(bought.sales_value_ex_fuel, 0) as spend,
    coalesce(bought.retail_disc, 0) as retail_disc,
    coalesce(bought.coupon_disc, 0) as coupon_disc
from calendar
left join {{ source('customers', 'household_weeks') }} as bought
    on bought.household_id = calendar.household_id
    and bought."week" = calendar.as_of_week
