"""doctor, over real sockets: what lacks, what that costs a report, and the exit code."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from servers import Canned, Refusal, point_at

from ddms_ops.cli import main
from ddms_ops.declaration import Metric
from ddms_ops.deployment import HealthCheck
from ddms_ops.doctor import examine
from ddms_ops.doctor.health import judge, reduced
from ddms_ops.sandbox.faults import Error
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import write_case
from ddms_ops.sources.live import NOW

ACCOUNT, GROUP = "111122223333", "/shop/api"
SHOP = f"""
system: shop
title: Shop
environments: {{prod: {{region: us-east-1, account: "{ACCOUNT}"}}}}
logs: {{groups: {{{GROUP}: {{}}}}, fields: {{level: level, message: message}}, levels: {{ERROR: error}}}}
metrics:
  orders: {{namespace: Shop, name: Orders, dimensions: {{Env: prod}}, statistic: Sum, period_s: 60, unit: orders}}
  failures: {{namespace: Shop, name: Failures, statistic: Sum, period_s: 60, unit: orders}}
  failing: {{ratio_of: [failures, orders], period_s: 60, unit: ratio}}
resources: {{queues: [jobs], tables: [carts]}}
health:
  orders: {{title: Orders, metric: orders, above: 0, minutes: 15}}
  failing: {{title: Failing orders, metric: failing, below: 0.5}}
  carts: {{title: Carts, resource: tables, name: carts}}
  front: {{title: Front page, url: GET /}}
triage:
  {{min_events: 10, significance: 0.001, rise: 2, drop: 0.5, surge: 2, high_share: 0.2, change_lookback_min: 60}}
severities: {{P1: {{description: Down, response_min: 15}}}}
"""
Change = Callable[..., str]


def points(asked: dict[str, Any]) -> dict[str, Any]:
    """Two points, 4 and 1, of each series asked for, two or three minutes ago; the second series has 1 and 0."""
    stamps = [asked["EndTime"] - 180, asked["EndTime"] - 120]
    series = [
        {"Id": query["Id"], "Timestamps": stamps, "Values": [4, 1] if query["MetricStat"]["Metric"]["MetricName"] ==
         "Orders" else [1, 0], "StatusCode": "Complete"}
        for query in asked["MetricDataQueries"]
    ]  # fmt: skip
    return {"MetricDataResults": series}


WELL = {
    "GetCallerIdentity": f"<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/ops</Arn><UserId>u</UserId>",
    "DescribeLogGroups": {
        "logGroups": [{"logGroupName": f"{GROUP}-old"}, {"logGroupName": GROUP, "storedBytes": 1234}]
    },
    "GetLogRecord": Refusal("InvalidParameterException"),
    "FilterLogEvents": {"events": [{"timestamp": 1, "message": "SECRET-WORDS"}]},
    "StartQuery": {"queryId": "q-1"},
    "GetQueryResults": {"status": "Complete", "results": []},
    "StopQuery": Refusal("InvalidParameterException"),
    "DescribeAlarms": {"MetricAlarms": []},
    "DescribeAlarmHistory": {"AlarmHistoryItems": []},
    "ListMetrics": {"Metrics": []},
    "GetMetricData": points,
    "LookupEvents": {"Events": []},
    "GetQueueUrl": {"QueueUrl": "http://127.0.0.1/jobs"},
    "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "3"}},
    "ListDeadLetterSourceQueues": {"queueUrls": []},
    "DescribeTable": {"Table": {"TableStatus": "ACTIVE"}},
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder to stand in, with the shop's profile."""
    (tmp_path / "parameters/systems").mkdir(parents=True)
    (tmp_path / "parameters/systems/shop.yaml").write_text(SHOP)
    return tmp_path


@pytest.fixture
def servers(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Canned]]:
    """Makes an AWS where all is well but for the answers given, the only AWS there is, and stands in the folder."""
    monkeypatch.chdir(here)
    running = []

    def server(**changed: Any) -> Canned:
        running.append(Canned(**{name: [answer] for name, answer in {**WELL, **changed}.items()}).__enter__())
        point_at(running[-1].url, monkeypatch)
        return running[-1]

    yield server
    for one in running:
        one.__exit__()


@pytest.fixture
def said(servers: Callable[..., Canned], capsys: pytest.CaptureFixture[str]) -> Change:
    """What doctor says of the shop, some answers changed, and that it exits with `code`; never a secret."""

    def said(code: int, *, ahead_s: int = 0, **changed: Any) -> str:
        servers(**changed)
        assert examine("shop", None, clock=lambda: pd.Timestamp.now("UTC") + pd.Timedelta(seconds=ahead_s)) == code
        text = capsys.readouterr().out
        assert "SECRET-WORDS" not in text
        return text

    return said


def test_all_is_well(said: Change):
    """With nothing lacking the exit code is 0, and each thing has its line."""
    text = said(0)
    for line in (
        f"ok           AWS: arn:aws:iam::{ACCOUNT}:user/ops in account {ACCOUNT}, us-east-1",
        "ok           allowed: cloudtrail:LookupEvents",
        f"ok           log group {GROUP}: 1,234 bytes stored, events in the last 24 h",
        "ok           metric orders: 2 points in the last 3 h",
        "ok           queue jobs: 3 messages",
        "ok           health: Orders: 5 orders in all in the last 15 minutes; healthy above 0",
        "ok           health: Failing orders: 0.2 ratio in the last 60 minutes; healthy below 0.5",
        "ok           health: Carts: table carts: ACTIVE",
        "not checked  health: Front page: GET /: ask it yourself",
    ):
        assert line in text


def test_a_denied_call_says_what_to_add_and_what_it_costs(said: Change):
    """The line holds the policy statement and the consequence for reports."""
    text = said(1, LookupEvents=Refusal("AccessDeniedException"))
    assert (
        "lacking      not allowed: cloudtrail:LookupEvents; changes just before the onset will not be named; "
        'add to the policy: {"Effect": "Allow", "Action": ["cloudtrail:LookupEvents"], "Resource": "*"}\n'
    ) in text


def test_denied_metrics_leave_the_other_checks(said: Change):
    """Health rows of metrics are not checked then; those of resources are."""
    text = said(1, GetMetricData=Refusal("AccessDenied", 403))
    assert "not checked  health: Orders: not allowed: cloudwatch:GetMetricData" in text
    assert "ok           health: Carts: table carts: ACTIVE" in text


def test_a_call_that_costs_money_is_not_made(servers: Callable[..., Canned], capsys):
    """Cost Explorer is listed as not checked, with its price."""
    server = servers()
    examine("shop", "live")
    assert "not checked  ce:GetCostAndUsage: costs $0.01 a call" in capsys.readouterr().out
    assert not server.parameters("GetCostAndUsage")


def test_another_account_is_asked_nothing(servers: Callable[..., Canned], capsys):
    """Credentials of an account that the profile does not declare end the examination there."""
    server = servers(GetCallerIdentity="<Account>999999999999</Account><Arn>arn:x</Arn>")
    assert examine("shop", "live") == 1
    assert f"but the profile declares account {ACCOUNT}; nothing more was asked" in capsys.readouterr().out
    assert [operation for operation, _ in server.asked] == ["GetCallerIdentity"]


def test_a_wrong_clock_is_lacking(said: Change):
    """More than a minute from AWS's is too much."""
    assert "lacking      clock: 9" in said(1, ahead_s=95)
    assert "s behind AWS's; set it (NTP)" in said(1, ahead_s=-95)


def test_a_clock_that_aws_refuses_is_a_reason_named(said: Change):
    """A signature that AWS does not take may be the clock's."""
    text = said(1, DescribeLogGroups=Refusal("InvalidSignatureException"))
    assert "or this machine's clock is off by more than 5 minutes; nothing more was asked" in text


def test_without_credentials(servers: Callable[..., Canned], capsys, monkeypatch: pytest.MonkeyPatch):
    """Asked for live they are lacking; not asked for, live is not checked and nothing is wrong."""
    servers()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert main(["doctor", "shop", "--source", "live"]) == 1
    assert "lacking      AWS: no AWS credentials found; set AWS_PROFILE" in capsys.readouterr().out
    assert main(["doctor", "shop"]) == 0
    assert "not checked  no AWS credentials configured" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"DescribeLogGroups": {"logGroups": []}}, f"lacking      log group {GROUP}: there is none in this account"),
        ({"FilterLogEvents": {"events": []}}, f"not ok       log group {GROUP}: 1,234 bytes stored, no event"),
        ({"GetQueueUrl": Refusal("QueueDoesNotExist")}, "lacking      queue jobs: there is none of that name"),
        (
            {"DescribeTable": {"Table": {"TableStatus": "DELETING"}}},
            "not ok       health: Carts: table carts: DELETING",
        ),
        ({"GetMetricData": {"MetricDataResults": []}}, "lacking      metric orders: CloudWatch has had no Shop Orders"),
        ({"LookupEvents": Refusal("InternalFailure", 500)}, "not checked  cloudtrail:LookupEvents: cloudtrail Look"),
        ({"DescribeAlarms": Refusal("ExpiredToken")}, "lacking      AWS: cloudwatch DescribeAlarms: ExpiredToken; ref"),
    ],
)
def test_what_is_amiss_has_its_line(said: Change, changed: dict[str, Any], line: str):
    """Each thing that is absent, silent, in a bad state or cannot be told is named with its status."""
    is_fault = not line.startswith("not checked")
    assert line in said(1 if is_fault else 0, **changed)


def test_a_quiet_metric_that_cloudwatch_knows_is_well(said: Change):
    """No points of late is not a misspelt name."""
    known = {"Metrics": [{"Dimensions": [{"Name": "Env", "Value": "prod"}]}, {"Dimensions": []}]}
    text = said(0, GetMetricData={"MetricDataResults": []}, ListMetrics=known)
    assert "ok           metric orders: no points in the last 3 h, but CloudWatch knows it" in text
    assert "not checked  health: Orders: no points in the last 15 minutes" in text


def test_each_of_several_accounts_is_examined(here: Path, servers: Callable[..., Canned], capsys):
    """Its lines begin with its name; one that is another's does not hide the other."""
    two = f'accounts: {{eu: {{region: eu-west-1, account: "{ACCOUNT}"}}, us: {{region: us-east-1, account: "9"}}}}'
    path = here / "parameters/systems/shop.yaml"
    path.write_text(SHOP.replace(f'region: us-east-1, account: "{ACCOUNT}"', two.replace('"9"', f'"{"9" * 12}"')))
    servers()
    assert examine("shop", "live") == 1
    text = capsys.readouterr().out
    assert "ok           eu: health: Failing orders: 0.2 ratio" in text
    assert "lacking      us: AWS: " in text


def test_without_the_live_packages(here: Path):
    """doctor still works, and says what to install."""
    code = "import sys; sys.modules['boto3'] = None; from ddms_ops.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "shop", "--source", "live"], capture_output=True, text=True, cwd=here
    )
    assert done.returncode == 1
    assert "lacking      boto3: nothing of AWS can be read; pip install 'ddms-ops[live]'" in done.stdout


METRIC = {"namespace": "N", "name": "n", "period_s": 60, "unit": "ms"}


@pytest.mark.parametrize(
    ("statistic", "limit", "values", "status", "words"),
    [
        ("Sum", {"below": 5}, [1, 2], "ok", "3 ms in all in the last 60 minutes; healthy below 5"),
        ("Sum", {"below": 3}, [1, 2], "not ok", "3 ms in all in the last 60 minutes; healthy below 3"),
        ("Average", {"above": 1.4}, [1, 2], "ok", "1.5 ms on average in the last 60 minutes; healthy above 1.4"),
        ("p95", {"below": 2}, [1, 2.5], "not ok", "2.5 ms at worst in the last 60 minutes; healthy below 2"),
        ("Minimum", {"above": 1}, [1, 2], "not ok", "1 ms at worst in the last 60 minutes; healthy above 1"),
        ("Maximum", {"below": 1}, [0], "ok", "0 ms at worst in the last 60 minutes; healthy below 1"),
        ("p95", {"below": 2}, [], "not checked", "no points in the last 60 minutes"),
    ],
)
def test_a_health_check_is_judged_by_its_statistic(statistic, limit, values, status, words):
    """A sum by its total, an average by its mean, the rest by the worst value; no points is no judgement."""
    check = HealthCheck(title="t", metric="m", **limit)
    assert judge(check, Metric(statistic=statistic, **METRIC), values) == (status, words)


def test_a_ratio_is_judged_over_all_its_minutes():
    """Its parts are added up first; a part without points is 0, and without a whole there is no ratio."""
    metrics = {"r": Metric(ratio_of=("part", "whole"), period_s=60, unit="ratio")}
    assert reduced("r", metrics, {"part": [1, 0], "whole": [1, 9]}) == (0.1,)
    assert reduced("r", metrics, {"whole": [1, 9]}) == (0.0,)
    assert reduced("r", metrics, {"part": [1]}) == ()


def test_an_incident_in_the_sandbox(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch):
    """dms as it is served in drills: its signals are there, and the health checks see the bad deploy."""
    case = write_case("dms", "bad_deploy", tmp_path, events=2_000)
    with Sandbox(case.export) as sandbox:
        point_at(sandbox.url, monkeypatch)
        monkeypatch.setenv(NOW, "2026-03-04T12:00Z")
        sandbox.faults.add("logs", "GetLogRecord", Error("AccessDeniedException"))
        assert main(["doctor", "dms"]) == 1
    text = capsys.readouterr().out
    assert "lacking      not allowed: logs:GetLogRecord; messages that a query cut stay cut" in text
    assert "ok           metric api_requests: 180 points in the last 3 h" in text
    assert "not ok       health: API error rate: 0." in text
    assert "ok           health: Search p95 latency: " in text
