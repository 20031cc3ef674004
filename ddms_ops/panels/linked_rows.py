"""What a case's linked timeline shows, row by row."""

from collections import defaultdict
from collections.abc import Hashable, Iterator

import numpy as np
import pandas as pd

from ddms_ops.analysis.m4 import LATE, drawn_points
from ddms_ops.analysis.onset import bucket_s
from ddms_ops.analysis.requests import failing_share
from ddms_ops.case import Case
from ddms_ops.checks.error_rate import share_of_failed
from ddms_ops.checks.refs import of_sample, shown_template, with_error
from ddms_ops.panels.linked_spec import BAD, EVENT_COLOURS, USUAL, WIDTH, Row, cells_row, events_row, line_row
from ddms_ops.panels.pictures import timeline

GROUPS, METRICS = 5, 6
CELLS = 240
RULED = 40
FIRST = ("people", "error", "alarm", "change")
MINUTE = pd.Timedelta(minutes=1)


def told_events(case: Case) -> pd.DataFrame:
    """The case's timeline; `is_ruled` where a line through all rows stands for the event: at most RULED have one."""
    events = timeline(case)
    order = events["source"].map(FIRST.index)
    is_before = (events["time"] < case.window.start).astype("int64")
    ranked = events.assign(order=order, before=is_before).sort_values(["before", "order", "time"], kind="stable")
    return events.assign(is_ruled=events.index.isin(ranked.index[:RULED]))


def case_rows(case: Case, events: pd.DataFrame) -> Iterator[Row]:
    """Rates, error groups, metrics, events: those that there is anything to show of."""
    if len(case.requests):
        yield _share(case)
        yield _traffic(case)
    yield from _groups(case)
    yield from _metrics(case)
    yield events_row("events", [name for name in EVENT_COLOURS if (events["source"] == name).any()])


def _share(case: Case) -> Row:
    """Failing share a minute; a minute without a request has none."""
    shares = failing_share(case.requests)["share"]
    failing = case.requests[case.requests["failed"]]
    who = _whose(failing, failing["timestamp"].dt.floor("min"))
    points = _every_minute(case, shares).assign(who=lambda frame: frame["time"].map(who))
    usual = share_of_failed(case).usual
    limits = zip(("target", "alert"), case.profile.error_rate_limits, strict=True)
    levels = [("usual", usual), *((name, value) for name, value in limits if value is not None)]
    said = ", ".join(f"{name} {value:.3g}" if name == "usual" else f"{name} {value:g}" for name, value in
                     ((name, 100 * value) for name, value in levels))  # fmt: skip
    title = f"failing share of the requests a minute{of_sample(case)}; dashed, in %: {said}"
    return line_row(
        title, points, height=70, form=".1~%", limits=levels, color=BAD, interpolate="step-after", zero=True
    )


def _traffic(case: Case) -> Row:
    """Requests a minute; none is only said of a minute where the pulls of requests are complete."""
    counts = case.requests["timestamp"].dt.floor("min").value_counts().sort_index().astype("float64")
    points = _every_minute(case, counts)
    pulls = set(case.requests["pull"].astype("str"))
    if all(row.is_all_there for row in case.pulls("logs") if row.pull in pulls):
        points["value"] = points["value"].fillna(0.0)
    title = f"requests a minute{of_sample(case)}"
    return line_row(title, points, height=40, form="", color=USUAL, interpolate="step-after", zero=True)


def _every_minute(case: Case, values: pd.Series) -> pd.DataFrame:
    """A value a minute of the window, at most so many as there are columns of pixels; NaN where there is none."""
    minutes = pd.date_range(case.window.start.floor("min"), case.window.end, freq="1min", inclusive="left")
    points = pd.DataFrame({"time": minutes, "value": values.reindex(minutes).to_numpy()})
    if len(points) <= 4 * WIDTH:
        return points
    return drawn_points(points, window=case.window, columns=WIDTH, gap=LATE * MINUTE)


def _groups(case: Case) -> Iterator[Row]:
    """The leading error groups: a row of cells each, one scale for all."""
    groups = case.groups[case.groups["is_error"] & (case.groups["events"] > 0)].head(GROUPS)
    step = pd.Timedelta(seconds=max(bucket_s(case.window), int(np.ceil(case.window.minutes * 60 / CELLS))))
    known = case.log_events[case.log_events["group"].isin(groups["group"])]
    known = known.assign(cell=((known["timestamp"] - case.window.start) // step).astype("int64"))
    counts = known.groupby(["group", "cell"], observed=True).size()
    who = _whose(known, known["group"].astype("str"), known["cell"])
    most = float(counts.max()) if len(counts) else 1.0
    for row in groups.itertuples():
        found = counts.loc[row.group]
        starts = case.window.start + found.index.to_numpy() * step
        cells = pd.DataFrame({"start": starts, "end": starts + step, "events": found.to_numpy(), "group": row.group})
        cells["who"] = [who.get((row.group, cell), "") for cell in found.index]
        words = with_error(row.error, shown_template(known[known["group"] == row.group]))
        yield cells_row(f"{row.events:,} × {words}{of_sample(case)}", cells, most=most)


def _whose(rows: pd.DataFrame, *by: pd.Series) -> dict[Hashable, str]:
    """By key the tenant with most rows, and how many others there are; rows without a tenant are left out."""
    known = rows["tenant"].notna()
    keys = [key[known].rename(f"key{place}") for place, key in enumerate(by)]
    tenants = rows.loc[known, "tenant"].astype("str")
    counts = tenants.groupby([*keys, tenants]).size()
    found: dict[Hashable, dict[str, int]] = defaultdict(dict)
    for key, number in counts.items():
        found[key[0] if len(by) == 1 else key[:-1]][key[-1]] = number
    return {key: _first(tenants) for key, tenants in found.items()}


def _first(counts: dict[str, int]) -> str:
    """The name with most rows, the first by name among equals, and how many others there are."""
    name = min(counts, key=lambda name: (-counts[name], name))
    others = f" and {len(counts) - 1} more" if len(counts) > 1 else ""
    return f"{name} ({counts[name]}){others}"


def _metrics(case: Case) -> Iterator[Row]:
    """Metrics with a target or an alert, or the first by name; a line breaks where points are lacking."""
    declared = case.profile.metrics
    names = [name for name, metric in declared.items() if metric.alert or metric.target]
    names = [name for name in names if (case.metrics["metric"] == name).any()]
    for name in (names or sorted(set(case.metrics["metric"].dropna())))[:METRICS]:
        metric = declared.get(name)
        rows = case.metrics[case.metrics["metric"] == name]
        points = rows[["timestamp", "value"]].set_axis(["time", "value"], axis=1)
        gap = LATE * pd.Timedelta(seconds=metric.period_s) if metric else None
        points = drawn_points(points, window=case.window, columns=WIDTH, gap=gap)
        bounds = (("target", metric.target), ("alert", metric.alert)) if metric else ()
        levels = [(word, float(bound.limit)) for word, bound in bounds if bound is not None]
        said = "".join(f", {word} {value:g}" for word, value in levels)
        title = f"{(metric.title if metric else '') or name}{f', {metric.unit}' if metric else ''}{said}"
        yield line_row(title, points, height=32, form="", limits=levels)
