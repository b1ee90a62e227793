SELECT count(*) FROM mesh.sales.transactions

SELECT * FROM sales.transactions LIMIT 3;

FROM mesh.sales.transactions SELECT week, sum(sales_value) GROUP BY ALL ORDER BY ALL

SELECT week, sum(sales_value) AS s FROM mesh.sales.transactions GROUP BY week HAVING s > 10 ORDER BY s DESC LIMIT 5 OFFSET 1

# a comment at the end, behind a semicolon
SELECT 1; -- done

SELECT /* inside */ 'a;b' AS "odd ""name"

WITH big AS (SELECT * FROM sales.transactions WHERE sales_value > 100), bigger AS MATERIALIZED (SELECT * FROM big) SELECT count(*) FROM bigger

WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i) FROM n

SELECT basket_id, row_number() OVER (PARTITION BY store_id ORDER BY sales_value DESC) AS r FROM sales.transactions QUALIFY r <= 2

SELECT sum(sales_value) OVER w, lag(sales_value, 1) OVER w FROM sales.transactions WINDOW w AS (ORDER BY basket_id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) LIMIT 5

SELECT p.name, t.n FROM merchandising.products p, LATERAL (SELECT count(*) AS n FROM sales.transactions x WHERE x.basket_id = p.product_id) t LIMIT 3

SELECT unnest([1, 2, 3]) AS x

SELECT * FROM unnest(['a', 'b']) AS u(x)

SELECT * FROM range(3) r(i), generate_series(1, 2) g(j)

SELECT * FROM merchandising.products WHERE product_id IN (SELECT basket_id FROM sales.transactions) LIMIT 2

SELECT (SELECT max(sales_value) FROM sales.transactions) AS most

SELECT 1 WHERE EXISTS (SELECT 1 FROM sales.transactions WHERE week = 3)

SELECT product_id FROM merchandising.products UNION SELECT basket_id FROM sales.transactions EXCEPT SELECT 1 INTERSECT SELECT 2

SELECT 1 AS a, 2 AS b UNION ALL BY NAME SELECT 3 AS b

SELECT * EXCLUDE (day) REPLACE (week + 1 AS week) FROM sales.transactions LIMIT 1

SELECT COLUMNS('s.*') FROM sales.transactions LIMIT 1

SELECT min(COLUMNS(*)) FROM sales.transactions

SELECT CASE WHEN sales_value > 5 THEN 'a' ELSE 'b' END, coalesce(line_kind, 'none'), nullif(week, 1), if(week > 1, 1, 2) FROM sales.transactions LIMIT 1

SELECT date_trunc('month', day), extract(year FROM day), day + INTERVAL 1 MONTH, strftime(day, '%Y'), day - DATE '2016-01-01' FROM sales.transactions LIMIT 1

SELECT line_kind LIKE 'k%', line_kind ILIKE 'K%', line_kind SIMILAR TO 'k.*', regexp_extract(line_kind, '[0-9]'), line_kind GLOB 'k*' FROM sales.transactions LIMIT 1

SELECT upper(line_kind) || '!', concat(line_kind, 'x'), line_kind[1:2], split_part(line_kind, ' ', 1), position('k' IN line_kind) FROM sales.transactions LIMIT 1

SELECT list_transform([1, 2], lambda x: x + 1), [x * 2 FOR x IN [1, 2] IF x > 1], list_filter([1, 2], lambda x: x > 1)

SELECT {'a': 1, 'b': [1, 2]}.b[1], map {'k': 1}['k'], struct_pack(x := 1).x

SELECT try_cast('x' AS INTEGER), '1'::DOUBLE, CAST(1.5 AS DECIMAL(4, 1)), 7 // 2, 7 % 2, 2 ** 3, 5!

SELECT median(sales_value), quantile_cont(sales_value, 0.9), stddev(sales_value), corr(week, store_id), count(DISTINCT store_id), approx_count_distinct(week), string_agg(line_kind, ',' ORDER BY line_kind) FILTER (WHERE week = 1), arg_max(basket_id, sales_value), mode(week) FROM sales.transactions

SELECT store_id, week, sum(sales_value), grouping(store_id) FROM sales.transactions GROUP BY GROUPING SETS ((store_id), (week), ()) LIMIT 3

SELECT store_id, count(*) FROM sales.transactions GROUP BY ROLLUP (store_id)

PIVOT sales.transactions ON store_id IN (0, 1) USING sum(sales_value) GROUP BY week

SELECT * FROM (PIVOT (SELECT week, store_id, sales_value FROM sales.transactions) ON store_id IN (0, 1, 2) USING sum(sales_value)) LIMIT 3

SELECT * FROM (UNPIVOT merchandising.products ON product_id, weight INTO NAME what VALUE n) LIMIT 2

SELECT DISTINCT ON (week) week, sales_value FROM sales.transactions ORDER BY week, sales_value LIMIT 2

SELECT count(*) > 0 FROM sales.transactions TABLESAMPLE 50 PERCENT (bernoulli, 42)

SELECT * FROM sales.transactions USING SAMPLE 2 ROWS

VALUES (1, 'a'), (2, 'b')

TABLE merchandising.products

SELECT a.week FROM sales.transactions a ASOF JOIN sales.transactions b ON a.store_id = b.store_id AND a.day >= b.day LIMIT 1

SELECT count(*) FROM sales.transactions a SEMI JOIN merchandising.products p ON a.basket_id = p.product_id

SELECT count(*) FROM sales.transactions a ANTI JOIN merchandising.products p ON a.basket_id = p.product_id

SELECT count(*) FROM sales.transactions a LEFT JOIN merchandising.products p ON a.basket_id = p.product_id AND p.name <> 'x'

DESCRIBE mesh.sales.transactions

SUMMARIZE SELECT week, sales_value FROM sales.transactions

SELECT json_extract('{"a": [1, 2]}', '$.a[0]'), '{"a": 1}'::JSON ->> 'a', to_json({'x': 1}), json_object('k', 1)

SELECT * FROM json_each('{"a": 1, "b": 2}')

SELECT current_date, now() IS NOT NULL, age(DATE '2020-01-01', DATE '2019-01-01')

SELECT name COLLATE NOCASE FROM merchandising.products ORDER BY name COLLATE NOCASE LIMIT 1

SELECT transactions.basket_id, sales.transactions.week, mesh.sales.transactions.day FROM mesh.sales.transactions LIMIT 1

SELECT week BETWEEN 1 AND 3, week IN (1, 2), NOT week = 1, week IS DISTINCT FROM 2, week & 1 FROM sales.transactions LIMIT 1

SELECT regexp_split_to_table('a b', ' ')

SELECT TIMESTAMPTZ '2017-01-01 00:00:00+00' AT TIME ZONE 'America/New_York'

SELECT sum(sales_value) AS total, total / 2 AS half FROM sales.transactions
