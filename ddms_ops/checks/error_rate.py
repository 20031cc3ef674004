"""Did the share of failing requests rise?"""

import numpy as np
import pandas as pd

from ddms_ops.analysis.onset import Excursion, counts_per_bucket, excursion
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, of_sample
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity


def check_error_rate(facts: Facts) -> list[Finding]:
    """The interval in which most more requests failed than the baseline's share makes expected."""
    found = facts.requests
    if found.empty:
        raise CannotTell("no log events in the window")
    usual, words = usual_share(facts)
    best = rate_excursion(facts, usual)
    triage = facts.profile.triage
    if best is None or best.counted < triage.min_events or best.llr < scan_limit(facts):
        return []
    inside = between(found, best.start, best.end)
    failed = inside[inside["failed"]]
    share = len(failed) / len(inside)
    what = "requests failed" if facts.has_requests else "log events were errors"
    return [
        Finding(
            check="error_rate",
            severity=_severity(facts, share),
            statement=(
                f"{share:.1%} of {what} from {best.start:%Y-%m-%d %H:%M} to {best.end:%H:%M} UTC"
                f" ({len(failed):,} of {len(inside):,}{of_sample(facts)}), against {usual:.2%} {words}"
            ),
            subject={"signal": "error rate"},
            evidence=log_refs(failed),
            strength=best.llr,
            first_seen=failed["timestamp"].min(),
            last_seen=failed["timestamp"].max(),
            observed=share,
            baseline=usual,
            unit="ratio",
            next_step=next_step(facts.profile, ""),
        )
    ]


def usual_share(facts: Facts) -> tuple[float, str]:
    """The failing share that is normal, and words for where it comes from."""
    before = facts.baseline_requests
    if len(before):
        return float(before["failed"].mean()), "in the baseline"
    per_bucket = _per_bucket(facts.requests, facts)
    shares = per_bucket[1] / np.maximum(per_bucket[0], 1)
    return float(np.median(shares[per_bucket[0] > 0])), "in the median interval (the baseline is empty)"


def rate_excursion(facts: Facts, usual: float) -> Excursion | None:
    """When failures exceeded the usual share of the traffic most."""
    total, failed = _per_bucket(facts.requests, facts)
    floor = 0.5 / max(len(facts.baseline_requests), 1)
    expected = np.maximum(total * max(usual, floor), 1e-9)
    return excursion(failed, expected, facts.window, ratio=facts.profile.triage.rise)


def scan_limit(facts: Facts) -> float:
    """Likelihood ratio over which an interval counts, corrected for all intervals scanned.

    exp(-llr) bounds the chance of one interval; there are n (n + 1) / 2 of n buckets.
    """
    n = len(counts_per_bucket(facts.logs["timestamp"].head(0), facts.window))
    return float(np.log(n * (n + 1) / 2 / facts.profile.triage.significance))


def _per_bucket(found: pd.DataFrame, facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    return tuple(counts_per_bucket(part["timestamp"], facts.window) for part in (found, found[found["failed"]]))  # type: ignore[return-value]


def _severity(facts: Facts, share: float) -> Severity:
    target, alert = facts.profile.error_rate_limits
    if alert is not None and share > alert:
        return Severity.CRITICAL
    return Severity.HIGH if target is None or share > target else Severity.MEDIUM
