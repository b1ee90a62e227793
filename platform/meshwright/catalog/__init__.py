"""Layers of names, records, candidates, the swap and housekeeping.

The catalog database holds PyIceberg's two tables and ours. A published snapshot is one row of
``iceberg_tables``: an immutable metadata file under the catalog name ``mesh``; whatever is not published
lives under ``mesh_work``.
"""
