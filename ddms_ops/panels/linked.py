"""A case, or any series, on one time axis that can be zoomed and pointed at.

In JupyterLab it is drawn from numbers; where nothing can be drawn from them (an export, a run without a browser) its
twin, a figure, stands there.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

from ddms_ops.analysis.m4 import LATE, PER_COLUMN, drawn_points, usual_step
from ddms_ops.case import Case
from ddms_ops.checks.figures import GRID, INK, MUTED, _plain
from ddms_ops.checks.figures import WIDTH as INCHES
from ddms_ops.checks.tables import visible
from ddms_ops.errors import BadInput
from ddms_ops.panels.linked_rows import case_rows, told_events
from ddms_ops.panels.linked_spec import MIME, WIDTH, Spec, chart, line_row
from ddms_ops.panels.pictures import Picture, picture, timeline_panel
from ddms_ops.progress import VARIABLE
from ddms_ops.window import Window

SERIES = 8
MARGIN = 0.5  # of the window's length, shown before it where something happened there
EVENTS = 1_000


@dataclass(frozen=True, repr=False)
class Linked:
    """A chart for JupyterLab with its static twin.

    Args:
        spec: Vega-Lite 5, redacted.
        twin: the figure, with words for who cannot see it.
    """

    spec: Spec
    twin: Picture

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        """The figure and its words; the chart too, but where ddms-ops runs the notebook for a report."""
        forms = {"image/png": self.twin.png, "text/plain": self.twin.words}
        return forms if VARIABLE in os.environ else {MIME: self.spec, **forms}

    def __repr__(self) -> str:
        return self.twin.words


def linked_timeline(case: Case) -> Linked:
    """Failing share, requests, error groups, metrics with their limits, and the timeline's events, one below the other.

    One zoom and one line an event for all rows; the twin is `timeline_panel`.
    """
    return Linked(timeline_spec(case), timeline_panel(case))


def timeline_spec(case: Case) -> Spec:
    """The chart of `linked_timeline`, without its twin."""
    events = told_events(case)
    earliest = case.window.start - case.window.length * MARGIN
    before = events["time"][events["time"] < case.window.start]
    start = max(earliest, before.min()) if len(before) else case.window.start
    shown = Window(start - case.window.length / 100, case.window.end)
    notes = []
    if unseen := int((events["time"] < shown.start).sum()):
        notes.append(f"{_counted(unseen, 'event')} before {shown.start:%Y-%m-%d %H:%M} UTC: drag to the right to see.")
    if len(events) > EVENTS:
        notes.append(f"The last {EVENTS:,} of {len(events):,} events are drawn.")
    if ruled := int((~events["is_ruled"]).sum()):
        notes.append(f"{_counted(ruled, 'event')} have no line through the rows.")
    rows = list(case_rows(case, events))
    return chart(f"Timeline of {case.incident.incident_id}", rows, shown=shown, events=events.tail(EVENTS), notes=notes)


def linked_series(
    frame: pd.DataFrame, *, time: str = "time", series: str = "series", value: str = "value", title: str = "",
    gap: pd.Timedelta | None = None,
) -> Linked:  # fmt: skip
    """Points of any frame, one row a series, the series with most points first.

    A series with a rhythm is a line that breaks where points are lacking or have no value; one without is drawn as
    points, unless `gap` says how far apart two may be. Of a long series the first, last, least and greatest point of
    each column of pixels are drawn (M4); how many of how many is said.

    Args:
        frame: the points, in any order.
        time, series, value: its columns; times with a zone, numbers.
        title: what it shows.
        gap: points further apart are not joined.

    Raises:
        BadInput: a column is lacking or no times or numbers, or there is no point at all.
    """
    points = _points(frame, time, series, value)
    counts = points["series"].value_counts()
    names = list(counts.index[:SERIES])
    window = Window(points["time"].min(), points["time"].max() + pd.Timedelta(milliseconds=1))
    drawn = {name: _reduced(points[points["series"] == name], window, gap) for name in names}
    rows = [
        line_row(f"{name} ({_told(shown, int(counts[name]))})", shown, height=max(45, 220 // len(names)), form="",
                 is_line=is_line)
        for name, (shown, is_line) in drawn.items()
    ]  # fmt: skip
    notes = _series_notes(points, drawn, left_out=len(counts) - len(names))
    words = f"{title or 'Series'}: {', '.join(visible(name) for name in names)}. {' '.join(notes)}".strip()
    figure = _figure({name: shown for name, (shown, _) in drawn.items()}, [is_line for _, is_line in drawn.values()])
    return Linked(chart(title or "Series", rows, shown=window, notes=notes), picture(figure, words))


def _points(frame: pd.DataFrame, time: str, series: str, value: str) -> pd.DataFrame:
    """The frame's points as time, series, value; those without a time are left out."""
    if lacking := [name for name in (time, series, value) if name not in frame]:
        raise BadInput(f"the frame has no column {', '.join(lacking)}; it has {', '.join(map(str, frame.columns))}")
    if not isinstance(frame[time].dtype, pd.DatetimeTZDtype):
        raise BadInput(f"column {time} holds no times with a zone; convert it with pd.to_datetime(…, utc=True)")
    if not pd.api.types.is_numeric_dtype(frame[value]):
        raise BadInput(f"column {value} holds no numbers; convert it with pd.to_numeric")
    points = pd.DataFrame({"time": frame[time].dt.tz_convert("UTC"), "series": frame[series].astype("str"),
                           "value": frame[value].astype("float64")})  # fmt: skip
    points = points[points["time"].notna()]
    if points.empty:
        raise BadInput("there is no point with a time to draw")
    return points


def _reduced(points: pd.DataFrame, window: Window, gap: pd.Timedelta | None) -> tuple[pd.DataFrame, bool]:
    """What is drawn of a series, and whether as a line."""
    step = usual_step(points["time"].sort_values())
    apart = gap if gap is not None else step * LATE if step is not None else None
    return drawn_points(points, window=window, columns=WIDTH, gap=apart), apart is not None


def _told(shown: pd.DataFrame, number: int) -> str:
    """`1,234 points`, or how many of them are drawn."""
    drawn = int(shown["value"].notna().sum())
    return _counted(number, "point") if drawn == number else f"{drawn:,} of {number:,} points drawn"


def _series_notes(points: pd.DataFrame, drawn: dict[str, tuple[pd.DataFrame, bool]], *, left_out: int) -> list[str]:
    counts = points["series"].value_counts()
    notes = []
    if any(len(shown) > 0 and counts[name] > PER_COLUMN * WIDTH for name, (shown, _) in drawn.items()):
        notes.append(f"Of a long series the first, last, least and greatest point of each of {WIDTH} pixel columns are "
                     "drawn; zooming in shows no more.")  # fmt: skip
    if left_out:
        notes.append(f"{_counted(left_out, 'series', 'series')} with fewer points left out.")
    if not all(is_line for _, is_line in drawn.values()):
        notes.append("A series without a rhythm is drawn as points: what lies between them is not known.")
    return notes


def _figure(drawn: dict[str, pd.DataFrame], are_lines: Sequence[bool]) -> Figure:
    """The rows as a figure."""
    figure = Figure(figsize=(INCHES, 0.4 + 1.15 * len(drawn)), dpi=110, layout="constrained")
    plots = figure.subplots(len(drawn), 1, sharex=True, squeeze=False).flat
    for axes, (name, points), is_line in zip(plots, drawn.items(), are_lines, strict=True):
        style = {"linewidth": 1.1} if is_line else {"linestyle": "", "marker": ".", "markersize": 2}
        axes.plot(points["time"].dt.tz_convert(None).to_numpy(), points["value"].to_numpy(), color=INK, **style)
        axes.set_title(_plain(name), fontsize=8, color=MUTED, loc="left", pad=2)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
        axes.tick_params(colors=MUTED, labelsize=8)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
    return figure


def _counted(number: int, word: str, many: str = "") -> str:
    return f"{number:,} {word if number == 1 else many or word + 's'}"
