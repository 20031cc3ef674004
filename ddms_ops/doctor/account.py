"""One account: who we are in it, its clock, permissions, log groups, metrics, resources, health."""

from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

import pandas as pd

from ddms_ops.declaration import Metric, Profile
from ddms_ops.deployment import of_account
from ddms_ops.doctor.health import health_lines
from ddms_ops.doctor.lines import LACKING, NOT_CHECKED, NOT_OK, OK, Line
from ddms_ops.doctor.permissions import permission_lines
from ddms_ops.doctor.probes import Asked
from ddms_ops.doctor.resources import ResourceStates
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.metrics import metric_points
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT
from ddms_ops.window import Window

DAY = pd.Timedelta(days=1)
RECENT = pd.Timedelta(hours=3)
MOST_SKEW_S = 60
MOST_PAGES = 10  # of a silent log group, looked through for one event
OFF_CLOCK = frozenset({"RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException"})


def account_lines(
    session: AwsSession, profile: Profile, *, now: pd.Timestamp, clock: Callable[[], pd.Timestamp]
) -> Iterator[Line]:
    """Everything of one account; nothing more is asked once it is another's, or the credentials do not serve.

    Args:
        session: the account.
        profile: what is needed of it.
        now: the moment that "in the last hours" counts from.
        clock: this machine's, compared with AWS's.
    """
    named = {key: of_account(check, session.name) for key, check in profile.health.items()}
    parts = {"logs": of_account(profile.logs, session.name), "resources": of_account(profile.resources, session.name)}
    profile = profile.model_copy(update={**parts, "health": named})
    try:
        answer = session.call("sts", "GetCallerIdentity")
        account, declared = str(answer.get("Account", "")), session.account.account
        who = f"{answer.get('Arn', '')} in account {account}, {session.region}"
        if declared and account != declared:
            words = f"AWS: {who}, but the profile declares account {declared}; nothing more was asked of it"
            yield LACKING, f"{words}; use that account's credentials"
            return
        yield OK, f"AWS: {who}{'' if declared else ' (the profile declares no account to compare with)'}"
        yield clock_line(answer, clock())
        yield from permission_lines(session, Asked(profile, account, session.region, now.floor("s").to_pydatetime()))
        for group in profile.logs.groups:
            yield _log_group(session, group, now)
        yield from _rest(session, profile, now)
    except AwsFault as fault:
        hint = ", or this machine's clock is off by more than 5 minutes" if fault.code in OFF_CLOCK else ""
        yield LACKING, f"AWS: {fault.words}{hint}; nothing more was asked of this account"


def _rest(session: AwsSession, profile: Profile, now: pd.Timestamp) -> Iterator[Line]:
    of = f"{session.name}:" if session.name else ""
    own = {
        name.removeprefix(of): _without_account(metric, of)
        for name, metric in profile.metrics.items()
        if name.startswith(of)
    }
    yield from metric_lines(session, own, now=now)
    states = ResourceStates(session)
    for kind in type(profile.resources).model_fields:
        for name in getattr(profile.resources, kind):
            yield states.of(kind, name)
    yield from health_lines(session, profile.health, own, states, now=now)


def _without_account(metric: Metric, of: str) -> Metric:
    if metric.ratio_of is None:
        return metric
    part, whole = (name.removeprefix(of) for name in metric.ratio_of)
    return metric.model_copy(update={"ratio_of": (part, whole)})


def clock_line(answer: Mapping[str, Any], here: pd.Timestamp) -> Line:
    """How far this machine's clock is from AWS's, by the Date header of an answer."""
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not text:
        return NOT_CHECKED, "clock: AWS's answer carries no date"
    skew_s = (here - pd.Timestamp(parsedate_to_datetime(text))).total_seconds()
    way = "ahead of" if skew_s > 0 else "behind"
    words = f"clock: {abs(skew_s):.0f} s {way} AWS's"
    if abs(skew_s) > MOST_SKEW_S:
        return LACKING, f"{words}; set it (NTP): AWS refuses calls at 5 minutes, and -2h means another time than meant"
    return OK, words


def _log_group(session: AwsSession, group: str, now: pd.Timestamp) -> Line:
    what = f"log group {group}"
    named = {"logGroupNamePrefix": group}
    try:
        pages = session.pages("logs", "DescribeLogGroups", ask="nextToken", answer="nextToken", **named)
        found = next((one for page in pages for one in page["logGroups"] if one["logGroupName"] == group), None)
        if found is None:
            return LACKING, f"{what}: there is none in this account and region; correct logs.groups in the profile"
        status, words = _last_day(session, group, now)
    except AwsFault as fault:
        if fault.is_signed_out:
            raise
        return NOT_CHECKED, f"{what}: {fault.words}"
    return status, f"{what}: {found.get('storedBytes', 0):,} bytes stored, {words}"


def _last_day(session: AwsSession, group: str, now: pd.Timestamp) -> Line:
    """Whether the group has any event of the last 24 hours."""
    start, end = (int(stamp.timestamp() * 1000) for stamp in (now - DAY, now))
    asked = {"logGroupName": group, "startTime": start, "endTime": end, "limit": 1}
    pages = session.pages("logs", "FilterLogEvents", ask="nextToken", answer="nextToken", **asked)
    looked = 0
    for page in islice(pages, MOST_PAGES):
        if page["events"].num_rows:
            return OK, "events in the last 24 h"
        looked += 1
    if looked == MOST_PAGES:
        return NOT_CHECKED, f"no event in the first {MOST_PAGES} pages of the last 24 h, the rest was not looked at"
    return NOT_OK, "no event in the last 24 h"


def metric_lines(session: AwsSession, metrics: Mapping[str, Metric], *, now: pd.Timestamp) -> Iterator[Line]:
    """One line a metric that CloudWatch has: points of the last 3 hours, or at least a series of that name.

    Raises:
        AwsFault: the credentials have ended.
    """
    asked = {name: metric for name, metric in metrics.items() if metric.ratio_of is None}
    if not asked:
        return
    counts = dict.fromkeys(asked, 0)
    try:
        for row in metric_points(session, Window(now - RECENT, now), asked, now=now):
            if FAULT not in row:
                counts[str(row["id"])] += 1
        for name, count in counts.items():
            yield (OK, f"metric {name}: {count} points in the last 3 h") if count else _listed(session, name, asked)
    except AwsFault as fault:
        if fault.is_signed_out:
            raise
        yield NOT_CHECKED, f"metrics: {fault.words}"


def _listed(session: AwsSession, name: str, metrics: Mapping[str, Metric]) -> Line:
    metric = metrics[name]
    dimensions = [{"Name": key, "Value": value} for key, value in metric.dimensions.items()]
    asked = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    pages = session.pages("cloudwatch", "ListMetrics", ask="NextToken", answer="NextToken", **asked)
    wanted = {(one["Name"], one["Value"]) for one in dimensions}
    series = (one for page in pages for one in page["Metrics"])
    if any({(part["Name"], part["Value"]) for part in one.get("Dimensions", [])} == wanted for one in series):
        return OK, f"metric {name}: no points in the last 3 h, but CloudWatch knows it"
    named = ", ".join(f"{key}={value}" for key, value in metric.dimensions.items()) or "no dimensions"
    words = f"metric {name}: CloudWatch has had no {metric.namespace} {metric.name} with {named} for two weeks"
    return LACKING, f"{words}; it never happened, or the profile misspells it"
