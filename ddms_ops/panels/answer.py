"""The answer on one screen: what, since when, where, who is hit, what changed before, what is not known, what next."""

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.leading import leading
from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined, lead_line, verdict
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import CheckResult, Finding, Verdict

ALSO = 3
UNKNOWN = 4
EXPLAINING = ("what_differs", "changes_before", "who_is_hit")
PULLS = ("logs", "logs.baseline", "metrics", "metrics.baseline", "changes", "alarms")


def answer_panel(case: Case) -> Shown:
    """The five answers of error triage and what they rest on, in at most 15 lines; runs every check of it."""
    for kind in PULLS:
        case.pulls(kind)
    results = {check.id: case.result(check.id) for check in CHECKS if check.notebook == "error_triage"}
    try:
        found = leading(case)
    except CannotTell as lack:
        rows = [*_also(results), *_unknown(case, results)]
        return joined(lead_line(Badge("cannot tell", "medium"), f"{lack}."), _table(rows))
    if found is None:
        ids = "; ".join(result.question for result in results.values() if result.status is Verdict.CLEAR)
        words = f"Nothing above low in {case.window} against {case.baseline}. Clear: {ids or 'no check'}"
        return joined(
            lead_line(Badge("nothing found", "good"), words), _table(_also(results) + _unknown(case, results))
        )
    about = [("Since", _since(found)), *((name, _first(results[check])) for name, check in ABOUT)]
    steps = [step for step in dict.fromkeys([found.next_step, _step(results["changes_before"])]) if step]
    rows = [*about, *_also(results, found), *_unknown(case, results)]
    rows += [("Next", tuple(steps) or Quiet("the runbook names no step"))]
    return joined(lead_line(Badge.of(found.severity), found.statement), _table(rows))


ABOUT = (("Where", "what_differs"), ("Who is hit", "who_is_hit"), ("Just before", "changes_before"))


def _table(rows: list[tuple[str, object]]) -> Shown:
    return html_table(("", ""), rows, name="answer") if rows else verdict("Everything asked for was seen.")


def _since(found: Finding) -> object:
    start, end = found.first_seen, found.last_seen
    if start is None or end is None:
        return Quiet("not dated")
    return f"{start:%Y-%m-%d %H:%M:%S} UTC, last seen {end:%H:%M:%S}; confidence {found.confidence}"


def _first(result: CheckResult) -> object:
    """The first finding of a check, or what its silence means."""
    if result.findings:
        return result.findings[0].statement
    return Quiet(result.reason if result.status is Verdict.NOT_CHECKED else "nothing found")


def _step(result: CheckResult) -> str:
    return result.findings[0].next_step if result.findings else ""


def _also(results: dict[str, CheckResult], found: Finding | None = None) -> list[tuple[str, object]]:
    """Further findings, the strongest first, without those that explain the leading one."""
    others = [finding for result in results.values() for finding in result.findings if result.id not in EXPLAINING]
    others = sorted((f for f in others if found is None or f.id != found.id), key=_order)
    rows: list[tuple[str, object]] = [("Also", (Badge.of(f.severity), f.statement)) for f in others[:ALSO]]
    more = len(others) - ALSO
    return [*rows, *([("", Quiet(f"{more} more findings below"))] if more > 0 else [])]


def _is_absent(row: Coverage) -> bool:
    return row.status is Status.NOT_CONFIGURED


def _order(finding: Finding) -> tuple[int, float, str]:
    return finding.severity.order, -finding.strength, finding.id


def _unknown(case: Case, results: dict[str, CheckResult]) -> list[tuple[str, object]]:
    """What could not be seen, in one row; what was read, when all could."""
    sampled = case.sample
    if sampled:
        words = f"1 in {sampled[0]} events was read, by time: counts and shares are estimates; "
        words += f"exact: {sampled[1]:,} log events in the window, {sampled[2]:,} in the baseline"
        return [("Sample", words), *_lacking(case, results)]
    return _lacking(case, results)


def _lacking(case: Case, results: dict[str, CheckResult]) -> list[tuple[str, object]]:
    lacking = [row for row in case.coverage if not row.is_all_there]
    missing = [f"{row.pull} is {str(row.status).replace('_', ' ')}" for row in lacking if not _is_absent(row)]
    missing += [f"not checked: {result.question}" for result in results.values() if result.status == "not_checked"]
    missing += [f"{row.pull} is not configured" for row in lacking if _is_absent(row)]
    if not missing:
        return [("Not known", Quiet(f"every pull is complete ({len(case.coverage)} of {len(case.coverage)})"))]
    more = [f"and {len(missing) - UNKNOWN} more, below"] if len(missing) > UNKNOWN else []
    return [("Not known", "; ".join([*missing[:UNKNOWN], *more]))]
