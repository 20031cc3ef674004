"""Index candidates: argued for by statements and plans, unless an index, a small table or a plan is against."""

import json

import pandas as pd
import pytest

from ddms_ops.analysis.index_candidates import hypopg_statements, index_candidates
from ddms_ops.analysis.plan_nodes import PlanNode
from ddms_ops.analysis.plans import plan_of

TEXT = "select * from orders where status = $1 and tenant_id = $1 and at > $1 order by at desc"
NO_INDEXES = pd.DataFrame({"table": [], "definition": []})
PRIMARY = "CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (id)"


def statements(**texts: str) -> pd.DataFrame:
    """Statements with 10 calls and 5,000 ms each."""
    return pd.DataFrame(
        [{"statement": name, "text": text, "calls": 10, "total_ms": 5_000.0} for name, text in texts.items()]
    )


def tables(rows: float = 1e6, name: str = "public.orders") -> pd.DataFrame:
    """One table."""
    return pd.DataFrame({"table": [name], "rows": [rows]})


def indexes(*definitions: str) -> pd.DataFrame:
    """Indexes of the table."""
    return pd.DataFrame({"table": ["orders"] * len(definitions), "definition": list(definitions)})


def scan(removed: int, kept: int = 10, **fields: object) -> PlanNode:
    """A sequential scan of orders of 100 ms that throws rows away."""
    step = {
        "Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "o",
        "Filter": "((o.status = 'x'::text) AND (o.tenant_id = 't'))",
        "Actual Rows": kept, "Actual Loops": 1, "Actual Total Time": 100.0, "Rows Removed by Filter": removed, **fields,
    }  # fmt: skip
    return plan_of(json.dumps({"Plan": step}))


def test_equality_comes_first_then_one_range():
    """Of a statement without a plan the text argues."""
    [row] = index_candidates(statements(a=TEXT), [], tables(), NO_INDEXES).to_dict("records")
    assert (row["table"], row["columns"], row["label"]) == ("orders", ("status", "tenant_id", "at"), "to be tested")
    assert row["ddl"] == 'CREATE INDEX CONCURRENTLY ON "orders" ("status", "tenant_id", "at")'
    assert row["evidence"] == "statements a: 10 calls, 5,000 ms; existing indexes are not known"
    assert pd.isna(row["gain_ms"])


def test_a_wasteful_scan_supports_a_gain():
    """The scan's time times the share thrown away, and the column the statement sorts by last."""
    found = index_candidates(statements(a=TEXT, b="select 1"), [("a", scan(990, 10))], tables(), indexes(PRIMARY))
    [row] = found.to_dict("records")
    assert (row["columns"], row["statements"], row["gain_ms"]) == (("status", "tenant_id", "at"), ("a",), 99.0)
    assert "scans in their plans threw 990 rows away" in row["evidence"]


@pytest.mark.parametrize(
    ("plans", "rows", "definition"),
    [
        ([], 9_999, PRIMARY),
        ([("a", scan(800, 200))], 1e6, PRIMARY),
        ([("a", scan(990))], 1e6, 'CREATE INDEX i ON orders USING btree (status, "tenant_id" DESC NULLS LAST, at, id)'),
        ([], 1e6, "CREATE INDEX i ON orders USING btree (tenant_id) INCLUDE (at)"),
    ],
)
def test_nothing_is_proposed_without_need(plans: list[tuple[str, PlanNode]], rows: float, definition: str):
    """A small table, a condition that is not selective, an index that is there."""
    assert index_candidates(statements(a=TEXT), plans, tables(rows), indexes(definition)).empty


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE INDEX i ON orders USING btree (status, tenant_id, at) WHERE (at > 5)",
        "CREATE INDEX i ON orders USING btree (lower(status), tenant_id)",
        "CREATE INDEX i ON orders USING gin (status, tenant_id, at)",
        "CREATE INDEX i ON users USING btree (status, tenant_id, at)",
    ],
)
def test_an_index_that_answers_less_does_not_speak_against(definition: str):
    """A partial one, one on expressions, one of another kind or of another table."""
    assert len(index_candidates(statements(a=TEXT), [("a", scan(990))], tables(), indexes(definition))) == 1


def test_a_dropped_index_that_was_used_comes_first():
    """It is proposed as it was, before candidates with more time."""
    used = scan(0, **{"Node Type": "Index Scan", "Index Name": "by_day", "Filter": "(x = 1)"})
    definitions = {name: f"CREATE INDEX {name} ON public.orders USING btree (day)" for name in ("by_day", "unused")}
    dropped = pd.DataFrame({"table": "public.orders", "index": definitions.keys(), "definition": definitions.values()})
    asked = statements(a=TEXT, b="select * from orders where day = $1")
    found = index_candidates(asked, [("a", scan(990)), ("b", used)], tables(), NO_INDEXES, dropped=dropped)
    assert found["was_dropped"].tolist() == [True, False]
    assert found["ddl"][0] == "CREATE INDEX CONCURRENTLY by_day ON public.orders USING btree (day)"
    assert "the index by_day is gone" in found["evidence"][0]


def test_literals_of_a_dropped_index_are_not_shown():
    """The condition of a partial one is masked, and it is said."""
    used = scan(0, **{"Node Type": "Index Scan", "Index Name": "i", "Filter": "(x = 1)"})
    definition = "CREATE INDEX i ON orders USING btree (day) WHERE (mail = 'kim@example.com'::text)"
    dropped = pd.DataFrame({"table": ["orders"], "index": ["i"], "definition": [definition]})
    found = index_candidates(statements(a=TEXT), [("a", used)], tables(), NO_INDEXES, dropped=dropped)
    assert found["ddl"][0] == "CREATE INDEX CONCURRENTLY i ON orders USING btree (day) WHERE (mail = $1::text)"
    assert "$1 stands for the literals of its definition" in found["evidence"][0]


def test_a_dropped_index_of_another_table_was_not_used():
    """An index of the same name elsewhere is another."""
    used = scan(0, **{"Node Type": "Index Scan", "Index Name": "i", "Filter": "(x = 1)"})
    dropped = pd.DataFrame({"table": ["users"], "index": ["i"], "definition": ["CREATE INDEX i ON users (day)"]})
    assert index_candidates(statements(a=TEXT), [("a", used)], tables(), NO_INDEXES, dropped=dropped).empty


def test_an_index_that_is_not_valid_is_named():
    """It does not count as being there."""
    left = indexes("CREATE INDEX i ON orders USING btree (status, tenant_id, at)").assign(index="i", is_valid=False)
    [row] = index_candidates(statements(a=TEXT), [], tables(), left).to_dict("records")
    assert "the index i on them is there, but it is not valid" in row["evidence"]


def test_unknown_definitions_are_said():
    """Where the indexes of a table are known without their columns."""
    known = pd.DataFrame({"table": ["orders", "users"], "definition": [None, "CREATE INDEX u ON users (id)"]})
    [row] = index_candidates(statements(a=TEXT), [], tables(), known).to_dict("records")
    assert row["evidence"].endswith("existing indexes are not known")


def test_names_are_quoted():
    """Capitals, spaces, quotes and reserved words are names like others."""
    text = 'select * from "My ""T" where "order" = 1 and "C d" = 2'
    found = index_candidates(statements(a=text), [], tables(name="x"), NO_INDEXES)
    assert found["ddl"].tolist() == ['CREATE INDEX CONCURRENTLY ON "My ""T" ("order", "C d")']


def test_of_two_candidates_the_wider_one_stays():
    """An index on two columns serves what asks for the first."""
    asked = statements(a="select * from t where x = 1", b="select * from t where x = 1 and y = 2")
    assert index_candidates(asked, [], tables(), NO_INDEXES)["columns"].tolist() == [("x", "y")]


def test_nothing_given_is_nothing_found():
    """No statements give all columns and no row."""
    found = index_candidates(statements(a=TEXT).head(0), [], tables().head(0), NO_INDEXES)
    assert (len(found), found["was_dropped"].dtype) == (0, bool)


def test_hypopg_tests_without_making_anything():
    """The text of three statements; quotes in names stay in the literal."""
    made, explained, reset = hypopg_statements("public.o'x", ["a"], "select 1")
    assert made.endswith("""hypopg_create_index('CREATE INDEX ON "public"."o''x" ("a")')""")
    assert (explained, reset) == ("EXPLAIN select 1", "SELECT hypopg_reset()")
