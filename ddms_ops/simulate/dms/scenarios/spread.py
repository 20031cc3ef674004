"""Failures by time and place: one that grows, two that have nothing to do with each other, one in a zone."""

from dataclasses import replace

import numpy as np

from ddms_ops.simulate.dms.catalog import API_FUNCTION, ZONES
from ddms_ops.simulate.dms.scenarios.calls import INNOCENT, INNOCENT_LATER, changed, configure
from ddms_ops.simulate.dms.scenarios.choice import every_fault, one_of
from ddms_ops.simulate.scenario import Call, ErrorKind, Fault, Scenario

HANDLER = "Runtime.handler (/var/task/src/handler.js:64:20)"
BURN_MIN = 90
ROUTES = "rtb-0c41f6a9d2e8b7135"


def _grows(endpoint: str, name: str, message: str, contains: str, frame: str) -> tuple[Fault, ...]:
    kind = ErrorKind(name, message, 500, frames=(frame, HANDLER))
    return (Fault(kind, 0.8, contains, endpoint=endpoint, ramp_min=BURN_MIN, starts_at=0.0),)


SLOW_BURN = Scenario(
    name="slow_burn",
    title="An error grows from nothing over 90 minutes",
    start="2026-04-02T08:00Z",
    incident_title="More and more requests fail",
    severity="P2",
    onset_min=16,
    kind="error",
    faults=_grows("GET /documents/{id}/download", "ENOSPC",
                  "ENOSPC: no space left on device, write '/tmp/render-cache/{uuid}.pdf'", "no space left on device",
                  "cacheFile (/var/task/src/storage/cache.js:54:13)"),
    changes=(configure(-3, API_FUNCTION, "RENDER_CACHE off -> on"), *INNOCENT_LATER),
    vary=one_of(
        {"faults": _grows("POST /documents/{id}/versions", "EMFILE",
                          "EMFILE: too many open files, open '/tmp/upload-{hex}.part'", "too many open files",
                          "stage (/var/task/src/documents/stage.js:29:21)"),
         "changes": (configure(-3, API_FUNCTION, "STREAM_UPLOADS off -> on"), *INNOCENT_LATER)},
        {"faults": _grows("GET /documents/{id}", "ERR_WORKER_OUT_OF_MEMORY",
                          "Worker terminated due to reaching memory limit: JS heap out of memory",
                          "JS heap out of memory", "preview (/var/task/src/documents/preview.js:58:15)"),
         "changes": (configure(-3, API_FUNCTION, "PREVIEW_WORKERS 0 -> 4"), *INNOCENT_LATER)},
    ),
)  # fmt: skip

NO_ROUTE = ErrorKind(
    "ETIMEDOUT",
    "connect ETIMEDOUT {ip}:6379",
    504,
    frames=("TCPConnectWrap.afterConnect (node:net:1555:16)", "session (/var/task/src/auth/session.js:38:11)"),
    took_ms=3_000,
)
ONE_ZONE = Scenario(
    name="one_zone",
    title="Requests fail in one availability zone only",
    start="2026-04-08T13:00Z",
    incident_title="Part of all requests time out",
    severity="P1",
    onset_min=35,
    kind="error",
    faults=(Fault(NO_ROUTE, 0.32, "connect ETIMEDOUT", zone="us-east-1b"),),
    changes=(
        changed(-2, "ec2", "ReplaceRoute", {"routeTableId": ROUTES, "destinationCidrBlock": "10.0.8.0/22",
                "natGatewayId": "nat-0a94be1c66f7d2058"}, ROUTES),
        *INNOCENT,
    ),
    vary=every_fault(zone=ZONES),
)  # fmt: skip


def _cause(
    fault: int, endpoint: str, name: str, message: str, contains: str, status: int, frame: str, code: str = ""
) -> Fault:
    kind = ErrorKind(name, message, status, code=code, frames=(frame, HANDLER))
    return Fault(kind, 0.5, contains, endpoint=endpoint, after_min=45.0 * fault)


SEARCH = _cause(0, "GET /search", "ResponseError", "circuit_breaking_exception: [parent] data too large, {size} bytes",
                "circuit_breaking_exception", 503, "search (/var/task/src/search/client.js:52:7)")  # fmt: skip
SEARCH_CHANGE = changed(-3, "es", "UpdateElasticsearchDomainConfig", {"domainName": "dms-prod", "instanceCount": 2},
                        "dms-prod")  # fmt: skip
STATEMENTS = _cause(0, "GET /documents", "DatabaseError", "canceling statement due to statement timeout",
                    "canceling statement due to statement timeout", 500, "list (/var/task/src/db/documents.js:88:18)",
                    code="57014")  # fmt: skip
STATEMENTS_CHANGE = changed(
    -3, "rds", "ModifyDBClusterParameterGroup", {"dBClusterParameterGroupName": "dms-aurora-prod", "parameters": [
        {"parameterName": "statement_timeout", "parameterValue": "150", "applyMethod": "immediate"}]},
    "dms-aurora-prod")  # fmt: skip
SIGNATURE = _cause(1, "GET /documents/{id}/download", "SignatureDoesNotMatch",
                   "The request signature we calculated does not match the signature you provided (Request ID: {hex})",
                   "request signature we calculated does not match", 500,
                   "sign (/var/task/src/storage/presign.js:27:13)")  # fmt: skip
SIGNATURE_CHANGE = changed(-2, "secretsmanager", "PutSecretValue", {"secretId": "dms/prod/signing-key"},
                           "dms/prod/signing-key", fault=1)  # fmt: skip
ACLS = _cause(1, "POST /documents", "AccessControlListNotSupported", "The bucket does not allow ACLs (ID: {hex})",
              "bucket does not allow ACLs", 500, "putObject (/var/task/src/storage/s3.js:87:11)")  # fmt: skip
ACLS_CHANGE = changed(-2, "s3", "PutBucketOwnershipControls", {"bucketName": "dms-documents-prod"},
                      "dms-documents-prod", fault=1)  # fmt: skip


def _two(first: Fault, second: Fault, first_change: Call, second_change: Call) -> dict[str, object]:
    return {"faults": (first, second), "changes": (first_change, second_change, *INNOCENT)}


_OTHER_PAIRS = one_of(
    _two(STATEMENTS, SIGNATURE, STATEMENTS_CHANGE, SIGNATURE_CHANGE),
    _two(SEARCH, ACLS, SEARCH_CHANGE, ACLS_CHANGE),
    _two(STATEMENTS, ACLS, STATEMENTS_CHANGE, ACLS_CHANGE),
)


def _other_pair(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    """Other causes, the second some minutes earlier or later after the first."""
    paired = _OTHER_PAIRS(scenario, rng)
    first, second = paired.faults
    moved = replace(second, after_min=second.after_min + float(rng.integers(-8, 9)))
    return replace(paired, faults=(first, moved))


TWO_CAUSES = Scenario(
    name="two_causes",
    title="Two unrelated errors with starts of their own",
    start="2026-04-09T10:00Z",
    incident_title="Errors on several endpoints",
    severity="P1",
    onset_min=25,
    kind="error",
    faults=(SEARCH, SIGNATURE),
    changes=(SEARCH_CHANGE, SIGNATURE_CHANGE, *INNOCENT),
    vary=_other_pair,
)

SPREAD = (SLOW_BURN, TWO_CAUSES, ONE_ZONE)
