"""SQL text: what is masked, and that one statement has one identity wherever its text comes from."""

import random
import re
from collections.abc import Iterator

import psycopg
import pytest
from postgres_server import running_postgres

from ddms_ops.engine import offline_engine
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sql_text import (
    Predicate,
    kind_of,
    masked,
    masked_expression,
    match_cut,
    predicates_of,
    shown,
    statement_id,
    statement_ids,
    tables_of,
)

MASKED = {
    "select * from t where a = 'it''s -- none' and b=5 -- c 'x'": "select * from t where a = $1 and b=$1",
    'select /* \'a */ col2, t1.x2 from "Us""er 5\'s"': 'select col2, t1.x2 from "Us""er 5\'s"',
    "select E'a\\'b', U&'d\\0061t', B'101', x'1F', N'n'": "select $1, $1, $1, $1, $1",
    "select $$it's $1$$, $tag$ it's $$ x $tag$": "select $1, $1",
    "select 1e5, .5, 0x1F, 1_000, 1.5e-3, a-7, t1.c2": "select $1, $1, $1, $1, $1, a-$1, t1.c2",
    "select ?, %s, $12, '%s'": "select $1, $1, $1, $1",
    "select data ? 'k', data ?| $1, data ?& '{a}'": "select data ? $1, data ?| $1, data ?& $1",
    "/* a /* 'nested */ b */ select 1": "select $1",
    "select 'a'\n  'b'  from\tt ;": "select $1 from t",
    "delete from t where a in (1, 2,3) and k IN ('a'::uuid,NULL)": "delete from t where a in ($1) and k IN ($1::uuid)",
    "insert into t values (1,'x'), (2,lower('y')) returning id": "insert into t values ($1,$1) returning id",
    "select * from t where (a,b) in ((1,2), (3,4))": "select * from t where (a,b) in (($1,$1))",
    "SET app.tenant_id = 'x 1'": "SET app.tenant_id = $1",
    "set local search_path to a, b": "set local search_path to $1",
    "select 'cut o": "select $1",
    "select E'cut \\": "select $1",
    "select $q$ cut $": "select $1",
    "select a /* cut": "select a",
    "select * from t where id in (1, 2,": "select * from t where id in ($1",
    "insert into t values (1,2), (3,": "insert into t values ($1,$1",
    "insert into t values (1,2), (3,4), (5, lower('x": "insert into t values ($1,$1",
    "insert into t values (1,2),": "insert into t values ($1,$1",
    "do $$ begin perform f('x', 5); end $$;": "do begin perform f($1, $1); end",
    "-- c\nDO LANGUAGE plpgsql $a$ <<b>> begin p($q$x$q$); end; $a$": "DO LANGUAGE plpgsql <<b>> begin p($1); end",
    "do $$ declare x int; begin x := 'cut": "do declare x int; begin x := $1",
    'do $$ x = "kim" $$ language plpython3u': "do $1 language plpython3u",
    "select $": "select",
}
PIECES = (
    "'", "''", '"', "--", "\n", "/*", "*/", "$$", "$a$", "$", "1", "e5", ".", "E'", "\\", "x", " ", "(", ")", ",",
    "IN (", "VALUES (", "?", "|", "[", "]", "-", "=", "set a = ", "b'", "::int", "é", "\x01", "%s", "t1", "/", "*", ";",
    "null", "do ", "$$begin ", "$$declare x", "language plpgsql", "VALUES (1),", "(2", "<<b>>",
)  # fmt: skip
SAME = (
    ("select * from t where id = 5", "SELECT * FROM t WHERE id=$1", "select *\nfrom t where id = ? -- tag='1'"),
    ("select * from t where a = -5", "select * from t where a = $1"),
    (
        "select * from t where a in (1)",
        "select * from t where a in (?, ?, ?)",
        "select * from t where a in ($1 /*, ... */)",
    ),
    ("set x = 'a'", "SET x TO b", "set x = 5, 6"),
    ("insert into t values (1, 'a')", "insert into t values ($1, $2), ($3, $4)"),
    ("select extract(year from d) from t", "select extract($1 from d) from t"),
    ("savepoint sp_1", "SAVEPOINT sp_2"),
    ("select interval '1 day'", "select interval ?", "select interval $1"),
    ("select a::varchar(5) from t", "select a::varchar(?) from t"),
    ("copy t from '/tmp/x'", "COPY t FROM ?"),
    ("selec broken 'x", "SELEC  broken $1"),
    ('FETCH FORWARD 100 FROM "_django_curs_140_sync_3"', 'fetch forward 9 from "_django_curs_141_sync_12"'),
    ('FETCH 50 IN "<unnamed portal 7>"', 'FETCH 50 IN "<unnamed portal 81>"'),
    (
        'DECLARE "_django_curs_1_sync_1" NO SCROLL CURSOR FOR SELECT a FROM t',
        "declare c2 no scroll cursor for select a from t",
    ),
    ("CLOSE c1", 'close "_django_curs_140_sync_3"', 'CLOSE "C_12"'),
    ("EXECUTE S_1('x')", "execute s_22($1)"),
    ('DEALLOCATE "pdo_stmt_0000001"', "deallocate pdo_stmt_000000ff"),
    ('SAVEPOINT "sp1"', "savepoint s7fa8_x3"),
    ("RELEASE SAVEPOINT sp1", "release savepoint sp2"),
    ("LISTEN session_17", 'listen "session_4"'),
    ("notify session_17, 'x'", "NOTIFY session_4, 'y z'"),
    ('select * from "app"."events" where k = 1', "SELECT * FROM app.EVENTS WHERE k = $1"),
    ("insert into tmp_48213_7 values (1)", "insert into tmp_99812_7 values (1)"),
    ("create temp table tmp_1234 as select 1", "create temp table tmp_4321 as select 2"),
    ("drop table tmp_48213_7", "drop table tmp_99812_7"),
    ("select * from pg_temp_3.t", "select * from pg_temp_12.t"),
)
UNLIKE = (
    (
        "select * from app.events where k = 1",
        "select * from audit.events where k = 1",
        "select * from events where k = 1",
    ),
    (
        "select * from orders_2023",
        "select * from orders_2024",
        "select * from orders_202401",
        "select * from orders_12",
    ),
    ("update only t10 set a = 1", "update only t11 set a = 1"),
    ("select * from a, t10", "select * from a, t11", "select * from a, s.t10"),
    ("EXECUTE get_name(1)", "EXECUTE monthly_report(1)"),
    ("PREPARE get_name AS select 1", "PREPARE monthly_report AS select 1"),
    ("DO $$BEGIN PERFORM a(); END$$", "DO $$BEGIN PERFORM b(); END$$"),
    ("CALL a()", "CALL b()", "CALL s.a()"),
    ("create temp table a as select 1", "create temp table b as select 1", "create table a as select 1"),
    ("LISTEN orders", "LISTEN users"),
    ("drop table a.t10", "drop table b.t10", "drop table a.t11"),
)
SETUP = """
    create extension pg_stat_statements;
    create table t (id int primary key, a int, b text, d timestamptz, data jsonb, tags text[], ok boolean);
    create table u (id int primary key, t_id int);
    create procedure p(x int, y text) language plpgsql as $$ begin end $$
"""
STATEMENTS = r"""
select * from t where id = 5
SELECT  *  FROM t WHERE a = -5 and b='x'
select * from t where a in (1,2,3)
select * from t where a = any('{1,2}'::int[]) or a = any(array[1,2,3])
select date '2024-01-01', interval '1 day', '5'::int, timestamp with time zone '2024-01-01 00:00+00'
select * from t where d > now() - interval '5 minutes' order by d desc limit 10 offset 20
with x as (select a, count(*) n from t where a > 1 group by 1) select * from x where n > 3
with recursive r(n) as (select 1 union all select n+1 from r where n < 5) select sum(n) from r
select a, row_number() over (partition by a order by id desc) from t where ok is true
select t.id, l.n from t, lateral (select count(*) n from u where u.t_id = t.id and u.id > 3) l
insert into u values (1,2),(3,4) on conflict (id) do update set t_id = excluded.t_id + 1
insert into u (id, t_id) values (11, null) returning id
merge into u using (values (1,5),(9,9)) v(id,x) on u.id = v.id when matched then update set t_id = -1
update t set ok = true, b = 'it''s', a = a - 1 where id = 7
update t set data = '{"k": 1}'::jsonb where id = 7 and ok = false
delete from u where t_id = 3 or t_id is null
select extract(year from d), extract(epoch from now() - d) from t where id = 1
select b::varchar(20), a::numeric(10,2), cast(a as char(5)) from t where id = 1
select data ? 'k', data ?| array['a','b'], data->>'k', data @> '{"a": 1}' from t where id = 2
select case when a > 5 then 'x' when a = -1 then 'y' else 'z' end from t
select coalesce(b, 'none'), nullif(a, 0), greatest(a, 3) from t where b like 'b%' escape '\'
select * from t where b between 'a' and 'c' and a not in (7, 8)
select * from t where (a, b) in ((1,'x'),(2,'y'))
select true, false, null, 1.5e3, .5
select E'a\'b', U&'\0061', B'101', X'1F', $$dollar$$, $q$it's$q$
select /* request_id=abc 'x' */ 1 -- end
/*traceparent='00-1'*/ select a from t where id = 12
set statement_timeout = 5000
set application_name to 'secret name'
set search_path to public, pg_catalog
select set_config('app.tenant_id', 't1', false)
call p(1, 'x')
begin
savepoint sp_17
release savepoint sp_17
set local work_mem = '4MB'
lock table u in share mode
commit
declare c17 cursor with hold for select id from t where a = 2
fetch 5 from c17
close c17
vacuum t
analyze t
create table v (a varchar(5), b numeric(4,2) default 7, c text default 'x')
alter table v add column d int not null default 5
create index on v (a) where b > 5
comment on table v is 'secret'
drop table v
do $$ begin perform 1; end $$
do $x$ declare n int := 5; begin perform n + 1, 'x'; end $x$ language plpgsql
select * from public.t where t.id = 3
notify chan, 'payload 5'
copy u from '/dev/null'
copy (select * from t where a = 3) to '/dev/null'
explain select * from t where a = 3
create user joe password 'secret1'
select substring(b from 2 for 3), trim(both 'x' from b), overlay(b placing 'x' from 1) from t
select * from generate_series(1, 10, 2) g(i) where i % 2 = 1
select count(*) filter (where a > 2), string_agg(b, ', ' order by b) from t having count(*) > 1
select a, b from t group by grouping sets ((a), (b), ()) order by 1 nulls last
select * from t where exists (select 1 from u where u.t_id = t.id) union all select * from t where id = 3 limit 5
select d at time zone 'UTC', d::date = '2024-01-01' from t where d >= '2024-01-01'
select tags[1], tags[1:2], 'a' = any(tags), array['x','y'] || tags from t
select * from t tablesample system (10) where a - 3 > 2 and -a < 5
select * from t for update skip locked limit 1
values (1,'a'),(2,'b'),(3,'c')
select interval '1' day, time '10:00', '(1,2)'::point, bit '1', 3::float(3)
select * from t fetch first 5 rows only
select json_build_object('a', 1, 'b', array[1,2]), row(1,'x'), (select max(a) from t where id < 9)
create temp table tt as select * from t where a = 1
show work_mem
select "id" from "public"."t" where "t"."a" = 1 and b ilike '%x%' and b ~* '^a\d+' and a <> all ('{1}')
""".strip().splitlines()
LOGGED = {"log_min_duration_statement": "0", "log_line_prefix": "E "}
ENTRY = re.compile(r"^E LOG:  duration: \S+ ms  (?:statement|execute <unnamed>): (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that logs every statement; tests that need one are skipped where there is none."""
    with running_postgres(LOGGED) as running:
        running.load(SETUP)
        yield running


@pytest.fixture
def connection(server: PostgresServer) -> Iterator[psycopg.Connection]:
    """A superuser's connection outside transactions."""
    with psycopg.connect(server.dsn(), autocommit=True) as opened:
        yield opened


def in_the_server(connection: psycopg.Connection) -> list[str]:
    """What pg_stat_statements holds, but for its own statements; it is emptied."""
    rows = connection.execute("select query from pg_stat_statements").fetchall()
    connection.execute("select pg_stat_statements_reset()")
    return [text for (text,) in rows if "pg_stat_statements" not in text]


@pytest.mark.parametrize("text", MASKED)
def test_literals_are_masked(text: str):
    """Literals, parameters and comments go; names, quoted ones too, stay; of a cut literal nothing is left."""
    assert masked(text) == MASKED[text]


def test_masking_twice_changes_nothing():
    """A masked text is its own mask."""
    texts = [*MASKED.values(), *map(masked, STATEMENTS)]
    assert [masked(text) for text in texts] == texts


def test_duckdb_masks_like_python():
    """The expression gives, for any text, what the function gives."""
    draw = random.Random(5)
    texts = [*MASKED, *STATEMENTS, *("".join(draw.choices(PIECES, k=draw.randint(1, 40))) for _ in range(5000))]
    with offline_engine() as engine:
        query = f"SELECT {masked_expression('text')} FROM (SELECT unnest(?) AS text)"
        assert [found for (found,) in engine.execute(query, [texts]).fetchall()] == list(map(masked, texts))


def test_no_literal_is_left_of_a_text_cut_anywhere():
    """A card number or an address is not in the mask of any beginning of a statement, however it is quoted."""
    text = (
        "select '4111111111111111', E'\\'kim@example.com', $$4111$$, $t$kim@$t$ /* kim@ */ from t where a = 4 -- kim@"
    )
    body = "do $a$ begin perform $$4$$ || $$kim@$$, '4111', $t$ 4 $$ $t$ -- 4\n; end $a$ language plpgsql;"
    for whole in (text, body):
        assert not any(re.search("4|kim", masked(whole[:end])) for end in range(len(whole) + 1))


@pytest.mark.parametrize("texts", SAME)
def test_one_statement_has_one_identity(texts: tuple[str, ...]):
    """Literals, parameters, comments, case, white space and lengths of lists make no other statement."""
    assert len({statement_id(masked(text)) for text in texts}) == 1


@pytest.mark.parametrize("texts", UNLIKE)
def test_statements_of_unlike_objects_have_unlike_identities(texts: tuple[str, ...]):
    """Schemas, numbers in names, and the names of what is called, prepared or temporary tell statements apart."""
    assert len({statement_id(masked(text)) for text in texts}) == len(texts)


def test_a_broken_text_has_the_identity_of_the_one_whole_text_like_it():
    """What was cut in a literal, in whichever row, counts with its statement; one that begins like two does not."""
    whole = [masked(f"INSERT INTO blobs (a, b) VALUES (1, 'x'){rest}") for rest in ("", " ON CONFLICT DO NOTHING")]
    cut = masked("insert into blobs (a, b) values (1, 'x'), (2, lower('" + "x" * 1_200_000)
    short = masked("insert into blobs (")
    for known in whole:
        ids = statement_ids([cut, short, known])
        assert ids == {cut: statement_id(known), short: statement_id(short), known: statement_id(known)}
        assert match_cut([cut], statement_ids([known])) == {cut: statement_id(known)}
    assert statement_ids([cut, *whole])[cut] == statement_id(cut)


def test_unlike_statements_have_unlike_identities():
    """Another column, table, condition or kind of statement is another statement."""
    texts = (
        "select a from t",
        "select b from t",
        "select a from u",
        "select a from t where b = 1",
        "delete from t",
        "x y",
    )
    assert len(set(statement_ids(map(masked, texts)).values())) == len(texts)


def test_a_hostile_text_has_an_identity():
    """A text that is nested too deep, too long or full of control characters goes by its letters."""
    texts = ("select " + "(" * 50_000, "select " + "not " * 40_000 + "a", "select a\x00b\ud800", "", "''")
    assert [len(statement_id(masked(text))) for text in texts] == [12] * 5


def test_the_servers_texts_have_the_logs_identities(server: PostgresServer, connection: psycopg.Connection):
    """Log, pg_stat_statements and a text tokenised as Performance Insights does give one identity each."""
    in_the_server(connection)
    for statement in STATEMENTS:
        connection.execute(statement, prepare=False)
        [normalised] = in_the_server(connection)
        texts = (statement, normalised, re.sub(r"\$\d+", "?", normalised))
        assert statement in ENTRY.findall(server.log.read_text())
        assert len({statement_id(masked(text)) for text in texts}) == 1, texts


def test_the_extended_protocol_gives_the_same_identity(server: PostgresServer, connection: psycopg.Connection):
    """A statement with bound parameters is the one with literals."""
    statement = "select * from t where id = %s and b = any(%s) and d > %s limit %s"
    connection.execute(statement, (5, ["a", "b"], "2024-01-01", 3), prepare=False)
    logged = ENTRY.findall(server.log.read_text())[-1]
    assert "$4" in logged
    inlined = statement % (5, "'{a,b}'", "'2024-01-01'", 3)
    assert {statement_id(masked(text)) for text in (logged, inlined)} == {statement_id(masked(statement))}


def test_a_cut_text_is_matched_to_the_one_whole_text_like_it():
    """A beginning of 100 characters decides, unless two statements begin so."""
    columns = ", ".join(f"column_{place}" for place in range(12))
    whole = [masked(f"SELECT {columns} FROM {table} WHERE id = 'x'") for table in ("orders", "order_lines", "users")]
    known = statement_ids(whole)
    cut = [masked(f"select  {columns} from {rest}") for rest in ("users where i", "orders where id = 'y", "orde", "z")]
    found = match_cut([*cut, "select"], known)
    assert [found[text] for text in cut[:2]] == [known[whole[2]], known[whole[0]]]
    assert [found[text] for text in (*cut[2:], "select")] == [statement_id(text) for text in (*cut[2:], "select")]


def test_a_long_statement_is_shown_by_its_beginning_and_its_end():
    """The list of columns is cut, what comes from FROM on stays; secrets are redacted."""
    text = shown(f"select {', '.join(f'column_{place}' for place in range(50))} from orders where a = $1", 100)
    assert text.startswith("select column_0, ")
    assert text.endswith(" … from orders where a = $1")
    assert len(text) <= 100
    assert shown('select\n"kim@example.com" from t') == 'select "[email 8c9c0b]" from t'


@pytest.mark.parametrize(
    ("text", "kind", "tables"),
    [
        ("with c as (select * from big) select * from c, s.t where t.a = 1", "select", ("s.t", "big")),
        ("insert into t select * from u", "insert", ("t", "u")),
        ("merge into u using v on u.id = v.id when matched then delete", "update", ("u", "v")),
        ("delete from t using u where t.id = u.t_id", "delete", ("t", "u")),
        ("create table x (a varchar(5))", "ddl", ("x",)),
        ("vacuum t", "utility", ("t",)),
        ("drop table t_48213", "ddl", ()),
        ("truncate s.t_48213", "ddl", ("s.t_48213",)),
        ("FETCH FORWARD 100 FROM c_1", "utility", ()),
        ("no sql at all", "", ()),
    ],
)
def test_kind_and_tables(text: str, kind: str, tables: tuple[str, ...]):
    """The tree says what a statement does and to which tables; a name of WITH is none."""
    assert (kind_of(text), set(tables_of(text))) == (kind, set(tables))


def test_predicates_name_the_table_behind_an_alias():
    """Joined conditions, each with its kind; what stands in a function or a cast is none."""
    text = """select * from orders o join users u on u.id = o.user_id where o.status = 'x' and o.at >= now()
              and o.no in (1, 2) and lower(u.name) = 'a' and u.x::text = 'a' order by o.at desc"""
    assert set(predicates_of(text)) == {
        Predicate("users", "id", "join"), Predicate("orders", "user_id", "join"), Predicate("orders", "no", "in"),
        Predicate("orders", "status", "equal"), Predicate("orders", "at", "range"), Predicate("orders", "at", "sort"),
    }  # fmt: skip


def test_what_an_index_cannot_answer_is_no_predicate():
    """Conditions under OR and NOT, of a column with its own table's, and of columns whose table is not said."""
    assert predicates_of("select * from t where (a = 1 or b = 2) and not c = 5 and x = y and 'k' ilike d") == ()
    assert predicates_of("select * from t, u where a = 1") == ()
    assert predicates_of("with c as (select 1) select * from c where z = 1") == ()


def test_each_query_has_its_own_tables():
    """A column in a sub-query is one of the sub-query's table."""
    text = 'update t set a = 1 where id = (select max(b) from "U" where "C d" = 1)'
    assert predicates_of(text) == (Predicate("t", "id", "equal"), Predicate("U", "C d", "equal"))
