select
    household_id,
    min(transaction_date) as first_purchase_date
from {{ source('sales', 'transactions') }}
group by household_id
