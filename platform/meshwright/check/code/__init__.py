"""Whether the code of a domain is sound before anything runs: SQL, Dagster definitions, the domain's own tests."""
