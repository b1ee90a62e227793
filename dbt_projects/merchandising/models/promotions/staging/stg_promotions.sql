-- In both location columns '0' means: not there.
select
    cast(product_id as bigint) as product_id,
    cast(week as integer) as week,
    display_location <> '0' as is_display,
    mailer_location <> '0' as is_mailer,
    mailer_location = 'D' as is_front_page
from {{ source('landing', 'promotions') }}
