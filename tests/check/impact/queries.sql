-- SELECTs over mesh.shop.t (id, a, b, g, s, xs, st) and mesh.shop.u (id, a, d, e); an empty line between two.
select a, b from mesh.shop.t

select * from mesh.shop.t

from mesh.shop.t

select t.* from mesh.shop.t t where t.b > 2

select id, a + b as c, c * 2 as d from mesh.shop.t

select g, sum(a) as total from mesh.shop.t group by g

select g, sum(a) as total from mesh.shop.t group by all

select g, sum(a) as total from mesh.shop.t group by 1 having max(b) > 3

select g, count(*) as n from mesh.shop.t group by g order by n desc, g limit 2

select id from mesh.shop.t order by a limit 3

select id, a from mesh.shop.t order by all desc limit 3

select distinct g, s from mesh.shop.t

select distinct on (g) g, id from mesh.shop.t order by g, a desc

select id, row_number() over (partition by g order by a) as rn from mesh.shop.t

select id from mesh.shop.t qualify row_number() over (partition by g order by a) = 1

select id, sum(a) over w as s from mesh.shop.t window w as (partition by g order by id)

select t.id, u.d from mesh.shop.t t join mesh.shop.u u on t.id = u.id

select id, d from mesh.shop.t join mesh.shop.u using (id)

select t.id, u.e from mesh.shop.t t left join mesh.shop.u u on t.id = u.id and u.d > 1

select t.s from mesh.shop.t t semi join mesh.shop.u u on t.id = u.id

select t.s from mesh.shop.t t anti join mesh.shop.u u on t.a = u.a

select t.id, u.d from mesh.shop.t t asof join mesh.shop.u u on t.g = u.a and t.id >= u.id

select s from mesh.shop.t where id in (select id from mesh.shop.u where d > 1)

select s from mesh.shop.t t where exists (select 1 from mesh.shop.u u where u.id = t.id and u.e is not null)

select id, (select max(d) from mesh.shop.u u where u.id = t.id) as top from mesh.shop.t t

select id, a > (select avg(d) from mesh.shop.u) as above from mesh.shop.t

select count(*) as n from mesh.shop.t

select count(*) as n from mesh.shop.t where (select count(*) from mesh.shop.u) > 2

with x as (select * from mesh.shop.t) select id, a from x

with x as (select id, a as renamed, b from mesh.shop.t), y as (select id, renamed + 1 as r from x) select * from y

with x as (select id, a from mesh.shop.t), unused as (select b from mesh.shop.t) select id from x

select id from (select id, a, b from mesh.shop.t where g = 1)

select id, a from mesh.shop.t union all select id, d from mesh.shop.u

select a from mesh.shop.t union select d from mesh.shop.u

select a from mesh.shop.t except select d from mesh.shop.u

select id, a from mesh.shop.t union all by name select d as a, id from mesh.shop.u

select * exclude (b, xs, st) from mesh.shop.t

select * replace (a * 2 as a) from mesh.shop.t

select id, x from mesh.shop.t, unnest(xs) as r(x)

select id, unnest(xs) as x from mesh.shop.t

select id, list_transform(xs, x -> x + a) as l from mesh.shop.t

select id, [x * 2 for x in xs if x > 1] as l from mesh.shop.t

select id, st.k as k from mesh.shop.t

select id, st['k'] as k, {'v': b} as v from mesh.shop.t

select id, struct_extract(st, 'K') as k, (t.st).l as l from mesh.shop.t t where t.st.l > 1

with s as (select * from mesh.shop.t), r as (select id, st as z from s) select id, z.k as k, r.z['l'] + 1 as l from r

select st.k as k, count(*) as n from mesh.shop.t group by st.k

select id from mesh.shop.t where st = {'k': 1, 'l': 2}

select id, st from mesh.shop.t order by st.l

select x.id, (select max(u.a) from mesh.shop.u u where u.id <= x.st.k) as m from mesh.shop.t x

select x.id, z.l from mesh.shop.t x, lateral (select x.st.l as l) z

select id, st.k.abs() as k from mesh.shop.t

select id, unnest(st) from mesh.shop.t

with s as (select st from mesh.shop.t union all select {'k': d, 'l': e} as st from mesh.shop.u) select st.k as k from s

select id, cast(st as struct(k int, l int)).l as l from mesh.shop.t

select list_transform(xs, v -> v + st.l) as ys, id from mesh.shop.t

select t from mesh.shop.t t

select id, case when a > 1 then b else 0 end as c from mesh.shop.t

select id, sum(a) filter (where b > 2) as f from mesh.shop.t group by id

select g, string_agg(s, ',' order by a) as l from mesh.shop.t group by g

select g, arg_max(s, a) as best from mesh.shop.t group by g

select g, b, count(*) as n from mesh.shop.t group by rollup (g, b)

select id, a from mesh.shop.t where s like 'x%' or b between 2 and 4

select x.id, y.id as other from mesh.shop.t x join mesh.shop.t y on x.a = y.b

select t.id, l.z from mesh.shop.t t, lateral (select t.a + u.d as z from mesh.shop.u u where u.id = t.id) l

select coalesce(t.id, u.id) as id, u.d from mesh.shop.t t full join mesh.shop.u u on t.id = u.id

select v.k, t.id from (values (1), (2)) v(k) join mesh.shop.t t on t.g = v.k

select id, a from mesh.shop.t where g = any (select a from mesh.shop.u)

select "id", "A" from mesh.shop.t

select max(columns('^[ab]$')) from mesh.shop.t

pivot (select g, s, a from mesh.shop.t) on s using sum(a)

unpivot (select id, a, b from mesh.shop.t) on a, b into name n value v

select * from mesh.shop.t natural join (select id, d from mesh.shop.u)

with recursive r(n, m) as (select id, a from mesh.shop.t union all select m, n from r where n < 0) select m from r

select id, a from mesh.shop.t offset 2

select id, first_value(a) over (partition by g order by b, id) as f, lag(s, 1) over (order by id) as p from mesh.shop.t

select id, (a, b) in (select a, d from mesh.shop.u) as there from mesh.shop.t

select id as b, b as a from mesh.shop.t order by b

select b as x from mesh.shop.t order by a, x limit 4

select (from mesh.shop.u select max(e)) as top, count(distinct g) as n from mesh.shop.t
