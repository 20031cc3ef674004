"""Kinds of AWS API calls: what blinds, what an intruder does after coming in, and what merely looks around.

The lists follow CloudTrail's and GuardDuty's documentation (finding types Stealth:IAMUser/…, Discovery:IAMUser/…,
CredentialAccess:…, Persistence:…, PrivilegeEscalation:…, Exfiltration:…, Impact:…) and the CIS AWS Foundations
Benchmark (4.x: changes of CloudTrail, Config, security groups and IAM are alarmed on).
"""

import re
from ipaddress import ip_address, ip_network

import pandas as pd

from ddms_ops.analysis.opened import CALLS_THAT_OPEN, DATABASES

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
    "StopMonitoringMembers": (DARK, "stops watching accounts"),
    "DisassociateMembers": (DARK, "stops watching accounts"),
    "DeleteMembers": (DARK, "stops watching accounts"),
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
    "CreateBucket", "CreateRole", "CreateGrant", "SetQueueAttributes", "SetTopicAttributes", "UpdateRoute",
    "UpdateMethod", *DATABASES,
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
LINKED = "AWSServiceRoleFor"
KEEPERS = ("controltower.amazonaws.com",)
"""AWS services that change what watches by their own work, not for somebody who gave them a template."""
BUILDERS = ("cloudformation.amazonaws.com", "servicecatalog.amazonaws.com")
"""AWS services that change things for somebody who asked them to."""


def is_linked(actors: pd.Series) -> pd.Series:
    """Whether each actor is a role that only AWS's services can take (bool)."""
    return actors.str.startswith(LINKED).fillna(False).astype(bool)


def is_service_name(text: object) -> bool:
    """Whether a source is the name of an AWS service that called, for itself or for somebody."""
    return str(text).endswith(".amazonaws.com")


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
