"""Rows of one time axis as a Vega-Lite 5 chart, which JupyterLab draws by itself, without a network.

Texts from records are only ever values: cells of a CSV text, or titles, which Vega draws as text. No expression, URL,
link or image is made of them. Axes and titles take their colours from JupyterLab's theme, so that both themes can be
read; the colours of marks stand out on white and on dark grey by at least 3 to 1.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ddms_ops.checks.tables import visible
from ddms_ops.window import Window

MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name; nothing is fetched
WIDTH = 760
TITLE_CHARS = 120
NOTE_CHARS = 150
BAD, USUAL, CHANGE, ALARM, CALM = "#d9534f", "#4a86c5", "#9a6ee8", "#b5790a", "#8a8f98"
EVENT_COLOURS = {"error": BAD, "change": CHANGE, "alarm": ALARM, "people": USUAL}
ZOOM = "wheel![event.ctrlKey || event.metaKey]"
HOW = "Drag to move, Ctrl + scroll to zoom, double-click to see all again, point at a mark to read it. Times are UTC."
WHEN = {"calculate": "utcFormat(datum.t, '%Y-%m-%d %H:%M:%S') + ' UTC'", "as": "when"}
PRECISE = ",.6~r"
CLOCK = (
    "utcFormat(datum.value, utcmilliseconds(datum.value) ? '%S.%L' : utcseconds(datum.value) ? '%H:%M:%S'"
    " : utchours(datum.value) || utcminutes(datum.value) ? '%H:%M' : '%d %b')"
)
CONFIG = {
    "view": {"stroke": None},
    "axis": {"labelFontSize": 10, "title": None, "gridOpacity": 0.35},
    "axisY": {"tickCount": 2, "minExtent": 46, "domain": False, "labelLimit": 80},
    "title": {"anchor": "start", "frame": "group", "fontSize": 11, "fontWeight": "normal", "offset": 3, "limit": WIDTH},
}

EVENT_COLUMNS = ["time", "source", "event", "detail", "is_ruled"]
EVENT_FIELDS = ("t", "source", "event", "detail", "ruled")
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its title, the height of its plot, its layers without their time axis, and levels across it."""

    title: str
    height: int
    layers: tuple[Spec, ...]
    levels: tuple[Spec, ...] = ()


def rows_as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Spec:
    """Rows as a data source: one CSV text, which a saved notebook keeps in one line.

    Args:
        columns: names of our own, not from records; `t`, `t2`, `v` and `n` are numbers.
        rows: times are written as ms since 1970, None and NaN as nothing, texts redacted.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(value) for value in row] for row in rows])
    numbers = {name: "number" for name in columns if name in ("t", "t2", "v", "n")}
    return {"values": stream.getvalue(), "format": {"type": "csv", "parse": numbers}}


def milliseconds(moment: pd.Timestamp) -> int:
    """Since 1970, as Vega counts time."""
    return int(moment.value // 1_000_000)


def line_row(
    title: str, points: pd.DataFrame, *, height: int, form: str, limits: Sequence[tuple[str, float]] = (), **style: Any
) -> Row:
    """A line that breaks where a point has no value, or points.

    Args:
        title: what it shows.
        points: time, value and, if known, who.
        height: of the plot, px.
        form: how values are written on the axis, a d3 format; Vega's own where empty.
        limits: levels with their names, drawn across.
        style: `color`, `interpolate`, `is_line`, `zero`.
    """
    color, is_line = style.get("color", CALM), style.get("is_line", True)
    columns = ("t", "v", "who") if "who" in points else ("t", "v")
    data = rows_as_csv(columns, points[["time", "value", *columns[2:]]].itertuples(index=False, name=None))
    y = {
        "field": "v",
        "type": "quantitative",
        "scale": {"zero": style.get("zero", False)},
        "axis": {"format": form} if form else {},
    }
    line = {"type": "line", "color": color, "strokeWidth": 1.4, "strokeCap": "round", "strokeJoin": "round",
            "interpolate": style.get("interpolate", "linear"), "clip": True}  # fmt: skip
    dots = {"type": "point", "filled": True, "color": color, "clip": True}
    dots |= {"size": 60, "opacity": 0} if is_line else {"size": 9, "opacity": 0.7}
    told = [_said("when"), _said("v", "value", form or PRECISE), *([_said("who")] if "who" in points else [])]
    layers: list[Spec] = [{"data": data, "mark": line, "encoding": {"y": y}}] if is_line else []
    layers.append({"data": data, "transform": [WHEN], "mark": dots, "encoding": {"y": y, "tooltip": told}})
    return Row(title, height, tuple(layers), (_levels(limits, form),) if limits else ())


def cells_row(title: str, cells: pd.DataFrame, *, most: float, color: str = BAD) -> Row:
    """Counts as shaded cells of time, darker is more.

    Args:
        title: what is counted.
        cells: start, end, events, group, who.
        most: the count with the full colour, the same for rows that are compared.
        color: of the full shade.
    """
    data = rows_as_csv(("t", "t2", "n", "group", "who"), cells.itertuples(index=False, name=None))
    shade = {"field": "n", "type": "quantitative", "legend": None,
             "scale": {"type": "sqrt", "domain": [0, most], "range": [0.2, 1]}}  # fmt: skip
    told = [_said("when"), _said("n", "events", ","), _said("who"), _said("group")]
    layer = {"data": data, "transform": [WHEN], "mark": {"type": "rect", "color": color, "clip": True},
             "encoding": {"x2": {"field": "t2"}, "opacity": shade, "tooltip": told}}  # fmt: skip
    return Row(title, 12, (layer,))


def events_row(title: str, lanes: Sequence[str]) -> Row:
    """The events of the chart in lanes by source."""
    y = {"field": "source", "type": "nominal", "scale": {"domain": list(lanes)}, "axis": {"grid": True, "ticks": False}}
    mark = {"type": "point", "filled": True, "size": 90, "opacity": 0.9, "clip": True}
    encoding = {"y": y, "color": _source_colour(), "tooltip": _event_told()}
    return Row(title, 22 * max(1, len(lanes)), ({"transform": [WHEN], "mark": mark, "encoding": encoding},))


def chart(
    title: str, rows: Sequence[Row], *, shown: Window, events: pd.DataFrame | None = None, notes: Sequence[str] = ()
) -> Spec:
    """The rows below each other: one zoom for all, and a line through all of them for each event.

    Args:
        title: above all.
        rows: from above to below.
        shown: what the axis shows at first.
        events: time, source, event, detail, is_ruled; None for a chart without events.
        notes: what to know when reading it, shown below the title.
    """
    views = [_view(place, row, rows, shown, has_events=events is not None) for place, row in enumerate(rows)]
    plots = [f"row{place}" for place in range(len(rows))]
    zoom = {"type": "interval", "encodings": ["x"], "zoom": ZOOM}
    params: list[Spec] = [{"name": "view", "select": zoom, "bind": "scales", "views": plots}]
    spec: Spec = {"$schema": SCHEMA, "usermeta": {"embedOptions": {"actions": False}}, "config": CONFIG}
    if events is not None:
        spec["data"] = rows_as_csv(EVENT_FIELDS, events[EVENT_COLUMNS].itertuples(index=False, name=None))
        pointed = {"type": "point", "on": "mouseover", "clear": "mouseout", "fields": ["t"]}
        rules = [f"rules{place}" for place in range(len(rows))]
        params.append({"name": "event", "select": pointed, "views": [*rules[:-1], plots[-1]]})
    subtitle = [_short(note, NOTE_CHARS) for note in (*notes, HOW)]
    heading = {"text": _short(title, NOTE_CHARS), "subtitle": subtitle, "fontSize": 13, "fontWeight": "bold",
               "offset": 8, "subtitleFontSize": 11, "limit": WIDTH + 60, "frame": "bounds"}  # fmt: skip
    scales = {"scale": {"color": "independent", "opacity": "independent"}}
    return {**spec, "title": heading, "params": params, "vconcat": views, "spacing": 4, "resolve": scales}


def _view(place: int, row: Row, rows: Sequence[Row], shown: Window, *, has_events: bool) -> Spec:
    """A row with its time axis; labels of time stand below the last only."""
    is_last = place == len(rows) - 1
    axis = {
        "labels": is_last,
        "ticks": is_last,
        "domain": is_last,
        "labelOverlap": True,
        "tickCount": 10,
        "labelExpr": CLOCK,
    }
    scale = {"type": "utc", "domain": [milliseconds(shown.start), milliseconds(shown.end)]}
    x = {"field": "t", "type": "temporal", "scale": scale, "axis": axis}
    layers = [{**layer, "encoding": {"x": x, **layer["encoding"]}} for layer in row.layers]
    layers[0]["name"] = f"row{place}"
    rules = [{"name": f"rules{place}", **_rules(x)}] if has_events else []
    return {"title": _short(row.title, TITLE_CHARS), "width": WIDTH, "height": row.height,
            "layer": [*layers, *row.levels, *rules]}  # fmt: skip


def _rules(x: Spec) -> Spec:
    """A line through the row for each event that has one; the one that is pointed at stands out, in every row."""
    opacity = {"condition": {"param": "event", "empty": False, "value": 1}, "value": 0.45}
    encoding = {"x": x, "color": _source_colour(), "opacity": opacity, "tooltip": _event_told()}
    return {"transform": [{"filter": "datum.ruled === 'yes'"}, WHEN], "encoding": encoding,
            "mark": {"type": "rule", "strokeWidth": 1.6, "clip": True}}  # fmt: skip


def _levels(limits: Sequence[tuple[str, float]], form: str) -> Spec:
    """Levels drawn across a row, each with its name for who points at it."""
    told = [_said("source", "level"), _said("v", "value", form or PRECISE)]
    return {"data": rows_as_csv(("source", "v"), limits), "mark": {"type": "rule", "strokeDash": [5, 3], "color": CALM},
            "encoding": {"y": {"field": "v", "type": "quantitative"}, "tooltip": told}}  # fmt: skip


def _source_colour() -> Spec:
    scale = {"domain": list(EVENT_COLOURS), "range": list(EVENT_COLOURS.values())}
    return {"field": "source", "type": "nominal", "legend": None, "scale": scale}


def _event_told() -> list[Spec]:
    return [_said("source", "what"), _said("when"), _said("event"), _said("detail")]


def _said(field: str, title: str = "", form: str = "") -> Spec:
    """A line of what is said of a mark that is pointed at."""
    if form:
        return {"field": field, "title": title, "type": "quantitative", "format": form}
    return {"field": field, "title": title or field, "type": "nominal"}


def _cell(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return milliseconds(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return "" if value != value else f"{value:.7g}"
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    return value if isinstance(value, int) else visible(str(value))


def _short(text: str, chars: int) -> str:
    text = visible(text)
    return text if len(text) <= chars else f"{text[: chars - 1]}…"
