"""What a call of the AWS API opens: to everybody, to an administrator, to another account, or narrowly.

The calls are those that the CIS AWS Foundations Benchmark watches (1.x and 4.x: IAM, S3 and KMS policies, security
groups, MFA), that GuardDuty's finding types name (Policy:S3/…, Persistence:IAMUser/…, PrivilegeEscalation:…,
Exfiltration:…), and AWS's own guides on sharing (snapshots, images, function URLs, resource policies).
"""

from collections.abc import Callable
from dataclasses import dataclass

from ddms_ops.analysis.ingress import CLAUSES, EVERYWHERE, NAMED, WEB, WIDE, reach, rules
from ddms_ops.analysis.policies import (
    ACCOUNT,
    ADMIN_POLICIES,
    CONDITION,
    WORLD,
    allows_most,
    is_admin,
    let_in,
    other_account,
    parsed,
    policy_documents,
    texts,
    values,
)

ADMIN, CREDENTIAL, NARROW = "admin", "credential", "narrow"
REACHES = {EVERYWHERE: WORLD, WEB: ACCOUNT, WIDE: ACCOUNT, NAMED: NARROW}
PUBLIC_GRANTS = ("acs.amazonaws.com/groups/global/AllUsers", "acs.amazonaws.com/groups/global/AuthenticatedUsers")
DATABASES = (
    "CreateDBInstance", "ModifyDBInstance", "CreateDBCluster", "ModifyDBCluster", "CreateDBInstanceReadReplica",
    "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime", "RestoreDBInstanceFromS3",
    "RestoreDBClusterFromSnapshot", "RestoreDBClusterToPointInTime", "CreateReplicationInstance",
)  # fmt: skip
"""Calls of RDS and of DMS that may make a database, or what copies it, publicly accessible."""


@dataclass(frozen=True, slots=True)
class Opening:
    """To whom something is opened (`world`, `admin`, `account`, `credential` or `narrow`), in words of our own."""

    to: str
    words: str


Judge = Callable[[dict[str, object], str, str], Opening | None]


def opening(name: str, parameters: object, *, account: str = "", actor: str = "") -> Opening | None:
    """What a call opens, None where nothing.

    Args:
        name: API call without a version.
        parameters: its request parameters, as JSON text.
        account: account of who called.
        actor: who called.
    """
    judge = CALLS_THAT_OPEN.get(name)
    return judge(parsed(parameters), account, actor) if judge else None


def _ingress(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    """The worst of the rules, in words all that are as bad; how many others stand beside them is said."""
    reached = [(*reach(ports, sources), ports.words) for ports, sources in rules(given).items()]
    found = dict.fromkeys((REACHES[how], f"{words} to {whom}") for how, whom, words in reached)
    worst = min((to for to, _ in found), key=(WORLD, ACCOUNT, NARROW).index)
    told = [words for to, words in found if to == worst][:CLAUSES]
    more = len(found) - len(told)
    return Opening(worst, f"opens {', '.join(told)}{f' and {more:,} more' if more else ''}")


def _policy(given: dict[str, object], account: str, _actor: str) -> Opening | None:
    """A policy on a resource, or the trust policy of a role."""
    documents = list(policy_documents(given))
    whom = {let_in(document, account) for document in documents}
    if WORLD in whom:
        return Opening(WORLD, "lets in everybody (no condition)")
    if ACCOUNT in whom:
        return Opening(ACCOUNT, "lets in another account")
    if CONDITION in whom:
        return Opening(ACCOUNT, "lets in everybody under a condition")
    return Opening(NARROW, "changes a policy that lets in nobody else") if documents else None


def _trust(given: dict[str, object], account: str, actor: str) -> Opening | None:
    """A new role is told of only where others than its own account and services may take it."""
    found = _policy(given, account, actor)
    return found if found and found.to != NARROW else None


def _permissions(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    """A policy of what somebody may do."""
    to = "userName" if "userName" in given else ""
    if any(is_admin(document) for document in policy_documents(given)):
        return Opening(ADMIN, "allows everything (all actions, or those of IAM, on resource *)")
    if any(allows_most(document) for document in policy_documents(given)):
        return Opening(CREDENTIAL, "allows everything but some calls, on resource *")
    return Opening(CREDENTIAL if to else NARROW, "changes what a user may do" if to else "changes what a role may do")


def _attached(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    arn = str(given.get("policyArn") or "")
    if ADMIN_POLICIES.search(arn):
        return Opening(ADMIN, f"gives {arn.rsplit('/', 1)[-1]}")
    is_user = "userName" in given
    return Opening(
        CREDENTIAL if is_user else NARROW, f"attaches a policy to a {'user' if is_user else 'role or group'}"
    )


def _group(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    is_boss = "admin" in str(given.get("groupName") or "").lower()
    return Opening(
        ADMIN if is_boss else CREDENTIAL, "adds a user to a group" + (" of administrators" if is_boss else "")
    )


def _key(given: dict[str, object], _account: str, actor: str) -> Opening | None:
    other = str(given.get("userName") or actor) != actor
    is_root = actor.lower() == "root"
    if is_root and not other:
        return Opening(ADMIN, "makes an access key of the root user")
    return Opening(
        CREDENTIAL if other else NARROW, f"makes an access key {'for another user' if other else 'of its own'}"
    )


def _shared(given: dict[str, object], account: str, _actor: str) -> Opening | None:
    added = [str(value) for key, value in values(_added(given))]
    if "all" in added:
        return Opening(WORLD, "shares it with every AWS account")
    if any(other_account(value, account) or (not account and value.isdigit()) for value in added):
        return Opening(ACCOUNT, "shares it with another account")
    return None


def _added(given: dict[str, object]) -> dict[str, object]:
    """What is added to the permissions of a snapshot or an image."""
    listed = given.get("valuesToAdd")
    places = [given.get(key) for key in ("createVolumePermission", "launchPermission")]
    inner = [place.get("add") for place in places if isinstance(place, dict)]
    return {"listed": listed if isinstance(listed, list) else texts(listed), "inner": [one for one in inner if one]}


def _acl(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    canned = " ".join(text for key, text in ((k, str(v)) for k, v in values(given)) if key in ("x-amz-acl", "acl"))
    if "public-read" in canned or any(grant in str(value) for _, value in values(given) for grant in PUBLIC_GRANTS):
        return Opening(WORLD, "lets everybody read by its access control list")
    return None


def _block(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    off = [key for key, value in values(given) if "public" in key and str(value).lower() == "false"]
    return Opening(ACCOUNT, f"takes {len(off)} of 4 blocks of public access away") if off else None


def _database(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    is_public = any(key == "publiclyaccessible" and str(value).lower() == "true" for key, value in values(given))
    return Opening(WORLD, "makes a database publicly accessible") if is_public else None


def _function(given: dict[str, object], account: str, _actor: str) -> Opening | None:
    principal = str(given.get("principal") or "")
    is_bound = any(given.get(key) for key in ("sourceArn", "sourceAccount", "principalOrgID", "organizationId"))
    if principal == "*":
        return Opening(
            ACCOUNT if is_bound else WORLD, "lets everybody call it" + (" from one source" if is_bound else "")
        )
    return Opening(ACCOUNT, "lets another account call it") if other_account(principal, account) else None


def _without_sign_in(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    kinds = [str(value).upper() for key, value in values(given) if key in ("authtype", "authorizationtype", "value")]
    return Opening(WORLD, "lets everybody call it without signing in") if "NONE" in kinds else None


def _grant(given: dict[str, object], account: str, _actor: str) -> Opening | None:
    principal = str(given.get("granteePrincipal") or "")
    return Opening(ACCOUNT, "lets another account use the key") if other_account(principal, account) else None


def _no_mfa(given: dict[str, object], _account: str, _actor: str) -> Opening | None:
    is_off = any(key == "mfaconfiguration" and str(value).upper() == "OFF" for key, value in values(given))
    return Opening(CREDENTIAL, "switches multi-factor sign-in off") if is_off else None


def _always(to: str, words: str) -> Judge:
    return lambda _given, _account, _actor: Opening(to, words)


CALLS_THAT_OPEN: dict[str, Judge] = {
    **dict.fromkeys(("AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"), _ingress),
    **dict.fromkeys(
        ("PutBucketPolicy", "PutKeyPolicy", "UpdateAssumeRolePolicy", "PutResourcePolicy", "SetRepositoryPolicy",
         "SetQueueAttributes", "SetTopicAttributes", "PutAccessPointPolicy", "PutFileSystemPolicy"),
        _policy,
    ),
    "CreateRole": _trust,
    **dict.fromkeys(("PutUserPolicy", "PutRolePolicy", "PutGroupPolicy", "CreatePolicyVersion"), _permissions),
    **dict.fromkeys(("AttachUserPolicy", "AttachRolePolicy", "AttachGroupPolicy"), _attached),
    "AddUserToGroup": _group,
    "CreateAccessKey": _key,
    **dict.fromkeys(
        ("ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute", "ModifySnapshotAttribute",
         "ModifyImageAttribute"),
        _shared,
    ),
    **dict.fromkeys(("PutBucketAcl", "PutObjectAcl", "CreateBucket"), _acl),
    **dict.fromkeys(("PutBucketPublicAccessBlock", "PutAccountPublicAccessBlock", "PutPublicAccessBlock"), _block),
    **dict.fromkeys(
        ("DeleteBucketPublicAccessBlock", "DeletePublicAccessBlock", "DeleteAccountPublicAccessBlock"),
        _always(ACCOUNT, "takes the block of public access away"),
    ),
    **dict.fromkeys(DATABASES, _database),
    **dict.fromkeys(("AddPermission", "AddLayerVersionPermission"), _function),
    **dict.fromkeys(
        ("CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "UpdateRoute", "UpdateMethod"), _without_sign_in
    ),
    "CreateGrant": _grant,
    "SetUserPoolMfaConfig": _no_mfa,
    "CreateUser": _always(CREDENTIAL, "makes a user"),
    "CreateLoginProfile": _always(CREDENTIAL, "gives a user a console password"),
    "UpdateLoginProfile": _always(CREDENTIAL, "sets a user's console password"),
    **dict.fromkeys(
        ("DeactivateMFADevice", "DeleteVirtualMFADevice"), _always(CREDENTIAL, "takes a second factor away")
    ),
    **dict.fromkeys(
        ("CreateSAMLProvider", "UpdateSAMLProvider", "CreateOpenIDConnectProvider", "CreateTrustAnchor"),
        _always(CREDENTIAL, "trusts another identity provider"),
    ),
}  # fmt: skip
