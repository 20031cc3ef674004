"""Failures that show as such: a bad deploy, a database that is full, a key that is denied, requests that stay away."""

from dataclasses import replace

import numpy as np

from ddms_ops.simulate.dms.catalog import ACCOUNT, API_FUNCTION, PLATFORM, REGION, UPLOADS, WORKER_FUNCTION
from ddms_ops.simulate.dms.scenarios.calls import RAISE_MEMORY, configure, deploy
from ddms_ops.simulate.dms.scenarios.choice import every_fault
from ddms_ops.simulate.scenario import Call, ErrorKind, Fault, Scenario

VERSIONS = "POST /documents/{id}/versions"
BUSY = (VERSIONS, "POST /documents", "GET /documents", "GET /documents/{id}", "GET /documents/{id}/download")
KEY_ID = "5f0f3c1e-7a42-4b8e-9d31-c06a2f7e8b14"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
ZONE = "Z0482917QF3T5EXAMPLE"
RANKS = tuple(range(5, 15))

RETENTION = ErrorKind(
    "TypeError",
    "Cannot read properties of undefined (reading 'retentionPolicy')",
    500,
    frames=("resolveRetention (/var/task/src/documents/retention.js:41:37)",
            "createVersion (/var/task/src/documents/versions.js:118:23)",
            "process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
            "Runtime.handler (/var/task/src/handler.js:64:20)"),
)  # fmt: skip

NO_SLOTS = ErrorKind(
    "DatabaseError",
    "FATAL: remaining connection slots are reserved for non-replication superuser connections",
    500,
    code="53300",
    frames=("Parser.parseErrorMessage (/var/task/node_modules/pg-protocol/dist/parser.js:287:98)",
            "withTenant (/var/task/src/db/pool.js:33:18)"),
)  # fmt: skip
POOL_TIMEOUT = ErrorKind(
    "PoolTimeoutError",
    "timeout expired acquiring a connection from the pool after 5000 ms (waiting clients: {n})",
    500,
    frames=("Timeout._onTimeout (/var/task/node_modules/pg-pool/index.js:45:11)",
            "withTenant (/var/task/src/db/pool.js:29:24)"),
    took_ms=5_000,
)  # fmt: skip


def _kms_error(call: str) -> ErrorKind:
    return ErrorKind(
        "AccessDeniedException",
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/dms-api-handler-prod-role/{API_FUNCTION} is not authorized"
        f" to perform: kms:{call} on resource: {KEY_ARN} because no resource-based policy allows the kms:{call} action"
        " (Service: Kms, Status Code: 400, Request ID: {uuid})",
        500,
        frames=("throwDefaultError (/var/task/node_modules/@smithy/smithy-client/dist-cjs/index.js:388:20)",
                "dataKey (/var/task/src/storage/encryption.js:58:15)"),
        actions=UPLOADS if call == "GenerateDataKey" else ("document.download",),
    )  # fmt: skip


def _other_traffic(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    return replace(scenario, traffic_left=round(float(rng.uniform(0.15, 0.4)), 2))


FAILURES = (
    Scenario(
        name="bad_deploy",
        title="A new version fails on one endpoint",
        start="2026-03-04T10:00Z",
        incident_title="API answers with 5xx errors",
        severity="P1",
        onset_min=37,
        kind="error",
        new_version="2.15.0",
        faults=(Fault(RETENTION, 0.7, "Cannot read properties of undefined", endpoint=VERSIONS),),
        vary=every_fault(endpoint=BUSY),
        changes=(
            *deploy(API_FUNCTION, "2.15.0", 43),
            RAISE_MEMORY,
        ),
    ),
    Scenario(
        name="db_connections",
        title="Database connections run out for all tenants",
        start="2026-03-11T13:00Z",
        incident_title="API errors and timeouts on all endpoints",
        severity="P1",
        onset_min=41,
        kind="error",
        slowdown=2.5,
        connections_full=True,
        faults=(
            Fault(NO_SLOTS, 0.24, "remaining connection slots are reserved", ramp_min=6),
            Fault(POOL_TIMEOUT, 0.16, "timeout expired acquiring a connection from the pool", ramp_min=6),
        ),
        job_fault=Fault(NO_SLOTS, 0.15, "remaining connection slots are reserved", ramp_min=6),
        changes=(
            configure(-8, WORKER_FUNCTION, "DB_POOL_MAX 2 -> 10"),
            Call(
                -7.7,
                "lambda",
                "PutFunctionConcurrency20171031",
                {"functionName": WORKER_FUNCTION, "reservedConcurrentExecutions": 400},
                PLATFORM,
                response={"reservedConcurrentExecutions": 400},
                resource=WORKER_FUNCTION,
            ),
            RAISE_MEMORY,
        ),
    ),
    Scenario(
        name="kms_denied",
        title="One tenant's encryption key is denied",
        start="2026-03-17T09:00Z",
        incident_title="A tenant can neither upload nor download",
        severity="P2",
        onset_min=26,
        detected_min=19,
        kind="error",
        faults=(
            Fault(_kms_error("GenerateDataKey"), 1.0, "kms:GenerateDataKey", tenant_rank=8),
            Fault(_kms_error("Decrypt"), 1.0, "kms:Decrypt", tenant_rank=8),
        ),
        vary=every_fault(tenant_rank=RANKS),
        changes=(
            Call(
                -3,
                "kms",
                "PutKeyPolicy",
                {"keyId": KEY_ID, "policyName": "default", "bypassPolicyLockoutSafetyCheck": False},
                PLATFORM,
                resource=KEY_ID,
                arn=KEY_ARN,
                arn_type="AWS::KMS::Key",
            ),
            RAISE_MEMORY,
        ),
    ),
    Scenario(
        name="traffic_drop",
        title="Requests fall to a quarter, without errors",
        start="2026-03-24T15:00Z",
        incident_title="Customers report that the service cannot be reached",
        severity="P1",
        onset_min=52,
        detected_min=14,
        kind="traffic",
        traffic_left=0.25,
        vary=_other_traffic,
        changes=(
            Call(
                -4,
                "route53",
                "ChangeResourceRecordSets",
                {
                    "hostedZoneId": ZONE,
                    "changeBatch": {
                        "comment": "weighted",
                        "changes": [
                            {
                                "action": "UPSERT",
                                "resourceRecordSet": {
                                    "name": "api.dms.example.com.",
                                    "type": "CNAME",
                                    "tTL": 60,
                                    "setIdentifier": "edge-b",
                                    "weight": 192,
                                    "resourceRecords": [{"value": "d3f1k2example.cloudfront.net"}],
                                },
                            }
                        ],
                    },
                },
                PLATFORM,
                response={"changeInfo": {"id": "/change/C07194521EXAMPLE", "status": "PENDING"}},
                resource=ZONE,
            ),
            RAISE_MEMORY,
        ),
    ),
)
