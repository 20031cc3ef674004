"""Random days of ordinary work: calls of people, roles and services, and sign-ins with their typing errors."""

import copy

import numpy as np
import pandas as pd
import pytest
from access_case import AccessCase, access_case, usual_calls
from builders import at

from ddms_ops.access_schemas import CALLS, SIGN_INS
from ddms_ops.analysis.sign_ins import SignIns
from ddms_ops.checks.of_access_anomalies import ACCESS_ANOMALIES
from ddms_ops.schema import conform

READS = tuple(f"{verb}{what}" for verb in ("Describe", "List", "Get") for what in
              ("Instances", "Alarms", "Stacks", "Functions", "Tables", "Queues", "Clusters", "Users"))  # fmt: skip
WRITES = ("UpdateFunctionConfiguration", "PutMetricAlarm", "TagResource", "UpdateService", "StartQuery")
DEPLOYS = ("UpdateFunctionCode", "PublishVersion", "UpdateAlias", "PutRolePolicy", "PutRetentionPolicy")
OFFICE = "203.0.113.8"


def calls_of(rng: np.random.Generator, hour: int) -> pd.DataFrame:
    """An hour of calls: an application, deployments, three people (not all of them at work), and AWS itself."""
    rows = [
        ("app", "AssumedRole", str(rng.choice(("Decrypt", "GetItem"))), f"10.0.{rng.integers(4)}.9") for _ in range(60)
    ]
    rows += [("deploy", "AssumedRole", name, "10.0.9.9") for name in DEPLOYS if rng.random() < 0.6]
    for person in range(3):
        if rng.random() < 0.7:
            address = OFFICE if rng.random() < 0.6 else f"192.0.2.{40 * person + rng.integers(4)}"
            names = [*rng.choice(READS, 12), *rng.choice(WRITES, rng.integers(3))]
            names += ["GetSecretValue"] if rng.random() < 0.2 else []
            rows += [(f"p{person}", "IAMUser", str(name), address) for name in names]
    rows += [("rds.amazonaws.com", "AWSService", "CreateGrant", "rds.amazonaws.com")] * 5
    frame = pd.DataFrame(rows, columns=["actor", "actor_type", "name", "source_ip"])
    second = np.sort(rng.integers(0, 3600, len(frame)))
    is_write = ~frame["name"].str.match("Describe|List|Get|Decrypt")
    error = np.where(rng.random(len(frame)) < 0.02, "AccessDenied", None)
    more = {"service": "ec2", "account": "123456789012", "region": "us-east-1", "resource": "r", "parameters": "{}",
            "user_agent": "aws-cli/2.15.30", "pull": "changes", "row": range(len(frame))}  # fmt: skip
    stamps = at(f"{hour:02d}:00") + pd.to_timedelta(second, unit="s")
    return conform(frame.assign(**more, timestamp=stamps, is_write=is_write, error=error), CALLS)


def sign_ins_of(rng: np.random.Generator, hour: int) -> SignIns:
    """An hour of sign-ins, busier or not than another; some people type their password wrong several times."""
    number = int(rng.integers(80, 400))
    user = rng.integers(0, 150, number)
    is_refused = rng.random(number) < 0.06
    slow = np.repeat(rng.integers(0, 150, 3), rng.integers(3, 7))
    user, is_refused = np.append(user, slow), np.append(is_refused, np.ones(len(slow), dtype=bool))
    address = np.where(user < 30, OFFICE, np.char.add("192.0.2.", user.astype(str)))
    stamps = at(f"{hour:02d}:00") + pd.to_timedelta(np.sort(rng.integers(0, 3600, len(user))), unit="s")
    people = {"user": np.char.add("u", user.astype(str)), "address": address, "is_refused": is_refused}
    rows = pd.DataFrame(
        {
            "timestamp": stamps,
            **people,
            "place": "/login",
            "reason": "HTTP 401",
            "pull": "logs/api",
            "row": range(len(user)),
        }
    )
    return SignIns(conform(rows, SIGN_INS), ())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> AccessCase:
    """A case whose pulls are complete."""
    case = access_case(tmp_path_factory.mktemp("quiet"), *usual_calls())
    for kind in ("changes", "changes.baseline", "logs", "metrics"):
        case.pulls(kind)
    return case


def day_of(case: AccessCase, seed: int) -> AccessCase:
    """The case with the frames of one random day in their place."""
    rng = np.random.default_rng(seed)
    day = copy.copy(case)
    frames = {"baseline_calls": calls_of(rng, 9), "calls": calls_of(rng, 10)}
    sign_ins = (sign_ins_of(rng, 10), sign_ins_of(rng, 9))
    vars(day).update(frames, _sign_ins=sign_ins, _results={})
    return day


def test_quiet_days_have_nothing_above_low(opened: AccessCase):
    """No check breaks, and none calls ordinary work more than low."""
    loud = []
    for seed in range(6):
        day = day_of(opened, seed)
        for check in ACCESS_ANOMALIES[:4]:
            result = day.result(check.id)
            assert not result.reason.startswith("the check failed"), (seed, check.id, result.reason)
            loud += [(seed, found.statement) for found in result.findings if found.severity.is_above_low]
    assert loud == []


def test_a_stolen_key_is_found_in_each_of_such_days(opened: AccessCase):
    """The same days, with five sensitive calls of one person from elsewhere: high, and led by that person."""
    names = ("CreateUser", "CreateAccessKey", "GetSecretValue", "CreateSnapshot", "DeleteTrail")
    for seed in range(2):
        day = day_of(opened, seed)
        stolen = day.baseline_calls.iloc[:5].assign(
            actor="p1", actor_type="IAMUser", source_ip="198.51.100.7", name=names, timestamp=at("10:40"), error=None
        )
        vars(day).update(calls=conform(pd.concat([day.calls, stolen.assign(parameters="{}")]), CALLS))
        first = day.result("unusual_calls").findings[0]
        assert (str(first.severity), first.subject["actor"]) == ("high", "p1")


def test_the_days_are_no_empty_ones(opened: AccessCase):
    """What is called quiet has refused calls, refused sign-ins and new calls in it."""
    day = day_of(opened, 1)
    assert (day.calls["error"].notna().sum(), day.sign_ins["is_refused"].sum()) > (0, 5)
    assert day.unusual
