"""The figures of the cost notebook. Each returns a matplotlib Figure; nothing is displayed here."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from ddms_ops.analysis.cost_bridge import bars, totals
from ddms_ops.analysis.cost_course import cost_course
from ddms_ops.analysis.cost_course_amounts import kind_of
from ddms_ops.checks.base import Facts
from ddms_ops.checks.cost_basis import risen
from ddms_ops.checks.cost_words import is_told, kind_name, money
from ddms_ops.checks.figures import BAD, CHANGE, GRID, INK, MUTED, USUAL, WIDTH, plain_title
from ddms_ops.cost_schemas import BARS

DAY = 1.0  # in days, matplotlib's unit
KINDS = 2
HATCH, FAINT = "///", "#9aa4ae"


def plot_spending(facts: Facts) -> Figure:
    """Cost by day beside what was expected, of all and of what rose most; below it the bridge."""
    rises = [kind_of(rise.service, rise.usage_type) for rise in risen(facts)[:KINDS]]
    courses = [("all usage", None), *((kind_name(*kind), [kind]) for kind in rises)]
    figure = Figure(figsize=(WIDTH, 2.0 * len(courses) + 2.8), dpi=110, layout="constrained")
    axes = figure.subplots(len(courses) + 1, 1, height_ratios=[2.0] * len(courses) + [2.8], squeeze=False)[:, 0]
    for axis, (name, kinds) in zip(axes, courses, strict=False):
        course = cost_course(facts.cost_days, facts.cost_periods, measure=facts.costs.measure, kinds=kinds)
        _draw_course(axis, course, plain_title(f"{name}, {facts.currency} a day", limit=90))
    axes[0].legend(fontsize=8, frameon=False, ncols=5, loc="upper left")
    _draw_bridge(axes[-1], facts)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8, colors=MUTED)
    return figure


def _draw_course(axes: Axes, course: pd.DataFrame, title: str) -> None:
    """A bar a day; the window's in red, what is left out hatched; the expected range as a band."""
    at = np.asarray(date2num(course["timestamp"].dt.tz_localize(None).to_numpy()), dtype="float64")
    cost = np.array([float(value or 0) for value in course["actual"]])
    sides = (("history", FAINT, "earlier"), ("window", BAD, "window"), ("left_out", GRID, "left out"))
    for state, colour, label in sides:
        mask = (course["state"] == state).to_numpy()
        if mask.any():
            hatch = HATCH if state == "left_out" else None
            axes.bar(
                at[mask] + DAY / 2, cost[mask], width=0.8, color=colour, label=label, hatch=hatch, edgecolor="white"
            )
    low, high, expected = (course[name].to_numpy(dtype="float64") for name in ("low", "high", "expected"))
    if np.isfinite(expected).any():
        axes.fill_between(at, low, high, step="post", color=USUAL, alpha=0.25, linewidth=0, label="expected range")
        axes.step(at, expected, where="post", color=USUAL, linewidth=1.2, label="expected")
    axes.set_title(title, fontsize=8, color=MUTED, loc="left")
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=min(0.0, float(cost.min()) if len(cost) else 0.0))
    axes.margins(y=0.3)
    axes.xaxis_date()
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))


def _draw_bridge(axes: Axes, facts: Facts) -> None:
    """From the baseline's cost to the window's, bar by bar."""
    lines, currency = facts.cost_bridge, facts.currency
    before, now, _ = totals(lines)
    parts = bars(lines)
    names, starts, heights, colours, labels = ["baseline"], [0.0], [float(before)], [USUAL], [money(before, "")]
    level = before
    for bar in BARS:
        value = parts[bar]
        names.append(bar)
        starts.append(float(min(level, level + value)))
        heights.append(float(abs(value)))
        colours.append(BAD if value > 0 else CHANGE)
        labels.append(money(value, "", signed=True) if is_told(value) else "0")
        level += value
    axes.bar(range(len(names) + 1), [*heights, float(now)], bottom=[*starts, 0.0], color=[*colours, INK], width=0.6)
    for place, (start, height, label) in enumerate(
        zip([*starts, 0.0], [*heights, float(now)], [*labels, money(now, "")], strict=True)
    ):
        axes.text(place, start + height, label, ha="center", va="bottom", fontsize=8, color=INK)
    axes.set_xticks(range(len(names) + 1), [*names, "window"], fontsize=8)
    axes.set_title(
        plain_title(f"bridge, {currency}: {facts.cost_periods.words}", limit=90), fontsize=8, color=MUTED, loc="left"
    )
    axes.use_sticky_edges = False
    axes.margins(y=0.25)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if min([*starts, 0.0]) < 0 else 0.0)
