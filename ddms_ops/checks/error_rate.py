"""Did the share of failing requests rise, or that of refused ones? Does most fail anyway?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.onset import Excursion, counts_per_bucket, excursion
from ddms_ops.analysis.requests import between, refused
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, of_sample, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity

MOST = 0.5
FAILED, REFUSED = "error rate", "refused requests"


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the requests: those of the window, with `failed` for what is counted, what is usual, and words."""

    requests: pd.DataFrame
    usual: float
    usual_words: str
    what: str


def check_error_rate(facts: Facts) -> list[Finding]:
    """The interval in which most more requests failed than the baseline's share makes expected; likewise were refused.

    Where none did, but half of all requests or more fail, or more than the profile's target and alert allow, that is
    said.
    """
    if facts.requests.empty:
        raise CannotTell("no log events in the window")
    failing = share_of_failed(facts)
    found = [*_risen(facts, failing, FAILED)] or [*_steady(facts, failing)]
    return [*found, *(_risen(facts, share_of_refused(facts), REFUSED) if facts.has_requests else [])]


def share_of_failed(facts: Facts) -> Share:
    """The failing share of requests."""
    what = "requests failed" if facts.has_requests else "log events were errors"
    return Share(facts.requests, *_usual(facts, facts.requests, facts.baseline_requests), what)


def share_of_refused(facts: Facts) -> Share:
    """The share of requests that were answered with 400 to 499."""
    now, before = (found.assign(failed=refused(found)) for found in (facts.requests, facts.baseline_requests))
    return Share(now, *_usual(facts, now, before), "requests were refused (400 to 499)")


def rate_excursion(facts: Facts, share: Share) -> Excursion | None:
    """When failures exceeded the usual share of the traffic most: at least `triage.rise` times its odds."""
    total, failed = _per_bucket(share.requests, facts)
    usual = max(share.usual, 0.5 / max(len(facts.baseline_requests), 1))
    expected = np.maximum(total * usual, 1e-9)
    return excursion(failed, expected, facts.window, ratio=ratio_of(usual, facts.profile.triage.rise))


def ratio_of(usual: float, odds_ratio: float) -> float:
    """How many times a share of 0..1 a rise of its odds makes it: 2 of small shares, less of large ones."""
    return odds_ratio / (1 - usual + odds_ratio * usual)


def scan_limit(facts: Facts) -> float:
    """Likelihood ratio over which an interval counts, corrected for all intervals scanned.

    exp(-llr) bounds the chance of one interval; there are n (n + 1) / 2 of n buckets.
    """
    n = len(counts_per_bucket(facts.log_events["timestamp"].head(0), facts.window))
    return float(np.log(n * (n + 1) / 2 / facts.profile.triage.significance))


def _usual(facts: Facts, now: pd.DataFrame, before: pd.DataFrame) -> tuple[float, str]:
    """The failing share that is normal, and words for where it comes from."""
    if len(before):
        return float(before["failed"].mean()), "in the baseline"
    total, failed = _per_bucket(now, facts)
    shares = failed / np.maximum(total, 1)
    return float(np.median(shares[total > 0])), "in the median interval (the baseline is empty)"


def _per_bucket(found: pd.DataFrame, facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    return tuple(counts_per_bucket(part["timestamp"], facts.window) for part in (found, found[found["failed"]]))  # type: ignore[return-value]


def _risen(facts: Facts, share: Share, signal: str) -> list[Finding]:
    best = rate_excursion(facts, share)
    if best is None or best.counted < facts.profile.triage.min_events or best.llr < scan_limit(facts):
        return []
    inside = between(share.requests, best.start, best.end)
    failed = inside[inside["failed"]]
    observed = len(failed) / len(inside)
    words = (
        f"{observed:.1%} of {share.what} from {span_words(best.start, best.end)}"
        f" ({len(failed):,} of {len(inside):,}{of_sample(facts)}), against {share.usual:.2%} {share.usual_words}"
    )
    severity = _severity(facts, share, best, observed) if signal == FAILED else _refused_severity(facts, best, inside)
    return [_finding(facts, signal, words, severity, failed, observed, share.usual, best.llr)]


def _steady(facts: Facts, share: Share) -> list[Finding]:
    """No rise, but so many requests fail in the window that it is no normal to hold anything against."""
    if not facts.has_requests:
        return []
    failed = share.requests[share.requests["failed"]]
    observed = float(share.requests["failed"].mean())
    limits = [limit for limit in facts.profile.error_rate_limits if limit is not None]
    if len(failed) < facts.profile.triage.min_events or observed <= max([*limits, 0.0] if limits else [MOST]):
        return []
    words = (
        f"{observed:.1%} of {share.what} throughout ({len(failed):,} of {len(share.requests):,}{of_sample(facts)}),"
        f" {share.usual:.2%} {share.usual_words}: no rise, but no normal either"
    )
    severity = Severity.HIGH if observed >= MOST else Severity.MEDIUM
    return [_finding(facts, FAILED, words, severity, failed, observed, share.usual, 0.0)]


def _finding(
    facts: Facts,
    signal: str,
    words: str,
    severity: Severity,
    failed: pd.DataFrame,
    observed: float,
    usual: float,
    strength: float,
) -> Finding:
    return Finding(
        check="error_rate",
        severity=severity,
        statement=words,
        subject={"signal": signal},
        evidence=log_refs(failed),
        strength=strength,
        first_seen=failed["timestamp"].min(),
        last_seen=failed["timestamp"].max(),
        observed=observed,
        baseline=usual,
        unit="ratio",
        next_step=next_step(facts.profile, ""),
    )


def _severity(facts: Facts, share: Share, best: Excursion, observed: float) -> Severity:
    """CRITICAL over the alert, HIGH over the target, else MEDIUM.

    LOW under the alert where it is over again and the window as a whole has not risen: a blip.
    """
    target, alert = facts.profile.error_rate_limits
    if alert is not None and observed > alert:
        return Severity.CRITICAL
    rise = ratio_of(share.usual, facts.profile.triage.rise)
    is_blip = best.end < facts.window.end and share.requests["failed"].mean() < rise * share.usual
    if is_blip and alert is not None:
        return Severity.LOW
    return Severity.HIGH if target is None or observed > target else Severity.MEDIUM


def _refused_severity(facts: Facts, best: Excursion, inside: pd.DataFrame) -> Severity:
    """HIGH where so many are refused that what is answered falls to `triage.drop` of its usual rate; else LOW.

    One client that asks for what it may not have adds refusals and takes nothing away.
    """
    refusals = refused(facts.baseline_requests)
    usual = float((~refusals).sum()) / facts.baseline.minutes
    minutes = (best.end - best.start) / pd.Timedelta(minutes=1)
    answered = float((~inside["failed"]).sum()) / minutes
    falls = answered <= facts.profile.triage.drop * usual if usual else inside["failed"].mean() >= MOST
    return Severity.HIGH if falls else Severity.LOW
