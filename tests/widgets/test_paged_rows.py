"""Search and order of a long table, without a browser."""

import numpy as np
import pandas as pd
import pytest
from builders import at

from ddms_ops.errors import BadInput
from ddms_ops.widgets.paged_rows import Choice, PagedRows, counted_page


def places(frame: pd.DataFrame, *, search: str = "", sort: str = "", descending: bool = False) -> list[int]:
    """Places of the rows that match, in order, all columns searched."""
    rows = PagedRows(frame)
    return rows.places(Choice(search, sort, descending, tuple(rows.frame.columns))).tolist()


def test_a_search_finds_text_in_any_cell_and_case():
    """Plain text: nothing in it is a pattern."""
    frame = pd.DataFrame({"level": ["ERROR", "INFO", None], "message": ["a.b", "an error", "a+b (c)"]})
    assert places(frame, search="error") == [0, 1]
    assert places(frame, search="A.B") == [0]
    assert places(frame, search="+b (") == [2]
    assert places(frame, search=" ") == [0, 1, 2]
    assert places(frame, search="none") == []


def test_a_search_looks_at_what_is_shown():
    """Times as they stand there, numbers with their commas or without, only the columns that are shown."""
    frame = pd.DataFrame({"time": [at("10:00:00.123"), at("11:00")], "ms": [3456, 12], "share": [0.12345678, np.nan]})
    assert places(frame, search="10:00:00.12") == [0]
    assert places(frame, search="3,456") == places(frame, search="3456") == [0]
    assert places(frame, search="0.1235") == places(frame, search="0.12345678") == [0]
    assert PagedRows(frame).places(Choice("3456", "", False, ("time",))).tolist() == []


def test_what_is_redacted_is_not_found():
    """Not by its text, nor by how many rows there are; by its kind it is."""
    frame = pd.DataFrame({"message": ["login with password=hunter2 ok", "card 4111 1111 1111 1111", "hunter"]})
    assert places(frame, search="hunter2") == places(frame, search="4111") == []
    assert places(frame, search="hunter") == [2]
    assert places(frame, search="[secret_pair]") == [0]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ([10, 9, 100], [1, 0, 2]),
        (["10", "9", "100"], [1, 0, 2]),
        (["10 ms", "9 ms", "100 ms"], [0, 2, 1]),
        ([2.5, None, -1.0], [2, 0, 1]),
        (["b", None, "A"], [2, 0, 1]),
        ([True, False, True], [1, 0, 2]),
        ([at("11:00"), pd.NaT, at("10:00")], [2, 0, 1]),
        ([pd.Timedelta("10s"), pd.Timedelta("9s"), pd.NaT], [1, 0, 2]),
        ([["b"], {"a": 1}, None], [0, 1, 2]),
        ([None, None, None], [0, 1, 2]),
        (pd.Categorical(["high", "low", None], ["low", "high"], ordered=True), [1, 0, 2]),
        (pd.Categorical(["b", "a", None]), [1, 0, 2]),
        (pd.array([3, None, 1], dtype="Int64"), [2, 0, 1]),
    ],
)
def test_each_kind_has_its_order(values: object, order: list[int]):
    """Numbers as numbers, also written as text; times as times; text in any case; without a value last."""
    assert places(pd.DataFrame({"v": values}), sort="v") == order


def test_equal_rows_keep_their_order_both_ways():
    """And rows without a value are last both ways."""
    frame = pd.DataFrame({"v": [1.0, 2.0, None, 1.0, 2.0], "n": range(5)})
    assert places(frame, sort="v") == [0, 3, 1, 4, 2]
    assert places(frame, sort="v", descending=True) == [1, 4, 0, 3, 2]
    assert places(frame, sort="n", descending=True, search="2") == [4, 2, 1]


def test_large_whole_numbers_are_not_rounded():
    """Ids of 64 bits that differ in their last digit have an order."""
    assert places(pd.DataFrame({"v": [2**60 + 1, 2**60]}), sort="v") == [1, 0]


def test_a_frame_of_nothing_has_no_rows():
    """Whatever is asked."""
    assert places(pd.DataFrame({"v": []}), sort="v", search="a") == []
    assert places(pd.DataFrame()) == []


def test_an_index_with_a_name_is_a_column():
    """As after a count by group; names need not be text."""
    rows = PagedRows(pd.Series([1, 2], index=pd.Index(["a", "b"], name="tenant"), name=0).to_frame())
    assert list(rows.frame.columns) == ["tenant", "0"]


def test_a_column_that_is_not_there_is_told():
    """With the nearest; two of one name cannot be told apart."""
    frame = pd.DataFrame({"tenant": ["a"], "level": ["b"]})
    with pytest.raises(BadInput, match="no column 'tenent'.*did you mean.*tenant"):
        places(frame, sort="tenent")
    with pytest.raises(BadInput, match="more than one column is named level"):
        PagedRows(pd.concat([frame, frame[["level"]]], axis=1))


def test_where_one_is_is_said_in_words():
    """Of what matches, and of all."""
    assert counted_page(50, 3456, 100_000) == "rows 51–100 of 3,456 that match of 100,000"
    assert counted_page(3450, 3456, 3456) == "rows 3,451–3,456 of 3,456"
    assert counted_page(0, 0, 7) == "no row of 7 matches"
    assert counted_page(0, 0, 0) == "no rows"
