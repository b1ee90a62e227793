-- One row a targeting: features known the day before the campaign began, the label once it has ended.
select
    cast(campaign_id as bigint) as campaign_id,
    cast(household_id as bigint) as household_id,
    targetings.campaign_type,
    targetings.start_date as feature_date,
    targetings.end_date as label_available_date,
    cast(targetings.coupon_count as bigint) as coupon_count,
    cast(targetings.product_count as bigint) as product_count,
    cast(targetings.duration_days as bigint) as duration_days,
    cast(bought.recency_days as bigint) as recency_days,
    cast(coalesce(bought.tenure_days, 0) as bigint) as tenure_days,
    cast(coalesce(bought.baskets_4w, 0) as bigint) as baskets_4w,
    cast(coalesce(bought.baskets_12w, 0) as bigint) as baskets_12w,
    cast(coalesce(bought.spend_4w, 0) as double) as spend_4w,
    cast(coalesce(bought.spend_12w, 0) as double) as spend_12w,
    cast(coalesce(bought.retail_disc_12w, 0) as double) as retail_disc_12w,
    cast(coalesce(bought.coupon_disc_12w, 0) as double) as coupon_disc_12w,
    cast(coalesce(bought.coupon_baskets_12w, 0) as bigint) as coupon_baskets_12w,
    cast(coalesce(bought.coupon_disc_all, 0) as double) as coupon_disc_all,
    cast(coalesce(bought.stores_12w, 0) as bigint) as stores_12w,
    cast(coalesce(couponed.couponed_spend_12w, 0) as double) as couponed_spend_12w,
    cast(coalesce(couponed.couponed_products_12w, 0) as bigint) as couponed_products_12w,
    cast(coalesce(campaigns.redemptions_before, 0) as bigint) as redemptions_before,
    cast(coalesce(campaigns.campaigns_redeemed_before, 0) as bigint) as campaigns_redeemed_before,
    cast(campaigns.days_since_redemption as bigint) as days_since_redemption,
    cast(coalesce(campaigns.campaigns_received_before, 0) as bigint) as campaigns_received_before,
    coalesce(households.has_demographics, false) as has_demographics,
    cast(households.income_rank as integer) as income_rank,
    cast(households.age_rank as integer) as age_rank,
    households.household_size,
    households.kids_count,
    households.marital_status,
    households.home_ownership,
    cast(case when labels.label_redemption_count > 0 then 1 else 0 end as integer) as label_redeemed,
    cast(coalesce(labels.label_redemption_count, 0) as bigint) as label_redemption_count
from {{ ref('targetings') }} as targetings
left join {{ ref('basket_history') }} as bought using (campaign_id, household_id)
left join {{ ref('couponed_history') }} as couponed using (campaign_id, household_id)
left join {{ ref('campaign_history') }} as campaigns using (campaign_id, household_id)
left join {{ ref('redemption_labels') }} as labels using (campaign_id, household_id)
left join {{ source('customers', 'households') }} as households using (household_id)
