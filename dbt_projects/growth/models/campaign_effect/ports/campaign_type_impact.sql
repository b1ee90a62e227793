{{ stratified_difference(['campaign_type']) }}
