"""What each function gives, against answers worked out by hand or by Python."""

import math
import statistics

import pandas as pd
import pytest
from insights_builders import at, events, one, records, rows

from ddms_ops.insights.aggregates import AGGREGATES
from ddms_ops.insights.functions import FUNCTIONS
from ddms_ops.insights.parser import _ARGUMENTS

SCALARS = [
    ("strlen(s)", {"s": "añb"}, 3),
    ("strlen(missing)", {}, None),
    ("toupper(s)", {"s": "aé"}, "AÉ"),
    ("tolower(s)", {"s": "AÉ"}, "aé"),
    ("trim(s)", {"s": " \ta b\n"}, "a b"),
    ("trim(s, 'xy')", {"s": "xyaxby"}, "axb"),
    ("ltrim(s)", {"s": "  a "}, "a "),
    ("rtrim(s)", {"s": "  a "}, "  a"),
    ("concat(a, '-', n + 1, '-', missing)", {"a": "x", "n": 1}, "x-2-"),
    ("strcontains(s, 'b.')", {"s": "ab.c"}, 1),
    ("strcontains(s, 'b.')", {"s": "abc"}, 0),
    ("replace(s, '.', '#')", {"s": "a.b.c"}, "a#b#c"),
    ("substr(s, 3)", {"s": "xyZfooxyZ"}, "fooxyZ"),
    ("substr(s, 3, 3)", {"s": "xyZfooxyZ"}, "foo"),
    ("substr(s, -5, 99999999999999999999)", {"s": "abc"}, "abc"),
    ("isempty(s)", {"s": ""}, 1),
    ("isempty(s)", {}, 1),
    ("isempty(s)", {"s": " "}, 0),
    ("isblank(s)", {"s": " \t"}, 1),
    ("isblank(s)", {"s": "a"}, 0),
    ("ispresent(s)", {"s": ""}, 1),
    ("ispresent(s)", {"s": None}, 0),
    ("coalesce(missing, s, 'z')", {"s": "a"}, "a"),
    ("coalesce(missing, 1 + 1)", {}, "2"),
    ("isValidIpV4(ip)", {"ip": "10.0.255.1"}, 1),
    ("isValidIpV4(ip)", {"ip": "10.0.256.1"}, 0),
    ("isIpv4InSubnet(ip, '10.1.0.0/16')", {"ip": "10.1.255.3"}, 1),
    ("isIpv4InSubnet(ip, '10.1.0.0/16')", {"ip": "10.2.0.0"}, 0),
    ("isIpv4InSubnet(ip, '10.1.0.0/16')", {"ip": "none"}, 0),
    ("abs(n)", {"n": -2.5}, 2.5),
    ("ceil(n)", {"n": 1.2}, 2.0),
    ("floor(n)", {"n": -1.2}, -2.0),
    ("greatest(n, 3, 2)", {"n": 1}, 3.0),
    ("least(n, 3, 2)", {"n": 1}, 1.0),
    ("log(n)", {"n": 10}, math.log(10)),
    ("log(n)", {"n": 0}, None),
    ("sqrt(n)", {"n": 9}, 3.0),
    ("sqrt(n)", {"n": -9}, None),
    ("fromMillis(n)", {"n": 0}, pd.Timestamp(0, tz="UTC")),
    ("fromMillis(n)", {"n": 1e300}, None),
    ("toMillis(@timestamp)", {}, int(at("10:00").timestamp() * 1000)),
    ("n / 0", {"n": 1}, None),
    ("n % 3", {"n": 10}, 1.0),
    ("n % 0", {"n": 10}, None),
    ("2 ^ 3 ^ 2", {}, 512.0),
    ("-2 ^ 2 + 10 - 3 - 2 * 3", {}, -3.0),
    ("(1 + 2) * -n", {"n": 2}, -6.0),
    ("(0 - 8) ^ 0.5", {}, None),
    ("n ^ 999", {"n": 1e300}, None),
    ("s + 1", {"s": "text"}, None),
    ("n > 1 and not n > 5 or false", {"n": 2}, 1),
]


@pytest.mark.parametrize(("expression", "record", "expected"), SCALARS, ids=[each[0] for each in SCALARS])
def test_scalar(expression: str, record: dict, expected: object):
    """A function gives what Insights documents; what has no answer is missing."""
    assert one(expression, **record) == expected


@pytest.mark.parametrize(
    ("expression", "clock"),
    [
        ("bin(5m)", "10:05"), ("bin(30 seconds)", "10:07:30"), ("bin(1h)", "10:00"), ("bin(1d)", "00:00"),
        ("datefloor(@timestamp, 10m)", "10:00"), ("dateceil(@timestamp, 10m)", "10:10"),
        ("dateceil(datefloor(@timestamp, 10m), 10m)", "10:00"), ("bin(250ms)", "10:07:31.250"),
    ],
)  # fmt: skip
def test_times_are_cut_to_periods(expression: str, clock: str):
    """bin and datefloor give the period's start, dateceil its end unless the time is a start."""
    assert rows(f"fields {expression}", events("10:07:31.400 x")) == [(at(clock),)]


@pytest.mark.parametrize(
    ("period", "day"),
    [
        ("1w", "2026-03-02"),
        ("1mo", "2026-03-01"),
        ("1q", "2026-01-01"),
        ("2y", "2026-01-01"),
        ("1 month", "2026-03-01"),
    ],
)
def test_long_periods_follow_the_calendar(period: str, day: str):
    """A week starts on Monday, months, quarters and years on their first day."""
    [(start,)] = rows(f"fields bin({period})", events("10:07 x"))
    assert str(start) == f"{day} 00:00:00+00:00"


VALUES = [3.0, 8.0, 1.0, 10.0, 4.5]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("count(*)", 7), ("count()", 7), ("count(v)", 6), ("count_distinct(v)", 6), ("sum(v)", sum(VALUES)),
        ("avg(v)", statistics.fmean(VALUES)), ("median(v)", statistics.median(VALUES)),
        ("stddev(v)", statistics.stdev(VALUES)), ("min(n)", 1.0), ("max(n)", 10.0), ("pct(v, 50)", 4.5),
        ("pct(v, 25)", statistics.quantiles(VALUES, n=4, method="inclusive")[0]), ("pct(v, 100)", 10.0),
        ("earliest(v)", "3.0"), ("latest(v)", "x"), ("sortsFirst(v)", "x"), ("sortsLast(v)", "10.0"),
        ("max(@timestamp)", at("10:00:06")), ("sum(b)", 1.0), ("max(v > 9)", 1.0),
    ],
)  # fmt: skip
def test_aggregate(aggregate: str, expected: object):
    """Numbers are taken where a value is one; text and missing values do not count as numbers."""
    values = [{"v": v, "n": v} for v in VALUES] + [{"b": True}, {"v": "x", "b": False}]
    [(value,)] = rows(f"stats {aggregate}", records(*values))
    assert value == pytest.approx(expected) if isinstance(expected, float) else value == expected


def test_every_function_has_an_example():
    """A function without a line above fails here."""
    shown = " ".join(each[0] for each in SCALARS).lower()
    assert [name for name in FUNCTIONS if f"{name}(" not in shown] == []
    aggregates = " ".join(mark.args[1].__repr__() for mark in test_aggregate.pytestmark).lower()
    assert [name for name in AGGREGATES if f"{name}(" not in aggregates] == []
    assert set(_ARGUMENTS) - set(FUNCTIONS) - set(AGGREGATES) == {"bin", "datefloor", "dateceil"}
