"""Text of a query is never a part of the SQL, nor a value a part of the query."""

import json

import duckdb
import pytest
from insights_builders import events, records, rows

from ddms_ops.errors import QueryError
from ddms_ops.insights import compile_query, parse, run_query, with_values

NASTY = [
    "'", '"', "''", '\\"', "\\", "`", '"; drop table events; --', "x' OR '1'='1", "$.a", "$p1", "/a/b", "~1", "a.b",
    "*", "{0}", "%s", "a\nb", "\t", "é", "日本", "🙂", "\u202e", "a | limit 1", "# no", "[0]", "a[0]", "--", "/*",
    "\x01", "",
]  # fmt: skip


@pytest.mark.parametrize("value", NASTY)
def test_a_string_is_only_that_string(value: str):
    """Quoted, it equals the same text and no other; like, in and concat take it as it is."""
    literal = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    log_events = records({"v": value, "n": 1}, {"v": value + "x", "n": 2})
    assert rows(f"filter v = {literal} | fields n", log_events) == [("1",)]
    assert rows(f"filter v in [{literal}] | fields n", log_events) == [("1",)]
    assert rows(f"filter v like {literal} | fields strcontains(concat('a', {literal}), {literal})", log_events) == [
        (1,), (1,),
    ]  # fmt: skip


@pytest.mark.parametrize("value", NASTY)
def test_a_placeholder_takes_any_value(value: str):
    """A value put in for a placeholder stays one string, whatever it holds."""
    query = with_values(parse('filter tenant = "TENANT_ID_HERE" | stats count(*)'), {"TENANT_ID_HERE": value})
    assert run_query(query, records({"tenant": value}, {"tenant": "other"})).to_numpy().tolist() == [[1]]


def test_placeholders_are_whole_strings():
    """Part of a string, a field's name, a label or a pattern is not a placeholder; the query itself stays as it was."""
    text = 'filter X = "X" and a in ["XX", "X"] and a like /X/ | parse "X*" as X'
    query = parse(text)
    assert with_values(query, {"X": "y"}) == parse(
        'filter X = "y" and a in ["XX", "y"] and a like /X/ | parse "X*" as X'
    )
    assert query == parse(text)


@pytest.mark.parametrize("name", [name for name in NASTY if name and "`" not in name and "\n" not in name])
def test_a_field_may_have_any_name(name: str):
    """In backticks: it is read, computed, aliased, grouped by and sorted on."""
    log_events = events("10:00 " + json.dumps({name: 7}), "10:01 {}")
    quoted = f"`{name}`"
    frame = run_query(f"fields {quoted}, {quoted} + 1 as `a {name}` | sort `a {name}`", log_events)
    assert frame[name].tolist()[0] == "7"
    assert frame[f"a {name}"].tolist()[0] == 8
    grouped = run_query(f"stats count(*) as {quoted} by {quoted} as `b {name}` | sort {quoted}", log_events)
    assert list(grouped.columns) == [f"b {name}", name]
    assert rows(f"parse '*' as {quoted} | display {quoted} | limit 1", log_events) == [("{}",)]


def test_no_text_of_a_query_is_in_the_sql():
    """Names, strings, patterns and labels are bound or replaced."""
    query = """fields qqa as qqb | filter `qqc.qqd` = "qqe" or x like /qqf/
        | parse qqg "qqh*" as qqi | stats count(qqj) by qqk"""
    sql, parameters, kinds = compile_query(parse(query), 'qq"l')
    assert sql.replace('"qq""l"', "").count("qq") == 0
    assert list(kinds) == ["qqk", "count(qqj)"]
    assert "qqe" in parameters.values()


def test_names_that_differ_in_case_are_different():
    """SQL would take them for one."""
    frame = run_query("fields a, A, a + 1 as b, A + 1 as B", records({"a": 1, "A": 2}))
    assert frame.iloc[0].tolist() == ["1", "2", 2.0, 3.0]


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)*b", "(.*)*x", "(x+x+)+y"])
def test_patterns_take_linear_time(regex: str):
    """RE2 does not backtrack."""
    assert rows(f"filter @message like /{regex}/ | stats count(*)", events("10:00 " + "a" * 100_000 + "!")) == [(0,)]


def test_huge_patterns_are_refused():
    """A pattern that would need much memory is an error with a place, not a crash."""
    with pytest.raises(QueryError, match="line 1, column 22: the regular expression is not valid"):
        run_query("filter @message like /((a{1000}){1000}){1000}/", events("10:00 a"))


def test_records_stay_out_of_errors():
    """What DuckDB says may quote a record; only the kind of its error is passed on."""
    with duckdb.connect() as connection:
        bad = connection.sql(
            "SELECT CAST(m AS TIMESTAMPTZ) AS timestamp, m AS log_group, m AS log_stream, m AS message, "
            "m AS event_id, NULL AS ingestion_time, 0 AS row FROM (SELECT 'secret' AS m)"
        )
        with pytest.raises(QueryError) as caught:
            run_query("fields @timestamp", bad, connection=connection)
    assert "secret" not in str(caught.value)
