-- Placements are counted, not stores: a distinct count over 21 million rows costs ten times as much.
select
    product_id,
    week,
    count(*) as placement_count,
    count(case when is_display then 1 end) as display_placements,
    count(case when is_mailer then 1 end) as mailer_placements,
    count(case when is_front_page then 1 end) as front_page_placements
from {{ ref('stg_promotions') }}
group by product_id, week
