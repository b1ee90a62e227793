-- recency_days counts back to the household's last visit before the start, and NULL says that there was none.
-- Here and not in the contract, since late receipts may add a visit at any time.
select
    features.campaign_id,
    features.household_id
from {{ ref('household_features') }} as features
left join {{ source('sales', 'baskets') }} as baskets
    on baskets.household_id = features.household_id
    and baskets.transaction_date < features.feature_date
group by features.campaign_id, features.household_id, features.feature_date, features.recency_days
having features.recency_days is distinct from features.feature_date - max(baskets.transaction_date)
