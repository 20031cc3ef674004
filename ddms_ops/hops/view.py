"""A view: rows that one call gave, which pulls they came from, and the calls that lead on from there.

What is rendered of it is redacted; its `frame` holds the records as they are, as private as the evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined, plain, verdict, visible
from ddms_ops.coverage import Coverage
from ddms_ops.redact import ALONE, NAME, is_secret_column, redact_cell

FIRST = 12
CELL_CHARS = 300


@dataclass(frozen=True, repr=False, eq=False)
class View:
    """What one hop of an investigation shows.

    Args:
        title: what it is, in words; may hold text from records.
        frame: the rows, not redacted; those that are a record's have `pull` and `row`, its place in the evidence.
        coverage: account of every pull that the rows came from, or would have come from.
        call: Python that gives the same view again, with `case` as the name of the case.
        columns: which columns are shown, in order; empty means all.
        notes: what to know when reading it, a sentence each: what was cut, sampled, corrected or could not be seen.
        hops: calls that go on from here, as Python.
    """

    title: str
    frame: pd.DataFrame
    coverage: tuple[Coverage, ...]
    call: str
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hops: tuple[str, ...] = ()
    first = FIRST  # rows that are shown; no field

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def pulls(self) -> tuple[str, ...]:
        """Names of the pulls, as in the manifest."""
        return tuple(row.pull for row in self.coverage)

    @property
    def is_all_there(self) -> bool:
        """Whether every pull is complete: only then "no rows" means that there are none."""
        return bool(self.coverage) and all(row.is_all_there for row in self.coverage)

    @property
    def shown(self) -> Shown:
        """Title, first rows, what was read, and where to go on; redacted."""
        caption = f"{self.title}: {rows_told(len(self), self.first)}"
        table = rows_table(self.frame.head(self.first), self.columns, caption=caption)
        return joined(table, *(verdict(note) for note in self.notes), self._read, self._calls)

    @property
    def _read(self) -> Shown:
        """One line over the pulls; those that are not complete by name."""
        lacking = [row for row in self.coverage if not row.is_all_there]
        if not self.coverage:
            return verdict("Nothing was pulled for this, so nothing can be said.")
        if not lacking:
            return verdict(f"Read whole: {', '.join(self.pulls)}.")
        rows = [(row.pull, Badge.of(row.status), Quiet(row.reason)) for row in lacking]
        words = f"{len(lacking)} of {len(self.coverage)} pulls are not complete; what is not here may still exist"
        return html_table(("pull", "status", "why"), rows, caption=words)

    @property
    def _calls(self) -> Shown:
        lines = [f"This view: {self.call}", *(f"Go on: {hop}" for hop in self.hops)]
        shown = [visible(line) for line in lines]
        html = "<br>".join(f"<code>{escape(line)}</code>" for line in shown)
        return Shown(f'<p class="calls">{html}</p>', "\n".join(shown))

    def _repr_html_(self) -> str:
        return self.shown._repr_html_()

    def __repr__(self) -> str:
        return self.shown.text


def rows_told(number: int, first: int = FIRST) -> str:
    """`no rows`, `1 row`, `7 rows`, or `the first 12 of 3,456 rows`."""
    if number > first:
        return f"the first {first:,} of {number:,} rows"
    return "no rows" if not number else "1 row" if number == 1 else f"{number:,} rows"


def rows_table(frame: pd.DataFrame, columns: Sequence[str] = (), *, caption: str = "") -> Shown:
    """Rows of a frame as an escaped, redacted table; missing values are dashes.

    Args:
        frame: all its rows are shown.
        columns: which, in order; those that the frame does not have are left out; empty means all.
        caption: shown above.
    """
    names = [name for name in columns or frame.columns if name in frame.columns]
    return html_table([str(name) for name in names], shown_rows(frame[names]), caption=caption)


def shown_rows(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    """Rows of a frame as cells; a column whose name says that its values are secrets shows none of them."""
    names = [str(name) for name in frame.columns]
    rows = frame.itertuples(index=False, name=None)
    return [tuple(shown_cell(value, name) for value, name in zip(row, names, strict=True)) for row in rows]


def shown_cell(value: object, column: str) -> object:
    """A value of a column as a cell; what is long is cut, times keep their milliseconds."""
    if isinstance(value, pd.Timestamp) and value.tzinfo:
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    if isinstance(value, bool | int | float) or value is None or value is pd.NaT or value is pd.NA:
        is_secret = type(value) is int and NAME.fullmatch(column) and is_secret_column(column, True)
        return ALONE if is_secret else None if value is pd.NA else "∞" if value == float("inf") else value
    if hasattr(value, "tolist"):  # of numpy, a scalar or an array
        return shown_cell(value.tolist(), column)
    text = plain(redact_cell(column, str(value)))
    return text if len(text) <= CELL_CHARS else f"{text[:CELL_CHARS]}…"
