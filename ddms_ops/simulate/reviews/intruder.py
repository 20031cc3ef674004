"""An intruder: sign-ins tried from few addresses, and what a stolen access key is used for."""

from ddms_ops.simulate.cloudtrail import ACCOUNT
from ddms_ops.simulate.reviews.system import AUTH_GROUP, GATEWAY_GROUP, REFUSED, SIGN_IN_REFUSED, TABLE, access
from ddms_ops.simulate.scene.declared import Api, Extra

KEY_OWNER = "svc-reviews-export"
ADDRESSES = ("198.51.100.23", "198.51.100.71", "198.51.100.114")
TRIED = tuple(f"user-{number:04d}" for number in range(1000, 1400, 3))
STUFFING_MIN = 26
CLI = "aws-cli/2.9.19 Python/3.9.11 Linux/5.15.0-kali3-amd64 exe/x86_64.debian.11 prompt/off"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BACK_DOOR = "support-tools"
GROUP = "sg-0a6d3f71c2"

STUFFING = (
    Extra("stuffing", AUTH_GROUP, (SIGN_IN_REFUSED,), 0, 28, until_min=STUFFING_MIN, addresses=ADDRESSES, users=TRIED),
    Extra("stuffing at the gateway", GATEWAY_GROUP, (access(REFUSED, 401),), 0, 28, until_min=STUFFING_MIN,
          addresses=ADDRESSES, users=TRIED),
)  # fmt: skip
USUAL_OF_OWNER = (
    Api("dynamodb", "ExportTableToPointInTime", KEY_OWNER, "IAMUser",
        {"tableArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{TABLE}", "s3Bucket": "reviews-exports"},
        per_hour=2, source_ip="10.0.20.7", user_agent="Boto3/1.34.60"),
    Api("dynamodb", "DescribeExport", KEY_OWNER, "IAMUser", {"exportArn": f"{TABLE}/export"}, per_hour=6,
        source_ip="10.0.20.7", user_agent="Boto3/1.34.60"),
)  # fmt: skip


def _stolen(at_min: float, service: str, name: str, parameters: dict[str, object], denied: str = "") -> Api:
    """A call with the stolen key; `denied` is what it was not authorized to do."""
    words = f"User: arn:aws:iam::{ACCOUNT}:user/{KEY_OWNER} is not authorized to perform: {denied}"
    return Api(
        service, name, KEY_OWNER, "IAMUser", parameters, at_min=at_min, source_ip=ADDRESSES[0], user_agent=CLI,
        error_code="AccessDenied" if denied else "", error_message=words if denied else "",
    )  # fmt: skip


_OPENED: dict[str, object] = {
    "groupId": GROUP,
    "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
                                 "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]},
}  # fmt: skip
INTRUDER_CALLS = (
    _stolen(4.0, "sts", "GetCallerIdentity", {}),
    _stolen(4.4, "iam", "ListUsers", {}),
    _stolen(4.7, "iam", "ListAttachedUserPolicies", {"userName": KEY_OWNER}),
    _stolen(5.0, "iam", "ListRoles", {}),
    _stolen(5.3, "organizations", "ListAccounts", {}, "organizations:ListAccounts"),
    _stolen(5.5, "cloudtrail", "DescribeTrails", {}),
    _stolen(5.8, "cloudtrail", "StopLogging", {"name": "reviews-trail"}, "cloudtrail:StopLogging"),
    _stolen(6.2, "ec2", "DescribeSecurityGroups", {"securityGroupSet": {}}),
    _stolen(6.6, "iam", "CreateUser", {"userName": BACK_DOOR}),
    _stolen(6.9, "iam", "CreateAccessKey", {"userName": BACK_DOOR}),
    _stolen(7.1, "iam", "AttachUserPolicy", {"userName": BACK_DOOR, "policyArn": ADMIN}),
    _stolen(7.9, "ec2", "AuthorizeSecurityGroupIngress", _OPENED),
    _stolen(8.6, "secretsmanager", "ListSecrets", {}),
    _stolen(8.9, "secretsmanager", "GetSecretValue", {"secretId": "reviews/prod/jwt"}),
    _stolen(9.4, "s3", "ListBuckets", {}),
    _stolen(10.1, "rds", "DescribeDBInstances", {}, "rds:DescribeDBInstances"),
)
