"""What the leading finding counts as failed, among all that it is held against: requests, jobs or events."""

import pandas as pd

from ddms_ops.case import Case
from ddms_ops.checks.differences import groups_of, held_against
from ddms_ops.checks.impacts import noun_of
from ddms_ops.checks.leading import leading_or_none
from ddms_ops.checks.refs import plural

EVENTS = "log events"


def compared(case: Case) -> tuple[pd.DataFrame, str]:
    """What ended in the window, with `failed` (bool) as the leading finding means it, and what it is, in the plural.

    Without a leading finding, or with one about traffic, it is the requests. Error groups are held against the requests
    and jobs of their log groups, or against the events where no request or job ended with them.
    """
    sign = leading_or_none(case)
    if sign is None or sign.check == "traffic":
        return case.requests, _noun(case.requests) if case.has_requests else EVENTS
    now, _ = held_against(case, sign)
    if now.empty and not groups_of(sign):
        return case.log_events.assign(failed=case.log_events["is_error"]), EVENTS
    return now, _noun(now) if now.index.isin(case.outcomes.index).all() else EVENTS


def _noun(ends: pd.DataFrame) -> str:
    return plural(noun_of(ends)).replace(" or ", " and ")
