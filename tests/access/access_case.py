"""A case over a small export of CloudTrail records and sign-ins, in sight of the test."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from builders import DAY, at, envelope, write_logs

from ddms_ops.access_frames import AccessFrames
from ddms_ops.case import Case
from ddms_ops.checks.base import run_check
from ddms_ops.checks.of_access_anomalies import ACCESS_ANOMALIES
from ddms_ops.coverage import Coverage
from ddms_ops.findings import CheckResult, Finding
from ddms_ops.incident import resolve
from ddms_ops.operations import Access
from ddms_ops.sources import open_source

ACCOUNT = "123456789012"
HOME, AWAY = "203.0.113.24", "198.51.100.77"
LOG = "/aws/lambda/dms-api-handler-prod"
DECLARED = Access(failures=("invalid credentials",), addresses=("sourceIp", "client.ip"))


class AccessCase(Case, AccessFrames):
    """A case that runs the checks of access anomalies, with a section `access` of its own."""

    declared: Access | None = DECLARED

    @cached_property
    def access(self) -> Access | None:
        """The section."""
        return self.declared

    def pulls(self, kind: str) -> list[Coverage]:
        """Coverage of the pulls of a kind, those of calls before too."""
        if kind != "changes.baseline":
            return super().pulls(kind)
        assert self.baseline_calls is not None
        return [row for row in self.coverage if row.pull == kind]

    def result(self, check: str) -> CheckResult:
        """Result of a check of access anomalies, once."""
        if check not in self._results:
            known = {each.id: each for each in ACCESS_ANOMALIES}
            self._results[check] = run_check(known[check], self)
        return self._results[check]


def call(
    clock: str, name: str, *, service: str = "iam", actor: str = "dev.okafor", ip: str = HOME, **more: Any
) -> dict:
    """One CloudTrail record; `given` are its request parameters, `error` its code, `kind` the type of its identity."""
    kind = more.get("kind", "IAMUser")
    identity: dict[str, Any] = {"type": kind, "accountId": ACCOUNT, "userName": actor}
    is_read = name.startswith(("Describe", "Get", "List"))
    record = {
        "userIdentity": identity, "eventTime": f"{DAY}T{clock}Z", "eventSource": f"{service}.amazonaws.com",
        "eventName": name, "awsRegion": more.get("region", "us-east-1"), "sourceIPAddress": ip,
        "userAgent": more.get("agent", "aws-cli/2.15.30"), "requestParameters": more.get("given"),
        "readOnly": is_read, "eventID": f"{clock}-{name}-{actor}-{more.get('salt', '')}",
    }  # fmt: skip
    if "error" in more:
        record["errorCode"] = more["error"]
    if "mfa" in more:
        record |= {"additionalEventData": {"MFAUsed": more["mfa"]}, "responseElements": {"ConsoleLogin": "Success"}}
    return record


def usual_calls(start: int = 9, end: int = 11, actor: str = "dev.okafor", ip: str = HOME, every: int = 2) -> list[dict]:
    """Harmless reads all the time, from one address."""
    names = ("DescribeInstances", "DescribeInstanceStatus")
    clocks = [f"{hour:02d}:{minute:02d}:00" for hour in range(start, end) for minute in range(0, 60, every)]
    return [call(clock, names[n % 2], service="ec2", actor=actor, ip=ip) for n, clock in enumerate(clocks)]


def sign_in(clock: str, user: str, ip: str, *, ok: bool = True, path: str = "/login", salt: str = "") -> str:
    """One sign-in as an export line, let in or refused."""
    fields = {"level": "info", "message": "request completed", "requestId": f"{clock}-{user}-{ip}-{salt}"}
    status = 200 if ok else 401
    return envelope(clock, {**fields, "userId": user, "sourceIp": ip, "path": path, "method": "POST", "status": status})


def access_case(
    root: Path, *records: dict, lines: tuple[str, ...] = (), access: Access | None = DECLARED
) -> AccessCase:
    """The case of 10:00 to 11:00 against the hour before."""
    (root / "trail").mkdir(parents=True, exist_ok=True)
    if records:
        (root / "trail" / "a.json").write_text(json.dumps({"Records": list(records)}))
    if lines or not records:
        write_logs(root, LOG, *lines)
    given = {"incident_id": "t", "system": "generic", "start": f"{DAY}T10:00Z", "end": f"{DAY}T11:00Z"}
    given |= {"source": f"files:{root}"}
    incident, profile = resolve(given, now=at("12:00"), where="parameters")
    source = open_source(incident.source, profile=profile, environment=incident.environment, clock=lambda: at("12:00"))
    case = AccessCase(incident, profile, source, root / "reports", clock=lambda: at("12:00"))
    case.declared = access
    return case


def found_by(case: AccessCase, check: str) -> tuple[Finding, ...]:
    """Findings of one check."""
    result = case.result(check)
    assert not result.reason.startswith("the check failed"), result.reason
    return result.findings
