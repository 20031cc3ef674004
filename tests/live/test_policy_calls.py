"""The shipped policy is exactly what is called: no action more, and none that may be missing unnoticed."""

import io
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
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
        _data_lake(sandbox)
        yield sandbox


def _data_lake(sandbox: Sandbox) -> None:
    boto3.client("s3").create_bucket(Bucket="ops-results")
    place = {"ResultConfiguration": {"OutputLocation": "s3://ops-results/"}, "EnforceWorkGroupConfiguration": True}
    boto3.client("athena").create_work_group(Name="ops", Configuration=place)
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_table(DatabaseName="lake", TableInput={"Name": "cloudtrail_logs"})
    names = [f"c{place}" for place in range(18)]
    info = [{"Name": name, "Type": "varchar", "Nullable": "UNKNOWN", "CaseSensitive": True} for name in names]
    rows = [{"Data": [{"VarCharValue": name} for name in names]}]
    body = json.dumps({"results": [{"rows": rows, "column_info": info}]}).encode()
    url = f"{sandbox.url}/moto-api/static/athena/query-results"
    asked = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    urllib.request.urlopen(asked).close()


def everything(profile: Profile) -> list[Coverage]:
    """Every pull that there is."""
    source, other = (LiveSource(profile, "prod", clock=lambda: at("11:30"), route=r) for r in ("insights", "filter"))
    pulls = [source.fetch_log_events(LogQuery(HOUR, GROUP), pull="logs")]
    pulls.append(other.fetch_log_events(LogQuery(window("10:00:00", "10:00:02"), GROUP), pull="logs"))
    pulls.append(source.fetch_metric_points(MetricQuery(HOUR), pull="metrics"))
    pulls += [source.fetch_changes(ChangeQuery(asked), pull="changes") for asked in (HOUR, LONG_AGO)]
    pulls.append(source.fetch_alarm_changes(AlarmQuery(HOUR), pull="alarms"))
    pulls += [
        source.fetch_cost_answer(CostQuery(DAY, "days", costs), pull="costs") for costs in (Costs(), profile.costs)
    ]
    pulls += [source.fetch_records(RecordQuery(HOUR, topic), pull=topic) for topic in AWS_TOPICS]
    return [pull.coverage for pull in pulls]


def examined(folder: Path) -> list[str]:
    """What doctor prints."""
    with redirect_stdout(io.StringIO()) as said, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        main(["doctor", "everything", "--source", "live"])
    return said.getvalue().splitlines()


def profile_in(folder: Path) -> Profile:
    """The system of every kind."""
    return load_profile("everything", folder=folder / "parameters/systems")


pytestmark = pytest.mark.filterwarnings("ignore:The copy keyword:DeprecationWarning")


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[list[Coverage], list[str]]:
    """Coverage and doctor's words where nothing is denied."""
    with account():
        return everything(profile_in(folder)), examined(folder)


def test_calls_are_the_policys(folder: Path):
    """Each operation of the table is called by a pull or by doctor, and no other one."""
    with account() as sandbox:
        before = len(sandbox.calls.all)
        everything(profile_in(folder))
        examined(folder)
        called = {(call.service, call.operation) for call in sandbox.calls.all[before:]}
    assert called == set(EVERY)


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_no_action_is_missing_unnoticed(
    folder: Path, whole: tuple[list[Coverage], list[str]], service: str, operation: str
):
    """Without it a pull is not what it was, or doctor says so."""
    with account() as sandbox:
        sandbox.faults.add(service, operation, Error("AccessDeniedException", 403), times=ALWAYS)
        assert everything(profile_in(folder)) != whole[0] or examined(folder) != whole[1]
