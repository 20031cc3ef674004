"""What each command does."""

import pandas as pd
import pytest
from insights_builders import at, events, records, rows

from ddms_ops.insights import run_query

ACTIONS = records(
    {"action": "view", "ms": 30},
    {"action": "edit", "ms": 5},
    {"action": "view", "ms": 10},
    {"action": "view", "ms": 200},
)


def test_fields_shows_system_and_discovered_fields():
    """Columns are named as written, newest event first."""
    frame = run_query("fields @timestamp, level, `x`", events('10:00 {"level":"a","x":1}', '10:01 {"level":"b"}'))
    assert list(frame.columns) == ["@timestamp", "level", "x"]
    assert list(frame["@timestamp"]) == [at("10:01"), at("10:00")]
    assert list(frame["level"]) == ["b", "a"]


def test_system_fields_come_from_the_event():
    """@log, @logStream, @ptr, @ingestionTime and @message stand for the event's own columns."""
    [row] = rows("fields @log, @logStream, @ptr, @ingestionTime, @message", events("10:00 hello"))
    assert row == ("/aws/lambda/api", "stream-1", "0", at("10:00"), "hello")


def test_without_fields_time_and_message_are_shown():
    """A query that names no columns shows @timestamp and @message."""
    assert rows('filter @message like "b"', events("10:00 a", "10:01 b")) == [(at("10:01"), "b")]


def test_several_fields_commands_add_up():
    """Each adds its columns; a name that comes twice is one column."""
    assert list(run_query("fields action | fields ms, action", ACTIONS).columns) == ["action", "ms"]


def test_an_alias_is_a_field_from_there_on():
    """What `as` names can be filtered on, computed with, and hides a discovered field of that name."""
    query = "fields ms * 2 as action | filter action > 50 | fields action + 1 as more | sort more"
    assert rows(query, ACTIONS) == [(60, 61), (400, 401)]


def test_the_last_display_wins():
    """`display` replaces all columns before it."""
    assert list(run_query("fields action | display action | display ms", ACTIONS).columns) == ["ms"]


def test_filter_may_use_fields_that_are_not_shown():
    """A field need not be listed to be filtered on; `where` is the same command."""
    assert rows('fields ms | filter action = "edit"', ACTIONS) == [("5",)]
    assert rows('fields ms | where action = "edit"', ACTIONS) == [("5",)]


def test_sort_compares_numbers_as_numbers():
    """10 comes before 30, and 200 after both."""
    assert rows("fields ms | sort ms asc", ACTIONS) == [("5",), ("10",), ("30",), ("200",)]
    assert rows("fields ms | sort ms desc | limit 2", ACTIONS) == [("200",), ("30",)]


def test_sort_puts_text_before_numbers_in_natural_order():
    """As AWS documents: text first, runs of digits by length; missing values last, whatever the direction."""
    mixed = records(*({"v": v} for v in ["3", "a12", "a9", "1", "5A", "111A", None]))
    expected = ["5A", "111A", "a9", "a12", "1", "3"]
    assert [v for (v,) in rows("fields v | sort v", mixed)] == [*expected, None]
    assert [v for (v,) in rows("fields v | sort v desc", mixed)] == [*reversed(expected), None]


def test_sort_ties_go_by_time_then_row():
    """Of equal keys the newest event is first, and events of one instant keep their order."""
    same = events('10:00 {"k":1,"n":"a"}', '10:01 {"k":1,"n":"b"}', '10:01 {"k":1,"n":"c"}', '10:02 {"k":0,"n":"d"}')
    assert rows("fields n | sort k", same) == [("d",), ("b",), ("c",), ("a",)]


def test_sort_takes_several_keys():
    """The second key decides where the first is equal."""
    assert rows("fields action, ms | sort action desc, ms", ACTIONS) == [
        ("view", "10"), ("view", "30"), ("view", "200"), ("edit", "5"),
    ]  # fmt: skip


def test_limit_takes_the_newest():
    """Without `sort`, the newest events stay."""
    assert rows("fields @message | limit 1", events("10:00 a", "10:01 b")) == [("b",)]


def test_limit_is_10000_unless_given():
    """As in Insights; groups of `stats` are all given."""
    many = events(*(f'10:00 {{"n":{n}}}' for n in range(10_001)))
    assert len(run_query("fields n", many)) == 10_000
    assert len(run_query("fields n | limit 10001", many)) == 10_001
    assert len(run_query("stats count(*) by n", many)) == 10_001


def test_dedup_keeps_the_first_in_order():
    """One event for each value, the first in the order at hand."""
    assert rows("fields action, ms | sort ms | dedup action", ACTIONS) == [("edit", "5"), ("view", "10")]
    assert rows("fields action, ms | dedup action", ACTIONS) == [("view", "200"), ("edit", "5")]


def test_dedup_keeps_events_with_a_missing_value():
    """As AWS documents, a missing value is no duplicate."""
    assert len(rows("fields a | dedup a, b", records({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}))) == 3


def test_parse_glob_cuts_fields_out_of_the_message():
    """Each `*` is as short as can be, and the last takes the rest; a message that does not fit has none."""
    lines = events("10:00 other", "10:01 to: user=al bo, method:GET, latency := 12 ms\nmore")
    assert rows('parse "user=*, method:*, latency := *" as user, `the method`, ms', lines) == [
        ("al bo", "GET", "12 ms\nmore"),
        (None, None, None),
    ]


def test_parse_glob_reads_a_field_and_takes_signs_as_they_are():
    """Signs that mean something in a regular expression mean themselves; a backslash makes an asterisk one."""
    [row] = rows(r'fields url | parse url "/a+b?(\**)[*]." as x, y | display x, y', records({"url": "/a+b?(*1)[2]."}))
    assert row == ("1", "2")


def test_parse_regex_makes_a_field_of_each_named_group():
    """Unnamed groups are not fields; `(?<` in a class is no group."""
    lines = events("10:00 GET /a (?<x> 200")
    query = r"parse @message /(?<verb>[A-Z]+) (\/\w+) ([(?<x>]+) (?P<code>\d+)/ | display verb, code"
    assert rows(query, lines) == [("GET", "200")]


def test_parsed_fields_can_be_used():
    """A parsed field is filtered and aggregated like any other."""
    lines = events("10:00 took 10 ms", "10:01 took 30 ms", "10:02 idle")
    assert rows('parse "took * ms" as ms | filter ms > 5 | stats avg(ms)', lines) == [(20.0,)]


def test_stats_shows_keys_then_aggregates():
    """Columns are the keys, then the aggregates as written; rows go by the keys."""
    frame = run_query("stats count(*), max( ms ) as top by action", ACTIONS)
    assert list(frame.columns) == ["action", "count(*)", "top"]
    assert list(frame.itertuples(index=False, name=None)) == [("edit", 1, 5.0), ("view", 3, 200.0)]


def test_stats_without_keys_is_one_row():
    """Even over no events, of which there are 0."""
    assert rows("stats count(*), sum(ms)", ACTIONS) == [(4, 245.0)]
    assert rows("stats count(*), sum(ms)", events()) == [(0, None)]


def test_stats_groups_by_expressions_and_bins():
    """A key may be computed and named; bins start at whole periods."""
    lines = events('10:01 {"a":"X"}', '10:04 {"a":"x"}', '10:05 {"a":"x"}')
    assert rows("stats count() by bin(5m) as t, tolower(a)", lines) == [(at("10:00"), "x", 2), (at("10:05"), "x", 1)]


def test_events_without_the_key_are_a_group():
    """A missing key is a group of its own, at the end."""
    assert rows("stats count(*) by a", records({"a": "x"}, {}, {})) == [("x", 1), (None, 2)]


def test_stats_can_follow_stats():
    """The second works on the first one's rows."""
    assert rows("stats count(*) as n by action | stats max(n), avg(n) as mean", ACTIONS) == [(3, 2.0)]


def test_aggregates_can_be_computed_with():
    """Arithmetic over aggregates, and over a key of the group."""
    assert rows("stats sum(ms) / count(*) as mean, max(ms) - min(ms) as spread", ACTIONS) == [(61.25, 195.0)]


@pytest.mark.parametrize("order", ["count", "`count()`", "count()", "count(*)"])
def test_a_column_of_stats_can_be_named_by_its_function(order: str):
    """`sort count` means the only column that counts; so does its text."""
    assert rows(f"stats count() by action | sort {order} desc | limit 1", ACTIONS) == [("view", 3)]


def test_a_column_of_stats_can_be_named_by_its_expression():
    """`sort avg(ms)` and `filter avg(ms) > 50` mean the column so computed."""
    assert rows("stats avg(ms) by action | filter avg(ms) > 50 | sort avg(ms) desc", ACTIONS) == [("view", 80.0)]
    assert len(rows("stats count(*) by bin(1m) | sort bin(1m) desc", ACTIONS)) == 1


def test_fields_after_stats_adds_a_column():
    """And may compute with the columns of stats."""
    assert rows("stats sum(ms) as s by action | fields s * 2 as d", ACTIONS) == [("edit", 5, 10), ("view", 240, 480)]


def test_no_events_still_means_all_columns():
    """Names and types do not depend on there being rows."""
    frame = run_query("fields @timestamp, a, strlen(a) as n, a > 1 as big, a * 2 as d", events())
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "@timestamp": "datetime64[us, UTC]", "a": "str", "n": "Int64", "big": "Int64", "d": "float64",
    }  # fmt: skip


def test_comments_and_layout_do_not_matter():
    """`#` to the end of the line is a comment, but not inside a string or a regular expression."""
    query = 'fields @message # all\n| filter @message like "#1" # one\n  and @message like /#\\d/'
    assert rows(query, events("10:00 #1", "10:01 1")) == [("#1",)]


def test_keywords_can_be_field_names():
    """Where a field is expected, most keywords are fields; commands and functions in capitals are the same."""
    query = "FIELDS by, limit as `as` | FILTER stats = 1 AND STRLEN(by) = 1"
    assert rows(query, records({"by": "x", "limit": 2, "stats": 1})) == [("x", "2")]


def test_min_and_max_of_text_are_text():
    """One value that is no number makes the column text."""
    mixed = records({"v": "b", "n": 9}, {"v": "a", "n": 10}, {"v": "10", "n": 10})
    assert rows("stats max(v), min(n), max(n)", mixed) == [("b", 9.0, 10.0)]


def test_counts_are_whole_numbers():
    """count is int64, avg float64."""
    frame = run_query("stats count(*), count_distinct(action), avg(ms)", ACTIONS)
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "int64", "float64"]
    assert frame.equals(pd.DataFrame({"count(*)": [4], "count_distinct(action)": [2], "avg(ms)": [61.25]}))
