"""Kinds of AWS API calls: what blinds, what an intruder does after coming in, and what merely looks around.

The lists follow CloudTrail's and GuardDuty's documentation (finding types Stealth:IAMUser/…, Discovery:IAMUser/…,
CredentialAccess:…, Persistence:…, PrivilegeEscalation:…, Exfiltration:…, Impact:…) and the CIS AWS Foundations
Benchmark (4.x: changes of CloudTrail, Config, security groups and IAM are alarmed on).
"""

import re
from ipaddress import ip_address, ip_network

from ddms_ops.analysis.opened import CALLS_THAT_OPEN, values
from ddms_ops.analysis.policies import parsed

DARK, DIM, SLIGHT = "dark", "dim", "slight"
"""How much of what watches a call takes away: all of one kind, a part, or next to nothing."""
BLINDS: dict[str, tuple[str, str]] = {
    "StopLogging": (DARK, "stops a trail"),
    "DeleteTrail": (DARK, "deletes a trail"),
    "StopEventDataStoreIngestion": (DARK, "stops an event data store"),
    "DeleteEventDataStore": (DARK, "deletes an event data store"),
    "DeleteDetector": (DARK, "deletes a GuardDuty detector"),
    "DisassociateFromAdministratorAccount": (DARK, "leaves the account that watches it"),
    "DisassociateFromMasterAccount": (DARK, "leaves the account that watches it"),
    "DisableSecurityHub": (DARK, "switches Security Hub off"),
    "StopConfigurationRecorder": (DARK, "stops the Config recorder"),
    "DeleteConfigurationRecorder": (DARK, "deletes the Config recorder"),
    "DeleteDeliveryChannel": (DARK, "deletes the Config delivery channel"),
    "DeleteFlowLogs": (DARK, "deletes flow logs"),
    "LeaveOrganization": (DARK, "leaves the organization and its trail"),
    "DisableAlarmActions": (DIM, "silences alarms"),
    "DeleteAlarms": (DIM, "deletes alarms"),
    "DeleteLogGroup": (DIM, "deletes a log group"),
    "DeleteLogStream": (DIM, "deletes a log stream"),
    "DeleteSubscriptionFilter": (DIM, "deletes a subscription filter"),
    "DeleteLoggingConfiguration": (DIM, "switches a firewall's log off"),
    "DeleteMetricFilter": (SLIGHT, "deletes a metric filter"),
    "SetAlarmState": (SLIGHT, "sets an alarm's state by hand"),
    "DisableRule": (SLIGHT, "disables a rule of events"),
}
SHORT_DAYS, LIFECYCLE_DAYS = 3, 7
"""Logs that are kept for so few days do not outlast an investigation; a trail's bucket needs more."""
SEES_SECRETS = frozenset(
    ["GetSecretValue", "BatchGetSecretValue", "GetPasswordData", "GetParametersByPath", "GetSessionToken",
     "GetFederationToken", "GetCredentialReport", "GetAccountAuthorizationDetails", "ListSecrets"]
)  # fmt: skip
MOVES_DATA = frozenset(
    ["CreateDBSnapshot", "CopySnapshot", "CopyDBSnapshot", "StartExportTask", "CreateSnapshot",
     "CreateInstanceExportTask", "RestoreDBInstanceFromDBSnapshot", "PutBucketReplication",
     "CreateVpcPeeringConnection", "ScheduleKeyDeletion",
     "DeleteDBInstance", "DeleteDBCluster", "DeleteBucket", "SendCommand", "StartSession", "RunInstances",
     "ImportKeyPair", "CreateKeyPair", "SendSSHPublicKey", "EnableSerialConsoleAccess", "ModifyInstanceAttribute"]
)  # fmt: skip
OPENS = frozenset(CALLS_THAT_OPEN) - {
    "CreateBucket", "CreateRole", "CreateDBInstance", "ModifyDBInstance", "CreateDBCluster", "CreateGrant",
    "SetQueueAttributes", "SetTopicAttributes", "UpdateRoute", "UpdateMethod",
}  # fmt: skip
"""Calls that open something whatever else they say; the others are everyday work."""
AREAS = (OPENS, frozenset(BLINDS), SEES_SECRETS, MOVES_DATA)
SENSITIVE = frozenset().union(*AREAS)
"""What an intruder comes for: credentials, permissions, secrets, data, and darkness."""
REFUSALS = re.compile(
    r"AccessDenied|UnauthorizedOperation|Unauthorized|NotAuthorized|Forbidden|AuthFailure|InvalidClientTokenId"
    r"|ExpiredToken|SignatureDoesNotMatch"
)
"""Error codes of a caller who may not, out of AWS's lists of common errors."""
SIGN_INS = (
    "ConsoleLogin",
    "InitiateAuth",
    "AdminInitiateAuth",
    "RespondToAuthChallenge",
    "AdminRespondToAuthChallenge",
)
BUILDERS = ("cloudformation.amazonaws.com", "servicecatalog.amazonaws.com")
"""AWS services that change things for somebody who asked them to."""
UNDONE_BY = {
    "StopLogging": "StartLogging", "DisableAlarmActions": "EnableAlarmActions", "DeleteTrail": "CreateTrail",
    "StopConfigurationRecorder": "StartConfigurationRecorder", "DisableRule": "EnableRule",
    "AuthorizeSecurityGroupIngress": "RevokeSecurityGroupIngress", "PutBucketPolicy": "DeleteBucketPolicy",
    "CreateAccessKey": "DeleteAccessKey", "CreateUser": "DeleteUser", "CreateLoginProfile": "DeleteLoginProfile",
    "AttachUserPolicy": "DetachUserPolicy", "AttachRolePolicy": "DetachRolePolicy", "PutUserPolicy": "DeleteUserPolicy",
    "PutRolePolicy": "DeleteRolePolicy", "AddPermission": "RemovePermission", "CreateFunctionUrlConfig":
    "DeleteFunctionUrlConfig", "AddUserToGroup": "RemoveUserFromGroup",
}  # fmt: skip
"""The call that takes one back."""


def blinding(name: str, parameters: object) -> tuple[str, str] | None:
    """How much of what watches a call takes away (`dark`, `dim`, `slight`), and words of our own; None where nothing.

    Args:
        name: API call without a version.
        parameters: its request parameters, as JSON text.
    """
    given = dict(values(parsed(parameters)))
    if name == "UpdateDetector":
        return (DARK, "switches a GuardDuty detector off") if _is(given, "enable", "false") else None
    if name == "PutEventSelectors":
        is_off = _is(given, "includemanagementevents", "false")
        return (DARK, "makes a trail leave out management events") if is_off else (SLIGHT, "changes what a trail keeps")
    if name == "UpdateTrail":
        narrower = ("ismultiregiontrail", "includeglobalserviceevents", "enablelogfilevalidation")
        is_off = any(_is(given, key, "false") for key in narrower)
        return (DIM, "narrows a trail") if is_off else (SLIGHT, "changes a trail")
    if name == "PutRetentionPolicy":
        is_short = _days(given.get("retentionindays")) <= SHORT_DAYS
        return (DIM if is_short else SLIGHT, "keeps a log group for few days") if is_short else None
    if name in ("PutBucketLifecycle", "PutBucketLifecycleConfiguration"):
        bucket = str(given.get("bucketname") or "").lower()
        is_short = _days(given.get("days")) <= LIFECYCLE_DAYS and ("trail" in bucket or "log" in bucket)
        return (DIM, "lets a bucket of logs expire within days") if is_short else None
    return BLINDS.get(name)


def is_address(text: object) -> bool:
    """Whether a source is an internet address, not the name of an AWS service."""
    try:
        ip_address(str(text))
    except ValueError:
        return False
    return True


def is_within(text: object, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of some networks (CIDR); what is no network holds nothing."""
    try:
        address = ip_address(str(text))
    except ValueError:
        return False
    for network in networks:
        try:
            if address in ip_network(network, strict=False):
                return True
        except ValueError:
            continue
    return False


def _is(given: dict[str, object], key: str, word: str) -> bool:
    return str(given.get(key)).lower() == word


def _days(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() and len(text) <= 6 else 1_000_000
