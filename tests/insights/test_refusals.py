"""What is refused: one line, with the place and what would work."""

import pytest
from insights_builders import events

from ddms_ops.errors import QueryError
from ddms_ops.insights import compile_query, parse, run_query

SUPPORTED = "supported: fields, display, filter, parse, stats, sort, limit, dedup"


def refusal(query: str) -> str:
    """The message that refuses a query."""
    with pytest.raises(QueryError) as caught:
        compile_query(parse(query), "events")
    [fault] = caught.value.faults
    assert "\n" not in fault
    return fault.removeprefix("query ")


@pytest.mark.parametrize(
    "command",
    ["anomaly", "pattern", "diff", "unnest", "unmask", "filterIndex", "join", "lookup", "SOURCE", "addtotals"],
)
def test_other_commands_are_refused_by_name_and_place(command: str):
    """Commands that Insights has and this has not."""
    assert refusal(f"fields a\n| {command} x") == f"line 2, column 3: command {command!r} is not supported; {SUPPORTED}"
    assert refusal(f"{command}(x) | limit 1").startswith(f"line 1, column 1: command {command!r} is not supported")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("filtr a = 1", f"line 1, column 1: command 'filtr' is not supported; {SUPPORTED}; did you mean 'filter'?"),
        ("fields a |", f"line 1, column 11: found the end of the query where a command was expected; {SUPPORTED}"),
        ("| fields a", f"line 1, column 1: found '|' where a command was expected; {SUPPORTED}"),
        ("fields a,\n", "line 1, column 10: found the end of the query where a field or a value was expected"),
        ("fields a b", "line 1, column 10: found 'b' where '(', ',', 'as', '|' or the end of the query was expected"),
        ("filter a == 1", "line 1, column 11: found '= 1' where a field or a value was expected"),
        ("filter (a = 1", "line 1, column 14: found the end of the query where ')' was expected"),
        ("filter a like x", "line 1, column 15: found 'x' where a /regular expression/ or a string was expected"),
        ("limit x", "line 1, column 7: found 'x' where a number was expected"),
        ('parse "*" b', "line 1, column 11: found 'b' where 'as' was expected"),
        ('filter a = "x', 'line 1, column 12: the " that opens here is never closed'),
        ("fields `a", "line 1, column 8: the ` that opens here is never closed"),
    ],
)
def test_syntax_is_explained(query: str, message: str):
    """What stands there, and what could."""
    assert refusal(query) == message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("fields\n  stlen(a)", "line 2, column 3: function 'stlen' is not supported; did you mean 'strlen'?"),
        ("fields jsonParse(a)", "line 1, column 8: function 'jsonParse' is not supported"),
        (
            "fields now() as t",
            "line 1, column 8: function 'now' is not supported: "
            "a query over evidence must give the same answer every time",
        ),
        ("fields strlen(a, b)", "line 1, column 8: strlen takes 1 argument, not 2"),
        ("fields substr(a)", "line 1, column 8: substr takes 2 to 3 arguments, not 1"),
        ("stats sum(*)", "line 1, column 7: sum(*) means nothing; only count takes '*'"),
        ("fields count(*)", "line 1, column 8: count is an aggregate; it belongs in stats, outside another one"),
        ("stats sum(max(a))", "line 1, column 11: max is an aggregate; it belongs in stats, outside another one"),
        ("stats a by b", "line 1, column 7: a has no aggregate function; write e.g. max(a)"),
        ("stats count(*) + a", "line 1, column 18: field 'a' stands outside an aggregate function; add it after 'by'"),
        ("stats pct(a, b)", "line 1, column 7: the second argument of pct must be a number from 0 to 100, "
         "e.g. pct(duration, 95)"),
        ("stats count(*) by bin(a)", "line 1, column 19: bin takes a period, as in bin(5m)"),
        ("fields bin(0m)", "line 1, column 12: a period of 0m cannot be used; it must be 1ms to 100y"),
        ("fields a + 5m", "line 1, column 12: period 5m belongs in bin, datefloor or dateceil"),
        ("limit 0", "line 1, column 7: limit 0 cannot be used; it must be a whole number from 1 to 100,000"),
        ("limit 100001", "line 1, column 7: limit 100001 cannot be used; it must be a whole number from 1 to 100,000"),
        ("limit 1.5", "line 1, column 7: limit 1.5 cannot be used; it must be a whole number from 1 to 100,000"),
        ('parse "* *" as a', "line 1, column 7: parse has 2 '*' but 1 names after 'as'; give one name for each"),
        ("parse /(a)/", "line 1, column 7: parse needs a named group in its regular expression, e.g. (?<user>\\w+)"),
        ("filter a like /(/", "line 1, column 15: the regular expression is not valid: missing ): ("),
        ("filter a like /(?=x)/", "line 1, column 15: the regular expression is not valid: invalid perl operator: (?="),
        ("filter @timestamp > 'soon'", "line 1, column 21: the text compared with a time is not one, "
         "e.g. 2024-05-01T10:00:00Z"),
        ("sort 'a'", "line 1, column 6: sort needs a field, not a string; use `backticks` for a field's name"),
        ("stats count(*) as n by a | sort m", "line 1, column 33: stats leaves no field 'm'; there are: a, n"),
        ("stats count(*) | stats count(*) by bin(5m)", "line 1, column 36: bin needs @timestamp; "
         "an earlier stats has left none"),
        ("fields isIpv4InSubnet(a, b)", "line 1, column 8: isIpv4InSubnet needs a subnet as a string, "
         'e.g. "10.0.0.0/8"'),
        ("fields \x00", "line 1, column 8: holds a character that is not text"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(query: str, message: str):
    """A function, an argument, a field or a pattern that cannot work is named with its place."""
    assert refusal(query) == message


def test_size_is_limited():
    """As on AWS 10,000 characters; and no more nesting or commands than a person would write."""
    with pytest.raises(QueryError, match="^query: has 10,007 characters; CloudWatch Logs takes at most 10,000$"):
        parse("fields " + "a" * 10_000)
    with pytest.raises(QueryError, match="^query: has 101 commands; at most 100 are supported$"):
        parse(" | ".join(["limit 1"] * 101))
    with pytest.raises(QueryError, match="^query: is empty; write e.g. "):
        parse(" \n")
    assert refusal("filter " + "not " * 2000 + "a").endswith("is nested more than 100 deep")
    assert refusal("fields " + "abs(" * 1900 + "a" + ")" * 1900).endswith("is nested more than 100 deep")


def test_deep_but_allowed_queries_run():
    """Nesting does not multiply the work."""
    deep = "fields " + "sqrt(" * 40 + "a" + ")" * 40 + " as x | filter " + "(" * 3000 + "x = 1" + ")" * 3000
    assert run_query(deep, events('10:00 {"a": 1}'))["x"].tolist() == [1.0]


def test_events_must_have_their_columns():
    """A table of something else is refused."""
    with pytest.raises(QueryError, match="^query: the events have no column row; needed: "):
        run_query("fields a", events("10:00 x").drop_columns(["row"]))
