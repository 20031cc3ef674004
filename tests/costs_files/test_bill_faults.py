"""Bills that are damaged, mixed, cut short or of something else: what is wrong is said, and nothing counts twice."""

import gzip
import itertools
from decimal import Decimal
from pathlib import Path

import pytest
from bill_builders import MARCH, Line, ask, cur, day, explorer, focus, period, put, rows, total

from ddms_ops.cost_sql import COST_PARTS
from ddms_ops.coverage import Status
from ddms_ops.window import Window


def test_mixed_currencies_are_refused_and_named(tmp_path: Path):
    """Nothing is added up over currencies."""
    pull = ask(put(tmp_path, "a.csv", [cur(), cur(currency="EUR"), cur(currency="'; hostile")]))
    assert (pull.coverage.status, pull.table.num_rows) == (Status.FAILED, 0)
    assert pull.coverage.reason.startswith("lines in EUR and USD and another: amounts in different currencies")


def test_a_currency_that_is_no_code_is_refused(tmp_path: Path):
    """Its text, whatever it is, reaches no statement."""
    pull = ask(put(tmp_path, "a.csv", [cur(currency="$a_{$ password=x")]))
    assert (pull.coverage.status, "password" in pull.coverage.reason) == (Status.FAILED, False)
    assert pull.coverage.reason.startswith("lines in a currency that is no code")


def test_a_currency_that_the_profile_does_not_expect_is_refused(tmp_path: Path):
    """Its limits are amounts of another."""
    pull = ask(put(tmp_path, "a.csv", [cur(currency="EUR")]), currency="USD")
    assert (pull.coverage.status, pull.coverage.reason) == (
        Status.FAILED,
        "lines in EUR, but the profile's costs.currency is USD",
    )


def test_missing_columns_are_named(tmp_path: Path):
    """With what a bill needs; a column that only says more is a note."""
    line = {name: value for name, value in cur().items() if name != "line_item_unblended_cost"}
    pull = ask(put(tmp_path, "a.csv", [line]))
    assert pull.coverage.status is Status.FAILED
    assert pull.coverage.reason.startswith("costs/a.csv has no column line_item_unblended_cost; a CUR bill needs")
    line = {name: value for name, value in cur().items() if name != "line_item_operation"}
    pull = ask(put(tmp_path / "b", "b.csv", [line]))
    assert (rows(pull, "operation"), pull.coverage.status) == ([(None,)], Status.COMPLETE)
    assert "costs/b.csv has no column line_item_operation: null" in pull.coverage.reason


def test_rows_without_a_usable_time_or_amount_are_counted(tmp_path: Path):
    """They are left out, and the rest is there."""
    lines = [cur(), cur(start="soon"), cur(cost="much"), cur(cost=""), cur(cost="9" * 30)]
    pull = ask(put(tmp_path, "a.csv", lines))
    assert (total(pull), pull.coverage.status) == (Decimal(1), Status.PARTIAL)
    assert "costs/a.csv 3 lines without a usable amount or currency left out" in pull.coverage.reason
    assert "costs/a.csv 1 lines without a usable time left out" in pull.coverage.reason


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("b.parquet", b"PAR1 and no more", "costs/b.parquet could not be read"),
        ("b.csv", b"\x00\x01\x02\x03" * 50, "costs/b.csv is not text"),
        ("b.csv", b"", "costs/b.csv is empty"),
        ("b.csv", b"name,size\nx,1\n", "costs/b.csv is no bill: it has none of the columns"),
        ("b.json", b"{}", "costs/b.json is no answer of get-cost-and-usage"),
        ("b.csv.gz", gzip.compress(b"some text\n" * 90, mtime=0)[:35], "costs/b.csv.gz gzip data ends early"),
    ],
    ids=["parquet", "binary", "empty", "other", "json", "gzip"],
)
def test_a_broken_file_beside_a_good_one_is_named(tmp_path: Path, name: str, content: bytes, words: str):
    """The good one is read, and alone the broken one fails."""
    alone = ask(put(tmp_path, name, content))
    assert (alone.coverage.status, alone.coverage.reason.startswith(words)) == (Status.FAILED, True)
    pull = ask(put(tmp_path, "a.csv", [cur()]))
    assert (total(pull), pull.coverage.status) == (Decimal(1), Status.PARTIAL)
    assert pull.coverage.reason.startswith(words)


def test_a_manifest_beside_the_bill_is_no_fault(tmp_path: Path):
    """AWS delivers it with the files."""
    put(tmp_path, "manifest.json", {"assemblyId": "x", "reportKeys": []})
    pull = ask(put(tmp_path, "a.csv", [cur()]))
    assert (pull.coverage.status, total(pull)) == (Status.COMPLETE, 1)


def test_no_costs_folder_is_not_configured(tmp_path: Path):
    """With all the columns of each question."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/a.json").write_text("{}")
    for part, asked in COST_PARTS.items():
        pull = ask(tmp_path, part)
        assert (pull.coverage.status, pull.table.schema) == (Status.NOT_CONFIGURED, asked.schema)


def test_two_forms_of_one_bill_are_refused(tmp_path: Path):
    """Whatever they are; on days of their own they are one bill."""
    put(tmp_path, "a.csv", [cur()])
    pull = ask(put(tmp_path, "b.csv", [focus()]))
    assert pull.coverage.status is Status.FAILED
    assert "as CUR (costs/a.csv) and as FOCUS (costs/b.csv): nothing is counted twice" in pull.coverage.reason
    before = Window.of("2026-02-01T00:00Z", "2026-02-02T00:00Z")
    assert "nothing is counted twice" not in ask(tmp_path, window=before).coverage.reason


def test_a_bill_that_ends_early_is_partial_and_one_that_begins_late_a_note(tmp_path: Path):
    """The history before the window is not needed."""
    late = ask(put(tmp_path / "late", "a.csv", [day(4), day(6), day(7)]))
    assert (late.coverage.status, late.coverage.reason) == (
        Status.COMPLETE,
        "the bill begins with 2026-03-04; no lines on 2026-03-05",
    )
    early = ask(put(tmp_path / "early", "a.csv", [day(1), day(5)]))
    assert early.coverage.status is Status.PARTIAL
    assert early.coverage.reason.startswith("the bill ends with 2026-03-05")
    assert early.coverage.got == Window.of("2026-03-01T00:00Z", "2026-03-06T00:00Z")


def test_the_window_is_half_open(tmp_path: Path):
    """A line at its end is not in it; one at its start is."""
    pull = ask(put(tmp_path, "a.csv", [day(1), day(8, cost="5")]))
    assert (total(pull), pull.coverage.status) == (Decimal(1), Status.COMPLETE)


def test_nothing_in_the_window_is_empty(tmp_path: Path):
    """And it is said what the bill holds."""
    pull = ask(put(tmp_path, "a.csv", [day(1), day(9)]), window=Window.of("2026-03-03T00:00Z", "2026-03-04T00:00Z"))
    assert (pull.coverage.status, pull.coverage.rows, pull.coverage.got) == (Status.EMPTY, 0, None)
    assert pull.coverage.reason == "the bill holds 2 lines, 2026-03-01 to 2026-03-09; nothing of what is asked"


def test_filters_leave_lines_out_and_say_how_much(tmp_path: Path):
    """Lines of other accounts, or without the tag, are another system's."""
    tagged = '{"user_component": "ocr"}'
    lines = [cur(tags=tagged), cur(cost="2"), cur(cost="4", tags=tagged, account="2")]
    put(tmp_path, "a.csv", lines)
    pull = ask(tmp_path, only_tags={"component": "ocr"}, only_accounts=["123456789012"])
    assert total(pull) == 1
    assert "2 lines of other tags or accounts left out (6.00 billed)" in pull.coverage.reason


def test_the_order_of_files_and_rows_does_not_matter(tmp_path: Path):
    """The same bytes, however the bill is cut."""
    lines = [cur(id=f"i{n}", cost=f"0.{n}7", kind=f"k{n % 3}", resource=f"r{n}") for n in range(6)]
    found = []
    for place, order in enumerate(itertools.islice(itertools.permutations(lines), 0, 720, 240)):
        cut: list[list[Line]] = [list(order[:2]), list(order[1:])]
        for number, some in enumerate(cut):
            put(tmp_path / str(place), f"{number}.csv", some)
        found.append(ask(tmp_path / str(place), "details", now=["2026-03-07"]).table)
    assert found[0] == found[1] == found[2]


def test_resources_that_moved_least_are_added_up(tmp_path: Path):
    """2,000 are told apart; the sums are those of all."""
    lines = [cur(resource=f"r{n:04d}", cost=f"{n}") for n in range(2010)]
    pull = ask(put(tmp_path, "a.csv", lines), "details", now=["2026-03-07"], before=["2026-03-06"])
    [rest] = [row for row in rows(pull, "resource", "billed", "lines") if row[0] is None]
    assert rest == (None, Decimal(sum(range(10))), 10)
    assert (pull.table.num_rows, total(pull)) == (2001, sum(range(2010)))


def test_details_have_both_sides(tmp_path: Path):
    """The days that are asked for, and no others."""
    root = put(tmp_path, "a.csv", [day(2), day(3, cost="2"), day(5, cost="8"), day(6, cost="4"), day(7, cost="16")])
    pull = ask(root, "details", now=["2026-03-05", "2026-03-07"], before=["2026-03-02", "2026-03-03"])
    assert rows(pull, "side", "billed") == [("before", Decimal(3)), ("now", Decimal(24))]


def test_hostile_text_is_text(tmp_path: Path):
    """It reaches the answer as it is, and no statement."""
    text = "'; DROP TABLE bill; -- \" 日本"
    put(tmp_path, "a'b.csv", [cur(kind=text, resource=text, tags='{"user_component": "\'; x"}')])
    pull = ask(tmp_path, "details", now=["2026-03-07"], tags=["component", "it's"], only_tags={"component": "'; x"})
    assert rows(pull, "usage_type", "resource", "tags") == [(text, text, '{"component": "\'; x"}')]


def test_cost_explorer_beside_rows_of_the_same_days_is_refused(tmp_path: Path):
    """It is the same bill in another form."""
    put(tmp_path, "a.csv", [cur()])
    put(tmp_path, "b.json", explorer(["SERVICE"], period("2026-03-07", "2026-03-08", {("Amazon Textract",): "1"})))
    assert "as CUR (costs/a.csv) and as Cost Explorer (costs/b.json)" in ask(tmp_path, window=MARCH).coverage.reason
