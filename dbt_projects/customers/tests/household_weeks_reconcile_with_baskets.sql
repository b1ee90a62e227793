-- Each week that is built has the baskets and the money of its receipts to the cent. Here and not in the
-- contract, since sales may publish a newer week at any time.
select week
from (
    select week, basket_count, sales_value, retail_disc, coupon_disc from {{ ref('household_weeks') }}
    union all
    select week, -1, -sales_value, -retail_disc, -coupon_disc from {{ source('sales', 'baskets') }}
) as both_sides
group by week
having sum(basket_count) <> 0 or sum(sales_value) <> 0 or sum(retail_disc) <> 0 or sum(coupon_disc) <> 0
