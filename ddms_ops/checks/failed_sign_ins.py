"""Who is refused: everybody, many users by a few addresses, or one user again and again?"""

from dataclasses import replace

import pandas as pd

from ddms_ops.access_schemas import SIGN_INS
from ddms_ops.analysis.refusals import (
    EVERYBODY,
    FORBIDDEN,
    ONE_USER,
    SPRAYED,
    STRANGERS,
    Limits,
    Refusals,
    refusals,
)
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.analysis.sign_ins import called_sign_ins
from ddms_ops.checks.access_words import access_step, few, shown
from ddms_ops.checks.base import NAMED_PULLS, CannotTell, Facts, is_absent
from ddms_ops.checks.refs import counted, log_refs, of_sample, onset_words, span_words
from ddms_ops.checks.watched import points_of
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import log_group_names
from ddms_ops.findings import Finding, Severity
from ddms_ops.schema import conform

CHECK = "failed_sign_ins"
CONSOLE_TRIES = 5  # sign-ins to AWS itself are few: CIS 4.6 alarms on any that fail
STEPS = {
    EVERYBODY: "Sign in as a test user; compare the user pool, its client and the authorizer with how they were before",
    SPRAYED: "Block the addresses (WAF, security group), and reset the passwords of the users that were let in",
    ONE_USER: "Ask the user; lock or reset the account if nobody knows of the tries",
    STRANGERS: "Limit the rate of sign-ins (WAF), and look for users that were let in from addresses unknown before",
}
FORBIDDEN_STEP = "Compare the permissions that these requests need with before: signing in works"
LACKING = (
    "the profile declares no access (how people sign in); declare e.g. access: {components: [api], failures:"
    " [NotAuthorizedException], addresses: [sourceIp]}"
)
NO_TRIES = "no log event of the window is a sign-in or a request with an HTTP status, as access.components limits them"


def check_failed_sign_ins(facts: Facts) -> list[Finding]:
    """Refused sign-ins that the baseline does not explain, of the system's own users and of AWS's.

    Raises:
        CannotTell: nothing found, and the profile does not say how people sign in, or nothing tells of it.
    """
    found = [*_of_console(facts), *_of_system(facts)]
    if found:
        return found
    if facts.access is None:
        raise CannotTell(LACKING)
    lacks_points = facts.metrics.empty or not facts.access.failed
    if facts.sign_ins.empty and lacks_points:
        raise CannotTell(NO_TRIES)
    return []


def sign_ins_doubt(facts: Facts) -> str:
    """Why no finding may not mean that nobody was refused: what was not read, or has nothing to compare with."""
    rows = [row for row in _pulls_read(facts) if not row.is_all_there]
    if rows:
        return ", ".join(f"{row.pull} is {str(row.status).replace('_', ' ')}" for row in rows[:NAMED_PULLS])
    if facts.sign_ins.empty:
        return "only metrics tell of sign-ins, and not who was refused"
    return "no sign-in of the baseline to compare with" if facts.baseline_sign_ins.empty else ""


def _pulls_read(facts: Facts) -> list[Coverage]:
    """The pulls that tell of sign-ins: logs of those components, CloudTrail, and metrics where any is named."""
    named = log_group_names(facts.profile, facts.incident.environment)
    parts = facts.access.components if facts.access else ()
    groups = {name.strip("/") for name, group in named.items() if not parts or group.component in parts}
    logs = [row for kind in ("logs", "logs.baseline") for row in facts.pulls(kind)]
    logs = [row for row in logs if not parts or row.pull.partition("/")[2].strip("/") in groups]
    metrics = ("metrics", "metrics.baseline") if facts.access and facts.access.failed else ()
    return [*logs, *(row for kind in ("changes", *metrics) for row in facts.pulls(kind))]


def sign_ins_note(facts: Facts, _found: list[Finding]) -> str:
    """What the findings leave out."""
    if facts.access is None:
        return f"of AWS's console only: {LACKING}"
    lacks = [*facts.sign_in_doubts]
    if facts.baseline_sign_ins.empty:
        lacks.append("the baseline has no sign-ins: what is usual is not known")
    if is_absent(facts, "changes"):
        lacks.append("no record of sign-ins to AWS (CloudTrail)")
    return "; ".join(lacks)


def _limits(facts: Facts, fewest: int = 0) -> Limits:
    triage = facts.profile.triage
    return Limits(fewest or triage.min_events, triage.significance, triage.rise)


def _of_system(facts: Facts) -> list[Finding]:
    """Of log events, and of the metrics; a metric that rose with the log events is evidence for them."""
    found = refusals(facts.sign_ins, facts.baseline_sign_ins, facts.window, facts.baseline, _limits(facts))
    told = [_finding(facts, one, "") for one in found]
    risen = _risen_metrics(facts)
    if told and risen:
        refs = tuple(ref for one in risen for ref in one.evidence)
        return [replace(told[0], evidence=(*told[0].evidence, *refs)), *told[1:]]
    return told or risen


def _of_console(facts: Facts) -> list[Finding]:
    """Of AWS's console and of Cognito, as CloudTrail records them."""
    if is_absent(facts, "changes"):
        return []
    now = called_sign_ins(between(facts.calls, facts.window.start, facts.window.end))
    if not now["is_refused"].any():
        return []
    before = called_sign_ins(facts.baseline_calls)
    found = []
    for place, own in now.groupby("place", sort=True):
        earlier = conform(before[before["place"] == place], SIGN_INS)
        own = own.reset_index(drop=True)
        limits = _limits(facts, CONSOLE_TRIES)
        found += [
            _finding(facts, one, f" by {shown(place)}")
            for one in refusals(own, earlier, facts.window, facts.baseline, limits)
        ]
    return found


def _finding(facts: Facts, one: Refusals, by: str) -> Finding:
    rows = one.rows
    start = rows["timestamp"].min()
    reasons = sorted(_most(rows["reason"]), key=lambda reason: reason.startswith("HTTP "))
    why = few(reasons) or "no reason given"
    return Finding(
        check=CHECK,
        severity=_severity(facts, one),
        statement=(
            f"{_who(one)}: {counted(len(rows), 'sign-in or request')} refused{by} ({why}){of_sample(facts)} from"
            f" {span_words(start, rows['timestamp'].max())}{onset_words(one.shift)}, {one.share:.0%} of"
            f" {one.tries:,} tried; {_before(one)}{_after(one)}"
        ),
        subject={"kind": one.kind, **_named(one), **({"by": by.removeprefix(" by ")} if by else {})},
        evidence=log_refs(pd.concat([rows, one.let_in])),
        strength=float(len(rows)),
        first_seen=start,
        last_seen=rows["timestamp"].max(),
        observed=len(rows) / facts.window.minutes,
        baseline=None if one.usual is None else one.before / facts.baseline.minutes,
        unit="refused/min",
        next_step=_step(facts, one),
    )


def _before(one: Refusals) -> str:
    if one.usual is None:
        return "no sign-in of the baseline to compare with"
    return f"{one.before:,} in the baseline, where {one.usual:.1%} of all tries were refused"


def _step(facts: Facts, one: Refusals) -> str:
    if one.kind == FORBIDDEN:
        return FORBIDDEN_STEP
    return access_step(facts, STEPS.get(one.kind, STEPS[EVERYBODY]), is_sign_in=True)


def _severity(facts: Facts, one: Refusals) -> Severity:
    """HIGH where nobody can come in, or where somebody came in who had not before; LOW for a known user or address."""
    if one.kind == EVERYBODY:
        return Severity.HIGH if one.share >= facts.profile.triage.high_share else Severity.MEDIUM
    if one.is_known:
        return Severity.LOW
    return Severity.HIGH if one.strange_in else Severity.MEDIUM


def _named(one: Refusals) -> dict[str, str]:
    """Whom the subject names: the address or the user, where it is one."""
    names = {SPRAYED: "origin", ONE_USER: "user"}
    if one.kind not in names:
        return {}
    column = names[one.kind]
    return {"address" if column == "origin" else column: few(_most(one.rows[column]), most=1)}


def _most(values: pd.Series) -> list[str]:
    """Values by how often they occur."""
    counts = values.dropna().value_counts()
    return [str(name) for name in sorted(counts.index, key=lambda name: (-counts[name], str(name)))]


def _who(one: Refusals) -> str:
    """Whom it hits, the kind of it in words."""
    places, users = one.rows["address"].nunique(), one.rows["user"].nunique()
    addresses = "1 address" if places == 1 else f"{places:,} addresses"
    names = f" ({few(_most(one.rows['address']))})" if places else ""
    spread = " and ".join(
        part for part in (counted(users, "user") if users else "", addresses if places else "") if part
    )
    spread = f" ({spread or 'no event names a user or an address'})"
    if one.kind == EVERYBODY:
        return f"Sign-in is refused to those who are let in otherwise{spread}"
    known = "; let in from there in the baseline, as a program with an old password is" if one.is_known else ""
    if one.kind == FORBIDDEN:
        return f"Requests to {few(_most(one.rows['place']))} are refused to those who are let in elsewhere{spread}"
    if one.kind == SPRAYED and not users:
        is_or_are = "is" if places == 1 else "are"
        return f"{addresses}{names} {is_or_are} refused again and again, no event names a user{known}"
    if one.kind == SPRAYED:
        return f"{addresses}{names} {'tries' if places == 1 else 'try'} {counted(users, 'user')}"
    if one.kind == ONE_USER:
        return f"User {few(_most(one.rows['user']))} is tried again and again from {addresses}{names}{known}"
    return f"More is refused{' to those unknown in the baseline' if one.kind == STRANGERS else ''}{spread}"


def _after(one: Refusals) -> str:
    if one.let_in.empty:
        return "; nobody was let in after it from there" if one.kind in (SPRAYED, ONE_USER) else ""
    rows = one.let_in.sort_values("timestamp")
    users = _most(rows["user"])
    whom = f" ({few(users)})" if users else ""
    return f"; then let in: {counted(len(rows), 'time')}, first at {rows['timestamp'].iloc[0]:%H:%M:%S} UTC{whom}"


def _risen_metrics(facts: Facts) -> list[Finding]:
    """Metrics of refusals that rose above what their baseline explains."""
    found = []
    for name in facts.access.failed if facts.access else ():
        points, earlier = points_of(facts, name), points_of(facts, name, baseline=True)
        if points.empty or earlier.empty:
            continue
        series, usual = (rows.set_index("timestamp")["value"] for rows in (points, earlier))
        risen = [one for one in shifts(series, baseline=usual, at_most=1) if one.is_above]
        found += [one for shift in risen for one in _of_metric(facts, name, shift, points)]
    return found


def _of_metric(facts: Facts, name: str, shift: Shift, points: pd.DataFrame) -> list[Finding]:
    """A rise as a finding, none where it is small."""
    triage, metric = facts.profile.triage, facts.profile.metrics[name]
    inside = points[(points["timestamp"] >= shift.start) & (points["value"] > shift.expected)]
    if inside["value"].sum() < triage.min_events or shift.observed < triage.rise * shift.expected:
        return []
    one = Finding(
        check=CHECK,
        severity=Severity.MEDIUM,
        statement=(
            f"{shown(metric.title or name)} rose to {shift.observed:.4g} on average, {shift.expected:.4g} expected,"
            f" from {shift.start:%Y-%m-%d %H:%M} UTC{onset_words(shift)}; who is refused, no metric tells"
        ),
        subject={"kind": "metric", "metric": name},
        evidence=log_refs(inside),
        strength=abs(shift.score),
        first_seen=shift.start,
        last_seen=inside["timestamp"].max(),
        observed=shift.observed,
        baseline=shift.expected,
        unit=metric.unit,
        next_step=access_step(facts, STEPS[EVERYBODY]),
    )
    return [one]
