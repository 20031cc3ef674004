"""The answer on one screen: what, since when, where, who is hit, what changed before, what is not known, what next."""

from collections.abc import Collection, Mapping

import pandas as pd

from ddms_ops.analysis.leak_verdict import LEAKED, NO_LEAK
from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.access_changes import leading_access
from ddms_ops.checks.base import BROKEN, CannotTell
from ddms_ops.checks.capacity_basis import leading_capacity
from ddms_ops.checks.cost_basis import bill_words, leading_cost
from ddms_ops.checks.leading import leading
from ddms_ops.checks.leak_changes import leading_leak
from ddms_ops.checks.pipeline_changes import leading_backlog
from ddms_ops.checks.refs import counted
from ddms_ops.checks.slow_sign import leading_slow
from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined, lead_line, verdict
from ddms_ops.checks.tenant_leaks import hidden_stretches, leaks_doubt
from ddms_ops.checks.trail_basis import NOT_DECLARED, must_have_trail
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import CheckResult, Finding, Verdict, ranked
from ddms_ops.panels.tenants_audit import TONES
from ddms_ops.report.summary import EXPLAINING, in_all

ALSO = 3
UNKNOWN = 4
COUNTS = ("log_counts", "log_counts.baseline")
TRIAGE, SLOW, AUDIT, COST = "error_triage", "slow_queries", "tenant_leakage_audit", "cost_spike"
BACKLOG, CAPACITY, ACCESS = "pipeline_backlog", "capacity", "access_anomalies"
PULLS = {
    TRIAGE: ("logs", "logs.baseline", "metrics", "metrics.baseline", "changes", "alarms"),
    SLOW: ("database_log", "database_log.baseline", "statistics", "logs", "logs.baseline", "metrics",
           "metrics.baseline", "changes", "alarms"),
    AUDIT: ("trail", "logs", "changes", "posture", "database_log", "statistics"),
    COST: ("costs", "logs", "logs.baseline", "metrics", "metrics.baseline", "changes", "alarms"),
    BACKLOG: ("metrics", "metrics.baseline", "logs", "logs.baseline", "changes", "alarms"),
    CAPACITY: ("metrics", "metrics.baseline", "logs", "logs.baseline", "changes", "alarms"),
    ACCESS: ("logs", "logs.baseline", "changes", "changes.baseline", "metrics", "metrics.baseline"),
}  # fmt: skip
LEADING = {
    TRIAGE: leading,
    SLOW: leading_slow,
    COST: leading_cost,
    BACKLOG: leading_backlog,
    CAPACITY: leading_capacity,
    ACCESS: leading_access,
}
ABOUT = {
    TRIAGE: (("Where", "what_differs", 1), ("Who is hit", "who_is_hit", 3), ("Just before", "changes_before", 3)),
    SLOW: (
        ("Plan", "plans", 2),
        ("Endpoint", "slow_endpoints", 2),
        ("Whose time", "tenant_database_time", 2),
        ("Just before", "database_changes", 3),
    ),
    AUDIT: (
        ("Logs, objects", "tenant_witnesses", 2),
        ("Whole trail?", "trail_gaps", 2),
        ("Database", "isolation_posture", 2),
        ("Just before", "leak_changes", 3),
    ),
    COST: (
        ("Driven by", "cost_drivers", 2),
        ("Whose use", "tenant_costs", 1),
        ("Repeated?", "repeated_work", 2),
        ("Just before", "cost_changes", 3),
    ),
    BACKLOG: (
        ("Given up", "dead_letters", 2),
        ("Stuck", "stuck_work", 2),
        ("Takes longer", "task_durations", 2),
        ("Just before", "pipeline_changes", 3),
    ),
    CAPACITY: (
        ("Full", "saturation", 2),
        ("Refused", "throttling", 2),
        ("Does not run", "missing_tasks", 2),
        ("Ran into its limit", "timeouts", 2),
        ("Just before", "capacity_changes", 3),
    ),
    ACCESS: (
        ("Refused", "failed_sign_ins", 2),
        ("Opened", "opened_access", 2),
        ("Hidden", "hidden_traces", 2),
        ("Just before", "access_changes", 3),
    ),
}
"""What a row is called, the check that answers it, and how many clauses of its statement are not said quietly."""
CLEAR = {"trail_gaps": "yes, over complete evidence", "isolation_posture": "no fault found"}
"""What it means that such a check is clear; of others nothing was found."""


def answer_panel(case: Case, notebook: str = TRIAGE) -> Shown:
    """The answers of a notebook and what they rest on, in at most 15 lines; runs every check of it."""
    is_moot = notebook == AUDIT and case.profile.tenants is None
    for kind in () if is_moot else PULLS[notebook]:
        case.pulls(kind)
    checks = [check.id for check in CHECKS if check.notebook == notebook]
    results = {result.id: result for result in ranked([case.result(check) for check in checks])}
    if notebook == AUDIT:
        return _of_audit(case, results)
    try:
        found = LEADING[notebook](case)
    except CannotTell as lack:
        rows = [*_also(results), *_unknown(case, results)]
        return joined(lead_line(Badge("cannot tell", "medium"), f"{lack}."), _table(rows))
    if found is None:
        clear = [result for result in results.values() if result.status is Verdict.CLEAR]
        ids = "; ".join(result.question for result in clear if not result.reason)
        words = f"Nothing above low in {case.window} against {case.baseline}. Clear: {ids or 'no check'}"
        words += f". {bill_words(case)}" if notebook == COST else ""
        rows = [*_also(results), *((result.question, result.reason) for result in clear if result.reason)]
        return joined(lead_line(Badge("nothing found", "good"), words), _table([*rows, *_unknown(case, results)]))
    return joined(lead_line(Badge.of(found.severity), found.statement), _table(_rows(case, notebook, found, results)))


def _rows(case: Case, notebook: str, found: Finding, results: Mapping[str, CheckResult]) -> list[tuple[object, object]]:
    """What is known about the leading finding, what else was found, what is not known, and what comes next."""
    rows_about = [(name, _first(results[check], loud)) for name, check, loud in ABOUT[notebook] if check != found.check]
    about = [("Since", _since(found, results)), *rows_about]
    before = ABOUT[notebook][-1][1]
    steps = [step for step in dict.fromkeys([found.next_step, _step(results[before])]) if step]
    rows = [*about, *_also(results, [found.id, *_told(notebook, results)]), *_unknown(case, results)]
    return [*rows, ("Next", tuple(steps) or Quiet("the runbook names no step"))]


def _told(notebook: str, results: Mapping[str, CheckResult]) -> list[str]:
    """Ids of the findings that have a row of their own."""
    return [finding.id for _, check, _ in ABOUT[notebook] for finding in results[check].findings[:1]]


def _of_audit(case: Case, results: Mapping[str, CheckResult]) -> Shown:
    """The audit leads with the verdict on the window, whatever was found; witnesses alone stand below it."""
    if case.profile.tenants is None:
        lead, rows = lead_line(Badge("cannot tell", "medium"), f"{NOT_DECLARED}."), _also(results)
        return joined(lead, _table(rows)) if rows else lead
    found = leading_leak(case)
    lead, is_told = _audit_lead(case, results["tenant_leaks"], found)
    if found is not None:
        own: list[tuple[object, object]] = [("Logs, objects", (Badge.of(found.severity), found.statement))]
        if is_told:
            doubt = _lack_of_trail(case) or leaks_doubt(case)
            own = [("More may hide", Quiet(doubt))] if doubt else []
        return joined(lead, _table([*own, *_rows(case, AUDIT, found, results)]))
    about = [(name, _first(results[check], loud)) for name, check, loud in ABOUT[AUDIT][:-1]]
    return joined(lead, _table([*about, *_also(results, _told(AUDIT, results)), *_unknown(case, results)]))


def _audit_lead(case: Case, leaks: CheckResult, found: Finding | None) -> tuple[Shown, bool]:
    """The verdict and its reasons, and whether they tell the leading finding."""
    if leaks.reason.startswith(BROKEN):
        return lead_line(Badge("cannot tell", "medium"), f"{leaks.question} {leaks.reason}"), False
    said = case.leak_verdict
    if said.word == LEAKED and found is not None:
        return lead_line(Badge(said.word, TONES[said.word]), found.statement), True
    if said.word != NO_LEAK:
        words = _lack_of_trail(case) or hidden_stretches(case) or f"in {case.window}"
    elif found is None:
        words = f"in {case.window}; {counted(len(said.unaffected), 'tenant')} seen in the audit trail"
    else:
        return lead_line(Badge("cannot tell", "medium"), "the audit trail shows no leak, but other sources do."), False
    return lead_line(Badge(said.word, TONES[said.word]), words), False


def _lack_of_trail(case: Case) -> str:
    try:
        must_have_trail(case)
    except CannotTell as lack:
        return f"{lack}."
    return ""


def _table(rows: list[tuple[object, object]]) -> Shown:
    return html_table(("", ""), rows, name="answer") if rows else verdict("Everything asked for was seen.")


def _since(found: Finding, results: Mapping[str, CheckResult]) -> object:
    """When the leading finding began, and when other checks saw something above low first."""
    start, end = found.first_seen, found.last_seen
    if start is None:
        return Quiet("not dated")
    day = "%Y-%m-%d " if end is not None and end.date() != start.date() else ""
    last = f", last seen {end:{day}%H:%M:%S}" if end is not None else ""
    words = f"{start:%Y-%m-%d %H:%M:%S} UTC{last}; confidence {found.confidence}"
    firsts: dict[str, pd.Timestamp] = {}
    for other in (f for result in results.values() for f in result.findings if f.severity.is_above_low):
        if other.check not in (*EXPLAINING, found.check) and other.first_seen is not None:
            firsts[other.check] = min(other.first_seen, firsts.get(other.check, other.first_seen))
    others = [
        f"{name.replace('_', ' ')} {stamp:{'%H:%M' if stamp.date() == start.date() else '%Y-%m-%d %H:%M'}}"
        for name, stamp in sorted(firsts.items(), key=lambda item: (item[1], item[0]))
    ]
    return (words, Quiet(f"other signs, by their own measure: {', '.join(others)}")) if others else words


def _first(result: CheckResult, loud: int) -> object:
    """The first finding of a check, quiet after some clauses; or what its silence means."""
    if not result.findings:
        is_clear = result.status is Verdict.CLEAR
        return Quiet(
            CLEAR.get(result.id, "nothing found")
            if is_clear and not result.reason
            else result.reason or "nothing found"
        )
    clauses = result.findings[0].statement.split("; ")
    first, rest = "; ".join(clauses[:loud]), "; ".join(clauses[loud:])
    return (first, Quiet(rest)) if rest else first


def _step(result: CheckResult) -> str:
    return result.findings[0].next_step if result.findings else ""


def _also(results: Mapping[str, CheckResult], shown: Collection[str] = ()) -> list[tuple[object, object]]:
    """Further findings by rank, without those shown and those that explain; then how many there are of all."""
    every = sorted((finding for result in results.values() for finding in result.findings), key=lambda f: f.rank)
    others = [f for f in every if f.check not in EXPLAINING and f.id not in shown]
    rows: list[tuple[object, object]] = [(("Also", Badge.of(f.severity)), f.statement) for f in others[:ALSO]]
    return [*rows, *([("", Quiet(f"{in_all(len(every))}, below"))] if len(others) > ALSO else [])]


def _is_absent(row: Coverage) -> bool:
    return row.status is Status.NOT_CONFIGURED


def _unknown(case: Case, results: Mapping[str, CheckResult]) -> list[tuple[object, object]]:
    """What could not be seen, in one row; what was read, when all could."""
    if case.sample is None:
        return _lacking(case, results)
    one_in, window, baseline = case.sample
    is_exact = all(row.is_all_there for kind in COUNTS for row in case.pulls(kind))
    totals = f"{window:,} log events in the window, {baseline:,} in the baseline"
    if not is_exact:
        totals = f"at least {window:,} log events in the window, at least {baseline:,} in the baseline: not all counted"
    words = f"1 in {one_in} events was read, by time: counts and shares are estimates"
    return [("Sample", f"{words}; {'exact: ' if is_exact else ''}{totals}"), *_lacking(case, results)]


def _lacking(case: Case, results: Mapping[str, CheckResult]) -> list[tuple[object, object]]:
    lacking = [row for row in case.coverage if not row.is_all_there]
    missing = [f"{row.pull} is {str(row.status).replace('_', ' ')}" for row in lacking if not _is_absent(row)]
    missing += [f"not checked: {result.question}" for result in results.values() if result.status == "not_checked"]
    missing += [f"{row.pull} is not configured" for row in lacking if _is_absent(row)]
    if not missing:
        return [("Not known", Quiet(f"every pull is complete ({len(case.coverage)} of {len(case.coverage)})"))]
    more = [f"and {len(missing) - UNKNOWN} more, below"] if len(missing) > UNKNOWN else []
    return [("Not known", "; ".join([*missing[:UNKNOWN], *more]))]
