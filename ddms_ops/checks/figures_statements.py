"""The figures of slow queries. Each returns a matplotlib Figure; nothing is displayed here."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.analysis.time_bridge import PARTS
from ddms_ops.checks.base import Facts
from ddms_ops.checks.basis import LOG, Basis
from ddms_ops.checks.figures import BAD, GRID, INK, MUTED, USUAL, WIDTH, plain_title

TOP = 8
LABEL_CHARS = 100
COLOURS = {"by_calls_ms": USUAL, "by_mean_ms": BAD, "by_new_ms": "#8250df", "by_vanished_ms": "#9aa4ae"}
NAMES = {
    "by_calls_ms": "more or fewer calls",
    "by_mean_ms": "time a call",
    "by_new_ms": "new",
    "by_vanished_ms": "vanished",
}
BINS = 40


def plot_statements(facts: Facts, basis: Basis) -> Figure:
    """The bridge as bars, and below it how long calls of the statement on top took, now and before."""
    has_times = basis.kind == LOG and len(basis.bridge) > 0
    top = basis.bridge.head(TOP)
    heights = [0.9 + 0.5 * max(len(top), 1), *([2.2] if has_times else [])]
    figure = Figure(figsize=(WIDTH, sum(heights)), dpi=110, layout="constrained")
    axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_bridge(axes[0], basis, top)
    if has_times:
        _draw_times(axes[1], facts, basis, str(top.index[0]))
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=8, colors=MUTED)
    return figure


def _draw_bridge(axes: Axes, basis: Basis, top: pd.DataFrame) -> None:
    """One bar a statement, its parts in colours, its text above."""
    places = np.arange(len(top))
    up, down = np.zeros(len(top)), np.zeros(len(top))
    for part in PARTS:
        seconds = top[part].to_numpy() / 1000
        left = np.where(seconds >= 0, up, down)
        axes.barh(places, seconds, left=left, height=0.4, color=COLOURS[part], label=NAMES[part])
        up, down = up + np.maximum(seconds, 0), down + np.minimum(seconds, 0)
    for place, name in enumerate(top.index):
        text = plain_title(basis.text(str(name)), limit=LABEL_CHARS)
        axes.text(0, place - 0.3, text, transform=axes.get_yaxis_transform(), fontsize=8, color=INK, va="bottom")
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks([])
    axes.set_ylim(len(top) - 0.5, -0.8)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.08))
    axes.set_title(
        "seconds of database time more or less than at the baseline's pace", fontsize=8, color=MUTED, loc="left"
    )


def _draw_times(axes: Axes, facts: Facts, basis: Basis, statement: str) -> None:
    """Histogram of the times of one statement's calls, on a logarithmic axis."""
    sides = {side: facts.statement_log.durations(statement, side).to_numpy() for side in (NOW, BEFORE)}
    every = np.concatenate([values[values > 0] for values in sides.values()])
    if len(every):
        low, high = np.log10(every.min()), np.log10(every.max())
        bins = np.logspace(low - 0.05, high + 0.05, BINS)
        for side, colour, name in ((BEFORE, USUAL, "baseline"), (NOW, BAD, "this window")):
            if len(sides[side]):
                weights = np.full(len(sides[side]), 1 / len(sides[side]))
                axes.hist(sides[side], bins=list(bins), weights=weights, color=colour, alpha=0.55, label=name)
        axes.set_xscale("log")
        axes.legend(fontsize=8, frameon=False)
    text = plain_title(basis.text(statement), limit=LABEL_CHARS)
    axes.set_title(f"share of calls by ms a call: {text}", fontsize=8, color=MUTED, loc="left")
