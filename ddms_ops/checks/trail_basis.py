"""Whether there is an audit trail to judge at all."""

from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.redact import redact

NOT_DECLARED = "the profile declares no tenants (section tenants): the system has none, or nobody said how they show"
NO_TRAIL = "the profile declares no audit table (tenants.trail)"


def must_have_trail(facts: Facts) -> None:
    """Let pass where the profile declares an audit trail and the source has it.

    Raises:
        CannotTell: it does not, or has not.
    """
    if facts.profile.tenants is None:
        raise CannotTell(NOT_DECLARED)
    if facts.tenants.trail is None:
        raise CannotTell(NO_TRAIL)
    if is_absent(facts, "trail"):
        raise CannotTell("; ".join(redact(pull.reason) for pull in facts.pulls("trail")))
