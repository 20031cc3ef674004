"""One harmless call for every operation that a profile may need; each probe yields its calls and is sent the answers.

Where an answer is lacking, the calls that build on it go out with a name that cannot exist: whether they are allowed
shows all the same.
"""

import datetime as dt
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from ddms_ops.declaration import Profile
from ddms_ops.sources.aws.bill_store import place_of

NONE = "ddms-ops-none"
NO_ID = "00000000-0000-0000-0000-000000000000"
MINUTE = dt.timedelta(minutes=1)
Answer = dict[str, Any]
Calls = Generator[tuple[str, str, Answer], Answer, None]  # service, operation, parameters

UNASKED = {
    "ce:GetCostAndUsage": "costs $0.01 a call",
    "athena:StartQueryExecution": "a query is paid for, and writes its result to S3",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the calls are made of: the profile, the account they go to, and the moment."""

    profile: Profile
    account: str
    region: str
    now: dt.datetime  # whole seconds

    @property
    def partition(self) -> str:
        """The first part of this region's ARNs."""
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")


def _logs(asked: Asked) -> Calls:
    yield "logs", "DescribeLogGroups", {"limit": 1}
    yield "logs", "GetLogRecord", {"logRecordPointer": NONE}
    for group in list(asked.profile.logs.groups)[:1]:
        end_s = int(asked.now.timestamp())
        place = {"logGroupName": group}
        minute = {"startTime": (end_s - 60) * 1000, "endTime": end_s * 1000}
        yield "logs", "FilterLogEvents", {**place, **minute, "limit": 1}
        query = {"queryString": "fields @timestamp | limit 1", "startTime": end_s - 1, "endTime": end_s}
        started = yield "logs", "StartQuery", {**place, **query}
        running = {"queryId": started.get("queryId", NO_ID)}
        yield "logs", "GetQueryResults", running
        yield "logs", "StopQuery", running


def _cloudwatch(asked: Asked) -> Calls:
    yield "cloudwatch", "DescribeAlarms", {"MaxRecords": 1}
    yield "cloudwatch", "DescribeAlarmHistory", {"MaxRecords": 1}
    declared = [metric for metric in asked.profile.metrics.values() if metric.ratio_of is None]
    for metric in declared[:1]:
        named = {"Namespace": metric.namespace, "MetricName": metric.name}
        yield "cloudwatch", "ListMetrics", named
        query = {"Id": "m0", "MetricStat": {"Metric": named, "Period": 60, "Stat": "Sum"}}
        end = asked.now.replace(second=0)
        yield "cloudwatch", "GetMetricData", {"MetricDataQueries": [query], "StartTime": end - MINUTE, "EndTime": end}


def _cloudtrail(asked: Asked) -> Calls:
    yield "cloudtrail", "LookupEvents", {"MaxResults": 1, "StartTime": asked.now - MINUTE, "EndTime": asked.now}


def _sqs(asked: Asked) -> Calls:
    for name in asked.profile.resources.queues[:1]:
        answer = yield "sqs", "GetQueueUrl", {"QueueName": name}
        queue = {"QueueUrl": answer.get("QueueUrl", f"https://sqs.{asked.region}.amazonaws.com/{asked.account}/{NONE}")}
        yield "sqs", "GetQueueAttributes", {**queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
        yield "sqs", "ListDeadLetterSourceQueues", {**queue, "MaxResults": 1}


def _stepfunctions(asked: Asked) -> Calls:
    for name in asked.profile.resources.state_machines[:1]:
        place = f"arn:{asked.partition}:states:{asked.region}:{asked.account}"
        machine = {"stateMachineArn": f"{place}:stateMachine:{name}"}
        yield "stepfunctions", "ListStateMachines", {"maxResults": 1}
        yield "stepfunctions", "DescribeStateMachine", machine
        yield "stepfunctions", "ListExecutions", {**machine, "maxResults": 1}
        yield (
            "stepfunctions",
            "GetExecutionHistory",
            {"executionArn": f"{place}:execution:{name}:{NONE}", "maxResults": 1},
        )


def _lambda(asked: Asked) -> Calls:
    for name in asked.profile.resources.functions[:1]:
        yield "lambda", "GetFunctionConfiguration", {"FunctionName": name}
        yield "lambda", "ListVersionsByFunction", {"FunctionName": name, "MaxItems": 1}
        yield "lambda", "ListAliases", {"FunctionName": name, "MaxItems": 1}


def _dynamodb(asked: Asked) -> Calls:
    for name in asked.profile.resources.tables[:1]:
        yield "dynamodb", "DescribeTable", {"TableName": name}


def _ecs(asked: Asked) -> Calls:
    for name in asked.profile.resources.services[:1]:
        cluster, _, service = name.partition("/")
        answer = yield "ecs", "DescribeServices", {"cluster": cluster, "services": [service]}
        definitions = [found["taskDefinition"] for found in answer.get("services", []) if "taskDefinition" in found]
        yield "ecs", "DescribeTaskDefinition", {"taskDefinition": next(iter(definitions), NONE)}
        tasks = yield "ecs", "ListTasks", {"cluster": cluster, "serviceName": service, "maxResults": 1}
        yield "ecs", "DescribeTasks", {"cluster": cluster, "tasks": tasks.get("taskArns") or [NO_ID.replace("-", "")]}


def _rds(asked: Asked) -> Calls:
    for name in asked.profile.resources.databases[:1]:
        answer = yield "rds", "DescribeDBInstances", {"DBInstanceIdentifier": name}
        clusters = yield "rds", "DescribeDBClusters", {"DBClusterIdentifier": name}
        yield "rds", "DescribeEvents", {"MaxRecords": 20, "Duration": 1}
        members = [one for cluster in clusters.get("DBClusters", []) for one in cluster.get("DBClusterMembers", [])]
        for member in members[:1]:
            answer = yield "rds", "DescribeDBInstances", {"DBInstanceIdentifier": member["DBInstanceIdentifier"]}
        for instance in answer.get("DBInstances", []):
            if instance.get("PerformanceInsightsEnabled"):
                yield from _load(asked, instance["DbiResourceId"])


def _load(asked: Asked, resource_id: str) -> Calls:
    end = asked.now.replace(second=0)
    span = {"ServiceType": "RDS", "Identifier": resource_id, "StartTime": end - 5 * MINUTE, "EndTime": end}
    yield "pi", "GetResourceMetrics", {**span, "MetricQueries": [{"Metric": "db.load.avg"}]}


def _appsync(asked: Asked) -> Calls:
    if asked.profile.resources.graphql_apis:
        yield "appsync", "ListGraphqlApis", {"maxResults": 1}


def _apigateway(asked: Asked) -> Calls:
    if asked.profile.resources.rest_apis:
        yield "apigateway", "GetRestApis", {"limit": 1}
        yield "apigateway", "GetStages", {"restApiId": NONE}


def _secretsmanager(asked: Asked) -> Calls:
    if asked.profile.database is not None and asked.profile.database.secret:
        yield "secretsmanager", "GetSecretValue", {"SecretId": asked.profile.database.secret}


def _data_lake(asked: Asked) -> Calls:
    athena = asked.profile.athena
    if athena is None:
        return
    answer = yield "athena", "GetWorkGroup", {"WorkGroup": athena.workgroup}
    for operation in ("GetQueryExecution", "GetQueryResults", "StopQueryExecution"):
        yield "athena", operation, {"QueryExecutionId": NO_ID}
    named = (athena.trail, asked.profile.costs.bill.athena_table, athena.logs, athena.requests)
    table = next(filter(None, named), NONE)
    yield "glue", "GetTable", {"DatabaseName": athena.database, "Name": table}
    results = answer.get("WorkGroup", {}).get("Configuration", {}).get("ResultConfiguration", {})
    bucket, _, prefix = results.get("OutputLocation", "").removeprefix("s3://").partition("/")
    if bucket:
        yield "s3", "GetObject", {"Bucket": bucket, "Key": f"{prefix}{NONE}"}
        yield "s3", "HeadObject", {"Bucket": bucket, "Key": f"{prefix}{NONE}"}


def _bill(asked: Asked) -> Calls:
    store = asked.profile.costs.bill
    if not store.s3 or store.athena_table:
        return
    bucket, prefix = place_of(store.s3)
    yield "s3", "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix, "MaxKeys": 1}
    yield "s3", "GetObject", {"Bucket": bucket, "Key": f"{prefix}{NONE}"}


PROBES: tuple[Callable[[Asked], Calls], ...] = (
    _logs,
    _cloudwatch,
    _cloudtrail,
    _sqs,
    _stepfunctions,
    _lambda,
    _dynamodb,
    _ecs,
    _rds,
    _appsync,
    _apigateway,
    _secretsmanager,
    _data_lake,
    _bill,
)
