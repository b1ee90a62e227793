select
    store_id,
    week,
    count(*) as basket_count,
    count(distinct household_id) as household_count,
    cast(sum(sales_value) as decimal(18, 2)) as sales_value,
    cast(sum(sales_value - fuel_sales_value) as decimal(18, 2)) as sales_value_ex_fuel,
    cast(sum(retail_disc) as decimal(18, 2)) as retail_disc
from {{ ref('baskets') }}
group by store_id, week
