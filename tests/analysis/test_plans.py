"""Plans: text and JSON give one tree and one shape, and a changed plan is told from a slower one."""

import json
import re
from collections.abc import Iterator

import pandas as pd
import psycopg
import pytest
from postgres_server import running_postgres

from ddms_ops.analysis.plan_nodes import node_predicates
from ddms_ops.analysis.plans import plan_changes, plan_of, plan_shape
from ddms_ops.sql_text import Predicate
from ddms_ops.window import Window

TEXT = """\
Query Text: select * from orders o
\t  where o.mail = 'kim@example.com' -- Seq Scan on orders o  (cost
\tLimit  (cost=0.29..8.40 rows=10 width=26) (actual time=0.016..40.500 rows=5 loops=2)
\t  InitPlan 1 (returns $0)
\t    ->  Result  (cost=0.00..0.01 rows=1 width=4) (never executed)
\t  ->  Nested Loop Left Join  (cost=0.29..93.82 rows=1 width=26) (actual time=0.010..40.000 rows=5 loops=2)
\t        ->  Index Scan Backward using "O_pk" on "Or ders" o  (cost=0.29..9.0 rows=1 width=2) (actual rows=5 loops=2)
\t              Index Cond: (id = $0)
\t              Filter: ((mail = 'kim@example.com'::text) AND (NOT (SubPlan 2)))
\t              Rows Removed by Filter: 4111
\t              Buffers: shared hit=6 read=7, temp read=1 written=2
\t        ->  Sort  (cost=1.00..2.00 rows=5 width=4) (actual time=0.500..1.000 rows=1 loops=10)
\t              Sort Method: external merge  Disk: 1264kB
Planning:
  Buffers: shared hit=99
"""
QUERIES = (
    "select * from t order by b",
    "with c as materialized (select * from t where a = 2) select * from c where id in (select t_id from u)",
    "select *, (select count(*) from u where u.t_id = t.id) from t where id = (select min(id) from u) limit 3",
    "select * from t where a between 3 and 4 and b like '%7'",
    "select * from m where v = 1",
    "update t set b = 'x' where a = 1 and b = 'pass''word'",
    "select a, count(*) from t group by a having count(*) > 3",
    'select * from "S"."T x" y where y.id = 1',
    "select * from u left join t on t.id = u.t_id where u.id < 10",
    "select * from u, lateral (select * from t where t.a = u.id limit 1) l where u.id < 10",
    "select id from t except select id from u",
    "insert into u values (-1, 2) on conflict (id) do nothing",
    "select * from t where false",
    "select row_number() over (order by a) from (values (1), (2)) v(a) where a > 1",
)
SETUP = """
    create table t (id int primary key, a int, b text); create table u (id int primary key, t_id int);
    insert into t select i, i % 100, 'b' || i from generate_series(1, 9000) i; insert into u select id, id from t;
    create index on t (a); create schema "S"; create table "S"."T x" (id int);
    create table m (k int, v int) partition by range (k);
    create table m_1 partition of m for values from (0) to (10);
    create table m_2 partition of m for values from (10) to (20); analyze
"""
COMPARED = (
    "type", "relation", "alias", "index", "join_type", "role", "cost", "estimated_rows", "actual_rows", "loops",
    "conditions",
)  # fmt: skip
BEFORE = Window.of("2024-05-01T09:00Z", "2024-05-01T10:00Z")
NOW = Window.of("2024-05-01T10:00Z", "2024-05-01T11:00Z")


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection]:
    """A connection to a server with a few tables; tests that need one are skipped where there is none."""
    with running_postgres() as server:
        server.load(SETUP)
        with psycopg.connect(server.dsn()) as opened:
            yield opened


def scan(**fields: object) -> str:
    """A plan of one step in JSON."""
    return json.dumps({"Plan": {"Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t", **fields}})


def plan_frame(*lines: str) -> pd.DataFrame:
    """Plans from "10:01 statement shape 500" (milliseconds)."""
    rows = [line.split() for line in lines]
    frame = pd.DataFrame(rows, columns=["timestamp", "statement", "shape", "duration_ms"])
    frame["timestamp"] = pd.to_datetime("2024-05-01T" + frame["timestamp"], utc=True)
    return frame.astype({"duration_ms": "float64"})


def test_a_text_plan_of_a_log_is_one_tree():
    """Steps by their indentation, subplans with their role, numbers and masked conditions; not the query."""
    limit = plan_of(TEXT)
    result, join = limit.children
    index, sort = join.children
    assert (limit.type, limit.loops, limit.total_ms, result.role, result.loops) == ("Limit", 2, 81.0, "InitPlan", 0)
    assert (join.type, join.join_type, index.type) == ("Nested Loop", "Left", "Index Scan")
    assert (index.relation, index.alias, index.index, index.total_ms) == ("Or ders", "o", "O_pk", None)
    assert index.conditions["Filter"] == "((mail = $1::text) AND (NOT (SubPlan $1)))"
    assert index.facts == {
        "Rows Removed by Filter": 4111, "Shared Hit Blocks": 6, "Shared Read Blocks": 7, "Temp Read Blocks": 1,
        "Temp Written Blocks": 2,
    }  # fmt: skip
    assert (sort.facts["Sort Space Used"], sort.total_ms, limit.facts) == (1264, 10.0, {})


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("options", ["analyze, buffers, timing off", "costs"])
def test_text_and_json_of_a_plan_are_one_tree(connection: psycopg.Connection, query: str, options: str):
    """The same statement gives the same steps in both formats, and so the same shape."""
    with connection.transaction(force_rollback=True):
        text = "\n".join(line for (line,) in connection.execute(f"explain ({options}) {query}").fetchall())
    with connection.transaction(force_rollback=True):
        document = connection.execute(f"explain ({options}, format json) {query}").fetchall()[0][0]
    pairs = list(zip(plan_of(text).walk(), plan_of(json.dumps(document)).walk(), strict=True))
    for name in COMPARED:
        assert [getattr(one, name) for one, _ in pairs] == [getattr(other, name) for _, other in pairs]
    assert plan_shape(pairs[0][0]) == plan_shape(pairs[0][1])


@pytest.mark.parametrize(
    "text", ["", "no plan", "{", "[]", '{"Plan": 5}', '{"Plan"' + ":[" * 9999, "[" * 99999, "<explain>"]
)
def test_what_is_no_plan_is_none(text: str):
    """Garbage is no plan, and no failure."""
    assert plan_of(text) is None


def test_json_of_explain_and_of_auto_explain_are_alike():
    """An array of one object is that object."""
    assert plan_of(f"[{scan()}]") == plan_of(scan())


def test_no_literal_of_a_plan_is_left():
    """Conditions are masked in every field."""
    assert not re.search("kim|example", repr(plan_of(TEXT)) + repr(plan_of(scan(Filter="(a = 'kim@example.com')"))))


def test_costs_rows_and_literals_do_not_change_a_shape():
    """The relation, the index and the structure do."""
    one, other = (plan_of(scan(**{"Plan Rows": rows, "Filter": f"(a = {rows})"})) for rows in (1, 2))
    assert plan_shape(one) == plan_shape(other)
    unlike = (
        scan(**{"Relation Name": "u"}),
        scan(**{"Node Type": "Index Scan"}),
        scan(Plans=[json.loads(scan())["Plan"]]),
    )
    assert len({plan_shape(plan_of(text)) for text in (scan(), *unlike)}) == 4


def test_a_further_partition_or_worker_does_not_change_a_shape():
    """Partitions are told apart by digits, and workers come and go."""
    parts = [json.loads(scan(**{"Relation Name": f"m_2024_{month}"}))["Plan"] for month in range(9)]
    few, many = (scan(**{"Node Type": "Append", "Relation Name": "", "Plans": parts[:count]}) for count in (2, 9))
    assert plan_shape(plan_of(few)) == plan_shape(plan_of(many))
    gathers = (scan(**{"Node Type": "Gather", "Workers Launched": workers}) for workers in (1, 4))
    assert len({plan_shape(plan_of(text)) for text in gathers}) == 1


def test_another_partition_does_not_change_a_shape():
    """One that is left of several, with its index, has the shape of all; another index has not."""
    parts = [
        scan(**{"Node Type": "Index Scan", "Relation Name": f"m_{month}", "Index Name": f"m_{month}_{column}_idx"})
        for month, column in ((1, "a"), (2, "a"), (2, "b"))
    ]
    both = scan(
        **{"Node Type": "Append", "Relation Name": "", "Plans": [json.loads(text)["Plan"] for text in parts[:2]]}
    )
    one, other, unlike, many = (plan_shape(plan_of(text)) for text in (*parts, both))
    assert (one == other == many, one == unlike) == (True, False)


def test_a_digit_of_an_index_counts_where_the_table_has_none():
    """A new version of an index is another index."""
    texts = [scan(**{"Node Type": "Index Scan", "Index Name": f"by_day_v{n}"}) for n in (1, 2)]
    assert len({plan_shape(plan_of(text)) for text in texts}) == 2


def test_time_of_parallel_steps_is_one_workers():
    """Three processes of 10 ms each are 10 ms."""
    below = json.loads(scan(**{"Actual Total Time": 10.0, "Actual Loops": 3, "Actual Rows": 1}))["Plan"]
    gather = scan(
        **{"Node Type": "Gather", "Actual Total Time": 11, "Actual Loops": 1, "Workers Launched": 2, "Plans": [below]}
    )
    assert [node.total_ms for node in plan_of(gather).walk()] == [11.0, 10.0]


def test_predicates_of_a_step_are_those_of_its_relation():
    """Conditions of index and filter, with columns of other steps as values."""
    node = plan_of(TEXT).children[1].children[0]
    assert node_predicates(node) == (Predicate("Or ders", "id", "equal"), Predicate("Or ders", "mail", "equal"))


def test_a_statement_with_another_usual_plan_is_changed():
    """The shape of most calls counts; a rare other plan is no change, nor is a statement seen only now."""
    plans = plan_frame(
        "09:10 flip old 10", "09:20 flip old 12", "10:10 flip new 900", "10:20 flip new 1100", "10:30 flip old 11",
        "09:10 same s1 10", "10:10 same s1 500", "10:11 same s1 500", "10:12 same s2 500", "10:10 fresh f 5",
        "11:10 late x 5",
    )  # fmt: skip
    found = plan_changes(plans, window=NOW, baseline=BEFORE)
    assert found.groupby("statement")["is_changed"].all().to_dict() == {"flip": True, "same": False, "fresh": False}
    new, old = found.to_dict("records")[:2]
    assert (new["shape"], new["calls_before"], new["calls_now"], new["median_now_ms"]) == ("new", 0, 2, 1000.0)
    assert (new["is_usual_before"], new["is_usual_now"], old["is_usual_before"], old["is_usual_now"]) == (
        False,
        True,
        True,
        False,
    )
    assert new["first_seen"] == pd.Timestamp("2024-05-01T10:10Z")
    assert old["median_before_ms"] == 11.0


def test_two_plans_that_take_turns_are_no_change():
    """The new shape's share must have grown by half of the plans."""
    before = [f"09:{n:02d} s {'one' if n < 10 else 'other'} 10" for n in range(19)]
    now = [f"10:{n:02d} s {'one' if n < 9 else 'other'} 10" for n in range(19)]
    assert not plan_changes(plan_frame(*before, *now), window=NOW, baseline=BEFORE)["is_changed"].any()


def test_no_plans_are_no_changes():
    """Without plans all columns are there, without a row."""
    found = plan_changes(plan_frame(), window=NOW, baseline=BEFORE)
    assert (len(found), found["is_changed"].dtype) == (0, bool)
