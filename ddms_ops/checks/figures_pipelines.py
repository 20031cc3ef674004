"""The figure of the pipeline notebook: what waits, what comes in and what is done. Nothing is displayed here."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from ddms_ops.checks.backlog_words import flow_step
from ddms_ops.checks.base import Facts
from ddms_ops.checks.figures import BAD, CHANGE, GRID, INK, MUTED, USUAL, WIDTH, plain_title
from ddms_ops.checks.watched import points_of
from ddms_ops.checks.work_basis import metric_title, title_of, unit_of, values_of
from ddms_ops.operations import Pipeline

PIPELINES = 4
LEVELS = ("depth", "age", "dead")
FLOWS = (("arrived", INK, "came in"), ("done", CHANGE, "done"), ("runs", USUAL, "runs"))
ROW = 1.7
NOTHING = "no pipeline has points of depth, age, dead letters, arrivals, completions or runs"
MINUTE = pd.Timedelta(minutes=1)


def drawn_pipelines(facts: Facts) -> list[Pipeline]:
    """The pipelines that have something to draw: four at most, in the profile's order."""
    fields = (*LEVELS, *(field for field, _, _ in FLOWS))
    entries = facts.profile.pipelines.values()
    return [entry for entry in entries if any(len(points_of(facts, getattr(entry, field))) for field in fields)][
        :PIPELINES
    ]


def plot_pipelines(facts: Facts) -> Figure:
    """For each pipeline its depth, age and dead letters, and what came in and was done a minute; one axis each.

    The baseline's points stand before the window where it ends there; its mean is a dashed line.
    """
    rows = [(entry, field) for entry in drawn_pipelines(facts) for field in _fields(facts, entry)]
    figure = Figure(figsize=(WIDTH, ROW * max(len(rows), 1) + 0.5), dpi=110, layout="constrained")
    axes = figure.subplots(max(len(rows), 1), 1, sharex=True, squeeze=False)[:, 0]
    if not rows:
        axes[0].set_axis_off()
        axes[0].text(0.5, 0.5, NOTHING, ha="center", va="center", fontsize=9, color=MUTED)
    for axis, (entry, field) in zip(axes, rows, strict=False):
        if field == "flow":
            _draw_flow(axis, facts, entry)
        else:
            _draw_level(axis, facts, entry, getattr(entry, field))
        axis.axvspan(*_at([facts.window.start, facts.window.end]), color=GRID, alpha=0.35, linewidth=0)
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color=GRID, linewidth=0.6)
        axis.tick_params(labelsize=8, colors=MUTED)
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_formatter(ConciseDateFormatter(axis.xaxis.get_major_locator()))
    return figure


def _fields(facts: Facts, entry: Pipeline) -> list[str]:
    """What is drawn of a pipeline: its levels that have points, and its flows together."""
    found = [field for field in LEVELS if len(points_of(facts, getattr(entry, field)))]
    has_flow = any(len(points_of(facts, getattr(entry, field))) for field, _, _ in FLOWS)
    return [*found, *(["flow"] if has_flow else [])]


def _draw_level(axes: Axes, facts: Facts, entry: Pipeline, metric: str) -> None:
    before = _draw(axes, facts, metric, BAD, metric_title(facts, metric))
    if len(before):
        axes.axhline(float(before.mean()), color=USUAL, linewidth=1.0, linestyle="--")
    unit = unit_of(facts, metric)
    axes.set_title(
        plain_title(f"{title_of(entry)}: {metric_title(facts, metric)}, {unit}", limit=90),
        fontsize=8,
        color=MUTED,
        loc="left",
    )


def _draw_flow(axes: Axes, facts: Facts, entry: Pipeline) -> None:
    for field, colour, label in FLOWS:
        if metric := getattr(entry, field):
            _draw(axes, facts, metric, colour, label, by=flow_step(facts, metric) / MINUTE)
    axes.set_title(plain_title(f"{title_of(entry)}: pieces a minute", limit=90), fontsize=8, color=MUTED, loc="left")
    axes.legend(fontsize=8, frameon=False, ncols=len(FLOWS), loc="upper left")


def _draw(axes: Axes, facts: Facts, metric: str, colour: str, label: str, *, by: float = 1.0) -> pd.Series:
    """A line over baseline (where it ends at the window) and window; the baseline's values."""
    now, before = values_of(facts, metric), values_of(facts, metric, baseline=True)
    is_joined = facts.baseline.end == facts.window.start
    both = pd.concat([before, now]) if is_joined and len(before) else now
    axes.plot(_at(both.index), both.to_numpy() / by, color=colour, linewidth=1.1, label=label, drawstyle="steps-post")
    return before


def _at(stamps: object) -> list[float]:
    """Instants as matplotlib counts them, UTC."""
    index = pd.DatetimeIndex(stamps)  # type: ignore[arg-type]
    return [float(value) for value in date2num(index.tz_localize(None).to_pydatetime())]
