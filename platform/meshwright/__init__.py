"""Meshwright: a self-serve data mesh on Dagster.

What a domain team imports::

    from meshwright import files, ingest, postgres_table
"""

from meshwright.build.ingest import Ingest, files, ingest, postgres_table

__version__ = "0.1.0"
__all__ = ["Ingest", "__version__", "files", "ingest", "postgres_table"]
