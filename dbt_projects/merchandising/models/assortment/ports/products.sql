select
    product_id,
    manufacturer_id,
    department,
    brand,
    product_category,
    product_type,
    package_size,
    -- Fuel stands in the departments FUEL and MISCELLANEOUS; only the type tells.
    product_type = 'GASOLINE-REG UNLEADED' as is_fuel
from {{ ref('stg_products') }}
