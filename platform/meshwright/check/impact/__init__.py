"""Who uses a column: column-level lineage from the consumers' own SQL, through every product that comes after."""
