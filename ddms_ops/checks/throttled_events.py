"""What log events say of throttling: by whom, of which table or function, of which tenants and keys."""

import re

import numpy as np
import pandas as pd

from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.impact import is_hit
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, events_in_words, log_refs, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.normalize.attributes import PREFIX
from ddms_ops.redact import redact

CHECK = "service_latency"
NAME_CHARS = 120
FEW, CARRIED = 3, 0.8
TABLE_CALL = re.compile(r"[Dd]ynamo|\b[Tt]able\b|\b(?:(?:Batch)?(?:Get|Write|Put|Update|Delete)Item|Query|Scan)\b")
"""How a message shows that it is a table of DynamoDB that refused, and not another service with the same error."""
THROTTLED = (
    r"(ProvisionedThroughputExceeded(?:Exception)?|Throttl(?:ing|ed)(?:Exception|Error)|RequestThrottled(?:Exception)?"
    r"|RequestLimitExceeded|TooManyRequests(?:Exception)?|BandwidthLimitExceeded|SlowDown"
    r"|\w*InvocationLimitExceeded|[Rr]ate exceeded|[Tt]oo [Mm]any [Rr]equests)"
)
ARN = r":(?:table|function)[:/]([\w.-]+)"
PLACE = re.compile(r"(?:^|[._/])(?:table|function|queue|stream|index)(?:_?name)?$")
KEY = re.compile(r"(?:^|[._/])(?:pk|partition|(?:partition|hash|shard|item)_?key(?:_?value)?|key)$")
NO_KEY = "DynamoDB does not tell which key; switch on Contributor Insights for the table"


def throttled_events(facts: Facts) -> list[Finding]:
    """Findings about log events that speak of throttling, one for each error and place."""
    now, before = (_throttled(facts, logs) for logs in (facts.log_events, facts.baseline_log_events))
    counts = before.groupby(["code", "place"]).size()
    found = []
    for (code, place), rows in now.groupby(["code", "place"]):
        earlier = int(counts.get((code, place), 0))
        if rose(facts, len(rows), earlier, is_known=len(facts.baseline_log_events) > 0):
            found.append(_events_finding(facts, str(code), str(place), rows, earlier))
    return found


def _throttled(facts: Facts, logs: pd.DataFrame) -> pd.DataFrame:
    """Events that speak of throttling, with `code`, and `place` (empty where no field and no ARN names one)."""
    pattern = re.sub(r"\((?!\?)", "(?:", THROTTLED)
    is_named = logs["error"].str.contains(pattern, na=False) | logs["message"].str.contains(pattern, na=False)
    rows = logs[is_named.astype(bool)]
    text = rows["error"].fillna("") + " " + rows["message"].fillna("")
    place = pd.Series(np.nan, index=rows.index, dtype="str")
    for column in (name for name in facts.attributes if PLACE.search(name.lower())):
        place = place.fillna(rows[column].astype("str"))
    place = place.fillna(text.str.extract(ARN, expand=False).astype("str")).fillna("")
    return rows.assign(code=text.str.extract(THROTTLED, expand=False), place=place)


def _events_finding(facts: Facts, code: str, place: str, rows: pd.DataFrame, earlier: int) -> Finding:
    since, until = rows["timestamp"].min(), rows["timestamp"].max()
    asked = between(facts.requests, since.floor("min"), until + pd.Timedelta(microseconds=1))
    share = float(is_hit(asked, rows).mean()) if facts.has_requests and len(asked) else 0.0
    where = f" at {redact(place)[:NAME_CHARS]}" if place else ""
    return Finding(
        check=CHECK,
        severity=throttle_severity(facts, len(rows), share),
        statement=(
            f"{code}{where}: {events_in_words(facts, len(rows))} from {span_words(since, until)}, {earlier:,} in the"
            f" baseline{f', {share:.1%} of the requests hit' if share else ''}{_tenants(facts, rows)}"
            f"{_keys(facts, rows, code)}"
        ),
        subject={"error": code, **({"place": redact(place)[:NAME_CHARS]} if place else {})},
        evidence=log_refs(rows),
        strength=float(len(rows)),
        first_seen=since,
        last_seen=until,
        observed=len(rows) / facts.window.minutes,
        baseline=earlier / facts.baseline.minutes,
        unit="events/min",
        next_step=next_step(facts.profile, code, fails=False),
    )


def _tenants(facts: Facts, rows: pd.DataFrame) -> str:
    """The few tenants that most of the events are of, in words; empty where it is many."""
    counts = rows["tenant"].astype("str").value_counts()
    needed = int((counts.cumsum() < CARRIED * len(rows)).sum()) + 1
    if needed > min(FEW, len(counts), facts.log_events["tenant"].nunique() / 2):
        return ""
    names = ", ".join(redact(str(name))[:NAME_CHARS] for name in counts.index[:needed])
    return f"; {counts.iloc[:needed].sum() / len(rows):.0%} of {'tenant' if needed == 1 else 'tenants'} {names}"


def key_columns(facts: Facts) -> list[str]:
    """Attributes that look as if they name a partition key."""
    return [name for name in facts.attributes if KEY.search(name.removeprefix(PREFIX).lower())]


def _keys(facts: Facts, rows: pd.DataFrame, code: str) -> str:
    """The most frequent key among the events and its share, or why it cannot be told."""
    for column in key_columns(facts):
        named = rows[column].dropna().astype("str")
        if len(named):
            top = named.value_counts()
            every = facts.log_events[column].dropna().astype("str")
            return (
                f"; {column.removeprefix(PREFIX)} {redact(str(top.index[0]))[:NAME_CHARS]} is {top.iloc[0]:,} of the"
                f" {counted(len(named), 'event')} that name one ({top.iloc[0] / len(named):.0%}; of all events that do,"
                f" {(every == top.index[0]).mean():.0%})"
            )
    for name, why in facts.attributes_left_out.items():
        if KEY.search(name.removeprefix(PREFIX).lower()):
            return f". Field {name.removeprefix(PREFIX)} may name keys, but is not compared: {why}"
    is_table = rows["message"].str.contains(TABLE_CALL, na=False).any()
    return f". {NO_KEY}" if code.startswith("ProvisionedThroughput") and is_table else ""


def rose(facts: Facts, now: float, before: float, *, is_known: bool) -> bool:
    """Whether so many are new, or `triage.rise` times as many as in the baseline beyond chance."""
    if now <= 0 or not is_known or before <= 0:
        return now > 0
    ratio, p_value = rate_test(round(now), round(before), facts.window.minutes, facts.baseline.minutes)
    return ratio >= facts.profile.triage.rise and p_value < facts.profile.triage.significance


def throttle_severity(facts: Facts, number: float, share: float) -> Severity:
    """HIGH at `triage.high_share` of the requests, LOW under `triage.min_events`, else MEDIUM."""
    triage = facts.profile.triage
    if number < triage.min_events:
        return Severity.LOW
    return Severity.HIGH if share >= triage.high_share else Severity.MEDIUM
