"""Did traffic fall or surge?"""

import pandas as pd

from ddms_ops.analysis.onset import Excursion, counts_per_bucket, excursion, expected_counts
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.error_rate import scan_limit
from ddms_ops.checks.refs import log_refs, of_sample, span_words
from ddms_ops.findings import EvidenceRef, Finding, Severity

BEFORE_THE_SYSTEM = "Traffic, not errors: check what stands before the system (DNS, load balancer, CDN, clients)"


def check_traffic(facts: Facts) -> list[Finding]:
    """Intervals with far fewer, or far more, requests than the baseline's mean rate.

    Where no event is a request, the volume of log events is compared instead, and is never above LOW; nor is a fall
    or a rise over incomplete logs, nor a rise that most tenants have no part in.
    """
    if facts.baseline_requests.empty:
        raise CannotTell("no log events in the baseline to compare with")
    if facts.requests.empty and _still_log(facts):
        raise CannotTell("no event of the window carries an HTTP status, though its log groups log as before")
    is_traffic = facts.has_requests
    drop, surge = (traffic_excursion(facts, above=above) for above in (False, True))
    findings = []
    limit = scan_limit(facts) * spread(facts)
    if drop and drop.llr >= limit:
        severity = Severity.HIGH if is_traffic and _is_whole(facts) else Severity.LOW
        findings.append(_finding(facts, drop, "fell", severity))
    if surge and surge.llr >= limit:
        is_general = is_traffic and _is_whole(facts) and _moved_together(facts, surge)
        findings.append(_finding(facts, surge, "rose", Severity.MEDIUM if is_general else Severity.LOW))
    return findings


def spread(facts: Facts) -> float:
    """How much more the baseline's requests per bucket vary than at a constant rate: variance over mean, at least 1.

    A likelihood ratio over counts that vary so is divided by it (quasi-likelihood; McCullagh and Nelder, "Generalized
    Linear Models", 1989).
    """
    counts = counts_per_bucket(facts.baseline_requests["timestamp"], facts.baseline)
    return max(1.0, float(counts.var() / counts.mean())) if counts.any() else 1.0


def _still_log(facts: Facts) -> bool:
    """Whether the log groups that requests came from in the baseline log at `triage.drop` of its rate or more."""
    names = set(facts.baseline_requests["log_group"].astype("str"))
    now, before = (frame["log_group"].isin(names).sum() for frame in (facts.log_events, facts.baseline_log_events))
    return bool(now / facts.window.minutes >= facts.profile.triage.drop * before / facts.baseline.minutes)


def _is_whole(facts: Facts) -> bool:
    """Whether the log groups that requests came from in the baseline are all there, in window and baseline."""
    before = {str(name) for name in facts.baseline_requests["pull"].unique()}
    names = before | {name.replace("logs.baseline/", "logs/", 1) for name in before}
    rows = [*facts.pulls("logs"), *facts.pulls("logs.baseline")]
    return all(row.is_all_there for row in rows if row.pull in names)


def traffic_excursion(facts: Facts, *, above: bool) -> Excursion | None:
    """When requests were most unlike the baseline's mean rate, at `triage.drop` of it or less, or `surge` or more."""
    counts = counts_per_bucket(facts.requests["timestamp"], facts.window)
    expected = expected_counts(len(facts.baseline_requests) / facts.baseline.minutes, facts.window)
    triage = facts.profile.triage
    return excursion(counts, expected, facts.window, above=above, ratio=triage.surge if above else triage.drop)


def _finding(facts: Facts, found: Excursion, verb: str, severity: Severity) -> Finding:
    minutes = (found.end - found.start) / pd.Timedelta(minutes=1)
    now, usual = found.counted / minutes, found.expected / minutes
    inside = between(facts.requests, found.start, found.end)
    is_traffic = facts.has_requests
    what, unit = ("Traffic", "requests/min") if is_traffic else ("Log volume", "log events/min")
    return Finding(
        check="traffic",
        severity=severity,
        statement=(
            f"{'' if _is_whole(facts) else 'Over incomplete logs: '}{what} {verb} to {now / usual:.0%} of the baseline"
            f" from {span_words(found.start, found.end)}:"
            f" {now:,.1f} {unit} against {usual:,.1f}{of_sample(facts)}"
            f"{_with_whom(facts, found, inside) if is_traffic else ''}"
        ),
        subject={"signal": f"{what.lower()} {verb}"},
        evidence=log_refs(inside) or tuple(EvidenceRef(c.pull, c.rows) for c in facts.pulls("logs")),
        strength=found.llr,
        first_seen=found.start,
        last_seen=found.end,
        observed=now,
        baseline=usual,
        unit=unit,
        next_step=BEFORE_THE_SYSTEM if is_traffic and verb == "fell" else "",
    )


def _with_whom(facts: Facts, found: Excursion, inside: pd.DataFrame) -> str:
    """Tenants that moved with the total, and whether what came failed."""
    tenants = tenants_moved(facts, found)
    words = f"; {tenants['moved'].sum()} of {len(tenants)} tenants with it" if len(tenants) else ""
    if inside.empty:
        return words
    failed, before = inside["failed"].mean(), facts.baseline_requests["failed"].mean()
    return f"{words}; {failed:.2%} of those that came failed, {before:.2%} in the baseline"


def _moved_together(facts: Facts, found: Excursion) -> bool:
    """Whether at least half of the tenants moved with the total; true where no tenant has enough traffic to tell."""
    tenants = tenants_moved(facts, found)
    return tenants.empty or bool(tenants["moved"].mean() >= 1 / 2)


def tenants_moved(facts: Facts, found: Excursion) -> pd.DataFrame:
    """Tenants with enough baseline traffic to tell, and whether theirs moved with the total.

    Returns:
        Index tenant (str); `expected` and `counted` requests in the interval, `moved` (bool).
    """
    before = facts.baseline_requests["tenant"].astype("str").dropna().value_counts()
    scale = (found.end - found.start) / facts.baseline.length
    inside = between(facts.requests, found.start, found.end)
    now = inside["tenant"].astype("str").dropna().value_counts()
    table = pd.DataFrame({"expected": before * scale}).assign(counted=now.reindex(before.index).fillna(0))
    table = table[table["expected"] >= facts.profile.triage.min_events].sort_index()
    triage = facts.profile.triage
    ratio = table["counted"] / table["expected"]
    return table.assign(moved=ratio <= triage.drop if found.counted < found.expected else ratio >= triage.surge)
