"""What moved after a change: the minutes after it against as many before it. It coincides; nothing here says more."""

from collections.abc import Iterator
from numbers import Integral, Real
from statistics import NormalDist

import numpy as np
import pandas as pd

from ddms_ops.analysis.endpoints import durations_of, endpoints_compared, slower_p_value, timed_requests
from ddms_ops.analysis.group_rates import group_table, rate_test, ratio_interval
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.suspects import alarms_before
from ddms_ops.analysis.usual_moves import held_down, least_strength
from ddms_ops.checks.refs import shown_template, with_error
from ddms_ops.errors import BadInput
from ddms_ops.hops.moved_metrics import metric_rows
from ddms_ops.hops.moved_spans import LEAST, Sides, few_words, spans
from ddms_ops.hops.naming import short
from ddms_ops.hops.reading import BASELINE, WINDOW, log_coverage, log_notes
from ddms_ops.hops.requests import ended, kind_notes, untied
from ddms_ops.hops.view import View
from ddms_ops.hops.views import Ground

COLUMNS = ["kind", "what", "moved", "before", "after", "unit", "ratio", "ratio_low", "ratio_high", "strength", "look"]
UNCHANGED, UNTOLD = "unchanged", "cannot be told"
MOST_MIN = 1440.0
TINY = 1e-300
FALSE_ALARMS = 0.01


def moved(case: Ground, change: pd.Series, what: str, *, minutes: float, call: str) -> View:
    """Groups, requests, endpoints, metrics and alarms that moved after a change, the most unusual first.

    The spans are of one length, before the first of its calls and after the last, and are cut to what was read, those
    of the metrics apart. Counts are compared as rates, with a 95 % interval of their ratio; metrics by their course.
    What counts and metrics usually do from one such stretch to the next is no move. Log groups, and metrics, that were
    not read on both sides are left out, by name.

    Args:
        case: the case.
        change: its row of `changes_seen`.
        what: it in words.
        minutes: how long each span is, at most.
        call: Python that gives the change.

    Returns:
        A view; its frame has COLUMNS: kind (group, requests, failed, latency, metric, alarm), what (redacted where it
        comes from messages), moved (new, gone, rose, fell, stopped, began, fired, unchanged, cannot be told),
        before and after (float64, in `unit`; of a metric `after` is its mean while it was unlike before), ratio with
        its interval (NaN where there is none), strength (standard deviations of what is usual; it orders) and look, a
        call. A metric stopped, or began, that has points on one side only. Requests and failures are listed also
        unchanged, NaN where there was no request; of the rest what moved. No rows where one side was not read.

    Raises:
        BadInput: `minutes` is not a number above 0.
    """
    length = _minutes(minutes)
    sides, notes = spans(case, change["first"], change["last"], pd.Timedelta(minutes=length))
    given = "" if length == 15 else f"minutes={length!r}"
    frame = _frame([] if sides is None else _rows(case, sides))
    kinds = ("changes", "metrics", "metrics.baseline", "alarms")
    return View(
        title=f"What moved after {what}; it coincides, which is no proof of a cause",
        frame=frame,
        coverage=(*log_coverage(case, WINDOW, BASELINE), *(row for kind in kinds for row in case.pulls(kind))),
        call=f"{call}.moved({given})",
        columns=tuple(COLUMNS[:-1]),
        notes=(*notes, *_notes(case, sides), *kind_notes(case), *log_notes(case)),
        hops=tuple(dict.fromkeys(frame.loc[frame["look"] != "", "look"]))[:3],
    )


def _rows(case: Ground, sides: Sides) -> list[tuple[object, ...]]:
    return [*_of_logs(case, sides), *_of_metrics(case, sides), *_of_alarms(case, sides)]


def _notes(case: Ground, sides: Sides | None) -> tuple[str, ...]:
    return () if sides is None else (*few_words(case, sides), *_loose_notes(case, sides))


def _minutes(given: object) -> int | float:
    """The minutes as Python's own number.

    Raises:
        BadInput: it is no number, or not above 0.
    """
    is_number = isinstance(given, Real) and not isinstance(given, bool)
    if not is_number or not 0 < given <= MOST_MIN:  # type: ignore[operator]
        raise BadInput(f"minutes: {short(given)} is no number above 0 and up to {MOST_MIN:,.0f}")
    return int(given) if isinstance(given, Integral) else float(given)  # type: ignore[arg-type]


def _frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """The rows with their columns, the most unusual first."""
    numbers = dict.fromkeys(("before", "after", "ratio", "ratio_low", "ratio_high", "strength"), "float64")
    found = pd.DataFrame(rows, columns=COLUMNS).astype(numbers)
    return found.sort_values(
        ["strength", "kind", "what"], ascending=[False, True, True], kind="stable", ignore_index=True
    )


def _of_logs(case: Ground, sides: Sides) -> list[tuple[object, ...]]:
    if not sides.log_groups:
        return []
    every = pd.concat([case.baseline_log_events, case.log_events])
    every = every[every["log_group"].isin(sides.log_groups)]
    after, before = sides.of(every.sort_values("timestamp", kind="stable"))
    ran = _ended(case, sides)
    now, was = sides.of(ran)
    rows = [
        _requests(sides, now, was, _course(ran, sides)),
        _failed(sides, now, was, _course(ran[ran["failed"]], sides), _loose(case, sides)),
    ]
    rows += list(_groups(case, sides, after, before))
    return rows + list(_latency(case, sides, now, was))


def _ended(case: Ground, sides: Sides) -> pd.DataFrame:
    """Requests and jobs of the log groups that are compared."""
    earlier = case.baseline_outcomes if case.has_requests else case.baseline_requests
    parts = [frame[frame["log_group"].isin(sides.log_groups)] for frame in (earlier, ended(case))]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _course(ran: pd.DataFrame, sides: Sides) -> np.ndarray:
    """How many there were in each minute until the change, as far back as was read in one piece."""
    ago = ((sides.before.end - ran["timestamp"]) / LEAST).to_numpy()
    minutes = int((sides.before.end - sides.read.start) / LEAST)
    inside = np.ceil(ago[(ago > 0) & (ago <= minutes)]).astype("int64") - 1
    return np.bincount(inside, minlength=minutes).astype("float64")


def _requests(sides: Sides, now: pd.DataFrame, before: pd.DataFrame, course: np.ndarray) -> tuple[object, ...]:
    lengths = sides.after.minutes, sides.before.minutes
    rates = len(now) / lengths[0], len(before) / lengths[1]
    length = max(1, round(sides.before.minutes))
    return _row("requests", "requests and jobs", (len(now), len(before)), lengths, rates, "per min", course, length)


def _failed(
    sides: Sides, now: pd.DataFrame, before: pd.DataFrame, course: np.ndarray, loose: tuple[int, int]
) -> tuple[object, ...]:
    """The share that failed; of a side without failures but with errors that belong to none it cannot be told."""
    counts = int(now["failed"].sum()), int(before["failed"].sum())
    shares = tuple(n / len(side) if len(side) else np.nan for n, side in zip(counts, (now, before), strict=True))
    told = tuple(np.nan if apart and not n else share for share, n, apart in zip(shares, counts, loose, strict=True))
    what, length = "share of requests and jobs that failed", max(1, round(sides.before.minutes))
    if any(apart and not n for n, apart in zip(counts, loose, strict=True)):
        return ("failed", what, UNTOLD, told[1], told[0], "ratio", np.nan, np.nan, np.nan, 0.0, "")
    return _row("failed", what, counts, (len(now), len(before)), shares, "ratio", course, length)


def _loose(case: Ground, sides: Sides) -> tuple[int, int]:
    """Errors after, and before, that belong to no request or job that was seen to end."""
    earlier = case.baseline_outcomes if case.has_requests else case.baseline_requests
    found = [0, 0]
    for ran, events in ((earlier, case.baseline_log_events), (ended(case), case.log_events)):
        errors = events[events["is_error"] & events["log_group"].isin(sides.log_groups)]
        for place, side in enumerate(sides.of(errors)):
            found[place] += len(untied(ran, side)) if len(side) else 0
    return found[0], found[1]


def _loose_notes(case: Ground, sides: Sides) -> tuple[str, ...]:
    after, before = _loose(case, sides)
    if not after and not before:
        return ()
    belong = f"{after:,} error{'' if after == 1 else 's'} after it and {before:,} before belong"
    return (f"{belong} to no request or job that was seen to end: the share that failed can be higher.",)


def _row(
    kind: str,
    what: str,
    counts: tuple[int, int],
    exposures: tuple[float, float],
    shown: tuple[float, ...],
    unit: str,
    course: np.ndarray,
    length: int,
) -> tuple[object, ...]:
    """Two counts, after and before, as rates; `course` is the counts of the minutes until the change."""
    ratio, p_value = rate_test(*counts, *exposures)
    ratio, interval = (ratio, ratio_interval(*counts, *exposures)) if any(counts) else (np.nan, (np.nan, np.nan))
    strength = held_down(_strength(p_value), course, length) if np.isfinite(p_value) else 0.0
    is_sure = strength > least_strength(FALSE_ALARMS, 1)
    went = UNCHANGED if not is_sure else "rose" if shown[0] > shown[1] else "fell"
    return (kind, what, went, shown[1], shown[0], unit, ratio, *interval, strength, "")


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


def _of_metrics(case: Ground, sides: Sides) -> list[tuple[object, ...]]:
    return [] if sides.metrics is None else list(metric_rows(case, *sides.metrics))


def _of_alarms(case: Ground, sides: Sides) -> Iterator[tuple[object, ...]]:
    """Alarms that fired after the change, not with it; how strong that is, no number says."""
    fired = between(alarms_before(case.alarms), sides.after.start, sides.after.end)
    fired = fired[fired["timestamp"] > sides.after.start]
    for row in fired.itertuples():
        what = f"{row.resource} at {row.timestamp:%H:%M:%S} UTC"
        yield ("alarm", what, "fired", np.nan, np.nan, "", np.nan, np.nan, np.nan, 0.0, "")


def _strength(p_value: float) -> float:
    """The two-sided p-value in standard deviations, at most 37."""
    return abs(NormalDist().inv_cdf(min(max(p_value, TINY), 1.0) / 2))
