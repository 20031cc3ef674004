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

from ddms_ops.analysis.onset import counts_per_bucket
from ddms_ops.analysis.requests import failing_share, share_by
from ddms_ops.checks.base import Facts
from ddms_ops.checks.differences import shown_name
from ddms_ops.checks.error_rate import share_of_failed
from ddms_ops.checks.leading import leading_or_none
from ddms_ops.checks.refs import shown_template
from ddms_ops.redact import redact

INK, MUTED, BAD, USUAL, CHANGE, GRID = "#1b1f24", "#57606a", "#b42318", "#2f6fb3", "#8250df", "#d8dee4"
WIDTH = 9.6
LABEL_CHARS = 60
TOP = 8
DIMENSIONS = ("endpoint", "version", "tenant")
SIDE_BY_SIDE = 3


def plot_when(facts: Facts) -> Figure:
    """Failing share, requests a minute and the largest error groups, one above the other on one time axis."""
    groups = facts.groups[facts.groups["is_error"] & (facts.groups["events"] > 0)].head(TOP)
    heights = [2.2, 1.5, 0.5 + 0.3 * max(1, len(groups))]
    figure = Figure(figsize=(WIDTH, sum(heights)), dpi=110, layout="constrained")
    share, traffic, rows = figure.subplots(3, 1, height_ratios=heights, sharex=True)
    _draw_share(share, facts)
    _draw_traffic(traffic, facts)
    _draw_groups(rows, facts, groups)
    for axes in (share, traffic):
        _onset(axes, facts)
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
    axes.set_ylabel("requests/min", color=MUTED, fontsize=8)


def _draw_groups(axes: Axes, facts: Facts, groups: pd.DataFrame) -> None:
    """When each of the largest error groups occurred: one row a group, darker is more."""
    if groups.empty:
        axes.text(0.5, 0.5, "no error events in the window", ha="center", color=MUTED, transform=axes.transAxes)
        axes.set_yticks([])
        return
    rows = [
        counts_per_bucket(facts.logs.loc[facts.logs["group"] == group, "timestamp"], facts.window)
        for group in groups["group"]
    ]
    start, end = (date2num(stamp.tz_localize(None)) for stamp in (facts.window.start, facts.window.end))
    matrix = np.vstack([row / max(row.max(), 1) for row in rows])
    axes.imshow(
        matrix,
        aspect="auto",
        cmap="Reds",
        extent=(start, end, len(rows), 0),
        interpolation="nearest",
        vmin=0,
        vmax=1,
    )
    axes.set_yticks(np.arange(len(rows)) + 0.5, [_label(facts, row) for row in groups.itertuples()], fontsize=8)
    axes.tick_params(axis="y", length=0)
    for line in range(1, len(rows)):
        axes.axhline(line, color="white", linewidth=2)


def plot_where(facts: Facts, attributes: Sequence[str] = ()) -> Figure:
    """Failing share by the attributes given, then by endpoint, version and tenant: the values with most failures."""
    names = list(dict.fromkeys([*attributes, *DIMENSIONS]))
    tables = (share_by(facts.requests, name) for name in names if name in facts.requests)
    failed = [table for table in tables if len(table) and table["failed"].sum()][:SIDE_BY_SIDE]
    figure, axes = _figure(max(1, len(failed)), 3.2, is_row=True)
    if not failed:
        return _nothing(figure, axes[0], "no failing request names an endpoint, a version or a tenant")
    for axis, table in zip(axes, failed, strict=True):
        top = table[table["failed"] > 0].head(TOP).iloc[::-1]
        labels = [_cut(_plain(value), 34) for value in top.index]
        bars = axis.barh(range(len(top)), top["share"], color=BAD, height=0.7)
        axis.set_yticks(range(len(top)), labels, fontsize=8)
        axis.bar_label(
            bars, [f" {row.failed:,} of {row.requests:,}" for row in top.itertuples()], fontsize=7, color=MUTED
        )
        axis.set_title(_plain(shown_name(str(table.index.name))), fontsize=10, color=INK, loc="left")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value * 100:g}%")
        axis.set_xlim(0, float(top["share"].max()) * 1.5)
        _quiet(axis)
    return figure


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
            f"{(metric.title if metric else '') or _plain(name)}{unit}", fontsize=8, color=MUTED, loc="left", pad=2
        )
    return _finish(figure, axes, facts, legend=False)


def plot_timeline(facts: Facts, events: pd.DataFrame) -> Figure:
    """The merged timeline: one lane a source.

    Args:
        facts: the case.
        events: TIMELINE frame of `analysis.timeline.merged_timeline`.
    """
    lanes = list(dict.fromkeys(events["source"]))
    figure, (axes,) = _figure(1, 0.9 + 0.38 * max(1, len(lanes)))
    if events.empty:
        return _nothing(figure, axes, "nothing to show")
    colours = {"error": BAD, "change": CHANGE, "alarm": "#9a6700", "finding": BAD, "people": USUAL}
    for place, lane in enumerate(lanes):
        stamps = events.loc[events["source"] == lane, "time"]
        axes.scatter(
            _dates(stamps), [place] * len(stamps), marker="|", s=180, linewidth=2, color=colours.get(lane, MUTED)
        )
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    _onset(axes, facts)
    start = min(facts.window.start, events["time"].min())
    return _finish(figure, [axes], facts, legend=False, start=start)


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
    error = "" if pd.isna(group.error) else f"{group.error}: "
    text = _plain(error + shown_template(facts.logs[facts.logs["group"] == group.group]))
    return f"{_cut(text, LABEL_CHARS)} ({group.events:,})"


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[:chars]}…"


def _plain(text: object) -> str:
    """Redacted text that matplotlib does not read as mathematics."""
    return redact(str(text)).replace("$", r"\$")


def _nothing(figure: Figure, axes: Axes, words: str) -> Figure:
    axes.text(0.5, 0.5, words, ha="center", va="center", color=MUTED)
    axes.set_axis_off()
    return figure
