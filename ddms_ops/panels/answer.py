"""The answer on one screen: what, since when, where, who is hit, what changed before, what is not known, what next."""

from collections.abc import Collection, Mapping

import pandas as pd

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.leading import leading
from ddms_ops.checks.slow_sign import leading_slow
from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined, lead_line, verdict
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import CheckResult, Finding, Verdict, ranked
from ddms_ops.report.summary import EXPLAINING, in_all

ALSO = 3
UNKNOWN = 4
COUNTS = ("log_counts", "log_counts.baseline")
TRIAGE, SLOW = "error_triage", "slow_queries"
PULLS = {
    TRIAGE: ("logs", "logs.baseline", "metrics", "metrics.baseline", "changes", "alarms"),
    SLOW: ("database_log", "database_log.baseline", "statistics", "logs", "logs.baseline", "metrics",
           "metrics.baseline", "changes", "alarms"),
}  # fmt: skip
LEADING = {TRIAGE: leading, SLOW: leading_slow}
ABOUT = {
    TRIAGE: (("Where", "what_differs", 1), ("Who is hit", "who_is_hit", 3), ("Just before", "changes_before", 3)),
    SLOW: (
        ("Plan", "plans", 2),
        ("Endpoint", "slow_endpoints", 2),
        ("Whose time", "tenant_database_time", 2),
        ("Just before", "database_changes", 3),
    ),
}
"""What a row is called, the check that answers it, and how many clauses of its statement are not said quietly."""


def answer_panel(case: Case, notebook: str = TRIAGE) -> Shown:
    """The answers of a notebook and what they rest on, in at most 15 lines; runs every check of it."""
    for kind in PULLS[notebook]:
        case.pulls(kind)
    checks = [check.id for check in CHECKS if check.notebook == notebook]
    results = {result.id: result for result in ranked([case.result(check) for check in checks])}
    try:
        found = LEADING[notebook](case)
    except CannotTell as lack:
        rows = [*_also(results), *_unknown(case, results)]
        return joined(lead_line(Badge("cannot tell", "medium"), f"{lack}."), _table(rows))
    if found is None:
        ids = "; ".join(result.question for result in results.values() if result.status is Verdict.CLEAR)
        words = f"Nothing above low in {case.window} against {case.baseline}. Clear: {ids or 'no check'}"
        return joined(
            lead_line(Badge("nothing found", "good"), words), _table(_also(results) + _unknown(case, results))
        )
    rows_about = [(name, _first(results[check], loud)) for name, check, loud in ABOUT[notebook] if check != found.check]
    about = [("Since", _since(found, results)), *rows_about]
    before = ABOUT[notebook][-1][1]
    steps = [step for step in dict.fromkeys([found.next_step, _step(results[before])]) if step]
    shown = [found.id, *(f.id for name, check, _ in ABOUT[notebook] for f in results[check].findings[:1])]
    rows = [*about, *_also(results, shown), *_unknown(case, results)]
    rows += [("Next", tuple(steps) or Quiet("the runbook names no step"))]
    return joined(lead_line(Badge.of(found.severity), found.statement), _table(rows))


def _table(rows: list[tuple[object, object]]) -> Shown:
    return html_table(("", ""), rows, name="answer") if rows else verdict("Everything asked for was seen.")


def _since(found: Finding, results: Mapping[str, CheckResult]) -> object:
    """When the leading finding began, and when other checks saw something above low first."""
    start, end = found.first_seen, found.last_seen
    if start is None:
        return Quiet("not dated")
    last = f", last seen {end:%H:%M:%S}" if end is not None else ""
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
        return Quiet(result.reason if result.status is Verdict.NOT_CHECKED else "nothing found")
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
