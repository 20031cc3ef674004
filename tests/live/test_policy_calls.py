"""The shipped policy is exactly what is called: no action more, and none that may be missing unnoticed."""

import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import pytest
import yaml
from builders import at, window

from ddms_ops.cli import main
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import Profile
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.faults import Error
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.settings import assets
from ddms_ops.sources.aws.actions import READ
from ddms_ops.sources.base import Pull
from ddms_ops.sources.live import NOW, LiveSource
from ddms_ops.sources.queries import AWS_TOPICS, AlarmQuery, ChangeQuery, CostQuery, LogQuery, MetricQuery, RecordQuery
from ddms_ops.spending import Costs
from ddms_ops.window import Window

HOUR = window("10:00", "11:00")
DAY = Window(at("00:00"), at("00:00") + pd.Timedelta(days=1))
LONG_AGO = HOUR.shifted(pd.Timedelta(days=-200))
GROUP = "/aws/lambda/dms-api-handler-prod"
ARN = "arn:aws:states:us-east-1:123456789012"
STAMP = at("10:10").to_pydatetime()
EVERY = sorted((service, operation) for service, operations in READ.items() for operation in operations)
ALWAYS = 100_000
RUN = {"executionArn": f"{ARN}:execution:flow:e", "stateMachineArn": f"{ARN}:stateMachine:flow", "name": "e"}
SERVICE = {
    "serviceName": "s", "serviceArn": "arn:s", "clusterArn": "arn:c", "status": "ACTIVE", "taskDefinition": "t:1",
    "deployments": [], "events": [],
}  # fmt: skip
ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    ("stepfunctions", "ListStateMachines"): {
        "stateMachines": [
            {"name": "flow", "stateMachineArn": RUN["stateMachineArn"], "type": "STANDARD", "creationDate": STAMP}
        ]
    },
    ("stepfunctions", "ListExecutions"): {
        "executions": [{**RUN, "status": "FAILED", "startDate": STAMP, "stopDate": STAMP}]
    },
    ("stepfunctions", "GetExecutionHistory"): {"events": []},
    ("ecs", "DescribeServices"): {"services": [SERVICE]},
    ("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"family": "t", "revision": 1}},
    ("ecs", "ListTasks"): {"taskArns": ["arn:aws:ecs:us-east-1:123456789012:task/c/1"]},
    ("ecs", "DescribeTasks"): {"tasks": []},
    ("rds", "DescribeDBClusters"): {"DBClusters": []},
    ("rds", "DescribeEvents"): {"Events": []},
    ("rds", "DescribeDBInstances"): {
        "DBInstances": [
            {
                "DBInstanceIdentifier": "db", "DbiResourceId": "db-X", "PerformanceInsightsEnabled": True,
                "DBInstanceStatus": "available",
            }
        ]
    },
    ("apigateway", "GetRestApis"): {"items": [{"id": "r", "name": "rest"}]},
    ("apigateway", "GetStages"): {"item": []},
    ("appsync", "ListGraphqlApis"): {"graphqlApis": [{"name": "graph", "apiId": "g"}]},
    ("lambda", "GetFunctionConfiguration"): {"FunctionName": "f", "State": "Active"},
    ("lambda", "ListVersionsByFunction"): {"Versions": []},
    ("lambda", "ListAliases"): {"Aliases": []},
    ("dynamodb", "DescribeTable"): {"Table": {"TableName": "carts", "TableStatus": "ACTIVE"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one stands: a system that names something of every kind."""
    folder = tmp_path_factory.mktemp("everything")
    profile = yaml.safe_load((assets("parameters") / "systems/dms.yaml").read_text())
    profile |= {
        "system": "everything",
        "resources": {
            "queues": ["q"], "state_machines": ["flow"], "functions": ["f"], "tables": ["carts"], "services": ["c/s"],
            "databases": ["db"], "graphql_apis": ["graph"], "rest_apis": ["rest"],
        },
        "athena": {"database": "lake", "workgroup": "ops", "trail": "cloudtrail_logs"},
        "health": {},
        "costs": {"bill": {"s3": "s3://ops-results/bills"}},
    }  # fmt: skip
    profile["database"] |= {"secret": "dms/reader"}
    profile["logs"]["groups"] = {GROUP: {}}
    (folder / "parameters/systems").mkdir(parents=True)
    (folder / "parameters/systems/everything.yaml").write_text(yaml.safe_dump(profile))
    return folder


@contextmanager
def account() -> Iterator[Sandbox]:
    """An account with something of every kind in it, and one long message."""
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in {**sandbox.environment, NOW: "2026-03-04T11:30Z"}.items():
            patch.setenv(name, value)
        sandbox.log_queries.message_cap = 1_000
        stamp = int(HOUR.start.timestamp() * 1000)
        sandbox.put_events(GROUP, [{"timestamp": stamp, "message": "{" + "x" * 2_000 + "}"}])
        for called, answer in ANSWERS.items():
            sandbox.canned[called] = answer
        boto3.client("sqs").create_queue(QueueName="q")
        boto3.client("secretsmanager").create_secret(
            Name="dms/reader", SecretString='{"username": "u", "password": "p"}'
        )
        _data_lake()
        yield sandbox


def _data_lake() -> None:
    boto3.client("s3").create_bucket(Bucket="ops-results")
    place = {"ResultConfiguration": {"OutputLocation": "s3://ops-results/"}, "EnforceWorkGroupConfiguration": True}
    boto3.client("athena").create_work_group(Name="ops", Configuration=place)
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_table(DatabaseName="lake", TableInput={"Name": "cloudtrail_logs"})


def _one_result(sandbox: Sandbox) -> None:
    """The answer to the next query of the data lake: no rows."""
    names = [f"c{place}" for place in range(18)]
    info = [{"Name": name, "Type": "varchar", "Nullable": "UNKNOWN", "CaseSensitive": True} for name in names]
    rows = [{"Data": [{"VarCharValue": name} for name in names]}]
    body = json.dumps({"results": [{"rows": rows, "column_info": info}]}).encode()
    url = f"{sandbox.url}/moto-api/static/athena/query-results"
    asked = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    urllib.request.urlopen(asked).close()


def every_pull(profile: Profile) -> dict[str, Callable[[], Pull]]:
    """Every pull that there is, by name; of sources of its own."""
    source, other = (LiveSource(profile, "prod", clock=lambda: at("11:30"), route=r) for r in ("insights", "filter"))
    seconds = window("10:00:00", "10:00:02")
    pulls: dict[str, Callable[[], Pull]] = {
        "logs": lambda: source.fetch_log_events(LogQuery(HOUR, GROUP), pull="logs"),
        "few logs": lambda: other.fetch_log_events(LogQuery(seconds, GROUP), pull="logs"),
        "metrics": lambda: source.fetch_metric_points(MetricQuery(HOUR), pull="metrics"),
        "changes": lambda: source.fetch_changes(ChangeQuery(HOUR), pull="changes"),
        "changes long ago": lambda: source.fetch_changes(ChangeQuery(LONG_AGO), pull="changes"),
        "alarms": lambda: source.fetch_alarm_changes(AlarmQuery(HOUR), pull="alarms"),
        "costs": lambda: source.fetch_cost_answer(CostQuery(DAY, "days", Costs()), pull="costs"),
        "the bill": lambda: source.fetch_cost_answer(CostQuery(DAY, "days", profile.costs), pull="costs"),
    }
    return pulls | {topic: partial(source.fetch_records, RecordQuery(HOUR, topic), pull=topic) for topic in AWS_TOPICS}


def examined(folder: Path) -> list[str]:
    """What doctor prints, but for how far apart two clocks are, which is never the same twice."""
    with redirect_stdout(io.StringIO()) as said, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        main(["doctor", "everything", "--source", "live"])
    return [line for line in said.getvalue().splitlines() if " clock: " not in line]


pytestmark = pytest.mark.filterwarnings("ignore:The copy keyword:DeprecationWarning")


@pytest.fixture(scope="module")
def profile(folder: Path) -> Profile:
    """The system of every kind."""
    return load_profile("everything", folder=folder / "parameters/systems")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The account, for all tests: nothing that is asked of it changes it."""
    with account() as sandbox:
        yield sandbox


@dataclass
class Whole:
    """Coverage, and doctor's words, where nothing is denied, and the operations of each pull and of doctor."""

    coverage: dict[str, Coverage]
    called: dict[str, set[tuple[str, str]]]
    said: list[str]


@pytest.fixture(scope="module")
def whole(sandbox: Sandbox, folder: Path, profile: Profile) -> Whole:
    """What comes where nothing is denied."""
    _one_result(sandbox)
    found = Whole({}, {}, [])
    for name, pull in [*every_pull(profile).items(), ("doctor", None)]:
        before = len(sandbox.calls.all)
        if pull is None:
            found.said += examined(folder)
        else:
            found.coverage[name] = pull().coverage
        found.called[name] = {(call.service, call.operation) for call in sandbox.calls.all[before:]}
    return found


def test_calls_are_the_policys(whole: Whole):
    """Each operation of the table is called by a pull or by doctor, and no other one."""
    assert set().union(*whole.called.values()) == set(EVERY)


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_no_action_is_missing_unnoticed(
    sandbox: Sandbox, folder: Path, profile: Profile, whole: Whole, service: str, operation: str
):
    """Without it a pull that calls it is not what it was, or doctor says so."""
    _one_result(sandbox)
    sandbox.faults.add(service, operation, Error("AccessDeniedException", 403), times=ALWAYS)
    try:
        pulls = every_pull(profile)
        calling = [name for name in pulls if (service, operation) in whole.called[name]]
        is_felt = any(pulls[name]().coverage != whole.coverage[name] for name in calling)
        assert is_felt or examined(folder) != whole.said
    finally:
        sandbox.faults.clear()
