select
    cast(product_id as bigint) as product_id,
    cast(manufacturer_id as bigint) as manufacturer_id,
    department,
    brand,
    coalesce(product_category, 'UNKNOWN') as product_category,
    coalesce(product_type, 'UNKNOWN') as product_type,
    package_size
from {{ source('landing', 'products') }}
