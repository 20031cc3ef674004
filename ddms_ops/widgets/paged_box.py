"""The ipywidgets parts of the paged table; imported only where a person looks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ipywidgets import HTML, BoundedIntText, Button, Checkbox, Dropdown, HBox, Layout, SelectMultiple, Text, VBox

from ddms_ops.checks.tables import visible
from ddms_ops.hops.view import rows_table
from ddms_ops.widgets.boxes import DENSE, KEEP, line, note
from ddms_ops.widgets.control import Caught
from ddms_ops.widgets.paged_rows import MOST_COLUMNS, PAGE, Choice, PagedRows, counted_page, table_call

PAUSE_S = 0.3
GIVEN = "as given"
NAMED = {"description_width": "5em"}
HEIGHT = "32em"
WHOLE = "calc(100% - 8px)"  # without its margins
MARK = "ddms-paged"
INSTEAD = f"<style>.jp-OutputArea-child:has(.{MARK}) ~ .jp-OutputArea-executeResult{{display:none}}</style>"
"""While this table can be used, the first rows that stand below it for an export are not shown twice."""
SMALL = Layout(width="10em")


class PagedBox:
    """Fields above a page of rows; what is chosen shows at once, typing after a pause."""

    def __init__(self, rows: PagedRows, choice: Choice, *, source: str, usual: Sequence[str]) -> None:
        self._rows, self._source, self._usual = rows, source, usual
        names = [(visible(name), name) for name in rows.frame.columns]
        narrow = Layout(width="min(100%, 22em)")
        wide = {"style": NAMED, "layout": narrow}
        self.search = Text(choice.search, description="search", placeholder="text in any cell", **wide)
        self.sort = Dropdown(options=[(GIVEN, ""), *names], value=choice.sort, description="sort by", **wide)
        self.descending = Checkbox(choice.descending, description="descending", indent=False, layout=SMALL)
        self.columns = SelectMultiple(options=names, value=choice.columns, description="columns", rows=6, **wide)
        self.page = BoundedIntText(1, min=1, max=1, description="page", style=NAMED, layout=SMALL)
        self.back, self.on = (_button(name, words) for name, words in (("‹", "Page before"), ("›", "Next page")))
        self.status = HTML()
        self.body = HTML(layout=Layout(max_height=HEIGHT, overflow="auto", width=WHOLE))
        self._places = np.zeros(0, dtype="int64")
        self._later = _Later()
        self._watch()
        self.look()

    @property
    def box(self) -> VBox:
        """All of it, from above to below."""
        wrap = Layout(flex_flow="row wrap", align_items="center")
        fields = HBox([self.search, self.sort, self.descending], layout=wrap)
        pages = HBox([self.back, self.page, self.on], layout=wrap)
        chooser = [self.columns] if len(self._rows.frame.columns) > MOST_COLUMNS else []
        whole = VBox([fields, *chooser, pages, self.body, self.status], layout=Layout(width=WHOLE))
        return whole.add_class(MARK)

    @property
    def choice(self) -> Choice:
        """What is looked at now; no column means the usual ones."""
        columns = tuple(self.columns.value) or tuple(self._usual)
        return Choice(self.search.value, self.sort.value, self.descending.value, columns)

    def _watch(self) -> None:
        self.search.observe(lambda _: self._later.call(self.look), "value")
        for field in (self.sort, self.descending, self.columns):
            field.observe(lambda _: self.look(), "value")
        self.page.observe(lambda _: self.show(), "value")
        self.back.on_click(lambda _: self._turn(-1))
        self.on.on_click(lambda _: self._turn(1))

    def _turn(self, by: int) -> None:
        self.page.value = min(max(self.page.value + by, 1), self.page.max)

    def look(self) -> None:
        """Search and sort anew, and show the first page."""
        self._say("Searching …")
        with Caught(self._say):
            self._places = self._rows.places(self.choice)
            self.page.max = max(1, -(-len(self._places) // PAGE))
            if self.page.value != 1:
                self.page.value = 1
            else:
                self.show()

    def show(self) -> None:
        """Show the page that is chosen."""
        with Caught(self._say):
            first = (self.page.value - 1) * PAGE
            words = counted_page(first, len(self._places), len(self._rows))
            rows = self._rows.frame.iloc[self._places[first : first + PAGE]]
            shown = rows_table(rows, self.choice.columns, caption=words)
            self.body.value = f'{INSTEAD}<div style="{DENSE}">{shown._repr_html_()}</div>'
            self.back.disabled, self.on.disabled = self.page.value == 1, self.page.value == self.page.max
            self.status.value = line(KEEP, table_call(self._source, self.choice, self._usual))

    def _say(self, text: str) -> None:
        self.status.value = note(text)


class _Later:
    """Does a thing after a pause, unless it is asked for again meanwhile; at once where no loop runs."""

    def __init__(self) -> None:
        self._waiting: Any = None

    def call(self, work: Callable[[], None]) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        try:
            self._waiting = asyncio.get_running_loop().call_later(PAUSE_S, work)
        except RuntimeError:
            work()


def paged_box(rows: PagedRows, choice: Choice, *, source: str, usual: Sequence[str]) -> VBox:
    """The control of `widgets.table`.

    Args:
        rows, choice: what there is, and what to begin with.
        source: Python that gives the rows.
        usual: columns that are shown without saying so.
    """
    return PagedBox(rows, choice, source=source, usual=usual).box


def _button(name: str, words: str) -> Button:
    return Button(description=name, tooltip=words, layout=Layout(width="3em"))
