"""CloudTrail records of the company whose systems are simulated: one account, the same people."""

import numpy as np

from ddms_ops.simulate.ids import uuids_of
from ddms_ops.simulate.scenario import Call

ACCOUNT, REGION = "123456789012", "us-east-1"
ON_CALL, DEVELOPER, PLATFORM = "oncall.meyer", "dev.okafor", "platform-terraform"
PEOPLE = (ON_CALL, DEVELOPER)


def event_time(time_ms: int) -> str:
    """A time as CloudTrail writes it: whole seconds, Z."""
    return f"{np.datetime64(time_ms // 1000, 's')}Z"


def record(call: Call, time_ms: int, number: int, salt: int) -> dict[str, object]:
    """One CloudTrail record."""
    request_id, event_id = uuids_of((2 * number, 2 * number + 1), salt + 37)
    is_read = call.name.startswith(("Describe", "Get", "List", "AssumeRole"))
    found: dict[str, object] = {
        "eventVersion": "1.09",
        "userIdentity": _identity(call.actor, time_ms),
        "eventTime": event_time(time_ms),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.name,
        "awsRegion": REGION,
        "sourceIPAddress": "203.0.113.24" if call.actor in PEOPLE else "10.0.12.18",
        "userAgent": "aws-cli/2.15.30" if call.actor in PEOPLE else "aws-sdk-js/3.523.0",
    }
    if call.error_code:
        found |= {"errorCode": call.error_code, "errorMessage": call.error_message}
    found |= {
        "requestParameters": dict(call.parameters) or None,
        "responseElements": dict(call.response) if call.response else None,
        "requestID": request_id,
        "eventID": event_id,
        "readOnly": is_read,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if call.arn:
        found["resources"] = [{"accountId": ACCOUNT, "type": call.arn_type, "ARN": call.arn}]
    return found


def _identity(actor: str, time_ms: int) -> dict[str, object]:
    if actor in PEOPLE:
        return {
            "type": "IAMUser",
            "principalId": f"AIDA{actor[:6].upper():X<16}",
            "accountId": ACCOUNT,
            "userName": actor,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{actor}",
        }
    principal = f"AROA{''.join(c for c in actor.upper() if c.isalpha()):X<16.16}"
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:session",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{actor}/session",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "accountId": ACCOUNT,
                "userName": actor,
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{actor}",
            },
            "attributes": {"creationDate": event_time(time_ms - 600_000), "mfaAuthenticated": "false"},
        },
    }
