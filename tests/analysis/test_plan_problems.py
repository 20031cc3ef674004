"""Problems of plans: one planted defect each, and the clean twin that shows none."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from postgres_server import running_postgres

from ddms_ops.analysis import plan_problems as rules
from ddms_ops.analysis.plan_nodes import PlanNode
from ddms_ops.analysis.plan_problems import TableState, plan_problems
from ddms_ops.analysis.plans import plan_of

Plan = dict[str, Any]


def step(kind: str = "Seq Scan", *below: Plan, rows: float = 100, ms: float = 5, **fields: Any) -> Plan:
    """A measured step of a JSON plan, with estimates that were right; `Plan_Rows` stands for "Plan Rows"."""
    named = {name.replace("_", " "): value for name, value in fields.items()}
    table = {"Relation Name": "orders", "Alias": "orders"} if "Scan" in kind else {}
    numbers = {"Plan Rows": rows, "Actual Rows": rows, "Actual Loops": 1, "Actual Total Time": ms}
    return {"Node Type": kind, **table, **numbers, **named, "Plans": list(below)}


def by_order(removed: int, **fields: Any) -> Plan:
    """The first rows in an index's order, with a filter."""
    scan = step(
        "Index Scan", rows=10, Index_Name="orders_at", Filter="(a = 1)", Rows_Removed_by_Filter=removed, **fields
    )
    return step("Limit", scan, rows=10)


PLANTED = {
    "disk_sort": (
        step("Sort", step(), Sort_Space_Type="Disk", Sort_Space_Used=1264),
        step("Sort", step(), Sort_Space_Type="Memory", Sort_Space_Used=1264),
    ),
    "hash_batches": (step("Hash", step(), Hash_Batches=4), step("Hash", step(), Hash_Batches=1)),
    "inefficient_index": (
        step("Index Scan", Index_Name="i", Index_Cond="(b = 1)", Rows_Removed_by_Filter=9_000),
        step("Index Scan", Index_Name="i", Index_Cond="(b = 1)", Rows_Removed_by_Filter=90),
    ),
    "wrong_index_order_by": (by_order(50_000), by_order(5)),
    "slow_scan": (step(Rows_Removed_by_Filter=50_000), step(Rows_Removed_by_Filter=50)),
    "large_offset": (step("Limit", step(rows=5_010), rows=10), step("Limit", step(rows=10), rows=10)),
    "lossy_bitmaps": (
        step("Bitmap Heap Scan", Exact_Heap_Blocks=100, Lossy_Heap_Blocks=900),
        step("Bitmap Heap Scan", Exact_Heap_Blocks=1_000, Lossy_Heap_Blocks=0),
    ),
    "mis_estimate": (step(rows=50_000, Plan_Rows=1), step(rows=50_000, Plan_Rows=9_000)),
    "expensive_node": (step("Nested Loop", step(ms=9_000), ms=9_500), step("Nested Loop", step(ms=90), ms=95)),
    "io_heavy": (
        step(Shared_Hit_Blocks=10, Shared_Read_Blocks=50_000),
        step(Shared_Hit_Blocks=50_000, Shared_Read_Blocks=10),
    ),
}
SETUP = """
    create table t (id int primary key, a int, b text, at int) with (fillfactor = 10);
    insert into t select i, i % 100, 'b' || i, i from generate_series(1, 60000) i; create index t_at on t (at);
    create index t_a on t (a); vacuum analyze t
"""
MADE = {
    "disk_sort": ("work_mem = '64kB'", "select * from t order by b", "select * from t where id < 50 order by b"),
    "hash_batches": (
        "work_mem = '64kB'; enable_mergejoin = off; enable_nestloop = off; enable_sort = off",
        "select count(*) from t x join t y on x.id = y.at",
        "select count(*) from t x join t y on x.id = y.at where y.id < 50 and x.id < 50",
    ),
    "large_offset": ("", "select * from t limit 5 offset 20000", "select * from t limit 5"),
    "lossy_bitmaps": (
        "work_mem = '64kB'; enable_indexscan = off; enable_seqscan = off",
        "select * from t where at < 59000",
        "select * from t where at < 500",
    ),
    "slow_scan": ("", "select * from t where b = 'b77'", "select * from t where id = 77"),
    "inefficient_index": (
        "enable_seqscan = off",
        "select * from t where at < 20000 and b like '%99'",
        "select * from t where at < 20 and b like '%9'",
    ),
    "wrong_index_order_by": (
        "enable_seqscan = off; enable_sort = off; enable_bitmapscan = off",
        "select * from t where b like 'b%' and a + 0 = 99 and id > 0 order by at limit 900",
        "select * from t where b like 'b%' order by at limit 5",
    ),
    "mis_estimate": ("", "select * from t where a + 0 = a", "select * from t where a >= 0"),
}


def read(plan: Plan) -> PlanNode:
    """A plan as the tree."""
    return plan_of(json.dumps([{"Plan": plan}]))


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection]:
    """A connection to a server with a table; tests that need one are skipped where there is none."""
    settings = {"max_parallel_workers_per_gather": "0"}
    with running_postgres(settings) as server, psycopg.connect(server.dsn(), autocommit=True) as opened:
        for statement in SETUP.split(";"):
            opened.execute(statement)
        yield opened


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_defect_is_the_one_problem(kind: str):
    """The defect is found alone, and its words hold its numbers and the threshold."""
    [problem] = plan_problems(read(PLANTED[kind][0]))
    assert problem.kind == kind
    assert "threshold" in problem.words
    assert problem.numbers


@pytest.mark.parametrize("kind", PLANTED)
def test_the_clean_twin_has_no_problem(kind: str):
    """The same plan below the threshold is silent."""
    assert plan_problems(read(PLANTED[kind][1])) == []


@pytest.mark.parametrize("kind", MADE)
def test_a_defect_made_on_a_server_is_found(connection: psycopg.Connection, kind: str):
    """A real plan shows the defect that was made, and that of the twin does not."""
    settings, bad, good = MADE[kind]
    with connection.transaction(force_rollback=True):
        for setting in filter(None, settings.split(";")):
            connection.execute(f"set local {setting}")
        found = [
            {problem.kind for problem in plan_problems(plan_of("\n".join(line for (line,) in rows)))}
            for rows in (connection.execute(f"explain (analyze, buffers) {query}").fetchall() for query in (bad, good))
        ]
    assert kind in found[0]
    assert found[1] == set()


def test_stale_statistics_need_the_tables_state():
    """A fifth of a table changed since its last analyze is stale; without its state nothing is said."""
    plan = read(step())
    [problem] = plan_problems(plan, tables={"public.orders": TableState(10_000, 5_000, 30.5)})
    assert problem.kind == "stale_stats"
    assert problem.words == (
        "5,000 rows of orders, 50%, changed since its last analyze, 30.5 hours ago (thresholds 20% and 1,000 rows)"
    )
    assert plan_problems(plan, tables={"orders": TableState(10_000, 1_500), "users": TableState(10, 9_999)}) == []


def test_a_wrong_estimate_is_reported_where_it_begins():
    """Steps above that are wrong for the same reason are not."""
    scan = step(rows=50_000, Plan_Rows=1)
    found = plan_problems(read(step("Nested Loop", scan, step(rows=1), rows=50_000, Plan_Rows=1)))
    assert [problem.node.type for problem in found] == ["Seq Scan"]


def test_a_limit_that_stops_a_scan_makes_no_wrong_estimate():
    """Fewer rows than expected are right where nobody asked for more."""
    assert plan_problems(read(step("Limit", step(rows=1, Plan_Rows=900_000), rows=1))) == []


def test_what_was_never_executed_or_not_measured_has_no_problem():
    """A step without loops cannot be judged."""
    scan = step(Rows_Removed_by_Filter=50_000)
    never = {**scan, "Actual Loops": 0}
    estimated = {name: value for name, value in scan.items() if not name.startswith("Actual")}
    assert plan_problems(read(never)) + plan_problems(read(estimated)) == []


def test_every_rule_has_a_planted_defect():
    """No rule without an example: a scan's rows have three kinds."""
    assert len(PLANTED) == len(rules.RULES) + 2
