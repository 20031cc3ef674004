"""Work that waits: a kind of job is slow, a queue has too few consumers, a step never ends, nothing is indexed."""

from dataclasses import replace

import numpy as np

from ddms_ops.simulate.dms.catalog import ACCOUNT, DEVELOPER, PLATFORM, REGION, WORKER_FUNCTION
from ddms_ops.simulate.dms.scenarios.calls import CONFIGURE, INNOCENT, changed
from ddms_ops.simulate.dms.scenarios.choice import one_of
from ddms_ops.simulate.scenario import Call, ErrorKind, Fault, Scenario
from ddms_ops.simulate.work import SlowJob, Sought, StuckStep

BACKLOG = "pipeline_backlog"
LESS_MEMORY = Call(
    -1.5, "lambda", CONFIGURE, {"functionName": WORKER_FUNCTION, "memorySize": 128}, DEVELOPER,
    response={"functionName": WORKER_FUNCTION, "memorySize": 128}, resource=WORKER_FUNCTION,
)  # fmt: skip


def _other_times(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    return replace(scenario, slow_job=SlowJob("textract-ocr", round(float(rng.uniform(22, 34)), 1)))


SLOW_PROCESSING = Scenario(
    name="slow_processing",
    title="One kind of processing job takes minutes after the worker's memory was lowered",
    start="2026-04-23T09:00Z",
    incident_title="Documents are processed late",
    severity="P3",
    onset_min=33,
    detected_min=35,
    kind="work",
    slow_job=SlowJob("textract-ocr", 26.0),
    sought=Sought(BACKLOG, ("textract-ocr",), bucket_s=300),
    changes=(LESS_MEMORY, *INNOCENT),
    vary=_other_times,
)

FEWER_TASKS = Call(
    -1.3, "ecs", "UpdateService",
    {"cluster": "dms-processing-cluster", "service": "malware-scan-service", "desiredCount": 1}, PLATFORM,
    response={"service": {"serviceName": "malware-scan-service", "desiredCount": 1, "status": "ACTIVE"}},
    resource="malware-scan-service",
)  # fmt: skip
TWO_TASKS = replace(
    FEWER_TASKS,
    parameters={**FEWER_TASKS.parameters, "desiredCount": 2},
    response={"service": {"serviceName": "malware-scan-service", "desiredCount": 2, "status": "ACTIVE"}},
)
QUEUE_BACKLOG = Scenario(
    name="queue_backlog",
    title="The processing queue fills after its consumers were scaled down",
    start="2026-04-24T10:00Z",
    incident_title="New documents stay unscanned",
    severity="P3",
    onset_min=31,
    kind="work",
    consumers_left=1 / 6,
    sought=Sought(BACKLOG, ("queue",)),
    changes=(FEWER_TASKS, *INNOCENT),
    vary=one_of({"consumers_left": 1 / 3, "changes": (TWO_TASKS, *INNOCENT)}),
)

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:dms-textract-completed-prod"
NOT_TOLD = changed(
    -1.2, "sns", "Unsubscribe", {"subscriptionArn": f"{TOPIC}:0f6a1c2e-55d1-4b7e-9a51-7c1e0d9b2f44"}, TOPIC
)
NO_CALLBACK = changed(
    -1.6, "ec2", "ModifyVpcEndpoint",
    {"vpcEndpointId": "vpce-0b7c12f4a9de63051", "serviceName": f"com.amazonaws.{REGION}.states", "resetPolicy": False},
    "vpce-0b7c12f4a9de63051",
)  # fmt: skip
STUCK_EXECUTIONS = Scenario(
    name="stuck_executions",
    title="Executions stay at one step, and no error says so",
    start="2026-04-27T09:00Z",
    incident_title="Documents remain in PROCESSING",
    severity="P2",
    onset_min=18,
    detected_min=75,
    kind="work",
    stuck=StuckStep("ExtractText", "textract-ocr", ("textract-ocr", "index")),
    sought=Sought(BACKLOG, ("ExtractText",)),
    changes=(NOT_TOLD, *INNOCENT),
    vary=one_of(
        {
            "stuck": StuckStep("IndexDocument", "index", ("index",)),
            "sought": Sought(BACKLOG, ("IndexDocument",)),
            "changes": (NO_CALLBACK, *INNOCENT),
        }
    ),
)


def _unindexed(name: str, message: str, contains: str) -> dict[str, object]:
    kind = ErrorKind(
        name, message, 0, actions=("index",),
        frames=("bulk (/var/task/src/search/client.js:81:9)", "work (/var/task/src/worker.js:31:9)"),
    )  # fmt: skip
    return {"job_fault": Fault(kind, 0.95, contains), "sought": Sought("error_triage", (contains,))}


SEARCH_EMPTY = replace(
    Scenario(
        name="search_empty",
        title="The index that documents are written to is gone: searches answer 200 and find nothing new",
        start="2026-04-29T13:00Z",
        incident_title="Search does not return new documents",
        severity="P2",
        onset_min=36,
        detected_min=40,
        kind="error",
        changes=(
            changed(-2, "ssm", "PutParameter", {"name": "/dms/prod/search/write-index", "overwrite": True},
                    "/dms/prod/search/write-index"),
            *INNOCENT,
        ),
        vary=one_of(
            {
                **_unindexed("ClusterBlockException",
                             "cluster_block_exception: index [documents-v3] blocked by: [TOO_MANY_REQUESTS/12/disk"
                             " usage exceeded flood-stage watermark, index has read-only-allow-delete block] ({n} ms)",
                             "cluster_block_exception"),
                "changes": (changed(-4, "es", "UpdateElasticsearchDomainConfig",
                                    {"domainName": "dms-prod", "eBSOptions": {"volumeSize": 100}}, "dms-prod"),
                            *INNOCENT),
            }
        ),
    ),
    **_unindexed("ResponseError", "index_not_found_exception: no such index [documents-v4], document {uuid}",
                 "index_not_found_exception"),  # type: ignore[arg-type]
)  # fmt: skip

WORK = (SLOW_PROCESSING, QUEUE_BACKLOG, STUCK_EXECUTIONS, SEARCH_EMPTY)
