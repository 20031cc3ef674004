"""The figures of error triage. Each returns a matplotlib Figure; nothing is displayed here.

Times are UTC. Colours keep their contrast on white (WCAG AA) and differ in lightness too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from ddms_ops.analysis.onset import bucket_s, counts_per_bucket
from ddms_ops.analysis.requests import failing_share, share_by
from ddms_ops.checks.base import Facts
from ddms_ops.checks.differences import shown_name
from ddms_ops.checks.error_rate import share_of_failed
from ddms_ops.checks.leading import leading_or_none
from ddms_ops.checks.refs import of_sample, shown_template, with_error
from ddms_ops.checks.tables import MAX_CHARS, visible

INK, MUTED, BAD, USUAL, CHANGE, GRID = "#1b1f24", "#57606a", "#b42318", "#2f6fb3", "#8250df", "#d8dee4"
WIDTH = 9.6
LABEL_CHARS = 110
LABEL_SHARE = 0.5  # of a row's height; the cells stand below
CELLS = 240
FAINTEST = 0.25  # shade of a single event, so that it can be seen
NONE = "(none)"
UNDRAWN = "□"
LISTED = 20  # events of a timeline that are named one by one
EVENT_CHARS = 76
COLOURS = {"error": BAD, "change": CHANGE, "alarm": "#9a6700", "finding": BAD, "people": USUAL}
TOP = 8
DIMENSIONS = ("endpoint", "version", "tenant")
SIDE_BY_SIDE = 3


def plot_when(facts: Facts) -> Figure:
    """Failing share, requests a minute and the largest error groups, one above the other on one time axis."""
    groups = facts.groups[facts.groups["is_error"] & (facts.groups["events"] > 0)].head(TOP)
    heights = [2.2, 1.5, 0.5 + 0.42 * max(1, len(groups))]
    figure = Figure(figsize=(WIDTH, sum(heights)), dpi=110, layout="constrained")
    share, traffic, rows = figure.subplots(3, 1, height_ratios=heights, sharex=True)
    _draw_share(share, facts)
    _draw_traffic(traffic, facts)
    _draw_groups(rows, facts, groups)
    for axes in (share, traffic, rows):
        _onset(axes, facts)
    traffic.set_title(f"requests a minute{of_sample(facts)}", fontsize=8, color=MUTED, loc="left")
    traffic.legend(loc="upper left", fontsize=8, frameon=False, ncols=3)
    return _finish(figure, [share, traffic, rows], facts)


def _draw_share(axes: Axes, facts: Facts) -> None:
    """Failing share a minute, the usual share and the profile's limits."""
    shares = failing_share(facts.requests)["share"]
    axes.fill_between(_dates(shares.index), shares.to_numpy(), step="post", color=BAD, alpha=0.25, linewidth=0)
    axes.step(_dates(shares.index), shares.to_numpy(), where="post", color=BAD, linewidth=1.4, label="failing share")
    usual = share_of_failed(facts).usual if len(facts.requests) else 0.0
    axes.axhline(usual, color=USUAL, linewidth=1.2, label=f"usual {usual:.2%}")
    for name, value, style in zip(("target", "alert"), facts.profile.error_rate_limits, (":", "--"), strict=True):
        if value is not None:
            axes.axhline(value, color=MUTED, linewidth=1, linestyle=style, label=f"{name} {value:.0%}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:g}%")
    axes.set_ylim(0, max(0.01, float(shares.max()) * 1.35 if len(shares) else 0.01))


def _draw_traffic(axes: Axes, facts: Facts) -> None:
    """Requests a minute in the window beside the baseline's, both from their own start."""
    minutes = pd.date_range(facts.window.start.floor("min"), facts.window.end, freq="1min", inclusive="left")
    now = facts.requests["timestamp"].dt.floor("min").value_counts().reindex(minutes, fill_value=0)
    axes.step(_dates(now.index), now.to_numpy(), where="post", color=INK, linewidth=1.2, label="this window")
    before = facts.baseline_requests["timestamp"].dt.floor("min").value_counts()
    before.index = before.index + (minutes[0] - facts.baseline.start.floor("min"))
    before = before.reindex(minutes[minutes < minutes[0] + facts.baseline.length], fill_value=0)
    axes.step(
        _dates(before.index), before.to_numpy(), where="post", color=USUAL, linewidth=1, alpha=0.8, label="baseline"
    )
    axes.set_ylim(0, max(1, now.max(), before.max() if len(before) else 0) * 1.35)


def _draw_groups(axes: Axes, facts: Facts, groups: pd.DataFrame) -> None:
    """When each of the largest error groups occurred: one row a group, darker is more, the same shade for all rows."""
    axes.set_yticks([])
    if groups.empty:
        axes.text(0.5, 0.5, "no error events in the window", ha="center", color=MUTED, transform=axes.transAxes)
        return
    counts, minutes = _heat(facts, list(groups["group"]))
    most = max(counts.max(), 1.0)
    shades = np.where(counts > 0, FAINTEST + (1 - FAINTEST) * np.sqrt(counts / most), 0.0)
    start = facts.window.start
    left, right = _dates([start, start + counts.shape[1] * pd.Timedelta(minutes=minutes)])
    for place, row in enumerate(groups.itertuples()):
        extent = (left, right, place + 1, place + LABEL_SHARE)
        axes.imshow(shades[[place]], aspect="auto", cmap="Reds", extent=extent, interpolation="nearest", vmin=0, vmax=1)
        axes.text(0, place + LABEL_SHARE / 2, _label(facts, row), va="center", fontsize=8, color=INK,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_ylim(len(groups), 0)
    every = "a minute" if minutes == 1 else f"in {minutes:g} min"
    words = f"error groups (events in the window); darker is more, the darkest {most:,.0f} {every}{of_sample(facts)}"
    axes.set_title(words, fontsize=8, color=MUTED, loc="left")


def _heat(facts: Facts, groups: list[str]) -> tuple[np.ndarray, float]:
    """Events of each group in at most CELLS steps of time, one row a group; and the length of a step, min."""
    stamps = [facts.log_events.loc[facts.log_events["group"] == group, "timestamp"] for group in groups]
    rows = np.vstack([counts_per_bucket(times, facts.window) for times in stamps])
    folded = -(-rows.shape[1] // CELLS)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % folded)))
    return rows.reshape(len(groups), -1, folded).sum(axis=2), folded * bucket_s(facts.window) / 60


def plot_where(found: pd.DataFrame, attributes: Sequence[str], *, named: str = "requests") -> Figure:
    """Failing share by the attributes given, then by endpoint, version and tenant: the values with most failures.

    An attribute with one value tells nothing and is left out; rows without it are shown as `(none)`.

    Args:
        found: requests or the like, with `failed`.
        attributes: columns to begin with.
        named: what the rows are, in the plural.
    """
    names = list(dict.fromkeys([*attributes, *DIMENSIONS]))
    tables = (_shares(found, name) for name in names if name in found)
    failed = [table for table in tables if len(table) > 1 and table["failed"].sum()][:SIDE_BY_SIDE]
    figure, axes = _figure(max(1, len(failed)), 3.2, is_row=True)
    if not failed:
        return _nothing(figure, axes[0], f"no attribute of failing {named} has more than one value")
    for axis, table in zip(axes, failed, strict=True):
        _draw_shares(axis, table)
    axes[0].set_xlabel(f"failing share of the {named} with this value", fontsize=8, color=MUTED)
    axes[0].xaxis.set_label_coords(0, -0.1)
    axes[0].xaxis.label.set_horizontalalignment("left")
    return figure


def _shares(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """`share_by` of one attribute, the values with most failures first, then those with most requests."""
    values = found[name].astype("object").where(found[name].notna(), NONE)
    table = share_by(found[["failed"]].assign(**{name: values}), name).reset_index()
    return table.sort_values(["failed", "requests", name], ascending=[False, False, True]).set_index(name)


def _draw_shares(axis: Axes, table: pd.DataFrame) -> None:
    """One bar a value, the value with most failures on top."""
    top = table.head(TOP).iloc[::-1]
    bars = axis.barh(range(len(top)), top["share"], color=BAD, height=0.7)
    axis.set_yticks(range(len(top)), [_cut(plain_title(value), 34) for value in top.index], fontsize=8)
    counts = [f" {row.failed:,} of {row.requests:,}" for row in top.itertuples()]
    axis.bar_label(bars, counts, fontsize=7, color=MUTED)
    more = f", {len(top)} of {len(table):,}" if len(table) > len(top) else ""
    axis.set_title(plain_title(shown_name(str(table.index.name))) + more, fontsize=10, color=INK, loc="left")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value * 100:g}%")
    axis.set_xlim(0, float(top["share"].max()) * 1.5)
    _quiet(axis)


def plot_metrics(facts: Facts) -> Figure:
    """Every metric with a target or an alert: its points and its limits."""
    names = [name for name, metric in facts.profile.metrics.items() if metric.alert or metric.target]
    names = [name for name in names if (facts.metrics["metric"] == name).any()]
    names = names or sorted(set(facts.metrics["metric"].dropna()))[:TOP]
    figure, axes = _figure(max(1, len(names)), 1.15)
    if not names:
        return _nothing(figure, axes[0], "no metric points in the window")
    for axis, name in zip(axes, names, strict=True):
        points = facts.metrics[facts.metrics["metric"] == name]
        metric = facts.profile.metrics.get(name)
        axis.plot(_dates(points["timestamp"]), points["value"], color=INK, linewidth=1.1)
        for bound, style in ((metric.target, ":"), (metric.alert, "--")) if metric else ():
            if bound is not None:
                axis.axhline(bound.limit, color=BAD, linewidth=1, linestyle=style)
        unit = f", {metric.unit}" if metric else ""
        axis.set_title(
            f"{(metric.title if metric else '') or plain_title(name)}{unit}", fontsize=8, color=MUTED, loc="left", pad=2
        )
        _onset(axis, facts)
    return _finish(figure, axes, facts, legend=False)


def plot_timeline(facts: Facts, events: pd.DataFrame) -> Figure:
    """The merged timeline: one line an event with its words, one lane a source where there are many events.

    Args:
        facts: the case.
        events: TIMELINE frame of `analysis.timeline.merged_timeline`.
    """
    lanes = list(dict.fromkeys(events["source"])) if len(events) > LISTED else []
    figure, (axes,) = _figure(1, 0.9 + (0.38 * len(lanes) if lanes else 0.22 * max(1, len(events))))
    if events.empty:
        return _nothing(figure, axes, "nothing to show")
    start = min(facts.window.start, events["time"].min())
    places = events["source"].map(lanes.index).to_numpy() if lanes else np.arange(len(events))
    colours = [COLOURS.get(source, MUTED) for source in events["source"]]
    axes.scatter(_dates(events["time"]), places, marker="|", s=180 if lanes else 80, linewidth=2, color=colours)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(max(places) + 0.5, -0.5)
    if not lanes:
        _name_events(axes, events, start + (facts.window.end - start) / 2)
    _onset(axes, facts)
    return _finish(figure, [axes], facts, legend=False, start=start - (facts.window.end - start) / 100)


def _name_events(axes: Axes, events: pd.DataFrame, middle: pd.Timestamp) -> None:
    """Source, time and words beside each event, on the side with more room."""
    for place, event in enumerate(events.itertuples()):
        detail = f" · {event.detail.strip()}" if event.detail else ""
        words = _cut(plain_title(f"{event.source} {event.time:%H:%M} {event.event}{detail}"), EVENT_CHARS)
        side, offset = ("left", 7) if event.time < middle else ("right", -7)
        axes.annotate(words, (float(_dates([event.time])[0]), place), (offset, 0), textcoords="offset points",
                      ha=side, va="center", fontsize=7.5, color=INK)  # fmt: skip


def _figure(rows: int, height: float, *, is_row: bool = False) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH, height if is_row else height * rows + 0.3), dpi=110, layout="constrained")
    shape = (1, rows) if is_row else (rows, 1)
    return figure, list(figure.subplots(*shape, squeeze=False).flat)


def _dates(stamps: Iterable[pd.Timestamp]) -> np.ndarray:
    return np.asarray(date2num(pd.DatetimeIndex(stamps).tz_convert(None).to_numpy()))


def _onset(axes: Axes, facts: Facts) -> None:
    """A line where the strongest finding began, if one was found."""
    found = leading_or_none(facts)
    start = found.first_seen if found else None
    if start is not None:
        axes.axvline(float(_dates([start])[0]), color=CHANGE, linewidth=1.2, label=f"began {start:%H:%M} UTC")


def _finish(
    figure: Figure, axes: list[Axes], facts: Facts, *, legend: bool = True, start: pd.Timestamp | None = None
) -> Figure:
    for axis in axes:
        axis.set_xlim(*_dates([start or facts.window.start, facts.window.end]))
        axis.xaxis_date()
        axis.xaxis.set_major_formatter(ConciseDateFormatter(axis.xaxis.get_major_locator()))
        _quiet(axis)
        if axis is not axes[-1]:
            axis.tick_params(labelbottom=False)
    if legend:
        axes[0].legend(loc="upper left", fontsize=8, frameon=False, ncols=5)
    return figure


def _quiet(axis: Axes) -> None:
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(GRID)
    axis.tick_params(colors=MUTED, labelsize=8)
    axis.grid(axis="y" if not axis.containers else "x", color=GRID, linewidth=0.6)
    axis.set_axisbelow(True)


def _label(facts: Facts, group: Any) -> str:
    template = shown_template(facts.log_events[facts.log_events["group"] == group.group])
    text = plain_title(with_error(group.error, template))
    return f"{_cut(text, LABEL_CHARS)} ({group.events:,})"


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[:chars]}…"


def plain_title(text: object, *, limit: int = MAX_CHARS) -> str:
    """Redacted text that matplotlib does not read as mathematics and that its font can draw; cut where it is longer."""
    font = get_font(findfont(FontProperties()))
    signs = (sign if font.get_char_index(ord(sign)) else UNDRAWN for sign in visible(str(text), limit=limit))
    return "".join(signs).replace("$", r"\$")


def _nothing(figure: Figure, axes: Axes, words: str) -> Figure:
    axes.text(0.5, 0.5, words, ha="center", va="center", color=MUTED)
    axes.set_axis_off()
    return figure
