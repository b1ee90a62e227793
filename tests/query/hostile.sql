# Files, read

SELECT * FROM read_parquet('$WAREHOUSE/sales/transactions/data/*.parquet')

SELECT * FROM parquet_scan('$WAREHOUSE/x.parquet')

SELECT * FROM '$WAREHOUSE/x.parquet'

SELECT * FROM "$WAREHOUSE/x.parquet"

SELECT * FROM '/etc/passwd.csv'

FROM 'https://example.com/x.csv'

SELECT * FROM read_csv('/etc/passwd')

SELECT * FROM read_csv_auto('/etc/passwd')

SELECT * FROM read_json('/etc/passwd')

SELECT * FROM read_json_objects('/etc/passwd')

SELECT * FROM read_ndjson('/etc/passwd')

SELECT * FROM read_text('/etc/passwd')

SELECT * FROM READ_TEXT('/etc/passwd')

SELECT * FROM "read_text"('/etc/passwd')

SELECT * FROM main.read_text('/etc/passwd')

SELECT * FROM system.main.read_text('/etc/passwd')

SELECT * FROM read_blob('/etc/passwd')

SELECT * FROM read_avro('$WAREHOUSE/x.avro')

SELECT * FROM read_duckdb('$WAREHOUSE/x.db')

SELECT * FROM sniff_csv('/etc/passwd')

SELECT * FROM glob('/etc/*')

SELECT * FROM parquet_metadata('$WAREHOUSE/x.parquet')

SELECT * FROM parquet_schema('$WAREHOUSE/x.parquet')

SELECT * FROM parquet_kv_metadata('$WAREHOUSE/x.parquet')

SELECT * FROM parquet_file_metadata('$WAREHOUSE/x.parquet')

SELECT * FROM parquet_bloom_probe('$WAREHOUSE/x.parquet', 'a', 1)

SELECT * FROM iceberg_scan('$WAREHOUSE/sales/transactions/metadata/x.metadata.json')

SELECT * FROM iceberg_metadata('$WAREHOUSE/sales/transactions/metadata/x.metadata.json')

SELECT * FROM iceberg_snapshots('$WAREHOUSE/sales/transactions/metadata/x.metadata.json')

# Files, read from corners

SELECT (SELECT content FROM read_text('/etc/passwd'))

SELECT 1 WHERE 'x' IN (SELECT content FROM read_text('/etc/passwd'))

SELECT 1 ORDER BY (SELECT content FROM read_text('/etc/passwd'))

SELECT 1 LIMIT (SELECT count(*) FROM read_text('/etc/passwd'))

SELECT count(*) FILTER (WHERE EXISTS (FROM read_text('/etc/passwd'))) FROM sales.transactions

SELECT sum(week) OVER (ORDER BY (SELECT content FROM read_text('/etc/passwd'))) FROM sales.transactions

SELECT week FROM sales.transactions GROUP BY week HAVING week > (SELECT count(*) FROM read_text('/etc/passwd'))

SELECT week FROM sales.transactions QUALIFY row_number() OVER () > (SELECT count(*) FROM glob('/etc/*'))

SELECT * FROM sales.transactions t JOIN read_text('/etc/passwd') p ON true

SELECT * FROM sales.transactions t, LATERAL (SELECT * FROM read_text(t.line_kind))

WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT 1

WITH x AS MATERIALIZED (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x

WITH RECURSIVE r AS (SELECT 'a' UNION ALL SELECT content FROM read_text('/etc/passwd')) SELECT * FROM r

WITH read_text AS (SELECT 1) SELECT * FROM read_text('/etc/passwd')

SELECT 1 UNION ALL SELECT count(*) FROM read_text('/etc/passwd')

VALUES ((SELECT content FROM read_text('/etc/passwd')))

PIVOT read_csv('/etc/passwd') ON a IN (1) USING count(*)

SELECT * FROM (UNPIVOT (SELECT * FROM read_text('/etc/passwd')) ON content INTO NAME n VALUE v)

SELECT list_transform([1], lambda x: (SELECT content FROM read_text('/etc/passwd')))

SELECT * FROM range((SELECT count(*) FROM read_text('/etc/passwd')))

SELECT * FROM unnest((SELECT list(content) FROM read_text('/etc/passwd')))

DESCRIBE SELECT * FROM read_csv('/etc/passwd')

SUMMARIZE SELECT * FROM '/etc/passwd.csv'

DESCRIBE '/etc/passwd.csv'

SELECT * FROM (DESCRIBE SELECT * FROM read_csv('/etc/passwd'))

SELECT COLUMNS(lambda c: c = (SELECT content FROM read_text('/etc/passwd'))) FROM sales.transactions

SELECT CASE WHEN true THEN (SELECT content FROM read_text('/etc/passwd')) END

SELECT DISTINCT ON ((SELECT content FROM read_text('/etc/passwd'))) 1

SELECT {'a': (SELECT content FROM read_text('/etc/passwd'))}

# Files, written

COPY (SELECT 1) TO '$WAREHOUSE/x.csv'

COPY mesh.sales.transactions TO '$WAREHOUSE/x.parquet' (FORMAT parquet)

COPY sales.transactions FROM '/etc/passwd'

EXPORT DATABASE '$WAREHOUSE/x'

IMPORT DATABASE '$WAREHOUSE/x'

# Statements that are no query

CREATE TABLE x (a INTEGER)

CREATE TABLE x AS SELECT 1

CREATE VIEW mesh.sales.other AS SELECT 1

CREATE MACRO f(a) AS a

CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')

CREATE TYPE t AS ENUM ('a')

INSERT INTO mesh.sales.transactions VALUES (1)

UPDATE mesh.sales.transactions SET week = 1

DELETE FROM mesh.sales.transactions

MERGE INTO mesh.sales.transactions USING (SELECT 1 AS a) ON true WHEN MATCHED THEN DELETE

TRUNCATE mesh.sales.transactions

DROP VIEW mesh.sales.transactions

ALTER VIEW mesh.sales.transactions RENAME TO x

ATTACH '$WAREHOUSE/catalog.db' AS c (TYPE sqlite)

ATTACH ':memory:' AS c

DETACH mesh

USE memory

SET threads = 1

SET enable_external_access = true

SET lock_configuration = false

RESET allowed_directories

SET VARIABLE x = 1

INSTALL httpfs

LOAD httpfs

FORCE INSTALL httpfs FROM community

PRAGMA version

PRAGMA database_list

PRAGMA table_info('mesh.sales.transactions')

CALL pragma_version()

CALL duckdb_secrets()

CHECKPOINT

VACUUM

ANALYZE

BEGIN

COMMIT

PREPARE p AS SELECT 1

EXECUTE p

EXPLAIN SELECT 1

EXPLAIN ANALYZE SELECT 1

SELECT 1; SELECT 2

SELECT 1; DROP VIEW mesh.sales.transactions

SELECT 1 INTO x

WITH x AS (INSERT INTO y VALUES (1) RETURNING *) SELECT * FROM x

# The connection, its settings and its catalogue

SHOW TABLES

SHOW ALL TABLES

SHOW DATABASES

SHOW TABLES FROM sales

DESCRIBE

SELECT * FROM (SHOW ALL TABLES)

SELECT * FROM duckdb_settings()

SELECT * FROM duckdb_secrets()

SELECT * FROM duckdb_views()

SELECT * FROM duckdb_tables()

SELECT * FROM duckdb_columns()

SELECT * FROM duckdb_functions()

SELECT * FROM duckdb_logs()

SELECT * FROM duckdb_variables()

SELECT * FROM pragma_database_size()

SELECT * FROM pragma_table_info('mesh.sales.transactions')

SELECT * FROM information_schema.tables

SELECT * FROM mesh.information_schema.views

SELECT * FROM pg_catalog.pg_views

SELECT * FROM sqlite_master

SELECT * FROM temp.information_schema.tables

SELECT * FROM which_secret('s3://x', 's3')

SELECT current_setting('allowed_directories')

SELECT getvariable('x')

SELECT getenv('HOME')

SELECT main.getenv('HOME')

SELECT pg_get_viewdef(1)

SELECT current_query()

SELECT nextval('s')

SELECT write_log('x')

SELECT pg_sleep(1000)

SELECT sleep_ms(1000)

SELECT json_serialize_sql('SELECT 1')

SELECT sum(current_setting('threads')::INTEGER) OVER ()

# SQL in disguise

SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')

SELECT * FROM query_table('sales.transactions')

SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))

SELECT * FROM histogram('/etc/passwd.csv', 'a')

SELECT * FROM seq_scan('x')

SELECT * FROM arrow_scan(1, 2, 3)

SELECT * FROM pandas_scan(1)

SELECT * FROM python_map_function(1)

SELECT * FROM test_all_types()

SELECT * FROM force_checkpoint()

SELECT * FROM enable_logging()

SELECT * FROM truncate_duckdb_logs()

SELECT * FROM iceberg_to_ducklake('a', 'b')

SELECT * FROM set_iceberg_table_properties('a', {'b': 1})

# Names and parameters that are none

SELECT $1

SELECT ?

SELECT * FROM rows

SELECT * FROM pins

SELECT * FROM memory.sales.transactions

SELECT * FROM other.sales.transactions

SELECT * FROM mesh.transactions

SELECT * FROM mesh.sales.transactions.week

SELECT * FROM sales.transactions AT (VERSION => 1)

SELECT * FROM 'sales.transactions'
