"""Whether each call that the profile needs is allowed; where not, what to add and what its lack costs."""

import json
from collections.abc import Iterator

from ddms_ops.coverage import Status
from ddms_ops.doctor.lacks import LACK
from ddms_ops.doctor.lines import LACKING, NOT_CHECKED, OK, Line
from ddms_ops.doctor.probes import PROBES, UNASKED, Answer, Asked, Calls
from ddms_ops.sources.aws.actions import action_of
from ddms_ops.sources.aws.faults import THROTTLES, AwsFault
from ddms_ops.sources.aws.session import AwsSession

BROKEN = ("5", "Internal", "ServiceUnavailable", "ServiceException")  # beginnings of codes that tell nothing of rights


def permission_lines(session: AwsSession, asked: Asked) -> Iterator[Line]:
    """One line a service of what is allowed, one for each action that is not or that cannot be told.

    Raises:
        AwsFault: the credentials have ended.
    """
    for probe in PROBES:
        outcomes: dict[str, AwsFault | None] = {}
        for action, fault in _outcomes(session, probe(asked)):
            outcomes[action] = outcomes.get(action) or fault
        allowed = [action for action, fault in outcomes.items() if fault is None]
        if allowed:
            yield OK, f"allowed: {', '.join(allowed)}"
        for action, fault in outcomes.items():
            if fault is not None:
                yield _not_allowed(action, fault)
    store = asked.profile.costs.bill
    has_bill, has_lake = bool(store.s3 or store.athena_table), asked.profile.athena is not None
    for action, why in UNASKED.items():
        is_needed = not has_bill if action.startswith("ce:") else has_lake
        if is_needed:
            yield NOT_CHECKED, f"{action}: {why}; without it {LACK[action]}"


def statement(action: str) -> str:
    """The policy statement that allows an action, as one line of JSON."""
    return json.dumps({"Effect": "Allow", "Action": [action], "Resource": "*"})


def _outcomes(session: AwsSession, calls: Calls) -> Iterator[tuple[str, AwsFault | None]]:
    """Each call's action, and why it is not known to be allowed; None where it is."""
    answer: Answer | None = None
    while True:
        try:
            service, operation, parameters = next(calls) if answer is None else calls.send(answer)
        except StopIteration:
            return
        answer, fault = {}, None
        try:
            answer = session.call(service, operation, **parameters)
        except AwsFault as raised:
            if raised.is_signed_out:
                raise
            fault = None if _is_allowed(raised) else raised
        yield action_of(service, operation), fault


def _is_allowed(fault: AwsFault) -> bool:
    """Whether a fault comes from behind the permission check: the service looked at what was asked, and objected."""
    if not fault.code or fault.status is Status.NO_PERMISSION or fault.code in THROTTLES:
        return False
    return not fault.code.startswith(BROKEN)


def _not_allowed(action: str, fault: AwsFault) -> Line:
    if fault.status is Status.NO_PERMISSION:
        return LACKING, f"not allowed: {action}; {LACK[action]}; add to the policy: {statement(action)}"
    return NOT_CHECKED, f"{action}: {fault.words}"
