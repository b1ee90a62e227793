{{ stratified_difference(['campaign_id', 'campaign_type']) }}
