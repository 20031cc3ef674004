"""What the leading finding counts as failed, among all that it is held against: requests, jobs or events."""

import pandas as pd

from ddms_ops.analysis.requests import http_status, refused
from ddms_ops.case import Case
from ddms_ops.checks.differences import failures
from ddms_ops.checks.error_rate import REFUSED
from ddms_ops.checks.leading import leading_or_none

EVENTS = "log events"


def compared(case: Case) -> tuple[pd.DataFrame, str]:
    """What ended in the window, with `failed` (bool) as the leading finding means it, and what it is, in the plural.

    Without a leading finding, or with one about traffic, it is the requests. Error groups are held against the requests
    and jobs of their log groups, or against the events where no request or job ended with them.
    """
    sign = leading_or_none(case)
    if sign is None or sign.check == "traffic":
        return case.requests, _noun(case.requests) if case.has_requests else EVENTS
    if "limit_ms" in sign.subject:
        timed = case.outcomes[case.outcomes["duration_ms"].notna()]
        return timed.assign(failed=timed["duration_ms"] > float(sign.subject["limit_ms"])), _noun(timed)
    if sign.subject.get("signal") == REFUSED:
        return case.requests.assign(failed=refused(case.requests)), "requests"
    groups = tuple(name for name in sign.subject.get("group", "").split(",") if name)
    if not groups and len(case.outcomes):
        return case.outcomes, _noun(case.outcomes)
    if not groups:
        return case.logs.assign(failed=case.logs["is_error"]), EVENTS
    failed = failures(case, groups)
    names = case.logs.loc[case.logs["group"].isin(groups), "log_group"].unique()
    ours = case.outcomes[case.outcomes["log_group"].isin(names)]
    if len(ours) and failed.index.isin(ours.index).all():
        return ours.assign(failed=ours.index.isin(failed.index)), _noun(ours)
    events = case.logs[case.logs["log_group"].isin(names)]
    return events.assign(failed=events.index.isin(failed.index)), EVENTS


def _noun(ends: pd.DataFrame) -> str:
    is_request = http_status(ends).notna()
    return "requests" if is_request.all() else "jobs" if not is_request.any() else "requests and jobs"
