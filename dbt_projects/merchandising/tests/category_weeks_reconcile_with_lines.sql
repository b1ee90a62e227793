-- Joins may neither lose nor double a line: each week that is built has the lines and the money of its
-- receipts to the cent. Here and not in the contract, since sales may publish a newer week at any time.
select week
from (
    select week, line_count, sales_value, retail_disc from {{ ref('category_weeks') }}
    union all
    select week, -1, -sales_value, -retail_disc from {{ source('sales', 'transactions') }}
) as both_sides
group by week
having sum(line_count) <> 0 or sum(sales_value) <> 0 or sum(retail_disc) <> 0
