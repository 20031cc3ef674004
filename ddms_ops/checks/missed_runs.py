"""Did scheduled work run? A metric that counts runs, held against how often it must run."""

import pandas as pd

from ddms_ops.analysis.schedule import Gap, gaps_of
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.checks.watched import first_step_of, points_of
from ddms_ops.checks.work_basis import (
    SHOWN,
    counted_until,
    declaring,
    is_joined,
    lacking_pull,
    limits_of,
    metric_title,
    step_of,
    title_of,
    values_of,
)
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline
from ddms_ops.window import Window

CHECK = "missed_runs"
TOLD = 6
MINUTE = pd.Timedelta(minutes=1)
SILENT = "; CloudWatch sends no points while nothing runs, so points that stop are runs that are missing"


def check_missed_runs(facts: Facts) -> list[Finding]:
    """Runs that are missing by `every_min` of a pipeline; late by less than half of it is LOW.

    Missing runs have the severity of an alert on the metric, else MEDIUM; LOW where the baseline lacks as large a part
    of its own.

    Raises:
        CannotTell: no pipeline declares runs, or there is nothing that tells whether one ran.
    """
    watched = declaring(facts, lambda entry: entry.runs, "runs (a metric, Sum) and every_min")
    found = [finding for name, entry in watched.items() for finding in _of_pipeline(facts, name, entry)]
    if not found and (lacking := unknown_runs(facts, found)):
        raise CannotTell(lacking)
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def unknown_runs(facts: Facts, _findings: list[Finding]) -> str:
    """Words for the pipelines of which nothing tells whether they ran."""
    return "; ".join(
        f"whether {title_of(entry)} ran cannot be told: {why}"
        for entry in facts.profile.pipelines.values()
        if entry.runs and (why := _unknown(facts, entry))
    )


def _unknown(facts: Facts, entry: Pipeline) -> str:
    """Why a pipeline's runs cannot be judged, empty where they can."""
    if facts.metrics.empty:
        return "the window has no metric points at all"
    if fault := lacking_pull(facts, "metrics"):
        return f"{fault}, so points that are not there tell nothing"
    title = metric_title(facts, entry.runs)
    if points_of(facts, entry.runs).empty and not (values_of(facts, entry.runs, baseline=True) > 0).any():
        return f"{title} has no points in the window and counts no run in the baseline"
    known = _known(facts, entry)
    every = _every(entry)
    if not (_runs(facts, entry) > 0).any() and known.length <= 1.5 * every:
        return f"{title} counts no run, but it is looked at for less than one and a half intervals ({known})"
    return ""


def _every(entry: Pipeline) -> pd.Timedelta:
    assert entry.every_min is not None
    return entry.every_min * MINUTE


def _is_joined(facts: Facts) -> bool:
    return is_joined(facts) and len(facts.baseline_metrics) > 0


def _known(facts: Facts, entry: Pipeline) -> Window:
    """Since and until when runs are known: from the baseline on where it touches the window and has points."""
    is_longer = _is_joined(facts) and len(values_of(facts, entry.runs, baseline=True)) > 0
    since = facts.baseline.start if is_longer else facts.window.start
    return Window(since, max(counted_until(facts), since + MINUTE))


def _runs(facts: Facts, entry: Pipeline) -> pd.Series:
    before = values_of(facts, entry.runs, baseline=True) if _is_joined(facts) else None
    return pd.concat([before, values_of(facts, entry.runs)]) if before is not None else values_of(facts, entry.runs)


def _of_pipeline(facts: Facts, name: str, entry: Pipeline) -> list[Finding]:
    """The finding about missing runs, and that about late ones."""
    if _unknown(facts, entry):
        return []
    known, every, step = _known(facts, entry), _every(entry), step_of(facts, entry.runs)
    gaps = gaps_of(_runs(facts, entry), start=known.start, end=known.end, every=every, step=step)
    own = [gap for gap in gaps if gap.end > facts.window.start]
    found = []
    if missing := [gap for gap in own if gap.missing]:
        found.append(_missing(facts, name, entry, missing))
    if late := [gap for gap in own if not gap.missing]:
        found.append(_late(facts, name, entry, late))
    return found


def _missing(facts: Facts, name: str, entry: Pipeline, gaps: list[Gap]) -> Finding:
    number, every = sum(gap.missing for gap in gaps), _every(entry)
    due = [stamp for gap in gaps for stamp in gap.due_times(every)]
    is_one_day = due[-1].date() == due[0].date()
    on_day = f" on {due[0]:%Y-%m-%d}" if is_one_day else ""
    day = "%H:%M" if is_one_day else "%Y-%m-%d %H:%M"
    times = ", ".join(f"{stamp:{day}}" for stamp in due[:TOLD]) + (f" and {len(due) - TOLD} more" if due[TOLD:] else "")
    last = gaps[0].after
    after = f"; the last one before was at {last:%Y-%m-%d %H:%M}" if last is not None else "; none is known before"
    end = "; none came until the end of what was counted" if gaps[-1].is_open else f"; it ran at {gaps[-1].end:%H:%M}"
    silent = SILENT if points_of(facts, entry.runs).empty else ""
    step = step_of(facts, entry.runs)
    coarse = f"; counted every {step / MINUTE:g} min, so a late run looks missing" if step > every / 2 else ""
    limits = [limit for limit in limits_of(facts, entry.runs) if limit.below is not None]
    usual = _usually_missing(facts, entry)
    is_usual = usual >= number / (facts.window.length / facts.baseline.length) > 0
    severity = Severity.LOW if is_usual else limits[0].severity if limits else Severity.MEDIUM
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{title_of(entry)}: {counted(number, 'run')} missing, which should come every {entry.every_min} min: due"
            f" {times}{on_day} UTC{after}{end}"
            f"{f'; as in the baseline, which lacks {usual}' if is_usual else ''} ({metric_title(facts, entry.runs)})"
            f"{silent}{coarse}"
        ),
        subject={"pipeline": name, "signal": "missing"},
        evidence=log_refs(_rows(facts, entry, gaps)),
        strength=float(number),
        first_seen=due[0],
        last_seen=min(gaps[-1].end, facts.window.end),
        observed=float(number),
        unit="runs",
        next_step=first_step_of(facts, entry),
    )


def _usually_missing(facts: Facts, entry: Pipeline) -> int:
    """Runs that the baseline lacks between its own."""
    before = values_of(facts, entry.runs, baseline=True)
    if not (before > 0).any():
        return 0
    first = before[before > 0].index[0]
    step = step_of(facts, entry.runs)
    gaps = gaps_of(before, start=first, end=facts.baseline.end, every=_every(entry), step=step)
    return sum(gap.missing for gap in gaps if not gap.is_open)


def _late(facts: Facts, name: str, entry: Pipeline, gaps: list[Gap]) -> Finding:
    worst = max(gaps, key=lambda gap: gap.end - gap.due)
    by = (worst.end - worst.due) / MINUTE
    words = "has not come by the end of what was counted" if worst.is_open else f"came at {worst.end:%H:%M}"
    more = f"; {counted(len(gaps) - 1, 'more run')} late" if len(gaps) > 1 else ""
    return Finding(
        check=CHECK,
        severity=Severity.LOW,
        statement=(
            f"{title_of(entry)}: a run due by {worst.due:%Y-%m-%d %H:%M} UTC {words}, {by:,.0f} min late{more}"
            f" ({metric_title(facts, entry.runs)}, every {entry.every_min} min)"
        ),
        subject={"pipeline": name, "signal": "late"},
        evidence=log_refs(_rows(facts, entry, gaps)),
        strength=by,
        first_seen=worst.due,
        observed=by,
        unit="min",
        next_step=first_step_of(facts, entry),
    )


def _rows(facts: Facts, entry: Pipeline, gaps: list[Gap]) -> pd.DataFrame:
    """METRICS about some gaps: the points within them and the runs beside them; without any, all that is known."""
    points = pd.concat([points_of(facts, entry.runs, baseline=True), points_of(facts, entry.runs)])
    near = pd.Series(False, index=points.index).to_numpy()
    for gap in gaps:
        since = gap.after if gap.after is not None else gap.due
        near = near | points["timestamp"].between(since, gap.end).to_numpy()
    return points[near] if near.any() else points
