"""The figure of the capacity notebook; nothing is displayed here."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.capacity_basis import SIGNS, leading_capacity, name_of, period_of, unit_of
from ddms_ops.checks.capacity_shares import shares_of
from ddms_ops.checks.figures import BAD, CHANGE, GRID, INK, MUTED, USUAL, WIDTH, plain_title
from ddms_ops.checks.missing_tasks import running_below
from ddms_ops.checks.timeouts import durations_of
from ddms_ops.checks.watched import points_of
from ddms_ops.operations import Capacity

TOP = 8
HEIGHT = 1.35
DAY_S = 86_400


def drawn(facts: Facts) -> list[str]:
    """The entries that can be drawn: at most eight, those of which something was found first."""
    found = [
        finding.subject["capacity"]
        for name in SIGNS
        for finding in facts.result(name).findings
        if "capacity" in finding.subject
    ]
    keys = dict.fromkeys([*found, *facts.profile.capacity])
    return [key for key in keys if _has_points(facts, facts.profile.capacity[key])][:TOP]


def plot_capacity(facts: Facts) -> Figure:
    """For each of `drawn` what is used of its limit, what runs of what is wanted, and what was refused, over time."""
    keys = drawn(facts)
    figure = Figure(figsize=(WIDTH, HEIGHT * max(1, len(keys)) + 0.4), dpi=110, layout="constrained")
    rows = figure.subplots(max(1, len(keys)), 1, sharex=True, squeeze=False)[:, 0]
    if not keys:
        rows[0].text(0.5, 0.5, "no points of what is declared", ha="center", va="center", color=MUTED)
        rows[0].set_axis_off()
        return figure
    began = _began(facts)
    for axes, key in zip(rows, keys, strict=True):
        entry = facts.profile.capacity[key]
        words = [part for draw in (_share, _tasks, _duration, _throttles) if (part := draw(axes, facts, entry))]
        axes.set_title(
            plain_title(f"{name_of(entry)}: {', '.join(words)}", limit=150), fontsize=8, color=MUTED, loc="left", pad=2
        )
        if began is not None:
            axes.axvline(_dates([began])[0], color=CHANGE, linewidth=1.2)
        _finish(axes)
    rows[-1].set_xlim(*_dates([facts.window.start, facts.window.end]))
    rows[-1].xaxis_date()
    rows[-1].xaxis.set_major_formatter(ConciseDateFormatter(rows[-1].xaxis.get_major_locator()))
    return figure


def _has_points(facts: Facts, entry: Capacity) -> bool:
    names = (entry.used, entry.running, entry.duration if entry.timeout_ms else "", entry.throttles)
    return any(len(points_of(facts, name)) for name in names if name)


def _began(facts: Facts) -> pd.Timestamp | None:
    try:
        found = leading_capacity(facts)
    except CannotTell:
        return None
    return found.first_seen if found else None


def _share(axes: Axes, facts: Facts, entry: Capacity) -> str:
    """Used of the limit, with the line from which on it is full; what is used alone where there is no limit."""
    if not entry.used:
        return ""
    shares = shares_of(facts, entry) if entry.limit or entry.most else pd.DataFrame()
    if shares.empty:
        points = points_of(facts, entry.used)
        axes.plot(_dates(points["timestamp"]), points["value"], color=INK, linewidth=1.1)
        return f"used{unit_of(facts, entry.used)}, limit not known"
    axes.plot(_dates(shares["timestamp"]), shares["value"], color=INK, linewidth=1.1)
    axes.axhline(entry.full, color=BAD, linewidth=1, linestyle="--")
    axes.set_ylim(0, max(1.05, float(shares["value"].max()) * 1.05))
    return f"share used of its limit (full from {entry.full:.0%}, dashed)"


def _tasks(axes: Axes, facts: Facts, entry: Capacity) -> str:
    """What runs, and what is wanted."""
    points = running_below(facts, entry) if entry.running else pd.DataFrame()
    if points.empty or entry.used:
        return ""
    axes.step(_dates(points["timestamp"]), points["wanted"], where="post", color=USUAL, linewidth=1.2, linestyle="--")
    axes.step(_dates(points["timestamp"]), points["value"], where="post", color=INK, linewidth=1.2)
    axes.set_ylim(0, float(points[["wanted", "value"]].max().max()) * 1.15 + 0.1)
    return "running, and wanted (dashed)"


def _duration(axes: Axes, facts: Facts, entry: Capacity) -> str:
    """Duration as a share of the time limit."""
    points = durations_of(facts, entry) if entry.timeout_ms else pd.DataFrame()
    if points.empty or entry.used or entry.running or not entry.timeout_ms:
        return ""
    share = points["value"] / entry.timeout_ms
    axes.plot(_dates(points["timestamp"]), share, color=INK, linewidth=1.1)
    axes.axhline(1.0, color=BAD, linewidth=1, linestyle="--")
    axes.set_ylim(0, max(1.05, float(share.max()) * 1.05))
    return f"duration, share of {entry.timeout_ms:,.0f} ms allowed (dashed)"


def _throttles(axes: Axes, facts: Facts, entry: Capacity) -> str:
    """What was refused in each period, as bars on an axis of their own."""
    points = points_of(facts, entry.throttles)
    points = points[points["value"] > 0]
    if points.empty:
        return "nothing refused" if entry.throttles else ""
    other = axes.twinx()
    width = period_of(facts, entry.throttles) / DAY_S
    other.bar(_dates(points["timestamp"]), points["value"], width=width, align="edge", color=BAD, alpha=0.45)
    other.tick_params(labelsize=8, colors=BAD)
    other.spines[["top", "left"]].set_visible(False)
    return f"refused{unit_of(facts, entry.throttles)} (bars, right)"


def _finish(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=MUTED)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def _dates(stamps: object) -> np.ndarray:
    return np.asarray(date2num(pd.DatetimeIndex(stamps).tz_convert(None).to_numpy()))  # type: ignore[arg-type]
