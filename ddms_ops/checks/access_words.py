"""How people, addresses and calls are named in findings of access anomalies."""

from collections.abc import Iterable

import pandas as pd

from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.declaration import Alert, Scenario
from ddms_ops.redact import redact

NAME_CHARS = 80
FEW = 3
SECURITY = "security"
NO_TRAIL = "no record of API calls (CloudTrail); export it to trail/, or let the role call cloudtrail:LookupEvents"


def must_have_calls(facts: Facts) -> None:
    """Let pass where the source has CloudTrail records.

    Raises:
        CannotTell: it has none.
    """
    if is_absent(facts, "changes"):
        raise CannotTell(NO_TRAIL)


def shown(value: object) -> str:
    """A name out of a record: redacted, its secrets' traces masked, and cut."""
    return "unknown" if pd.isna(value) else redact(str(value))[:NAME_CHARS]  # type: ignore[call-overload]


def few(values: Iterable[object], *, most: int = FEW) -> str:
    """`a, b, c and 2 more`, in the order given and each once."""
    names = list(dict.fromkeys(shown(value) for value in values))
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def access_step(facts: Facts, usual: str, *, is_sign_in: bool = False) -> str:
    """First step of the alert or scenario that the profile's `access` names; else what usually comes next.

    What is said of sign-ins helps with nothing else: for other findings only a security procedure is taken.
    """
    named = facts.access.runbook if facts.access else ""
    known: dict[str, Alert | Scenario] = {**facts.profile.scenarios, **facts.profile.alerts}
    procedure = known.get(named)
    if procedure is None or not (is_sign_in or SECURITY in f"{named} {procedure.title}".lower()):
        return usual
    return f"{procedure.title}: {procedure.steps[0]}"
