"""Did traffic fall or surge?"""

from dataclasses import replace

import pandas as pd

from ddms_ops.analysis.onset import Excursion, counts_per_bucket, excursion
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.error_rate import scan_limit
from ddms_ops.checks.read_requests import read_requests
from ddms_ops.checks.refs import log_refs, of_sample, span_words
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.window import Window

BEFORE_THE_SYSTEM = "Traffic, not errors: check what stands before the system (DNS, load balancer, CDN, clients)"


def check_traffic(facts: Facts) -> list[Finding]:
    """Intervals with far fewer, or far more, requests than the baseline's mean rate.

    Where no event is a request, the volume of log events is compared instead, and is never above LOW; nor is a fall
    or a rise over incomplete logs, nor a rise that most tenants have no part in. Time that was not read of a log group
    is neither a fall nor a rise.
    """
    if facts.baseline_requests.empty:
        raise CannotTell("no log events in the baseline to compare with")
    if read_requests(facts).before.empty:
        raise CannotTell("no log group that requests came from in the baseline was read in the window")
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
    read = read_requests(facts)
    counts = counts_per_bucket(read.before["timestamp"], read.spans[1])
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
    read, triage = read_requests(facts), facts.profile.triage
    counts = counts_per_bucket(read.now["timestamp"], facts.window)
    ratio = triage.surge if above else triage.drop
    found = excursion(counts, read.expected(), facts.window, above=above, ratio=ratio)
    if found is None:
        return None
    start, end = max(found.start, read.spans[0].start), min(found.end, read.spans[0].end)
    return replace(found, start=start, end=end) if start < end else None


def _finding(facts: Facts, found: Excursion, verb: str, severity: Severity) -> Finding:
    minutes = (found.end - found.start) / pd.Timedelta(minutes=1)
    now, usual = found.counted / minutes, found.expected / minutes
    inside = between(read_requests(facts).now, found.start, found.end)
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
    failed, before = inside["failed"].mean(), read_requests(facts).before["failed"].mean()
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
    read = read_requests(facts)
    expected = read.expected_of_tenants(Window(found.start, found.end))
    now = between(read.now, found.start, found.end)["tenant"].astype("str").dropna().value_counts()
    table = pd.DataFrame({"expected": expected}).assign(counted=now.reindex(expected.index).fillna(0))
    table = table[table["expected"] >= facts.profile.triage.min_events].sort_index()
    triage = facts.profile.triage
    ratio = table["counted"] / table["expected"]
    return table.assign(moved=ratio <= triage.drop if found.counted < found.expected else ratio >= triage.surge)
