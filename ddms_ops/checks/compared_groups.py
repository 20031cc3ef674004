"""Groups of messages by what is known of them against the baseline, and words for those that are not findings."""

import pandas as pd

from ddms_ops.analysis.group_rates import UNKNOWN
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted
from ddms_ops.findings import Finding
from ddms_ops.redact import redact

NAMED = 3


def unlisted_new(facts: Facts, findings: list[Finding]) -> str:
    """Words for new error groups that are not among the findings, empty when all are."""
    return _joined(_unlisted(new_groups(facts), findings, "new group"), _not_compared(_error_groups(facts)))


def unlisted_risen(facts: Facts, findings: list[Finding]) -> str:
    """The same for error groups that have risen."""
    groups = known_groups(facts)
    left = _unlisted(groups[groups["trend"] == "rising"], findings, "risen group")
    return _joined(left, _not_compared(_error_groups(facts)))


def unlisted_warnings(facts: Facts, findings: list[Finding]) -> str:
    """The same for warnings."""
    groups = warned_groups(facts)
    left = _unlisted(groups[groups["trend"].isin(["new", "rising"])], findings, "new or risen group")
    return _joined(left, _not_compared(groups))


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _not_compared(groups: pd.DataFrame) -> str:
    """Words for groups whose log groups were not read in window and baseline, empty without any."""
    left = groups[(groups["trend"] == UNKNOWN) & (groups["events"] > 0)]
    if left.empty:
        return ""
    found = f"{counted(len(left), 'group')} of {counted(int(left['events'].sum()), 'event')} in all not compared"
    return f"{found}: of {log_group_names(left['log_group'])} nothing was read in the window or in the baseline"


def log_group_names(log_groups: pd.Series) -> str:
    """Each of some log groups once, the first by name, and how many more."""
    names = [redact(name) for name in sorted(log_groups.astype("str").unique())]
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _unlisted(groups: pd.DataFrame, findings: list[Finding], what: str) -> str:
    shown = {name for finding in findings for name in finding.subject["group"].split(",")}
    left = groups[~groups["group"].isin(shown)]
    if left.empty:
        return ""
    return f"{counted(len(left), what)} of {counted(int(left['events'].sum()), 'event')} in all not listed"


def new_groups(facts: Facts) -> pd.DataFrame:
    """Error groups that the baseline does not have."""
    groups = _error_groups(facts)
    return groups[groups["trend"] == "new"]


def known_groups(facts: Facts) -> pd.DataFrame:
    """Error groups that it has."""
    groups = _error_groups(facts)
    return groups[~groups["trend"].isin(["new", UNKNOWN])]


def _error_groups(facts: Facts) -> pd.DataFrame:
    return facts.groups[facts.groups["is_error"]]


def warned_groups(facts: Facts) -> pd.DataFrame:
    """Groups of warnings."""
    return facts.groups[facts.groups["level"] == "WARN"]
