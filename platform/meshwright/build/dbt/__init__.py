"""dbt as it comes: generated sources and profiles, manifests by content hash, in process."""
