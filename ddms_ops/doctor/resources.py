"""Whether each resource that the profile names is there, and in which state."""

from collections.abc import Callable, Iterator
from typing import Any

from ddms_ops.coverage import Status
from ddms_ops.doctor.lines import LACKING, NOT_CHECKED, NOT_OK, OK, Line
from ddms_ops.sources.aws.faults import ABSENT, AwsFault
from ddms_ops.sources.aws.session import AwsSession

HEALTHY = frozenset({"Active", "ACTIVE", "active", "available"})
ABSENT_WORDS = "there is none of that name in this account and region; correct the profile"


class ResourceStates:
    """States of an account's resources; each is asked for once."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._known: dict[tuple[str, str], Line] = {}

    def of(self, kind: str, name: str) -> Line:
        """Status and words of one resource; `kind` is a section of the profile's resources.

        Raises:
            AwsFault: the credentials have ended.
        """
        if (kind, name) not in self._known:
            self._known[kind, name] = self._asked(kind, name)
        return self._known[kind, name]

    def _asked(self, kind: str, name: str) -> Line:
        word, state_of = KINDS[kind]
        what = f"{word} {name}"
        try:
            status, words = state_of(self._session, name)
        except AwsFault as fault:
            if fault.is_signed_out:
                raise
            if fault.status is Status.NOT_CONFIGURED:
                return LACKING, f"{what}: {ABSENT_WORDS}"
            return NOT_CHECKED, f"{what}: {fault.words}"
        return status, f"{what}: {words}"


def _judged(state: object, more: str = "") -> Line:
    return OK if state in HEALTHY else NOT_OK, f"{state}{more}"


def _queue(session: AwsSession, name: str) -> Line:
    url = session.call("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]
    wanted = ["ApproximateNumberOfMessages"]
    answer = session.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=wanted)
    return OK, f"{answer.get('Attributes', {}).get(wanted[0], 'unknown number of')} messages"


def _state_machine(session: AwsSession, name: str) -> Line:
    pages = session.pages("stepfunctions", "ListStateMachines", ask="nextToken", answer="nextToken")
    found = _named(name, (machine for page in pages for machine in page["stateMachines"]))
    machine = session.call("stepfunctions", "DescribeStateMachine", stateMachineArn=found["stateMachineArn"])
    return _judged(machine.get("status", "ACTIVE"))


def _function(session: AwsSession, name: str) -> Line:
    return _judged(session.call("lambda", "GetFunctionConfiguration", FunctionName=name).get("State", "unknown"))


def _table(session: AwsSession, name: str) -> Line:
    return _judged(session.call("dynamodb", "DescribeTable", TableName=name)["Table"]["TableStatus"])


def _service(session: AwsSession, name: str) -> Line:
    cluster, _, service_name = name.partition("/")
    answer = session.call("ecs", "DescribeServices", cluster=cluster, services=[service_name])
    service = next(iter(answer.get("services", [])), None)
    if service is None:
        raise _absent()
    running, desired = service.get("runningCount", 0), service.get("desiredCount", 0)
    status, words = _judged(service["status"], f", {running} of {desired} tasks run")
    return (NOT_OK if running < desired else status), words


def _database(session: AwsSession, name: str) -> Line:
    try:
        instances = session.call("rds", "DescribeDBInstances", DBInstanceIdentifier=name)["DBInstances"]
        return _judged(instances[0]["DBInstanceStatus"])
    except AwsFault as fault:
        if fault.code not in ABSENT:
            raise
    cluster = session.call("rds", "DescribeDBClusters", DBClusterIdentifier=name)["DBClusters"][0]
    return _judged(cluster["Status"], f", {len(cluster.get('DBClusterMembers', []))} instances")


def _graphql_api(session: AwsSession, name: str) -> Line:
    pages = session.pages("appsync", "ListGraphqlApis", ask="nextToken", answer="nextToken")
    return OK, f"is there, id {_named(name, (api for page in pages for api in page['graphqlApis']))['apiId']}"


def _rest_api(session: AwsSession, name: str) -> Line:
    pages = session.pages("apigateway", "GetRestApis", ask="position", answer="position")
    return OK, f"is there, id {_named(name, (api for page in pages for api in page.get('items', [])))['id']}"


def _named(name: str, listed: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """The one of that name.

    Raises:
        AwsFault: there is none.
    """
    found = next((one for one in listed if one["name"] == name), None)
    if found is None:
        raise _absent()
    return found


def _absent() -> AwsFault:
    return AwsFault(Status.NOT_CONFIGURED, ABSENT_WORDS)


KINDS: dict[str, tuple[str, Callable[[AwsSession, str], Line]]] = {
    "queues": ("queue", _queue),
    "state_machines": ("state machine", _state_machine),
    "functions": ("function", _function),
    "tables": ("table", _table),
    "services": ("service", _service),
    "databases": ("database", _database),
    "graphql_apis": ("GraphQL API", _graphql_api),
    "rest_apis": ("REST API", _rest_api),
}
