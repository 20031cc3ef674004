"""Points of any frame on one time axis: a chart for JupyterLab, and a figure for where no chart can be drawn."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

from ddms_ops.analysis.m4 import LATE, PER_COLUMN, drawn_points, usual_step
from ddms_ops.checks.figures import GRID, INK, MUTED, plain_title
from ddms_ops.checks.figures import WIDTH as INCHES
from ddms_ops.checks.refs import counted
from ddms_ops.checks.tables import visible
from ddms_ops.errors import BadInput
from ddms_ops.panels.linked_spec import WIDTH, Spec, chart, line_row
from ddms_ops.panels.pictures import Picture, picture
from ddms_ops.window import Window

SERIES = 8


def linked_series(
    frame: pd.DataFrame, *, time: str = "time", series: str = "series", value: str = "value", title: str = "",
    gap: pd.Timedelta | None = None,
) -> tuple[Spec, Picture]:  # fmt: skip
    """The chart and the figure of `widgets.series`: the series with most points first.

    Of a long series the first, last, least and greatest point of each column of pixels are drawn (M4).

    Raises:
        BadInput: no frame, a column is lacking or holds no times or numbers, or there is no point at all.
    """
    if not isinstance(frame, pd.DataFrame):
        raise BadInput(f"a series is drawn from a frame, not from {type(frame).__name__}; of a view, give its .frame")
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
    words = f"{visible(title or 'Series')}: {', '.join(visible(name) for name in names)}. {' '.join(notes)}".strip()
    figure = _figure({name: shown for name, (shown, _) in drawn.items()}, [is_line for _, is_line in drawn.values()])
    return chart(title or "Series", rows, shown=window, notes=notes), picture(figure, words)


def _points(frame: pd.DataFrame, time: str, series: str, value: str) -> pd.DataFrame:
    """The frame's points as time, series, value; those without a time are left out."""
    if lacking := [name for name in (time, series, value) if name not in frame]:
        have = ", ".join(map(str, frame.columns))
        raise BadInput(f"no column {', '.join(lacking)}; name yours with time=, series= and value=: there are {have}")
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
    return counted(number, "point") if drawn == number else f"{drawn:,} of {number:,} points drawn"


def _series_notes(points: pd.DataFrame, drawn: dict[str, tuple[pd.DataFrame, bool]], *, left_out: int) -> list[str]:
    counts = points["series"].value_counts()
    notes = []
    if any(len(shown) > 0 and counts[name] > PER_COLUMN * WIDTH for name, (shown, _) in drawn.items()):
        notes.append(f"Of a long series the first, last, least and greatest point of each of {WIDTH} pixel columns are "
                     "drawn; zooming in shows no more.")  # fmt: skip
    if left_out:
        notes.append(f"{left_out:,} series with no more points left out.")
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
        axes.set_title(plain_title(name), fontsize=8, color=MUTED, loc="left", pad=2)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
        axes.tick_params(colors=MUTED, labelsize=8)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
    return figure
