"""The long table: what stands in an export, and what a person does with it."""

import time

import numpy as np
import pandas as pd
import pytest
from builders import at, window

from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import BadInput
from ddms_ops.hops.reading import Record
from ddms_ops.hops.view import View
from ddms_ops.widgets.control import forms
from ddms_ops.widgets.paged import table
from ddms_ops.widgets.paged_box import PagedBox
from ddms_ops.widgets.paged_rows import Choice, PagedRows

MANY = 100_000


@pytest.fixture(scope="module")
def long() -> pd.DataFrame:
    """Rows of which every hundredth timed out."""
    number = np.arange(MANY)
    text = np.where(number % 100 == 0, "timed out", "done")
    return pd.DataFrame({"time": at("10:00") + pd.to_timedelta(number, unit="ms"), "ms": number[::-1], "message": text})


def box_of(frame: pd.DataFrame, *columns: str) -> PagedBox:
    """The fields and the page of a frame, as a person first sees them."""
    names = columns or tuple(frame.columns)
    return PagedBox(PagedRows(frame), Choice("", "", False, names), source="frame", usual=names)


def view_of(frame: pd.DataFrame) -> View:
    """A view of a pull that is complete."""
    hour = window("10:00", "11:00")
    coverage = Coverage("logs/api", "files", "", hour, hour, len(frame), None, Status.COMPLETE)
    return View("Lines", frame, (coverage,), "case.logs()", columns=("time", "message"))


def test_an_export_has_the_first_rows_and_their_count(long: pd.DataFrame):
    """Not the others."""
    text = repr(table(long))
    assert text.splitlines()[0] == "Rows: the first 12 of 100,000 rows"
    assert len(text.splitlines()) == 14
    assert len(forms(table(long).twin)["text/html"]) < 10_000


def test_what_is_asked_for_in_the_cell_stands_in_the_export(long: pd.DataFrame):
    """Without a click: text, order and columns."""
    first = repr(table(long, search="timed", sort="ms", columns=["ms", "message"])).splitlines()
    assert first[0] == "Rows with 'timed' by ms, of 100,000 rows: the first 12 of 1,000 rows"
    assert first[1:3] == ["ms | message", "99 | timed out"]


def test_a_view_stays_a_view(long: pd.DataFrame):
    """What it read and its calls stand below the rows; the call gives the table again."""
    view = view_of(long)
    assert repr(table(view)) == repr(view)
    text = repr(table(view, search="timed", sort="time", descending=True))
    assert "Lines with 'timed' by time, descending, of 100,000 rows: the first 12 of 1,000 rows" in text
    assert "Read whole: logs/api." in text
    assert "widgets.table(case.logs(), search='timed', sort='time', descending=True)" in text


def test_of_a_view_without_a_match_there_is_no_row():
    """Also of a raw record, which shows itself as text."""
    frame = pd.DataFrame({"timestamp": [at("10:00")], "pull": ["logs/api"], "row": [3], "record": ['{"a": 1}']})
    record = Record("A record", frame, (), "case.logs().raw(0)")
    assert repr(table(record)) == repr(record)
    assert repr(table(record, search="zzz")).startswith("A record with 'zzz', of 1 row: no rows")
    assert '{"a": 1}' in repr(table(record, search="a", columns=["record"]))


def test_columns_that_are_left_out_are_named():
    """Of a wide frame the first twelve are shown."""
    text = repr(table(pd.DataFrame([range(14)], columns=[f"c{number}" for number in range(14)])))
    assert "12 of 14 columns; not shown: c12, c13." in text


def test_only_a_page_is_sent(long: pd.DataFrame):
    """Fifty rows, whatever there is; the next page has the next."""
    box = box_of(long)
    assert box.body.value.count("<tr>") == 51
    assert "rows 1–50 of 100,000" in box.body.value
    box.on.click()
    assert "rows 51–100 of 100,000" in box.body.value
    assert "10:00:00.050" in box.body.value
    box.page.value = 2_000
    assert "rows 99,951–100,000 of 100,000" in box.body.value
    assert (box.on.disabled, box.back.disabled) == (True, False)


def test_a_search_begins_at_the_first_page_and_tells_its_call(long: pd.DataFrame):
    """What is chosen by hand can be written into a cell."""
    box = box_of(long)
    box.page.value = 7
    box.search.value = "TIMED"
    box.sort.value, box.descending.value = "ms", True
    assert (box.page.value, box.page.max) == (1, 20)
    assert "rows 1–50 of 1,000 that match of 100,000" in box.body.value
    assert "widgets.table(frame, search=&#x27;TIMED&#x27;, sort=&#x27;ms&#x27;, descending=True)" in box.status.value
    box.search.value = "nowhere"
    assert "no row of 100,000 matches" in box.body.value


def test_the_printed_call_gives_the_same_rows(long: pd.DataFrame):
    """As an expression of Python, with the frame under its name."""
    box = box_of(long)
    box.search.value, box.sort.value = "timed", "ms"
    box.columns.value = ("ms", "message")
    call = "table(frame, search='timed', sort='ms', columns=('ms', 'message'))"
    assert call.replace("'", "&#x27;") in box.status.value
    shown = eval(call, {"table": table, "frame": long})
    assert repr(shown).splitlines()[2] == "99 | timed out"
    assert box.body.value.index(">99<") < box.body.value.index(">199<")


def test_a_search_of_a_long_table_is_quick(long: pd.DataFrame):
    """Once each value was read, far under the second that a person waits for."""
    box = box_of(long)
    box.search.value = "timed"
    started = time.process_time()
    box.search.value = "done"
    assert time.process_time() - started < 1


def test_hostile_cells_and_names_are_text():
    """Markup is escaped, secrets are taken out, also of the names in the fields."""
    frame = pd.DataFrame({"<b>x</b>": ["<img src=x onerror=alert(1)>"], "password=hunter2": ["token=abcdef123456"]})
    box = box_of(frame)
    for html in (box.body.value, forms(table(frame).twin)["text/html"]):
        assert "<img" not in html
        assert "<b>x" not in html
        assert "abcdef123456" not in html
        assert "hunter2" not in html
    assert not [label for label, _ in box.sort.options if "hunter2" in label]


def test_a_chooser_of_columns_stands_by_a_wide_table_only(long: pd.DataFrame):
    """No column chosen means the usual ones."""
    wide = box_of(pd.DataFrame([range(14)], columns=[f"c{number}" for number in range(14)]), "c0", "c1")
    assert wide.columns in wide.box.children
    assert box_of(long).columns not in [*box_of(long).box.children]
    wide.columns.value = ("c13",)
    assert "c13" in wide.body.value
    wide.columns.value = ()
    assert wide.choice.columns == ("c0", "c1")


def test_a_table_is_made_of_rows():
    """Anything else is refused in one line; a series is a column."""
    assert "tenant | count" in repr(table(pd.Series(["a", "b", "a"], name="tenant").value_counts()))
    with pytest.raises(BadInput, match="a view or a frame, not of str"):
        table("case.logs()")
    with pytest.raises(BadInput, match="no column 'lvel'"):
        table(pd.DataFrame({"level": ["a"]}), sort="lvel")
