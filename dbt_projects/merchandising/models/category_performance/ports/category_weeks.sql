select
    department,
    product_category,
    week,
    count(*) as line_count,
    count(distinct household_id) as household_count,
    cast(sum(sales_value) as decimal(18, 2)) as sales_value,
    cast(sum(retail_disc) as decimal(18, 2)) as retail_disc,
    cast(sum(case when is_promoted then sales_value else 0 end) as decimal(18, 2)) as promoted_sales_value
from {{ ref('int_category_lines') }}
group by department, product_category, week
