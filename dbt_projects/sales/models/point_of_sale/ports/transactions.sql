select
    basket_id,
    product_id,
    household_id,
    store_id,
    week,
    transaction_ts_utc,
    transaction_ts_local,
    cast(transaction_ts_local as date) as transaction_date,
    quantity,
    sales_value,
    retail_disc,
    coupon_disc,
    coupon_match_disc,
    cast(sales_value - coupon_disc as decimal(12, 2)) as paid_value,
    case
        when quantity > 0 and sales_value > 0 then 'sale'
        when quantity > 0 then 'free_item'
        when sales_value > 0 then 'value_without_quantity'
        else 'zero'
    end as line_kind
from {{ ref('stg_transactions') }}
