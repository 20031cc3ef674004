"""Which call takes another back: the same rule, policy, key or permission, not merely on the same resource."""

import pandas as pd

from ddms_ops.analysis.ingress import rules
from ddms_ops.analysis.policies import parsed, values

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
NAMED_BY = {
    "AttachUserPolicy": "policyarn", "AttachRolePolicy": "policyarn", "PutUserPolicy": "policyname",
    "PutRolePolicy": "policyname", "AddPermission": "statementid", "AddUserToGroup": "groupname",
    "CreateAccessKey": "accesskeyid",
}  # fmt: skip
"""Parameter that tells which of several on one resource is meant; of a new access key the id that it was given."""
INGRESS = "AuthorizeSecurityGroupIngress"


def taken_back(rows: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """The calls that take some calls back; empty where not each of these is taken back.

    Args:
        rows: rows of CALLS of one name.
        calls: CALLS to look among.

    Returns:
        Rows of `calls`, each once, by time.
    """
    undo = UNDONE_BY.get(str(rows["name"].iloc[0]))
    later = calls[(calls["name"] == undo) & calls["error"].isna()].sort_values("timestamp", kind="stable")
    found = [_of_one(call, later) for _, call in rows.iterrows()] if len(later) else []
    if not found or any(one.empty for one in found):
        return later.iloc[:0]
    every = pd.concat(found)
    return every[~every.index.duplicated()].sort_values("timestamp", kind="stable")


def _of_one(call: "pd.Series[object]", later: pd.DataFrame) -> pd.DataFrame:
    """What takes one call back: one call, or of a security group those that revoke all its sources together."""
    name, resource = str(call["name"]), call["resource"]
    is_same = later["resource"].isna() if pd.isna(resource) else later["resource"] == resource  # type: ignore[call-overload]
    after = later[is_same & (later["timestamp"] >= call["timestamp"])]
    if name == INGRESS:
        return _revoked(call["parameters"], after)
    key = NAMED_BY.get(name)
    if key is None:
        return after.iloc[:1]
    meant = _named(call["parameters"], key) or ("" if pd.isna(call["made"]) else str(call["made"]))  # type: ignore[call-overload]
    is_meant = [bool(meant) and _named(given, key) == meant for given in after["parameters"]]
    return after[is_meant].iloc[:1]


def _revoked(opened: object, after: pd.DataFrame) -> pd.DataFrame:
    left = {(ports, source) for ports, sources in rules(parsed(opened)).items() for source in sources}
    if not left:
        return after.iloc[:0]
    used = []
    for place, given in zip(after.index, after["parameters"], strict=True):
        revoked = {(ports, source) for ports, sources in rules(parsed(given)).items() for source in sources}
        if left & revoked:
            used.append(place)
            left -= revoked
    return after.iloc[:0] if left else after.loc[used]


def _named(given: object, key: str) -> str:
    return next((str(value) for name, value in values(parsed(given)) if name == key), "")
