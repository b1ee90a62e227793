"""From sources to published snapshots: landing, dbt, staging, build keys, plans and the step of a product."""
