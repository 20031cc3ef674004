"""What moved after a change: the minutes after it against as many before it. It coincides; nothing here says more."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from ddms_ops.analysis.endpoints import durations_of, endpoints_compared, slower_p_value, timed_requests
from ddms_ops.analysis.group_rates import group_table, rate_test, ratio_interval
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shifts import shifts
from ddms_ops.analysis.suspects import alarms_before
from ddms_ops.checks.refs import shown_template, with_error
from ddms_ops.checks.watched import series_of
from ddms_ops.errors import BadInput
from ddms_ops.hops.reading import BASELINE, WINDOW, log_coverage, log_notes
from ddms_ops.hops.requests import ended, kind_notes
from ddms_ops.hops.view import View
from ddms_ops.hops.views import Ground
from ddms_ops.window import Window

COLUMNS = ["kind", "what", "moved", "before", "after", "unit", "ratio", "ratio_low", "ratio_high", "strength", "look"]
UNCHANGED = "unchanged"
LEAST = pd.Timedelta(minutes=1)
MOST_MIN = 1440.0
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Sides:
    """Spans before and after a change, as long as each other, and the log groups that were read over both."""

    before: Window
    after: Window
    log_groups: tuple[str, ...]

    def of(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows after, and rows before."""
        return between(frame, self.after.start, self.after.end), between(frame, self.before.start, self.before.end)


def moved(case: Ground, change: pd.Series, what: str, *, minutes: float, call: str) -> View:
    """Groups, requests, endpoints, metrics and alarms that moved after a change, the most unusual first.

    The spans are of one length, before the first of its calls and after the last, and are cut to what was read. Counts
    are compared as rates, with a 95 % interval of their ratio; metrics by their course. Log groups that were not read
    on both sides are left out, by name.

    Args:
        case: the case.
        change: its row of `changes_seen`.
        what: it in words.
        minutes: how long each span is, at most.
        call: Python that gives the change.

    Returns:
        A view; its frame has COLUMNS: kind (group, requests, failed, latency, metric, alarm), what (redacted where it
        comes from messages), moved (new, gone, rose, fell, fired, unchanged), before and after (float64, in `unit`; of
        a metric `after` is its mean while it was unlike before), ratio with its interval (NaN where there is none),
        strength (standard deviations of what is usual; it orders) and look, a call. Requests and failures are listed
        also unchanged, NaN where there was no request; of the rest what moved. No rows where one side was not read.

    Raises:
        BadInput: `minutes` is not a number above 0.
    """
    _check(minutes)
    sides, notes = spans(case, change["first"], change["last"], pd.Timedelta(minutes=minutes))
    given = "" if minutes == 15 else f"minutes={minutes!r}"
    frame = _frame(
        [] if sides is None else [*_of_logs(case, sides), *_of_metrics(case, sides), *_of_alarms(case, sides)]
    )
    kinds = ("changes", "metrics", "metrics.baseline", "alarms")
    return View(
        title=f"What moved after {what}; it coincides, which is no proof of a cause",
        frame=frame,
        coverage=(*log_coverage(case, WINDOW, BASELINE), *(row for kind in kinds for row in case.pulls(kind))),
        call=f"{call}.moved({given})",
        columns=tuple(COLUMNS[:-1]),
        notes=(*notes, *kind_notes(case), *log_notes(case)),
        hops=tuple(dict.fromkeys(frame.loc[frame["look"] != "", "look"]))[:3],
    )


def _check(minutes: object) -> None:
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not is_number or not 0 < minutes <= MOST_MIN:  # type: ignore[operator]
        raise BadInput(f"minutes: {str(minutes)[:20]!r} is no number above 0 and up to {MOST_MIN:,.0f}")


def _frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """The rows with their columns, the most unusual first."""
    numbers = dict.fromkeys(("before", "after", "ratio", "ratio_low", "ratio_high", "strength"), "float64")
    found = pd.DataFrame(rows, columns=COLUMNS).astype(numbers)
    return found.sort_values(
        ["strength", "kind", "what"], ascending=[False, True, True], kind="stable", ignore_index=True
    )


def spans(
    case: Ground, first: pd.Timestamp, last: pd.Timestamp, length: pd.Timedelta
) -> tuple[Sides | None, tuple[str, ...]]:
    """The spans to compare, cut to what was read, and that in words; None where one of them would be empty."""
    read = _read_spans(case)
    around = [span for span in read if span.start <= first <= span.end]
    if not around:
        words = " and ".join(str(span) for span in read)
        return None, (f"It was made outside what was read ({words}), so what moved after it cannot be told.",)
    least = Window(first - LEAST, last + LEAST)
    if not _holds(around[0], least):
        words = f"There is under a minute of what was read ({around[0]}) on one side of it: nothing to compare."
        return None, (words,)
    held = {name: [span for span in spans if _holds(span, least)] for name, spans in _held(case).items() if spans}
    inside = [around[0], *(span for spans in held.values() for span in spans)]
    common = Window(max(span.start for span in inside), min(span.end for span in inside))
    room = min(length, first - common.start, common.end - last)
    compared = tuple(name for name, spans in held.items() if spans)
    sides = Sides(Window(first - room, first), Window(last, last + room), compared)
    cut = f", cut to what was read ({common})" if room < length else ""
    minutes = room / LEAST
    words = f"{minutes:.4g} min before {first:%H:%M:%S} UTC against {minutes:.4g} min after {last:%H:%M:%S} UTC{cut}."
    left = ", ".join(name for name, spans in held.items() if not spans)
    return sides, (words, *([f"Not compared, for it was not read on both sides: {left}."] if left else []))


def _holds(span: Window, other: Window) -> bool:
    return span.start <= other.start and other.end <= span.end


def _read_spans(case: Ground) -> list[Window]:
    """Window and baseline, as one where they touch."""
    return _joined([case.window, case.baseline])


def _held(case: Ground) -> dict[str, list[Window]]:
    """The spans that were read of each log group: of a pull that is not all there from its first event to its last."""
    found: dict[str, list[Window]] = {name: [] for name in case.log_groups}
    for name, spans in found.items():
        rows = log_coverage(case, WINDOW, BASELINE, log_groups=[name])
        both = (row.asked if row.is_all_there else row.got for row in rows)
        spans += _joined([span for span in both if span is not None])
    return found


def _joined(spans: list[Window]) -> list[Window]:
    """The spans by time, as one where there is under a minute between them."""
    joined: list[Window] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start - joined[-1].end < LEAST:
            before = joined.pop()
            span = Window(before.start, max(before.end, span.end))
        joined.append(span)
    return joined


def _of_logs(case: Ground, sides: Sides) -> list[tuple[object, ...]]:
    if not sides.log_groups:
        return []
    every = pd.concat([case.baseline_log_events, case.log_events])
    every = every[every["log_group"].isin(sides.log_groups)]
    after, before = sides.of(every.sort_values("timestamp", kind="stable"))
    ran, run_before = _ended(case, sides)
    rows = [_requests(sides, ran, run_before), _failed(ran, run_before)]
    rows += list(_groups(case, sides, after, before))
    return rows + list(_latency(case, sides, ran, run_before))


def _ended(case: Ground, sides: Sides) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Requests and jobs after, and before."""
    earlier = case.baseline_outcomes if case.has_requests else case.baseline_requests
    both = [sides.of(frame[frame["log_group"].isin(sides.log_groups)]) for frame in (earlier, ended(case))]
    after, before = (
        pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
        for parts in ([pair[side] for pair in both] for side in (0, 1))
    )
    return after, before


def _requests(sides: Sides, now: pd.DataFrame, before: pd.DataFrame) -> tuple[object, ...]:
    lengths = sides.after.minutes, sides.before.minutes
    rates = len(now) / lengths[0], len(before) / lengths[1]
    return _row("requests", "requests and jobs", (len(now), len(before)), lengths, rates, "per min")


def _failed(now: pd.DataFrame, before: pd.DataFrame) -> tuple[object, ...]:
    counts = int(now["failed"].sum()), int(before["failed"].sum())
    shares = tuple(n / len(side) if len(side) else np.nan for n, side in zip(counts, (now, before), strict=True))
    return _row("failed", "share of requests and jobs that failed", counts, (len(now), len(before)), shares, "ratio")


def _row(
    kind: str, what: str, counts: tuple[int, int], exposures: tuple[float, float], shown: tuple[float, ...], unit: str
) -> tuple[object, ...]:
    """Two counts, after and before, as rates."""
    ratio, p_value = rate_test(*counts, *exposures)
    ratio, interval = (ratio, ratio_interval(*counts, *exposures)) if any(counts) else (np.nan, (np.nan, np.nan))
    is_sure = p_value < 0.05 and np.isfinite(p_value)
    went = UNCHANGED if not is_sure else "rose" if shown[0] > shown[1] else "fell"
    return (kind, what, went, shown[1], shown[0], unit, ratio, *interval, _strength(p_value), "")


def _groups(case: Ground, sides: Sides, after: pd.DataFrame, before: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Groups of messages whose rate moved, by `triage.significance` over all of them."""
    minutes = sides.after.minutes, sides.before.minutes
    table = group_table(after, before, minutes=minutes, significance=case.profile.triage.significance)
    words = {"new": "new", "gone": "gone", "rising": "rose", "falling": "fell"}
    for row in table.itertuples():
        if row.trend not in words or row.p_value >= case.profile.triage.significance:
            continue
        side = after if row.events else before
        said = with_error(row.error, shown_template(side[side["group"] == row.group]))
        yield (
            "group", said, words[row.trend], float(row.baseline_events), float(row.events), "events",
            row.ratio, row.ratio_low, row.ratio_high, _strength(row.p_value), f"case.group({str(row.group)!r})",
        )  # fmt: skip


def _latency(case: Ground, sides: Sides, after: pd.DataFrame, before: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Endpoints whose requests took longer or shorter, by `triage.significance` over all of them."""
    now, was = timed_requests(after), timed_requests(before)
    if now.empty or was.empty:
        return
    table = endpoints_compared(now, was, scale=sides.after.length / sides.before.length)
    least = case.profile.triage.min_events
    table = table[(table["count_now"] >= least) & (table["count_before"] >= least)]
    spent = durations_of(now), durations_of(was)
    for name, row in table.iterrows():
        longer = slower_p_value(spent[0][str(name)], spent[1][str(name)])
        shorter = slower_p_value(spent[1][str(name)], spent[0][str(name)])
        p_value = min(1.0, 2 * min(longer, shorter) * len(table))
        if p_value < case.profile.triage.significance:
            pair = (row["p50_before_ms"], row["p50_now_ms"])
            ratio = pair[1] / pair[0] if pair[0] > 0 else np.nan
            went = "rose" if longer < shorter else "fell"
            yield ("latency", f"median of {name}", went, *pair, "ms", ratio, np.nan, np.nan, _strength(p_value), "")


def _of_metrics(case: Ground, sides: Sides) -> Iterator[tuple[object, ...]]:
    """Metrics whose course after the change is unlike that before it."""
    every = pd.concat([part for part in (case.baseline_metrics, case.metrics) if len(part)] or [case.metrics])
    after, before = sides.of(every)
    earlier = dict(tuple(before.groupby("metric", sort=True)))
    for name, points in after.groupby("metric", sort=True):
        if name not in earlier:
            continue
        for shift in shifts(series_of(points), baseline=series_of(earlier[name]), at_most=1):
            metric = case.profile.metrics.get(str(name))
            was, now = earlier[name]["value"].mean(), shift.observed
            went = "rose" if shift.is_above else "fell"
            ratio = now / was if was > 0 else np.nan
            title = (metric.title if metric else "") or str(name)
            unit = metric.unit if metric else ""
            yield ("metric", title, went, was, now, unit, ratio, np.nan, np.nan, abs(shift.score), "")


def _of_alarms(case: Ground, sides: Sides) -> Iterator[tuple[object, ...]]:
    """Alarms that fired after the change; how strong that is, no number says."""
    fired = between(alarms_before(case.alarms), sides.after.start, sides.after.end)
    for row in fired.itertuples():
        what = f"{row.resource} at {row.timestamp:%H:%M:%S} UTC"
        yield ("alarm", what, "fired", np.nan, np.nan, "", np.nan, np.nan, np.nan, 0.0, "")


def _strength(p_value: float) -> float:
    """The two-sided p-value in standard deviations, at most 37."""
    return abs(NormalDist().inv_cdf(min(max(p_value, TINY), 1.0) / 2))
