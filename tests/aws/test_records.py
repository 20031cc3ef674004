"""Records of what the system runs on, against moto: what is there, what is absent, and no secret."""

import io
import json
import zipfile
from typing import Any

import boto3
import pandas as pd
import pytest

from ddms_ops.coverage import Status
from ddms_ops.deployment import Resources
from ddms_ops.sources.aws.collect import collect
from ddms_ops.sources.aws.records import is_declared, records
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import RECORDS, Provenance, Pull, RecordQuery
from ddms_ops.sources.queries import AWS_TOPICS
from ddms_ops.window import Window

NOW = pd.Timestamp.now("UTC").floor("s")
LATELY = Window(NOW - pd.Timedelta(minutes=30), NOW + pd.Timedelta(minutes=30))
SECRET = "hunter2-do-not-tell"
ROLE = "arn:aws:iam::123456789012:role/r"
ENVIRONMENT = [{"name": "DB_PASSWORD", "value": SECRET}]


def fetched(session: AwsSession, topic: str, **names: tuple[str, ...]) -> Pull:
    """The pull of a topic."""
    query = RecordQuery(LATELY, topic)
    rows = records(session, query, Resources(**names), now=NOW)
    return collect(rows, query, pull=topic, schema=RECORDS, provenance=Provenance("live"))


def told(pull: Pull, kind: str) -> list[dict[str, Any]]:
    """The records of one kind."""
    return [json.loads(row["record"]) for row in pull.table.to_pylist() if row["kind"] == kind]


def test_a_topic_is_declared_by_its_names():
    """Without names there is none; every topic has a reader."""
    assert [topic for topic in AWS_TOPICS if is_declared(topic, Resources())] == []
    assert is_declared("apis", Resources(rest_apis=("shop",)))
    assert not is_declared("queues", Resources(functions=("f",)))


def test_a_queue_with_its_depth_age_and_dead_letters(aws: AwsSession):
    """Attributes of now, the greatest age in the window, and who sends dead letters here."""
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName="orders-dlq")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:orders-dlq", "maxReceiveCount": 3})
    source = sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody=SECRET)
    datum = {
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": "orders-dlq"}],
    }
    points = [{**datum, "Value": value, "Timestamp": NOW.to_pydatetime()} for value in (5.0, 930.0)]
    boto3.client("cloudwatch").put_metric_data(Namespace="AWS/SQS", MetricData=points)
    pull = fetched(aws, "queues", queues=("orders-dlq",))
    [queue] = told(pull, "queue")
    assert (queue["attributes"]["ApproximateNumberOfMessages"], queue["ageOfOldestMessageSeconds"]) == ("1", 930.0)
    assert queue["deadLetterSources"] == [source]
    assert SECRET not in str(pull.table.to_pylist())


def test_a_missing_name_loses_no_other(aws: AwsSession):
    """The others are there, the missing one is named."""
    boto3.client("sqs").create_queue(QueueName="present")
    pull = fetched(aws, "queues", queues=("absent", "present"))
    assert pull.table["id"].to_pylist() == ["present"]
    assert pull.coverage.status is Status.PARTIAL
    assert pull.coverage.reason == "queue absent: there is none of that name in this account and region"


def test_a_table_as_described(aws: AwsSession):
    """Its key and state."""
    boto3.client("dynamodb").create_table(
        TableName="carts", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    pull = fetched(aws, "tables", tables=("carts", "gone"))
    [table] = told(pull, "table")
    assert (table["TableStatus"], table["KeySchema"][0]["AttributeName"]) == ("ACTIVE", "id")
    assert pull.coverage.reason == "table gone: there is none of that name in this account and region"


def test_a_function_without_the_values_of_its_environment(aws: AwsSession):
    """Names of variables, versions and aliases; never a value."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("a.py", "")
    boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName="pay", Role=ROLE, Runtime="python3.11", Handler="a.b", Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"DB_PASSWORD": SECRET}}, Publish=True,
    )  # fmt: skip
    functions.create_alias(FunctionName="pay", Name="live", FunctionVersion="1")
    pull = fetched(aws, "functions", functions=("pay",))
    assert told(pull, "function")[0]["Environment"] == {"names": ["DB_PASSWORD"]}
    assert {"pay:1", "pay:live"} <= set(pull.table["id"].to_pylist())
    assert SECRET not in str(pull.table.to_pylist())
    assert pull.coverage.status is Status.COMPLETE


def test_a_service_without_the_values_of_its_containers(aws: AwsSession):
    """Deployments and the task definition; no value of environment, secret, command or label."""
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="shop")
    container = {
        "name": "web", "image": "web:42", "memory": 128, "environment": ENVIRONMENT, "command": ["--password", SECRET],
        "secrets": [{"name": "TOKEN", "valueFrom": f"arn:{SECRET}"}], "dockerLabels": {"key": SECRET},
        "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET}},
    }  # fmt: skip
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    ecs.create_service(cluster="shop", serviceName="web", taskDefinition="web", desiredCount=1)
    pull = fetched(aws, "containers", services=("shop/web", "shop/gone"))
    [definition] = told(pull, "task_definition")
    assert definition["containerDefinitions"][0]["environmentNames"] == ["DB_PASSWORD"]
    assert definition["containerDefinitions"][0]["secretNames"] == ["TOKEN"]
    assert told(pull, "service")[0]["desiredCount"] == 1
    assert "service shop/gone: there is none of that name in this cluster" in pull.coverage.reason
    assert SECRET not in str(pull.table.to_pylist())


def test_executions_that_failed_with_their_end(aws: AwsSession):
    """Those of the window by state; what went into them is not read."""
    machines = boto3.client("stepfunctions")
    definition = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}})
    arn = machines.create_state_machine(name="ship", definition=definition, roleArn=ROLE)["stateMachineArn"]
    failed = machines.start_execution(stateMachineArn=arn, name="one", input=json.dumps({"card": SECRET}))
    machines.stop_execution(executionArn=failed["executionArn"], error="E", cause="out of stock")
    machines.start_execution(stateMachineArn=arn, name="two")
    pull = fetched(aws, "workflows", state_machines=("ship", "sail"))
    assert sorted(run["status"] for run in told(pull, "execution")) == ["ABORTED", "RUNNING"]
    assert len(told(pull, "execution_history")) == 1
    assert pull.coverage.reason == "state machine sail: there is none of that name in this account and region"
    assert SECRET not in str(pull.table.to_pylist())


def test_a_database_and_a_cluster_by_name(aws: AwsSession):
    """Whichever of the two has the name; a cluster brings its members."""
    rds = boto3.client("rds")
    rds.create_db_instance(DBInstanceIdentifier="alone", DBInstanceClass="db.t3.micro", Engine="postgres")
    rds.create_db_cluster(
        DBClusterIdentifier="main", Engine="aurora-postgresql", MasterUsername="root", MasterUserPassword=SECRET
    )
    rds.create_db_instance(
        DBInstanceIdentifier="main-1",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier="main",
    )
    pull = fetched(aws, "databases", databases=("alone", "main", "gone"))
    assert {row["DBInstanceIdentifier"] for row in told(pull, "db_instance")} == {"alone", "main-1"}
    assert told(pull, "db_cluster")[0]["DBClusterIdentifier"] == "main"
    assert "database gone: there is none of that name in this account and region" in pull.coverage.reason
    assert SECRET not in str(pull.table.to_pylist())


def test_apis_by_name_without_stage_values(aws: AwsSession):
    """GraphQL and REST APIs; of stage variables the names."""
    boto3.client("appsync").create_graphql_api(name="graph", authenticationType="API_KEY")
    gateway = boto3.client("apigateway")
    api = gateway.create_rest_api(name="rest")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="prod", variables={"key": SECRET})
    pull = fetched(aws, "apis", graphql_apis=("graph", "none"), rest_apis=("rest",))
    assert [row["name"] for row in told(pull, "graphql_api")] == ["graph"]
    assert told(pull, "rest_stage")[0]["variables"] == ["key"]
    assert pull.coverage.reason == "GraphQL API none: there is none of that name in this account and region"
    assert SECRET not in str(pull.table.to_pylist())


def test_a_record_is_sorted_json(aws: AwsSession):
    """Times in it are ISO text; the same state is the same text."""
    boto3.client("sqs").create_queue(QueueName="plain")
    text = fetched(aws, "queues", queues=("plain",)).table["record"][0].as_py()
    assert text == json.dumps(json.loads(text), sort_keys=True)


@pytest.mark.parametrize("topic", AWS_TOPICS)
def test_nothing_named_is_nothing_asked(topic: str, aws: AwsSession):
    """A topic without names holds no rows and no fault."""
    assert fetched(aws, topic).coverage.status is Status.EMPTY
