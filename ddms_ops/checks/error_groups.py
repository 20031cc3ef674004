"""Which errors are new, and which have become more frequent?"""

import pandas as pd

from ddms_ops.analysis.fingerprint import fingerprint
from ddms_ops.analysis.impact import Impact, blast_radius
from ddms_ops.analysis.onset import Excursion, bucket_s, counts_per_bucket, excursion
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

MESSAGE_CHARS = 160
SHOWN = 20


def check_new_errors(facts: Facts) -> list[Finding]:
    """Error groups of the window that the baseline does not have; rare ones are LOW."""
    _need_both(facts)
    groups = facts.groups
    return _findings(
        facts, "new_errors", groups[groups["is_error"] & (groups["events"] > 0) & (groups["baseline_events"] == 0)]
    )


def check_risen_errors(facts: Facts) -> list[Finding]:
    """Error groups whose rate has risen at least `triage.rise` times over the baseline's, significantly."""
    _need_both(facts)
    groups, triage = facts.groups, facts.profile.triage
    errors = groups[groups["is_error"] & (groups["events"] >= triage.min_events) & (groups["baseline_events"] > 0)]
    return _findings(facts, "risen_errors", errors[(errors["ratio"] >= triage.rise) & _is_significant(facts, errors)])


def _need_both(facts: Facts) -> None:
    if facts.logs.empty:
        raise CannotTell("no log events in the window")
    if facts.baseline_logs.empty:
        raise CannotTell("no log events in the baseline to compare with")


def _is_significant(facts: Facts, groups: pd.DataFrame) -> pd.Series:
    """Whether each rate differs from the baseline's, corrected for the error groups compared (Bonferroni)."""
    compared = max(1, int(facts.groups["is_error"].sum()))
    return groups["p_value"] < facts.profile.triage.significance / compared


def _findings(facts: Facts, check: str, groups: pd.DataFrame) -> list[Finding]:
    significant = _is_significant(facts, groups) & (groups["events"] >= facts.profile.triage.min_events)
    rare = groups[~significant].head(SHOWN)
    return [_finding(facts, check, group, is_rare=False) for group in groups[significant].itertuples()] + [
        _finding(facts, check, group, is_rare=True) for group in rare.itertuples()
    ]


def group_excursion(facts: Facts, rows: pd.DataFrame, baseline_events: int) -> Excursion | None:
    """When a group's counts were above what its baseline rate and the traffic make expected."""
    counts = counts_per_bucket(rows["timestamp"], facts.window)
    per_minute = max(baseline_events, 0.5) / facts.baseline.minutes
    expected = [per_minute * bucket_s(facts.window) / 60] * len(counts)
    return excursion(counts, pd.Series(expected).to_numpy(), facts.window)


def _finding(facts: Facts, check: str, group: object, *, is_rare: bool) -> Finding:
    rows = facts.logs[facts.logs["group"] == group.group]  # type: ignore[attr-defined]
    before = facts.baseline_logs[facts.baseline_logs["group"] == group.group]  # type: ignore[attr-defined]
    found = None if is_rare else group_excursion(facts, rows, len(before))
    since = rows["timestamp"].min() if found is None else rows.loc[rows["timestamp"] >= found.start, "timestamp"].min()
    until = facts.window.end if found is None else found.end
    marks = {} if is_rare else fingerprint(rows, _population(facts, rows))
    impact = blast_radius(facts.requests, rows, since.floor("min"), until)
    text = redact(str(group.template))[:MESSAGE_CHARS]  # type: ignore[attr-defined]
    error = "" if pd.isna(group.error) else redact(str(group.error))  # type: ignore[attr-defined]
    subject = {"group": str(group.group), "error": error, "message": text, **marks}  # type: ignore[attr-defined]
    return Finding(
        check=check,
        severity=Severity.LOW if is_rare else _severity(facts, impact, marks, rows),
        statement=_statement(check, error, text, len(rows), len(before), since, facts, marks, impact, rows),
        subject={**{key: value for key, value in subject.items() if value}, "log_group": str(group.log_group)},  # type: ignore[attr-defined]
        evidence=log_refs(rows),
        strength=float(len(rows)),
        first_seen=since,
        last_seen=rows["timestamp"].max(),
        observed=float(len(rows)) / facts.window.minutes,
        baseline=float(len(before)) / facts.baseline.minutes,
        unit="events/min",
        next_step=next_step(facts.profile, f"{error} {text}"),
    )


def _population(facts: Facts, rows: pd.DataFrame) -> pd.DataFrame:
    """Events of the group's log groups, window and baseline."""
    logs = pd.concat([facts.logs, facts.baseline_logs], ignore_index=True)
    return logs[logs["log_group"].isin(set(rows["log_group"]))]


def cell_share(facts: Facts, impact: Impact, marks: dict[str, str], rows: pd.DataFrame) -> float:
    """Share of the requests of the marked endpoint, version and tenant that the group failed, 0..1."""
    cell = facts.requests
    cell = cell[(cell["timestamp"] >= impact.since) & (cell["timestamp"] < impact.until)]
    for name, value in marks.items():
        if cell[name].notna().any():
            cell = cell[cell[name] == value]
    ids = set(rows["request_id"].dropna())
    hit = cell["request_id"].isin(ids) | cell.index.isin(rows.index)
    return float(hit.mean()) if len(cell) else 0.0


def _severity(facts: Facts, impact: Impact, marks: dict[str, str], rows: pd.DataFrame) -> Severity:
    """CRITICAL over the error-rate alert, HIGH over the target or a telling share of one cell, else MEDIUM."""
    target, alert = facts.profile.error_rate_limits
    if alert is not None and impact.share > alert:
        return Severity.CRITICAL
    if (target is not None and impact.share > target) or cell_share(
        facts, impact, marks, rows
    ) >= facts.profile.triage.high_share:
        return Severity.HIGH
    return Severity.MEDIUM


def _statement(
    check: str, error: str, text: str, events: int, before: int, since: pd.Timestamp, facts: Facts,
    marks: dict[str, str], impact: Impact, rows: pd.DataFrame,
) -> str:  # fmt: skip
    what = f"{'New error' if check == 'new_errors' else 'More of error'} {error}".strip()
    where = [f"on {marks['endpoint']}"] if "endpoint" in marks else []
    where += [f"in version {marks['version']}"] if "version" in marks else []
    where += [f"of tenant {marks['tenant']}"] if "tenant" in marks else []
    where += [f"in {marks['job_type']} jobs"] if "job_type" in marks else []
    parts = [f"{what}{' ' + ' '.join(where) if where else ''}: {events:,} events since {since:%Y-%m-%d %H:%M} UTC"]
    parts += [f"{before:,} in the baseline"] if before else []
    seen = len(impact.tenants)
    parts += (
        [f"{len(impact.hit)} of {seen} tenants hit ({len(impact.hit) / seen:.0%})"] if seen and len(impact.hit) else []
    )
    parts += (
        [f"{cell_share(facts, impact, marks, rows):.0%} of the requests there failed"]
        if marks and impact.failed
        else []
    )
    return f"{', '.join(parts)}. It says: {text}"
