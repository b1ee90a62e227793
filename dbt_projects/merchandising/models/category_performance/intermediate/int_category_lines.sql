select
    coalesce(p.department, 'UNKNOWN') as department,
    coalesce(p.product_category, 'UNKNOWN') as product_category,
    t.week,
    t.household_id,
    t.sales_value,
    t.retail_disc,
    w.product_id is not null as is_promoted
from {{ source('sales', 'transactions') }} as t
left join {{ source('merchandising', 'products') }} as p on p.product_id = t.product_id
left join {{ source('merchandising', 'promotions_weekly') }} as w
    on w.product_id = t.product_id and w.week = t.week
