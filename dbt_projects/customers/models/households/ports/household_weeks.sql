select
    household_id,
    week,
    count(*) as basket_count,
    count(distinct transaction_date) as visit_days,
    cast(sum(sales_value) as decimal(18, 2)) as sales_value,
    cast(sum(sales_value - fuel_sales_value) as decimal(18, 2)) as sales_value_ex_fuel,
    cast(sum(retail_disc) as decimal(18, 2)) as retail_disc,
    cast(sum(coupon_disc) as decimal(18, 2)) as coupon_disc
from {{ source('sales', 'baskets') }}
group by household_id, week
