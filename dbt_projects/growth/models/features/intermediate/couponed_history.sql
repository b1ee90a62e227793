-- What the household had bought, in the 84 days before the start, of the products that the coupons cover.
with covered as (
    select distinct campaign_id, product_id
    from {{ source('marketing', 'coupons') }}
)

select
    targetings.campaign_id,
    targetings.household_id,
    sum(lines.sales_value) as couponed_spend_12w,
    count(distinct lines.product_id) as couponed_products_12w
from {{ source('sales', 'transactions') }} as lines
inner join {{ ref('targetings') }} as targetings
    on targetings.household_id = lines.household_id
    and lines.transaction_date >= targetings.start_date - 84
    and lines.transaction_date < targetings.start_date
inner join covered
    on covered.campaign_id = targetings.campaign_id
    and covered.product_id = lines.product_id
group by 1, 2
