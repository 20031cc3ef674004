"""Tables of a case: escaped HTML with a plain-text twin; everything is redacted."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ddms_ops.analysis.threads import Thread, threads
from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.leading import GROUPED, leading
from ddms_ops.checks.refs import shown_template, tenants_in_words
from ddms_ops.checks.tables import Quiet, Shown, coverage_table, findings_table, html_table, joined
from ddms_ops.checks.who_is_hit import impact_of
from ddms_ops.findings import Severity
from ddms_ops.panels.answer import PULLS
from ddms_ops.redact import redact

TOP = 12
WORST = 10
NAMED = 5
THREADS = 5
EXAMPLES = 3
EXAMPLE_CHARS = 160
CELL_CHARS = 300


def coverage_panel(case: Case) -> Shown:
    """Coverage of all that error triage pulls: asked, got, rows, status and why they differ."""
    for kind in PULLS:
        case.pulls(kind)
    return coverage_table(case.coverage)


def check_panel(case: Case, *checks: str) -> Shown:
    """What the named checks found, or that they are clear or could not look."""
    for check in checks:
        case.result(check)
    return findings_table([result for result in case.results if result.id in checks])


def findings_panel(case: Case) -> Shown:
    """Findings of every check of error triage, ranked."""
    return check_panel(case, *(check.id for check in CHECKS if check.notebook == "error_triage"))


def groups_table(case: Case) -> Shown:
    """The largest groups of errors and warnings: counts, what is masked, redacted examples; and the sum of all."""
    groups = case.groups
    is_shown = groups["is_error"] | ((groups["level"] == "WARN") & groups["trend"].isin(["new", "rising"]))
    rows = [_group_row(case, row) for row in groups[is_shown].head(TOP).itertuples()]
    total, others = int(groups["events"].sum()) if len(groups) else 0, int((~is_shown).sum())
    caption = (
        f"{len(rows)} of {len(groups) - others} groups of errors and new or rising warnings; with {others} groups of"
        f" other events they hold {total:,} events, the {len(case.logs):,} log events of the window"
    )
    columns = ("group", "error", "template", "examples", "events", "baseline", "rate", "trend", "first seen (UTC)")
    return html_table(columns, rows, caption=caption)


def _group_row(case: Case, row: Any) -> tuple[object, ...]:
    events = _events(case, row.group)
    rate = "" if pd.isna(row.ratio) else f"{row.ratio:.2f}× ({row.ratio_low:.2g} to {row.ratio_high:.2g})"
    return (
        row.group,
        (
            "" if pd.isna(row.error) else redact(row.error),
            *([Quiet(redact(row.frames))] if pd.notna(row.frames) else []),
        ),
        shown_template(events)[:CELL_CHARS],
        tuple(Quiet(redact(text)[:EXAMPLE_CHARS]) for text in _examples(events)),
        int(row.events),
        int(row.baseline_events),
        "" if row.ratio == float("inf") else rate,
        row.trend,
        "" if pd.isna(row.first_seen) else f"{row.first_seen:%H:%M:%S}",
    )


def _events(case: Case, group: str) -> pd.DataFrame:
    """Events of a group, of the window or else of the baseline."""
    found = case.logs[case.logs["group"] == group]
    return case.baseline_logs[case.baseline_logs["group"] == group] if found.empty else found


def _examples(events: pd.DataFrame) -> list[str]:
    """Up to three different messages, of different templates where there are several."""
    apart = events[~events["template"].duplicated()]["message"]
    messages = pd.concat([apart.head(EXAMPLES), events["message"]]).dropna().drop_duplicates()
    return [str(message) for message in messages.head(EXAMPLES)]


def threads_panel(case: Case) -> Shown:
    """A whole request for each of the largest new or risen groups, across log groups, beside a healthy one."""
    found = [f for name in GROUPED for f in case.result(name).findings if f.severity is not Severity.LOW]
    groups = list(dict.fromkeys(f.subject["group"].split(",")[0] for f in sorted(found, key=lambda f: f.rank)))
    shown = threads(case.logs, case.requests, groups[:THREADS])
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
            None if pd.isna(row.duration_ms) else float(row.duration_ms),
            Quiet(f"{row.pull}:{row.row}"),
        )
        for row in events.itertuples()
    ]
    return html_table(columns, rows, caption=caption)


def tenants_table(case: Case) -> Shown:
    """The ten tenants that the leading finding hit most: requests, hit, share; and who was not hit or not seen."""
    result = case.result("who_is_hit")
    sign = leading(case) if result.findings else None
    if sign is None or sign.check == "traffic":
        return check_panel(case, "who_is_hit")
    impact = impact_of(case, sign)
    worst = impact.hit.head(WORST)
    rows = [(redact(str(row.Index)), row.requests, row.failed, f"{row.share:.1%}") for row in worst.itertuples()]
    others = f"{_named(impact.unaffected.index)} had traffic and no such failure"
    if not impact.is_known:
        others = tenants_in_words(impact)
    caption = (
        f"{len(worst)} worst of {len(impact.hit)} tenants hit; {others};"
        f" {_named(impact.unseen)} of the baseline had no traffic, so nothing is known of them"
    )
    return html_table(("tenant", "requests since it began", "hit", "share of theirs"), rows, caption=caption)


def _named(tenants: Iterable[object]) -> str:
    names = [redact(str(name)) for name in tenants]
    if not names:
        return "none"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} ({', '.join(names[:NAMED])}{more})"


def unseen_panel(case: Case) -> Shown:
    """What could not be seen: pulls that are not complete and checks that could not be made."""
    rows = [("pull", row.pull, str(row.status), row.reason) for row in case.coverage if row.status not in ("complete",)]
    rows += [
        ("check", result.question, "not checked", result.reason)
        for result in case.results
        if result.status == "not_checked"
    ]
    rows += [
        ("check", result.question, "found", result.reason)
        for result in case.results
        if result.findings and result.reason
    ]
    offsets = case.clock_offsets["offset_s"] if len(case.logs) else {}
    rows += [
        ("log stream", f"{group} {stream}", "clock is off", f"by {seconds / -60:+.1f} min; its events were moved")
        for (group, stream), seconds in offsets.items()
    ]
    unparsed = int((~case.logs["is_parsed"]).sum()) if len(case.logs) else 0
    if unparsed:
        rows.append(("log events", "begin as JSON and are not", f"{unparsed:,}", "kept as text, without fields"))
    return html_table(
        ("what", "which", "status", "why"),
        rows,
        caption="What could not be seen" if rows else "Everything asked for was seen",
    )


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
