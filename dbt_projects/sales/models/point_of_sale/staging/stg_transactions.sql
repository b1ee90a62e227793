-- The only place where time is converted. The landed instants are UTC without a zone; naming both zones
-- keeps the result independent of the session's own. Should they ever land with a zone, the types no
-- longer fit the contract and the build refuses, which a cast would hide.
select
    basket_id,
    product_id,
    household_id,
    store_id,
    cast(week as integer) as week,
    transaction_timestamp as transaction_ts_utc,
    timezone('America/New_York', timezone('UTC', transaction_timestamp)) as transaction_ts_local,
    cast(quantity as bigint) as quantity,
    -- Values as small as 1e-17 are float noise of zero: decide what is zero after rounding, not before.
    cast(sales_value as decimal(12, 2)) as sales_value,
    cast(retail_disc as decimal(12, 2)) as retail_disc,
    cast(coupon_disc as decimal(12, 2)) as coupon_disc,
    cast(coupon_match_disc as decimal(12, 2)) as coupon_match_disc
from {{ source('landing', 'transactions') }}
