-- Grouped by all that must be a function of the basket: a torn one becomes two rows, which the key refuses.
select
    t.basket_id,
    t.household_id,
    t.store_id,
    t.week,
    t.transaction_ts_local,
    t.transaction_date,
    count(*) as line_count,
    count(case when t.line_kind = 'sale' then 1 end) as sale_line_count,
    cast(sum(t.sales_value) as decimal(18, 2)) as sales_value,
    cast(sum(case when p.is_fuel then t.sales_value else 0 end) as decimal(18, 2)) as fuel_sales_value,
    cast(sum(t.retail_disc) as decimal(18, 2)) as retail_disc,
    cast(sum(t.coupon_disc) as decimal(18, 2)) as coupon_disc,
    cast(sum(t.coupon_match_disc) as decimal(18, 2)) as coupon_match_disc
from {{ ref('transactions') }} as t
left join {{ source('merchandising', 'products') }} as p on p.product_id = t.product_id
group by t.basket_id, t.household_id, t.store_id, t.week, t.transaction_ts_local, t.transaction_date
