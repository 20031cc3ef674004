"""A table of any length: sorted, searched and paged through, while the browser only has the page that is looked at."""

from collections.abc import Sequence

import pandas as pd

from ddms_ops.checks.tables import Shown, joined, verdict
from ddms_ops.errors import BadInput
from ddms_ops.hops.view import FIRST, View, rows_table, rows_told
from ddms_ops.widgets.control import Control
from ddms_ops.widgets.paged_rows import MOST_COLUMNS, Choice, PagedRows, table_call


def table(
    view_or_frame: View | pd.DataFrame | pd.Series, *, search: str = "", sort: str = "", descending: bool = False,
    columns: Sequence[str] = (),
) -> Control:  # fmt: skip
    """Rows to search, sort and page through.

    What is given here is what a person begins with, and what an export shows: the first rows and how many there are.

    Args:
        view_or_frame: what a hop answered with, or any frame.
        search: text that a cell holds, in any case, as it is shown: what is redacted is not found.
        sort: column to sort by; numbers as numbers, times as times, rows without a value last.
        descending: greatest first.
        columns: which to show and search, in order; without any the view's, else the first twelve.

    Raises:
        BadInput: not a view or frame, or no column of that name.
    """
    view, frame = _taken(view_or_frame)
    rows = PagedRows(frame)
    usual = view.columns if view and view.columns else tuple(rows.frame.columns[:MOST_COLUMNS])
    usual = tuple(name for name in usual if name in rows.frame.columns)
    choice = Choice(search, sort, descending, rows.known(columns) if columns else usual)
    chosen = rows.frame.iloc[rows.places(choice)]
    if view:
        twin = _view_shown(view, chosen, choice, usual, rows) if search or sort or columns else view.shown
    else:
        twin = _frame_shown(chosen, choice, rows)

    def build() -> object:
        from ddms_ops.widgets.paged_box import paged_box

        return paged_box(rows, choice, source=view.call if view else "frame", usual=usual)

    return Control(twin, build)


def _taken(given: object) -> tuple[View | None, pd.DataFrame]:
    """The view, if it is one, and the rows."""
    if isinstance(given, View):
        return given, given.frame
    if isinstance(given, pd.Series):
        return None, given.to_frame()
    if isinstance(given, pd.DataFrame):
        return None, given
    kind = type(given).__name__
    raise BadInput(f"a table is made of a view or a frame, not of {kind}; write e.g. widgets.table(case.logs())")


def _view_shown(view: View, chosen: pd.DataFrame, choice: Choice, usual: tuple[str, ...], rows: PagedRows) -> Shown:
    """The rows of the view that were asked for, with all that stands below its own."""
    title = f"{view.title}{_told(choice)}, of {rows_told(len(rows), len(rows))}"
    call = table_call(view.call, choice, usual)
    return View(title, chosen, view.coverage, call, choice.columns, view.notes, view.hops).shown


def _frame_shown(chosen: pd.DataFrame, choice: Choice, rows: PagedRows) -> Shown:
    """The first rows and how many there are."""
    of_all = "" if len(chosen) == len(rows) else f", of {rows_told(len(rows), len(rows))}"
    caption = f"Rows{_told(choice)}{of_all}: {rows_told(len(chosen), FIRST)}"
    first = rows_table(chosen.head(FIRST), choice.columns, caption=caption)
    left_out = [name for name in rows.frame.columns if name not in choice.columns]
    if not left_out:
        return first
    words = f"{len(choice.columns)} of {len(rows.frame.columns)} columns; not shown: {', '.join(left_out)}."
    return joined(first, verdict(words))


def _told(choice: Choice) -> str:
    """What was asked for, in words."""
    search = f" with {choice.search!r}" if choice.search else ""
    way = ", descending" if choice.descending else ""
    return f"{search}{f' by {choice.sort}{way}' if choice.sort else ''}"
