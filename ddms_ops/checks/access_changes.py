"""What changed just before somebody was refused, came in, or opened something?"""

from ddms_ops.checks.base import Facts
from ddms_ops.checks.changes_before import changes_near
from ddms_ops.checks.leading import leading_of
from ddms_ops.findings import Finding

CHECK = "access_changes"
SIGNS = ("failed_sign_ins", "unusual_calls", "opened_access", "hidden_traces")
ABOUT = (
    "userpool userpoolclient cognito idp authorizer authorizers authentication auth login signin jwt token oauth oidc"
    " saml sso identity waf apigateway appsync"
)
"""What signing in rests on: words of user pools, their clients, authorizers and what stands in front."""


def leading_access(facts: Facts) -> Finding | None:
    """The worst finding above LOW of the checks of access, None where all are clear.

    Raises:
        CannotTell: nothing found, and not all of those checks could be made.
    """
    return leading_of(facts, SIGNS)


def check_access_changes(facts: Facts) -> list[Finding]:
    """Changes within `triage.change_lookback_min` before the leading finding began; coincident, no more.

    Raises:
        CannotTell: there is no record of changes, or nothing above LOW to look before.
    """
    sign = leading_access(facts)
    names = ("by", "actor", "call", "address")
    own = " ".join(sign.subject.get(name, "") for name in names) if sign else ""
    signing_in = ABOUT if sign and sign.check == SIGNS[0] else ""
    return changes_near(facts, sign, about=f"{signing_in} {own}", check=CHECK)
