"""What was opened, and what switched watching off: each beside its innocent twin."""

import json
from pathlib import Path

import pytest
from access_case import DECLARED, access_case, call, found_by, usual_calls

from ddms_ops.analysis.blinding import blinding
from ddms_ops.analysis.opened import opening
from ddms_ops.checks.opened_access import severity_of_opening
from ddms_ops.findings import Severity, Verdict

OWN, OTHER = "123456789012", "999988887777"


def ingress(cidr: str, port: int = 22) -> dict:
    """Parameters of AuthorizeSecurityGroupIngress as CloudTrail records them."""
    ranges = {"ipv6Ranges": {"items": [{"cidrIpv6": cidr}]}} if ":" in cidr else {
        "ipRanges": {"items": [{"cidrIp": cidr}]}}  # fmt: skip
    item = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, **ranges}
    return {"groupId": "sg-1", "ipPermissions": {"items": [item]}}


def policy(principal: object, **more: object) -> dict:
    """A policy document with one statement."""
    return {
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}]
    }


def permissions(action: str) -> dict:
    """Parameters of PutUserPolicy."""
    document = {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}
    return {"userName": "eve", "policyDocument": json.dumps(document)}


def all_but(action: str) -> dict:
    """Parameters of PutRolePolicy that allow all calls but some."""
    document = {"Statement": {"Effect": "Allow", "NotAction": action, "Resource": "*"}}
    return {"roleName": "r", "policyDocument": json.dumps(document)}


def shared(with_: str) -> dict:
    """Parameters of ModifySnapshotAttribute."""
    who = {"group": "all"} if with_ == "all" else {"userId": with_}
    return {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [who]}}}


def of_category(name: str) -> dict:
    """An advanced selector of PutEventSelectors."""
    return {"fieldSelectors": [{"field": "eventCategory", "equals": [name]}]}


HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
OIDC = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
OPENED = [
    ("AuthorizeSecurityGroupIngress", ingress("0.0.0.0/0"), HIGH),
    ("AuthorizeSecurityGroupIngress", ingress("::/0"), HIGH),
    ("AuthorizeSecurityGroupIngress", ingress("0.0.0.0/0", 443), MEDIUM),
    ("AuthorizeSecurityGroupIngress", ingress("10.0.0.0/8"), LOW),
    ("AuthorizeSecurityGroupIngress", ingress("2000::/3"), HIGH),
    ("AuthorizeSecurityGroupIngress", ingress("0::/0"), HIGH),
    ("AuthorizeSecurityGroupIngress", ingress("2001:db8::/48"), LOW),
    ("AuthorizeSecurityGroupIngress", {"fromPort": 80, "toPort": 443, "cidrIp": "0.0.0.0/0"}, HIGH),
    ("AuthorizeSecurityGroupIngress", [ingress("0.0.0.0/1"), ingress("128.0.0.0/1")], HIGH),
    ("AuthorizeSecurityGroupIngress", [ingress("10.0.0.0/8"), ingress("0.0.0.0/0", 443)], MEDIUM),
    ("PutBucketPolicy", {"bucketName": "b", "bucketPolicy": policy("*")}, HIGH),
    ("PutBucketPolicy", {"bucketName": "b", "bucketPolicy": policy("*", Condition={"Bool": {}})}, MEDIUM),
    ("PutBucketPolicy", {"bucketName": "b", "bucketPolicy": policy({"AWS": OTHER})}, MEDIUM),
    ("PutBucketPolicy", {"bucketName": "b", "bucketPolicy": policy({"AWS": f"arn:aws:iam::{OWN}:root"})}, LOW),
    ("PutBucketPolicy", {"bucketName": "b", "bucketPolicy": policy("*", Effect="Deny")}, LOW),
    ("PutBucketPolicy", {"bucketPolicy": policy(None, NotPrincipal={"AWS": OWN})}, HIGH),
    ("PutBucketAcl", {"bucketName": "b", "x-amz-acl": ["public-read"]}, HIGH),
    ("PutBucketAcl", {"bucketName": "b", "x-amz-acl": ["private"]}, None),
    ("PutBucketPublicAccessBlock", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}, MEDIUM),
    ("PutBucketPublicAccessBlock", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, None),
    ("AttachUserPolicy", {"userName": "eve", "policyArn": ADMIN}, HIGH),
    ("AttachRolePolicy", {"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, LOW),
    ("PutUserPolicy", permissions("*"), HIGH),
    ("PutUserPolicy", permissions("s3:GetObject"), MEDIUM),
    ("PutRolePolicy", all_but("s3:DeleteBucket"), HIGH),
    ("PutRolePolicy", all_but("iam:*"), MEDIUM),
    ("CreateAccessKey", {"userName": "eve"}, MEDIUM),
    ("CreateAccessKey", {"userName": "dev.okafor"}, LOW),
    ("CreateUser", {"userName": "eve"}, MEDIUM),
    ("CreateLoginProfile", {"userName": "eve"}, MEDIUM),
    ("DeactivateMFADevice", {"userName": "eve"}, MEDIUM),
    ("UpdateAssumeRolePolicy", {"policyDocument": json.dumps(policy({"AWS": "*"}))}, HIGH),
    ("UpdateAssumeRolePolicy", {"policyDocument": json.dumps(policy({"Federated": OIDC}))}, HIGH),
    ("UpdateAssumeRolePolicy", {"policyDocument": json.dumps(policy({"Federated": OIDC}, Condition={"A": {}}))}, LOW),
    ("UpdateAssumeRolePolicy", {"policyDocument": json.dumps(policy({"Service": "ec2.amazonaws.com"}))}, LOW),
    ("PutKeyPolicy", {"keyId": "k", "policy": json.dumps(policy({"AWS": f"arn:aws:iam::{OTHER}:root"}))}, MEDIUM),
    ("AddPermission", {"functionName": "f", "principal": "*"}, HIGH),
    ("AddPermission", {"functionName": "f", "principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::b"}, None),
    ("CreateFunctionUrlConfig", {"functionName": "f", "authType": "NONE"}, HIGH),
    ("CreateFunctionUrlConfig", {"functionName": "f", "authType": "AWS_IAM"}, None),
    ("ModifySnapshotAttribute", shared("all"), HIGH),
    ("ModifySnapshotAttribute", shared(OTHER), MEDIUM),
    ("ModifySnapshotAttribute", shared(OWN), None),
    ("ModifyDBSnapshotAttribute", {"attributeName": "restore", "valuesToAdd": ["all"]}, HIGH),
    ("ModifyDBInstance", {"dBInstanceIdentifier": "d", "publiclyAccessible": True}, HIGH),
    ("ModifyDBInstance", {"dBInstanceIdentifier": "d", "publiclyAccessible": False}, None),
    ("RestoreDBInstanceFromDBSnapshot", {"dBInstanceIdentifier": "d", "publiclyAccessible": True}, HIGH),
]  # fmt: skip


def test_what_each_call_opens_and_its_twin_does_not():
    """To everybody or an administrator is high, to another account or a credential medium, the rest low or nothing."""
    for name, given, expected in OPENED:
        if isinstance(given, list):
            given = {"ipPermissions": {"items": [item for one in given for item in one["ipPermissions"]["items"]]}}
        found = opening(name, json.dumps(given), account=OWN, actor="dev.okafor")
        assert (severity_of_opening(found.to) if found else None) is expected, (name, given)


def test_a_finding_says_what_by_whom_and_when_and_that_it_was_taken_back(tmp_path: Path):
    """Port, network, actor, address and both times stand in one sentence."""
    calls = [
        call("10:20:00", "AuthorizeSecurityGroupIngress", service="ec2", given=ingress("0.0.0.0/0")),
        call("10:25:00", "RevokeSecurityGroupIngress", service="ec2", given=ingress("0.0.0.0/0")),
    ]
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *calls), "opened_access")
    assert finding.statement == (
        "AuthorizeSecurityGroupIngress opens port 22 to 0.0.0.0/0 on sg-1: by dev.okafor from 203.0.113.24 at"
        " 2026-03-04 10:20:00 UTC; taken back at 10:25:00 UTC by dev.okafor"
    )
    assert finding.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("name", "given", "undo", "other"),
    [
        ("AuthorizeSecurityGroupIngress", ingress("0.0.0.0/0"), "RevokeSecurityGroupIngress", ingress("0.0.0.0/0", 80)),
        ("AttachUserPolicy", {"userName": "e", "policyArn": ADMIN}, "DetachUserPolicy",
         {"userName": "e", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("CreateAccessKey", {"userName": "e"}, "DeleteAccessKey", {"userName": "e", "accessKeyId": "OLD"}),
    ],
)  # fmt: skip
def test_what_is_taken_back_must_be_the_same(tmp_path: Path, name: str, given: dict, undo: str, other: dict):
    """Another rule, policy or key of the same group or user was taken back: that of the finding stands."""
    calls = [call("10:20:00", name, given=given), call("10:25:00", undo, given=other)]
    assert "taken back" not in found_by(access_case(tmp_path, *usual_calls(), *calls), "opened_access")[0].statement


def test_a_new_access_key_is_taken_back_by_its_id(tmp_path: Path):
    """The record of its making names the key that was deleted."""
    made = call("10:20:00", "CreateAccessKey", given={"userName": "e"})
    made["responseElements"] = {"accessKey": {"accessKeyId": "NEW"}}
    gone = call("10:25:00", "DeleteAccessKey", given={"userName": "e", "accessKeyId": "NEW"})
    [finding] = found_by(access_case(tmp_path, *usual_calls(), made, gone), "opened_access")
    assert "taken back at 10:25:00" in finding.statement


def test_what_was_refused_is_low(tmp_path: Path):
    """A try is worth a line."""
    tried = call("10:20:00", "PutBucketPolicy", service="s3", error="AccessDenied", given={"bucketPolicy": policy("*")})
    [finding] = found_by(access_case(tmp_path, *usual_calls(), tried), "opened_access")
    assert finding.severity is Severity.LOW
    assert "refused (AccessDenied)" in finding.statement


def test_usual_automation_is_low(tmp_path: Path):
    """A role that opens web ports all day does so by declaration."""
    calls = [call(f"{hour}:20:00", "AuthorizeSecurityGroupIngress", actor="deploy", given=ingress("0.0.0.0/0"))
             for hour in ("09", "10")]  # fmt: skip
    known = DECLARED.model_copy(update={"automation": ("deploy",)})
    [finding] = found_by(access_case(tmp_path, *usual_calls(), calls[0], calls[1], access=known), "opened_access")
    assert finding.severity is Severity.LOW


def test_automation_that_opens_more_than_before_is_no_usual_work(tmp_path: Path):
    """A stack that opened a port to the own network, and now another to everybody."""
    source = {"service": "ec2", "ip": "cloudformation.amazonaws.com"}
    calls = [call("09:20:00", "AuthorizeSecurityGroupIngress", given=ingress("10.0.0.0/8", 443), **source),
             call("10:20:00", "AuthorizeSecurityGroupIngress", given=ingress("0.0.0.0/0"), **source)]  # fmt: skip
    first = found_by(access_case(tmp_path, *usual_calls(), *calls), "opened_access")[0]
    assert (first.severity, "port 22 to 0.0.0.0/0" in first.statement) == (Severity.HIGH, True)


def test_what_aws_does_by_itself_hides_nothing(tmp_path: Path):
    """Control Tower renews the recorder, a role of autoscaling its alarms."""
    own = call("10:10:00", "StopConfigurationRecorder", actor="AWSControlTowerExecution",
               ip="controltower.amazonaws.com", kind="AssumedRole")  # fmt: skip
    linked = call("10:11:00", "DeleteAlarms", actor="AWSServiceRoleForApplicationAutoScaling_T", kind="AssumedRole")
    [finding] = found_by(access_case(tmp_path, *usual_calls(), own, linked), "hidden_traces")
    assert finding.severity is Severity.LOW


def test_a_secret_read_for_the_first_time_is_low_and_many_are_medium(tmp_path: Path):
    """One secret is work; six by somebody who never read any are not."""
    reads = [call(f"10:2{n}:00", "GetSecretValue", given={"secretId": f"db-{n}"}) for n in range(6)]
    [one] = found_by(access_case(tmp_path / "a", *usual_calls(), reads[0]), "opened_access")
    [many] = found_by(access_case(tmp_path / "b", *usual_calls(), *reads), "opened_access")
    assert (one.severity, many.severity) == (Severity.LOW, Severity.MEDIUM)


@pytest.mark.parametrize(
    ("name", "given", "level"),
    [
        ("StopLogging", {"name": "t"}, "dark"),
        ("DeleteDetector", {}, "dark"),
        ("UpdateDetector", {"enable": False}, "dark"),
        ("UpdateDetector", {"enable": True}, None),
        ("PutEventSelectors", {"eventSelectors": [{"includeManagementEvents": False}]}, "dark"),
        ("PutEventSelectors", {"eventSelectors": [{"includeManagementEvents": True}]}, "slight"),
        ("PutEventSelectors", {"advancedEventSelectors": [of_category("Data")]}, "dark"),
        ("PutEventSelectors", {"advancedEventSelectors": [of_category("Management")]}, "slight"),
        ("UpdateDetector", {"enable": False, "dataSources": {"s3Logs": {"enable": True}}}, "dark"),
        ("UpdateDetector", {"enable": True, "dataSources": {"s3Logs": {"enable": False}}}, "dim"),
        ("StopMonitoringMembers", {"detectorId": "d"}, "dark"),
        ("CreateFilter", {"action": "ARCHIVE"}, "dim"),
        ("CreateFilter", {"action": "NOOP"}, None),
        ("PutBucketLogging", {"bucketName": "b", "BucketLoggingStatus": {}}, "dim"),
        ("PutBucketLogging", {"bucketName": "b", "BucketLoggingStatus": {"LoggingEnabled": {"t": 1}}}, None),
        ("DeleteBucket", {"bucketName": "aws-cloudtrail-logs-1"}, "dark"),
        ("DeleteBucket", {"bucketName": "our-catalog"}, None),
        ("UpdateTrail", {"isMultiRegionTrail": False}, "dim"),
        ("PutRetentionPolicy", {"retentionInDays": 1}, "dim"),
        ("PutRetentionPolicy", {"retentionInDays": 90}, None),
        ("DeleteAlarms", {"alarmNames": ["a"]}, "dim"),
        ("StartLogging", {"name": "t"}, None),
    ],
)
def test_what_blinds(name: str, given: dict, level: str | None):
    """What takes watching away is told apart from what only changes it."""
    found = blinding(name, json.dumps(given))
    assert (found[0] if found else None) == level


def test_a_stopped_trail_is_high_and_its_failed_try_low(tmp_path: Path):
    """Tampering that happened, and one that did not."""
    calls = [
        call("10:20:00", "StopLogging", service="cloudtrail", given={"name": "audit"}),
        call("10:21:00", "DeleteTrail", service="cloudtrail", given={"name": "other"}, error="TrailNotFoundException"),
    ]
    done, tried = found_by(access_case(tmp_path, *usual_calls(), *calls), "hidden_traces")
    assert (done.severity, tried.severity) == (Severity.HIGH, Severity.LOW)
    assert "StopLogging stops a trail on audit" in done.statement


def test_a_clear_answer_needs_a_complete_trail(tmp_path: Path):
    """Calls that open nothing are clear; without CloudTrail nothing is."""
    assert access_case(tmp_path / "a", *usual_calls()).result("hidden_traces").status is Verdict.CLEAR
    assert access_case(tmp_path / "b").result("opened_access").status is Verdict.NOT_CHECKED


def test_calls_without_parameters_are_doubted(tmp_path: Path):
    """A call that may open something and does not say what is not passed over."""
    result = access_case(tmp_path, *usual_calls(), call("10:20:00", "ModifyDBInstance", service="rds")).result(
        "opened_access"
    )
    assert result.status is Verdict.NOT_CHECKED
    assert "what 1 call opened is not known" in result.reason


def test_what_changed_before_is_told_beside_the_leading_finding(tmp_path: Path):
    """A role made ten minutes before stands as coincident."""
    calls = [
        call("10:10:00", "UpdateFunctionConfiguration", service="lambda", given={"functionName": "f"}),
        call("10:20:00", "StopLogging", service="cloudtrail", given={"name": "audit"}),
    ]
    [change] = found_by(access_case(tmp_path, *usual_calls(), *calls), "access_changes")
    assert change.statement.startswith("UpdateFunctionConfiguration on f by dev.okafor")
    assert "coincident" in change.statement
