"""Calls that an actor has not made before."""

from pathlib import Path

import pytest
from access_case import AWAY, DECLARED, HOME, access_case, call, found_by, usual_calls

from ddms_ops.findings import Severity, Verdict

BURST = ("CreateAccessKey", "AttachUserPolicy", "GetSecretValue", "StopLogging")


def stolen(ip: str = AWAY, actor: str = "dev.okafor") -> list[dict]:
    """Sensitive calls within four minutes."""
    return [call(f"10:2{n}:00", name, ip=ip, actor=actor, given={"name": "x"}) for n, name in enumerate(BURST)]


def test_a_burst_of_sensitive_calls_from_a_new_address_is_high(tmp_path: Path):
    """A key in other hands shows by address, by calls, and by when they began."""
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *stolen()), "unusual_calls")
    assert finding.severity is Severity.HIGH
    assert AWAY in finding.statement
    assert f"{finding.first_seen:%H:%M}" == "10:20"
    assert {ref.pull for ref in finding.evidence} == {"changes"}


@pytest.mark.parametrize("changed", [{"trusted": ("198.51.100.0/24",)}, {"automation": ("dev.okafor",)}])
def test_known_networks_and_automation_come_from_anywhere(tmp_path: Path, changed: dict):
    """The same calls from a declared network, or of declared automation, are no news by their address."""
    case = access_case(tmp_path, *usual_calls(), *stolen(), access=DECLARED.model_copy(update=changed))
    [finding] = found_by(case, "unusual_calls")
    assert finding.severity is Severity.LOW
    assert "new to the account" not in finding.statement


def test_the_same_calls_from_the_usual_address_are_low(tmp_path: Path):
    """Somebody at work does what he did not do an hour ago."""
    few = stolen(HOME)[:3]
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *few), "unusual_calls")
    assert finding.severity is Severity.LOW


def test_a_short_baseline_says_so_and_stops_at_medium(tmp_path: Path):
    """With two calls before, what is usual is not known."""
    case = access_case(tmp_path, *usual_calls(every=30), *stolen())
    [finding] = found_by(case, "unusual_calls")
    assert finding.severity is Severity.MEDIUM
    assert "the baseline has 2 API calls" in case.result("unusual_calls").reason


def test_a_first_deployment_of_the_day_is_low(tmp_path: Path):
    """UpdateFunctionCode by a deploy role is new, and no anomaly."""
    deploys = [
        call("10:15:00", "UpdateFunctionCode", service="lambda", actor="deploy", kind="AssumedRole", ip="10.0.0.9")
    ]
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *deploys), "unusual_calls")
    assert (finding.severity, finding.subject["actor"]) == (Severity.LOW, "deploy")


def test_one_new_read_is_info(tmp_path: Path):
    """Looking at something else is worth a line, not a headline."""
    [finding] = found_by(access_case(tmp_path, *usual_calls(), call("10:15:00", "ListUsers")), "unusual_calls")
    assert finding.severity is Severity.INFO


def test_services_of_aws_are_quiet(tmp_path: Path):
    """What AWS does by itself, or for somebody, is nobody's call."""
    own = call("10:15:00", "CreateGrant", kind="AWSService", actor="rds.amazonaws.com", ip="rds.amazonaws.com")
    for_me = call("10:16:00", "GetSecretValue", ip="secretsmanager.amazonaws.com")
    case = access_case(tmp_path, *usual_calls(), own, for_me)
    assert case.result("unusual_calls").status is Verdict.CLEAR


def test_many_refused_calls_are_an_enumeration(tmp_path: Path):
    """Six kinds of refused calls within a minute: somebody tries what is allowed."""
    names = ("ListUsers", "ListRoles", "ListBuckets", "ListSecrets", "ListKeys", "ListFunctions")
    tried = [call(f"10:20:0{n}", name, error="AccessDenied") for n, name in enumerate(names)]
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *tried), "unusual_calls")
    assert finding.severity is Severity.MEDIUM
    assert "refused 6 times (6 kinds" in finding.statement


def test_a_role_that_is_always_refused_is_no_news(tmp_path: Path):
    """As many refused calls as in the baseline mean a policy that nobody fixed."""
    tried = [
        call(f"{hour:02d}:{minute:02d}:30", "ListKeys", error="AccessDenied")
        for hour in (9, 10)
        for minute in range(0, 60, 5)
    ]
    case = access_case(tmp_path, *usual_calls(), *tried)
    assert all(not finding.severity.is_above_low for finding in found_by(case, "unusual_calls"))


def test_the_root_user_is_always_told(tmp_path: Path):
    """Root at all is medium, and high without a second factor (CIS 1.7)."""
    login = call("10:30:00", "ConsoleLogin", service="signin", actor="root", kind="Root", mfa="Yes")
    [finding] = found_by(access_case(tmp_path / "a", *usual_calls(), login), "unusual_calls")
    assert finding.severity is Severity.MEDIUM
    login = call("10:30:00", "ConsoleLogin", service="signin", actor="root", kind="Root", mfa="No")
    [finding] = found_by(access_case(tmp_path / "b", *usual_calls(), login), "unusual_calls")
    assert finding.severity is Severity.HIGH


def test_without_a_trail_nothing_is_called_clear(tmp_path: Path):
    """No CloudTrail: the check says what is lacking."""
    result = access_case(tmp_path).result("unusual_calls")
    assert result.status is Verdict.NOT_CHECKED
    assert "CloudTrail" in result.reason


def test_hostile_names_and_agents_are_shown_redacted_and_cut(tmp_path: Path):
    """What a caller calls itself is text, not a secret's way into the report."""
    name = "eve@example.com " + "x" * 5000
    tried = [call(f"10:2{n}:00", call_name, actor=name, ip=AWAY, agent="<script>alert(1)</script>")
             for n, call_name in enumerate(BURST)]  # fmt: skip
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *tried), "unusual_calls")
    assert "eve@example.com" not in finding.statement
    assert len(finding.statement) < 1000


def test_what_came_from_the_console_is_its_actors_own(tmp_path: Path):
    """`AWS Internal` is how the console calls: root's key made there is told."""
    own = [call(f"10:1{n}:00", name, actor="root", kind="Root", ip="AWS Internal")
           for n, name in enumerate(("CreateAccessKey", "DeactivateMFADevice"))]  # fmt: skip
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *own), "unusual_calls")
    assert (finding.severity, finding.subject["actor"]) == (Severity.HIGH, "root")


def test_a_burst_in_a_region_that_nobody_used_is_medium(tmp_path: Path):
    """The same call as ever, by the same user from the same address, elsewhere in the world."""
    known = [call(f"09:{n}:30", "RunInstances", service="ec2") for n in range(10, 20)]
    far = [call(f"10:20:{n}", "RunInstances", service="ec2", region="ap-southeast-3") for n in range(10, 50)]
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *known, *far), "unusual_calls")
    assert finding.severity is Severity.MEDIUM
    assert "40 writes in a region that nobody used in the baseline" in finding.statement


def test_a_role_of_the_same_name_in_another_account_is_another_actor(tmp_path: Path):
    """What `deploy` of one account always does is new for `deploy` of the other."""
    calls = [call(f"{hour}:10:00", "CreateUser", actor="deploy", given={"userName": "x"}) for hour in ("09", "10")]
    calls[1]["userIdentity"]["accountId"] = "222222222222"
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *calls), "unusual_calls")
    assert finding.subject["account"] == "222222222222"


def test_a_role_that_lost_a_permission_is_told_so(tmp_path: Path):
    """Refused what it was allowed before: its policies come next, not its keys."""
    clocks = [(f"{hour}:{n:02d}:30", hour == "10") for hour in ("09", "10") for n in range(30)]
    calls = [call(clock, "Decrypt", actor="app", **({"error": "AccessDenied"} if is_late else {}))
             for clock, is_late in clocks]  # fmt: skip
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *calls), "unusual_calls")
    assert "allowed in the baseline: Decrypt" in finding.statement
    assert finding.next_step.startswith("Compare the policies of app")
