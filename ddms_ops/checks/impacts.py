"""What error events are held against to say who is hit: the requests, or the jobs, of their own log groups."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.impact import Impact, blast_radius, is_hit
from ddms_ops.analysis.requests import http_status
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted


@dataclass(frozen=True, slots=True)
class Hit:
    """The impact of some error events on what `noun` names, in the singular: requests, jobs or log events."""

    impact: Impact
    noun: str

    @property
    def are_requests(self) -> bool:
        """Whether HTTP requests were counted, which the profile's error-rate limits are about."""
        return self.noun == "request"

    @property
    def words(self) -> str:
        """`137 of 1,024 requests hit (13.4%)`."""
        return f"{self.impact.failed:,} of {counted(self.impact.requests, self.noun)} hit ({self.impact.share:.1%})"


def hit_by(facts: Facts, rows: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp) -> Hit:
    """Impact of error events on what their log groups brought to an end; on all requests where they hit none of that.

    Error events that name no request, in log groups of jobs, are held against the jobs that failed.

    Args:
        facts: the case.
        rows: the error events.
        since: first instant, inclusive.
        until: last instant, exclusive.
    """
    names = rows["log_group"].unique()
    ours, before = (ends[ends["log_group"].isin(names)] for ends in (facts.outcomes, facts.baseline_outcomes))
    noun = noun_of(ours)
    if len(ours) and is_hit(ours, rows).any():
        return Hit(blast_radius(ours, rows, since, until, before), noun)
    if noun == "job" and rows["request_id"].isna().all() and ours["failed"].any():
        return Hit(blast_radius(ours, ours[ours["failed"]], since, until, before), noun)
    impact = blast_radius(facts.requests, rows, since, until, facts.baseline_requests)
    return Hit(impact, "request" if facts.has_requests else "log event")


def noun_of(ends: pd.DataFrame) -> str:
    """What some outcomes are, in the singular: a request, a job, or either."""
    is_request = http_status(ends).notna()
    return "request" if is_request.all() else "job" if not is_request.any() else "request or job"
