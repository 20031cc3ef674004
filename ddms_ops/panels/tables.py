"""Tables of a case: escaped HTML with a plain-text twin; everything is redacted."""

import pandas as pd

from ddms_ops.analysis.threads import Thread, threads
from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.leading import GROUPED
from ddms_ops.checks.tables import Quiet, Shown, coverage_table, findings_table, html_table, joined
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import Severity
from ddms_ops.panels.answer import PULLS, TRIAGE
from ddms_ops.redact import redact

THREADS = 5
CELL_CHARS = 300


def coverage_panel(case: Case, notebook: str = TRIAGE) -> Shown:
    """Coverage of all that a notebook pulls: asked, got, rows, status and why they differ."""
    for kind in PULLS[notebook]:
        case.pulls(kind)
    return coverage_table(case.coverage)


def check_panel(case: Case, *checks: str) -> Shown:
    """What the named checks found, or that they are clear or could not look."""
    for check in checks:
        case.result(check)
    return findings_table([result for result in case.results if result.id in checks])


def findings_panel(case: Case, notebook: str = TRIAGE) -> Shown:
    """Findings of every check of a notebook, ranked."""
    return check_panel(case, *(check.id for check in CHECKS if check.notebook == notebook))


def threads_panel(case: Case) -> Shown:
    """A whole request for each of the largest new or risen groups, across log groups, beside a healthy one."""
    found = [f for name in GROUPED for f in case.result(name).findings if f.severity is not Severity.LOW]
    groups = list(dict.fromkeys(f.subject["group"].split(",")[0] for f in sorted(found, key=lambda f: f.rank)))
    shown = threads(case.log_events, case.requests, groups[:THREADS])
    if not shown:
        return html_table(("request",), [], caption="No new or risen group has events with a request id")
    return joined(*(part for thread in shown for part in _thread(thread)))


def _thread(thread: Thread) -> list[Shown]:
    where = f" on {redact(thread.endpoint)}" if thread.endpoint else ""
    parts = [_thread_table(f"Request {thread.request_id}{where}, group {thread.group}", thread.events)]
    if thread.healthy_id:
        parts.append(_thread_table(f"Healthy request {thread.healthy_id}{where}", thread.healthy_events))
    return parts


def _thread_table(caption: str, events: pd.DataFrame) -> Shown:
    columns = ("time (UTC)", "log group", "level", "message", "status", "ms", "evidence")
    rows = [
        (
            f"{row.timestamp:%H:%M:%S.%f}"[:-3],
            str(row.log_group),
            None if pd.isna(row.level) else str(row.level),
            redact("" if pd.isna(row.message) else str(row.message))[:CELL_CHARS],
            None if pd.isna(row.status) else redact(str(row.status)),
            None if pd.isna(row.duration_ms) else _ms(float(row.duration_ms)),
            Quiet(f"{row.pull}:{row.row}"),
        )
        for row in events.itertuples()
    ]
    return html_table(columns, rows, caption=caption)


def _ms(length: float) -> float:
    """Whole milliseconds from a hundred on."""
    return round(length) if length >= 100 else length


def unseen_panel(case: Case) -> Shown:
    """What could not be seen: pulls that are not complete and checks that could not be made."""
    rows = [("pull", row.pull, str(row.status), row.reason) for row in case.coverage if _is_lacking(row)]
    rows += [
        ("check", result.question, "not checked", result.reason)
        for result in case.results
        if result.status == "not_checked"
    ]
    rows += [
        ("check", result.question, "found, in part", result.reason)
        for result in case.results
        if result.findings and result.reason
    ]
    offsets = case.clock_offsets["offset_s"] if len(case.log_events) else {}
    rows += [
        ("log stream", f"{group} {stream}", "clock is off", f"by {seconds / -60:+.1f} min; its events were moved")
        for (group, stream), seconds in offsets.items()
    ]
    unparsed = int((~case.log_events["is_parsed"]).sum()) if len(case.log_events) else 0
    if unparsed:
        rows.append(("log events", "begin as JSON and are not", f"{unparsed:,}", "kept as text, without fields"))
    return html_table(
        ("what", "which", "status", "why"),
        rows,
        caption="What could not be seen" if rows else "Everything asked for was seen",
    )


def _is_lacking(pull: Coverage) -> bool:
    """Whether a pull is not complete; an empty answer of the audit trail (no hole, no grant) is one, not a lack."""
    is_answer = pull.status is Status.EMPTY and pull.pull.startswith("trail/")
    return pull.status is not Status.COMPLETE and not is_answer


def steps_panel(case: Case) -> Shown:
    """Next steps from the runbook for what was found: of the alerts met first, then of what findings point to."""
    profile = case.profile
    findings = sorted((f for result in case.results for f in result.findings), key=lambda finding: finding.rank)
    met = [profile.alerts[finding.subject["alert"]].title for finding in findings if finding.check == "alerts"]
    steps = {alert.title: alert.steps for alert in profile.alerts.values()}
    steps |= {scenario.title: scenario.steps for scenario in profile.scenarios.values()}
    pointed = [title for title in steps if any(finding.next_step.startswith(f"{title}: ") for finding in findings)]
    rows = [
        (title, str(n), step) for title in dict.fromkeys([*met, *pointed]) for n, step in enumerate(steps[title], 1)
    ]
    others = dict.fromkeys(f.next_step for f in findings if f.check == "traffic" and f.next_step)
    return html_table(
        ("runbook", "step", "do"),
        [*rows, *(("", "", step) for step in others)],
        caption=profile.runbook or profile.title,
    )
