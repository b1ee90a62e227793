-- The bands are text that sorts wrongly ("100-124K" before "15-24K"), so each gets its place in order.
select
    cast(household_id as bigint) as household_id,
    age as age_band,
    income as income_band,
    home_ownership,
    marital_status,
    household_size,
    household_comp,
    kids_count,
    case income
        when 'Under 15K' then 1
        when '15-24K' then 2
        when '25-34K' then 3
        when '35-49K' then 4
        when '50-74K' then 5
        when '75-99K' then 6
        when '100-124K' then 7
        when '125-149K' then 8
        when '150-174K' then 9
        when '175-199K' then 10
        when '200-249K' then 11
        when '250K+' then 12
    end as income_rank,
    case age
        when '19-24' then 1
        when '25-34' then 2
        when '35-44' then 3
        when '45-54' then 4
        when '55-64' then 5
        when '65+' then 6
    end as age_rank
from {{ source('landing', 'demographics') }}
