"""Functions, the scan service and the database as AWS describes them at the end of the window."""

from pathlib import Path

from ddms_ops.simulate.cloudtrail import event_time
from ddms_ops.simulate.dms.catalog import ACCOUNT, API_FUNCTION, OLD_VERSION, REGION, WORKER_FUNCTION
from ddms_ops.simulate.dms.service_metrics import TASKS, tasks_left
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

CLUSTER, SERVICE, DATABASE = "dms-processing-cluster", "malware-scan-service", "dms-cluster-prod"
MEMORY = {API_FUNCTION: 1024, WORKER_FUNCTION: 2048}
TIMEOUT_S = {API_FUNCTION: 30, WORKER_FUNCTION: 900}


def write_resources(export: Path, scenario: Scenario) -> None:
    """Write get-function-configuration, describe-services, describe-db-clusters and get-rest-apis output."""
    for name in (API_FUNCTION, WORKER_FUNCTION):
        write_json(export / "functions" / f"{name}.json", _function(scenario, name))
    write_json(export / "containers" / "services.json", {"services": [_service(scenario)], "failures": []})
    cluster = {"DBClusterIdentifier": DATABASE, "Engine": "aurora-postgresql", "Status": "available", "MultiAZ": True}
    write_json(export / "databases" / "clusters.json", {"DBClusters": [cluster]})
    write_json(export / "apis" / "rest-apis.json", {"items": [{"id": "a1b2c3d4e5", "name": "dms-api-prod"}]})


def _function(scenario: Scenario, name: str) -> dict[str, object]:
    """A function with the memory that the calls before the window's end left it."""
    set_to = {
        str(call.parameters["functionName"]): call.parameters["memorySize"]
        for call in sorted(scenario.changes, key=lambda call: call.at_min)
        if "memorySize" in call.parameters and scenario.called_ms(call) < scenario.end_ms
    }
    return {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "Runtime": "nodejs20.x",
        "Timeout": TIMEOUT_S[name],
        "MemorySize": set_to.get(name, MEMORY[name]),
        "Description": OLD_VERSION,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Environment": {"Variables": {"LOG_LEVEL": "info", "STAGE": "prod"}},
    }


def _service(scenario: Scenario) -> dict[str, object]:
    """The scan service, its tasks as many as are wanted."""
    tasks = tasks_left(scenario)
    changed = scenario.first_ms - 30 * 86_400_000 if tasks == TASKS else scenario.called_ms(scenario.changes[0])
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    steady = {"id": "5f1c", "createdAt": event_time(changed + 2 * MINUTE_MS),
              "message": f"(service {SERVICE}) has reached a steady state."}  # fmt: skip
    return {
        "serviceArn": f"{arn}:service/{CLUSTER}/{SERVICE}",
        "serviceName": SERVICE,
        "clusterArn": f"{arn}:cluster/{CLUSTER}",
        "status": "ACTIVE",
        "desiredCount": tasks,
        "runningCount": tasks,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "deployments": [{"id": "ecs-svc/71", "status": "PRIMARY", "desiredCount": tasks, "runningCount": tasks,
                         "failedTasks": 0, "rolloutState": "COMPLETED", "updatedAt": event_time(changed)}],
        "events": [steady],
    }  # fmt: skip
