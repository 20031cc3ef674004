"""How fast people responded, and which deadlines of the profile are met, late, or still to come."""

import pandas as pd

from ddms_ops.checks.tables import Quiet
from ddms_ops.declaration import Escalation, Profile, SeverityLevel
from ddms_ops.report.blocks import DECLARED, FACT, PEOPLE, Basis, Block, Line, Row, Table
from ddms_ops.report.cells import Contact
from ddms_ops.report.model import UNKNOWN, ReportRecord, basis_of

RESPONSES = (
    (
        "Time to detect",
        "began",
        "detected",
        "from the first event of the leading finding until somebody, or an alarm, noticed",
    ),
    ("Time to acknowledge", "detected", "acknowledged", "from noticed until somebody took it on"),
    ("Time to mitigate", "detected", "mitigated", "from noticed until users were no longer hit"),
    ("Time to resolve", "detected", "resolved", "from noticed until what was broken was repaired"),
)
STAMP = "%Y-%m-%d %H:%M"
DAY_MIN, HOUR_MIN = 1440, 60
NOT_SET = "not set by the runbook"
BY_PEOPLE = "for people to say"
BUSINESS = "business"  # days of work are known to people only


def response_blocks(report: ReportRecord) -> list[Block]:
    """Lengths between what people noted, then the deadlines."""
    instants = {name: report.instant(name) for name in ("detected", "acknowledged", "mitigated", "resolved")}
    began = report.leading.first_seen if report.leading else None
    rows = [
        Row(
            (measure, _length(since := began if start == "began" else instants[start], instants[end]),
             since or UNKNOWN, instants[end] or UNKNOWN, Quiet(meaning)),
        )
        for measure, start, end, meaning in RESPONSES
    ]  # fmt: skip
    columns = ("Measure", "Length", "From", "To", "Meaning")
    lengths = Table(columns, tuple(rows), "pm response", is_declared=True)
    return [lengths, *deadline_blocks(report)]


def deadline_blocks(report: ReportRecord) -> list[Block]:
    """When the profile wants a response and who is called when, held against what people noted."""
    if report.profile is None:
        return [Line("Deadlines: unknown, for the profile of this run was not kept or cannot be read.")]
    start, of = clock_start(report)
    name, why = severity_label(report)
    if start is None:
        return [Line("Deadlines: unknown, for nobody noted when it was detected and no finding is dated.")]
    rows = [_escalation(report, start, place) for place in range(len(report.profile.escalation))]
    if name:
        rows.insert(0, _response(report, name, why, start))
    clock = Row(("Clock", of, start, "", ""), Basis(PEOPLE) if report.instant("detected") else _of_lead(report))
    columns = ("Deadline", "As declared", "Due", "State", "Measured by")
    return [Table(columns, (clock, *rows), "pm deadlines", is_declared=True)] if rows else [
        Line("The profile declares no escalation path, and the severity is unknown.")
    ]  # fmt: skip


def clock_start(report: ReportRecord) -> tuple[pd.Timestamp | None, str]:
    """From when deadlines count, and what that instant is."""
    detected = report.instant("detected")
    if detected is not None:
        return detected, "counts from detected, as people noted it"
    lead = report.leading
    if lead is not None and lead.first_seen is not None:
        return lead.first_seen, "counts from the first event of the leading finding: nobody noted when it was detected"
    return None, UNKNOWN


def severity_label(report: ReportRecord) -> tuple[str, str]:
    """The incident's severity in the system's own label, and where it comes from; empty where it is unknown."""
    stated = report.incident.get("severity", "")
    if report.profile is None:
        return stated, "as people stated it" if stated else UNKNOWN
    if stated in report.profile.severities:
        return stated, "as people stated it"
    lead = report.leading
    if stated or lead is None:
        return "", UNKNOWN
    return severity_of(report.profile, lead.severity.order), "after the leading finding: people stated none"


def severity_of(profile: Profile, order: int) -> str:
    """The profile's label for the n-th worst severity; they stand worst first."""
    labels = list(profile.severities)
    return labels[min(order, len(labels) - 1)]


def response_due(level: SeverityLevel, start: pd.Timestamp) -> pd.Timestamp | None:
    """Until when an incident must be answered; None where the runbook sets no time, or one of business days."""
    if level.response_min is None or BUSINESS in level.response.lower():
        return None
    return start + pd.Timedelta(minutes=level.response_min)


def next_level(report: ReportRecord) -> tuple[str, pd.Timestamp | None]:
    """Who is to be called next at the time of the report, and when; the last level once all are reached.

    Levels without a time and those for some incidents only are for people to choose: they are never next.
    """
    start, _ = clock_start(report)
    now = report.instant("generated_at")
    if report.profile is None or not report.profile.escalation or start is None:
        return UNKNOWN, None
    levels = [
        (start + pd.Timedelta(minutes=each.from_min), each)
        for each in report.profile.escalation
        if each.from_min is not None and not each.only
    ]
    if not levels:
        return UNKNOWN, None
    ahead = [(due, each) for due, each in levels if now is not None and due > now]
    due, level = ahead[0] if ahead else levels[-1]
    return f"{level.who} (level {level.level})" + (f", {level.contact}" if level.contact else ""), due


def deadline_state(
    due: pd.Timestamp, done: pd.Timestamp | None, now: pd.Timestamp | None, *, by: str
) -> tuple[str, str]:
    """Whether a deadline is met, late, passed or ahead, and by what it is measured.

    Args:
        due: the deadline.
        done: when what it asks for was done, None where nobody noted it.
        now: when the report was made.
        by: what was to be done, e.g. `acknowledged`.
    """
    if done is not None and now is not None and done > now:
        return "contradicts", f"{by} at {done:{STAMP}} UTC, after this report was made"
    if done is not None:
        apart = span_words(abs((done - due).total_seconds()) / 60)
        return ("met, " + apart + " before" if done <= due else f"late by {apart}"), f"{by} at {done:{STAMP}} UTC"
    if now is None:
        return UNKNOWN, f"nobody noted when it was {by}"
    apart = span_words(abs((due - now).total_seconds()) / 60)
    state = f"{apart} left at {now:{STAMP}} UTC" if now < due else f"passed {apart} before {now:{STAMP}} UTC"
    return state, f"nobody noted when it was {by}; the report's own time"


def span_words(minutes: float) -> str:
    """`12 min`, `3 h 5 min`, `2 days`."""
    whole = int(minutes)
    if whole >= 2 * DAY_MIN:
        return f"{whole / DAY_MIN:,.0f} days"
    if whole >= HOUR_MIN:
        return f"{whole // HOUR_MIN} h" + (f" {whole % HOUR_MIN} min" if whole % HOUR_MIN else "")
    return f"{whole} min"


def _response(report: ReportRecord, name: str, why: str, start: pd.Timestamp) -> Row:
    """The response time of the severity; without a due instant where the runbook gives none that can be counted."""
    assert report.profile is not None
    level, by = report.profile.severities[name], "acknowledged"
    measure, due = f"Response to {name}", response_due(level, start)
    if due is None:
        words = f"within {level.response}" if BUSINESS in level.response.lower() else NOT_SET
        state = BY_PEOPLE if words != NOT_SET else None
        return Row((measure, f"{words}; {why}", None, state, None), Basis(DECLARED))
    words = level.response or span_words((due - start).total_seconds() / 60)
    done = report.instant(by)
    state, measured = deadline_state(due, done, report.instant("generated_at"), by=by)
    if done is not None and done < start:
        state, measured = "contradicts", f"{by} at {done:{STAMP}} UTC, before it counts"
    return Row((measure, f"within {words}; {why}", due, state, Quiet(measured)), Basis(DECLARED))


def _escalation(report: ReportRecord, start: pd.Timestamp, place: int) -> Row:
    """One level of the escalation path; it is not due where the incident was mitigated before."""
    assert report.profile is not None
    level = report.profile.escalation[place]
    contact = f" ({level.contact})" if level.contact else ""
    named, declared = Contact(f"Escalation {level.level}: {level.who}{contact}"), _declared(level)
    if level.from_min is None or level.only:
        return Row((named, declared, None, BY_PEOPLE if level.only else None, None))
    due = start + pd.Timedelta(minutes=level.from_min)
    by = "mitigated" if report.instant("mitigated") else "resolved"
    mitigated, now = report.instant(by), report.instant("generated_at")
    if mitigated is not None and mitigated <= due:
        state, measured = "not due", f"{by} at {mitigated:{STAMP}} UTC, before it"
    elif mitigated is not None:
        apart = span_words((mitigated - due).total_seconds() / 60)
        state, measured = f"due {apart} before it was {by}", f"{by} at {mitigated:{STAMP}} UTC"
    else:
        state, measured = deadline_state(due, None, now, by="mitigated")
    return Row((named, declared, due, state, Quiet(measured)))


def _declared(level: Escalation) -> str:
    """For which incidents and from when a level is called, as the runbook says it."""
    until = f" to {level.to_min} min" if level.to_min is not None else ""
    when = f"time {NOT_SET}" if level.from_min is None else f"from {level.from_min} min{until}"
    return f"only {level.only}; {when}" if level.only else when


def _of_lead(report: ReportRecord) -> Basis:
    return basis_of(report.leading) if report.leading else Basis(FACT)


def _length(start: pd.Timestamp | None, end: pd.Timestamp | None) -> str:
    if start is None or end is None:
        return UNKNOWN
    minutes = (end - start) / pd.Timedelta(minutes=1)
    return f"{minutes:,.0f} min" if minutes >= 0 else f"contradicts: {-minutes:,.0f} min before"
