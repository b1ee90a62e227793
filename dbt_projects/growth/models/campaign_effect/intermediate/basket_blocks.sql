-- Spend without fuel and baskets in each 7-day block around each measured campaign's start.
select
    measured.campaign_id,
    baskets.household_id,
    cast(floor((baskets.transaction_date - measured.start_date) / 7.0) as integer) as relative_week,
    sum(baskets.sales_value - baskets.fuel_sales_value) as spend_ex_fuel,
    count(*) as basket_count
from {{ source('sales', 'baskets') }} as baskets
inner join {{ ref('measured_campaigns') }} as measured
    on baskets.transaction_date >= measured.start_date - 84
    and baskets.transaction_date < measured.start_date + 56
group by 1, 2, 3
