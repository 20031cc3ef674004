"""What a field's value is, and how values compare."""

import pytest
from insights_builders import at, events, one, records, rows

NESTED = {
    "a": {"b": {"c": "deep"}, "list": [10, {"x": "y"}]},
    "a.b": "dotted",
    "http": {"v.1": "one"},
    "p/q": 1,
    "t~0": 2,
    "": 3,
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.b.c", "deep"), ("a.list.0", "10"), ("a.list[0]", "10"), ("a.list.1.x", "y"), ("a.list[1].x", "y"),
        ("`a`.`b`.c", "deep"), ("http.`v.1`", "one"), ("`http.v.1`", "one"), ("`p/q`", "1"), ("`t~0`", "2"),
        ("a.list.7", None), ("a.none", None), ("a.b", '{"c":"deep"}'), ("a.list", '[10,{"x":"y"}]'), ("A", None),
    ],
)  # fmt: skip
def test_names_reach_into_nested_objects(name: str, expected: str | None):
    """Dots go down objects and arrays, or are part of a key; the nested meaning wins; case matters."""
    assert one(name, **NESTED) == expected


@pytest.mark.parametrize(
    "message", ["plain text", "{bad json", "", "[1, 2]", '"text"', "3", "null", 'at {"a": 1}', "{}"]
)
def test_a_message_that_is_no_json_object_has_no_fields(message: str):
    """Its fields are missing, and the other events are not disturbed."""
    assert rows("fields a", events(f"10:00 {message}", '10:01 {"a": 1}')) == [("1",), (None,)]


def test_the_first_of_duplicate_keys_counts():
    """JSON does not say; this is what runs."""
    assert rows("fields a", events('10:00 {"a": 1, "a": 2}')) == [("1",)]


def test_null_is_missing():
    """A key whose value is null is not present."""
    assert rows("filter ispresent(a) | fields a", records({"a": None}, {"a": ""})) == [("",)]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ('v = "5"', ["5"]), ("v = 5", ["5", "5.0"]), ("v != 5", ["10", "x", "X"]), ("v > 5", ["10"]),
        ("v >= 5", ["5", "5.0", "10"]),
        ("v < 6", ["5", "5.0"]), ("v <= 5", ["5", "5.0"]), ('v > "5"', ["5.0", "x", "X"]), ('v = "X"', ["X"]),
        ("v in [10, 'x']", ["10", "x"]), ("v not in ['5', 'X', 'x', '10']", ["5.0"]), ('v like "x"', ["x"]),
        ("v like /(?i)x/", ["x", "X"]), ("v not like /[xX]/", ["5", "5.0", "10"]), ("v =~ /^5/", ["5", "5.0"]),
        ('v =~ "^5$"', ["5"]), ("not (v = 5 or v like 'x')", ["10", "X"]),
        ("not v > 5", ["5", "5.0", "x", "X"]), ("5 < v", ["10"]), ("v * 2 = 10", ["5", "5.0"]),
        ("v = v", ["5", "5.0", "10", "x", "X"]), ("not ispresent(v)", [None]), ("ispresent(v) = 0", [None]),
        ("strlen(v) > 1", ["5.0", "10"]), ("-v = -5", ["5", "5.0"]),
    ],
)  # fmt: skip
def test_filters_compare_as_the_other_side_is(condition: str, kept: list[str | None]):
    """Numbers with a number, text with a string, and a missing value with nothing."""
    values = records(*({"v": v} for v in ["5", "5.0", "10", "x", "X"]), {})
    assert [v for (v,) in rows(f"fields v | filter {condition} | sort @timestamp", values)] == kept


def test_fields_compare_as_numbers_if_both_are():
    """9 is less than 10; "9" is not less than "10a"."""
    assert rows("filter a < b | fields b", records({"a": 9, "b": "10"}, {"a": 9, "b": "10a"})) == [("10",)]


@pytest.mark.parametrize("condition", ["b = 1", 'b = "true"', "b = true", "b", "b != false", "b and not c", "b > c"])
def test_true_is_a_word_and_1(condition: str):
    """JSON's true compares as "true", as 1 and as a condition."""
    assert len(rows(f"filter {condition}", records({"b": True, "c": False}, {"b": False, "c": True}))) == 1


def test_big_numbers_are_shown_in_full():
    """A field's text is not rounded; as a number it is a double."""
    assert one("id", id=12345678901234567890123) == "12345678901234567890123"
    assert one("id > 12345678901230000000000", id=12345678901234567890123) == 1


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "0x10", "", "1,5", "１", "--1"])
def test_what_only_looks_like_a_number_is_none(text: str):
    """Only plain decimal numbers are numbers."""
    assert one("v + 0", v=text) is None
    assert one("v >= 0 or v < 0", v=text) == 0


@pytest.mark.parametrize(
    "condition",
    [
        '@timestamp >= "2026-03-04T10:01:00Z"', '@timestamp > "2026-03-04 10:00"', "@timestamp >= 1772618460000",
        '@timestamp = "2026-03-04T11:01:00+01:00"', 'toMillis(@timestamp) = 1772618460000',
        "@timestamp like '10:01:00.000'",
        "@timestamp >= fromMillis(1772618460000)", '"2026-03-04T10:01" <= @timestamp', "not @timestamp < 1772618460000",
    ],
)  # fmt: skip
def test_times_compare_with_text_and_milliseconds(condition: str):
    """A time's text needs no zone, it is UTC then; a number is milliseconds since 1970."""
    assert rows(f"filter {condition} | fields @timestamp", events("10:00 a", "10:01 b")) == [(at("10:01"),)]


def test_lambda_lines_have_fields_of_their_own():
    """REPORT lines give durations in ms and memory in bytes, as Insights does."""
    report = (
        "REPORT RequestId: 5a1c-e0\tDuration: 12.50 ms\tBilled Duration: 13 ms\t"
        "Memory Size: 512 MB\tMax Memory Used: 80 MB\tInit Duration: 100.5 ms\t"
    )
    query = "fields @type, @requestId, @duration, @billedDuration, @memorySize, @maxMemoryUsed, @initDuration"
    assert rows(query, events("10:00 text", f"10:01 {report}", "10:02 START RequestId: 5a1c-e0 Version: 1")) == [
        ("START", "5a1c-e0", None, None, None, None, None),
        ("REPORT", "5a1c-e0", 12.5, 13.0, 512e6, 80e6, 100.5),
        (None, None, None, None, None, None, None),
    ]
