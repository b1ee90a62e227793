-- Spend on the products that the campaign's own coupons cover, in the same blocks.
with covered as (
    select distinct campaign_id, product_id
    from {{ source('marketing', 'coupons') }}
)

select
    measured.campaign_id,
    lines.household_id,
    cast(floor((lines.transaction_date - measured.start_date) / 7.0) as integer) as relative_week,
    sum(lines.sales_value) as spend_couponed
from {{ ref('measured_campaigns') }} as measured
inner join covered on covered.campaign_id = measured.campaign_id
inner join {{ source('sales', 'transactions') }} as lines
    on lines.product_id = covered.product_id
    and lines.transaction_date >= measured.start_date - 84
    and lines.transaction_date < measured.start_date + 56
group by 1, 2, 3
