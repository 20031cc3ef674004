"""Rows that are searched and sorted here, so that a browser only gets the page that is looked at.

A search looks through what a reader would see: the whole text of each cell, redacted. What was taken out is not found,
so that no count tells of it; text is sorted as it is shown, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ddms_ops.checks.tables import plain
from ddms_ops.errors import BadInput, did_you_mean
from ddms_ops.redact import redact

PAGE = 50
MOST_COLUMNS = 12
NONE = -1


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked at.

    Args:
        search: text that a cell holds, in any case; empty means all rows.
        sort: column to sort by; empty means the order of the frame.
        descending: greatest first; rows without a value are last either way.
        columns: which, in order.
    """

    search: str
    sort: str
    descending: bool
    columns: tuple[str, ...]


class _Column:
    """One column: each distinct value once, as it is searched and by its place in order."""

    def __init__(self, values: pd.Series) -> None:
        is_plain = values.dtype != "object" and not isinstance(values.dtype, pd.CategoricalDtype)
        named = values if is_plain else values.astype("object").map(_hashable)
        self.codes, self._distinct = pd.factorize(named)
        ordered = isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered
        self._declared = list(values.dtype.categories) if ordered else []

    @cached_property
    def texts(self) -> list[str]:
        """What a search looks through, for each distinct value."""
        if isinstance(self._distinct, pd.DatetimeIndex):
            return _clock(self._distinct)
        return [_searched(value) for value in self._distinct]

    @cached_property
    def ranks(self) -> np.ndarray:
        """Place in order of each row, equal for equal values; NONE for rows without a value."""
        _, places = np.unique(self._keys, return_inverse=True)
        return np.where(self.codes == NONE, NONE, np.append(places, NONE)[self.codes])

    @property
    def _keys(self) -> np.ndarray:
        """Numbers as numbers, also where they are written as text; times as times; all else as text."""
        if self._declared:
            return np.array([self._declared.index(value) for value in self._distinct], dtype="int64")
        if isinstance(self._distinct, pd.DatetimeIndex | pd.TimedeltaIndex):
            return self._distinct.asi8
        numbers = pd.to_numeric(pd.Series(self._distinct, dtype="object"), errors="coerce")
        if len(numbers) and numbers.notna().all():
            return numbers.to_numpy()
        return np.array(self.texts, dtype="object")


class PagedRows:
    """A frame to page through.

    Args:
        frame: the rows; an index with a name is a column like others.

    Raises:
        BadInput: two columns have one name.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        names = [name for name in frame.index.names if name is not None and name not in frame.columns]
        self.frame = frame.reset_index(names) if names else frame
        self.frame = self.frame.set_axis([str(name) for name in self.frame.columns], axis=1).reset_index(drop=True)
        self._columns: dict[str, _Column] = {}
        if not self.frame.columns.is_unique:
            twice = ", ".join(sorted(set(self.frame.columns[self.frame.columns.duplicated()])))
            raise BadInput(f"more than one column is named {twice}; give each a name of its own")

    def __len__(self) -> int:
        return len(self.frame)

    def known(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The columns, all of the frame's where none are named.

        Raises:
            BadInput: one is not in the frame.
        """
        have = list(self.frame.columns)
        for name in columns:
            if name not in have:
                raise BadInput(f"there is no column {name!r}{did_you_mean(name, have)}; there are {', '.join(have)}")
        return tuple(columns or have)

    def places(self, choice: Choice) -> np.ndarray:
        """Places in the frame of the rows that match, in order; rows that are equal stay in the frame's order.

        Raises:
            BadInput: a column is not in the frame.
        """
        matches = self._matches(choice.search.strip().casefold(), self.known(choice.columns))
        if not choice.sort:
            return np.flatnonzero(matches)
        [name] = self.known((choice.sort,))
        ranks = self._column(name).ranks
        last = np.iinfo(ranks.dtype).max
        keys = np.where(ranks == NONE, last, -ranks if choice.descending else ranks)
        order = np.argsort(keys, kind="stable")
        return order[matches[order]]

    def _matches(self, text: str, columns: Sequence[str]) -> np.ndarray:
        found = np.full(len(self), not text)
        for column in (self._column(name) for name in columns if text):
            hits = np.array([*(text in each for each in column.texts), False])
            found |= hits[column.codes]
        return found

    def _column(self, name: str) -> _Column:
        if name not in self._columns:
            self._columns[name] = _Column(self.frame[name])
        return self._columns[name]


def counted_page(first: int, matching: int, total: int, *, size: int = PAGE) -> str:
    """`rows 51–100 of 3,456 that match of 100,000`.

    Args:
        first: place of the first row shown, from 0.
        matching, total: how many rows match, and how many there are.
        size: rows a page.
    """
    if not matching:
        return f"no row of {total:,} matches" if total else "no rows"
    shown = f"rows {first + 1:,}–{min(first + size, matching):,} of {matching:,}"
    return shown if matching == total else f"{shown} that match of {total:,}"


def table_call(source: str, choice: Choice, usual: Sequence[str]) -> str:
    """Python that gives the table again as it is; `usual` are the columns that need not be said."""
    said = {
        "search": choice.search,
        "sort": choice.sort,
        "descending": choice.descending,
        "columns": () if choice.columns == tuple(usual) else choice.columns,
    }
    return f"widgets.table({', '.join([source, *(f'{name}={value!r}' for name, value in said.items() if value)])})"


def _clock(times: pd.DatetimeIndex) -> list[str]:
    """Times as they are shown: with a zone to the millisecond, without to the second."""
    shown = np.datetime_as_string(times.tz_localize(None).to_numpy(), unit="ms" if times.tz else "s")
    return [text.replace("T", " ") for text in shown.tolist()]


def _searched(value: object) -> str:
    """A value as it is shown, and without what only makes it easier to read."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    if isinstance(value, bool | np.bool_):
        return str(value).casefold()
    if isinstance(value, int | float | np.number):
        bare = value.item() if isinstance(value, np.number) else value
        return f"{plain(bare)} {bare}".casefold()
    return redact(str(value)).casefold()


def _hashable(value: object) -> object:
    """The value, or its text where it cannot be told apart by hash."""
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value
