"""Failures that do not show as such: in the worker, behind retries, inside answers of 200, under a wrong clock."""

from dataclasses import replace

import numpy as np

from ddms_ops.simulate.dms.catalog import ACCOUNT, DEVELOPER, UPLOADS, WORKER_FUNCTION
from ddms_ops.simulate.dms.scenarios.calls import CONFIGURE, INNOCENT, LAMBDA, changed, configure, go_live
from ddms_ops.simulate.dms.scenarios.choice import both, every_fault, one_of
from ddms_ops.simulate.scenario import Call, ErrorKind, Fault, Retries, Scenario

WORKER_ROLE = "dms-processing-worker-prod-role"
SEARCH, DOWNLOAD = "GET /search", "GET /documents/{id}/download"
HANDLER = "Runtime.handler (/var/task/src/handler.js:64:20)"
SMITHY = "throwDefaultError (/var/task/node_modules/@smithy/smithy-client/dist-cjs/index.js:388:20)"


def _job(name: str, message: str, job: str, contains: str, frame: str) -> Fault:
    kind = ErrorKind(name, message, 0, frames=(frame, "work (/var/task/src/worker.js:31:9)"), actions=(job,))
    return Fault(kind, 0.85, contains)


NO_LIBRARY = _job(
    "ERR_DLOPEN_FAILED", "libvips-cpp.so.42: cannot open shared object file: No such file or directory, for '{file}'",
    "thumbnail", "cannot open shared object file", "resize (/var/task/src/jobs/thumbnail.js:22:11)",
)  # fmt: skip
NO_SIGNATURES = _job(
    "NoSuchKey", "The specified key does not exist: s3://dms-clamav-prod/db/daily-{n}.cvd",
    "malware-scan", "The specified key does not exist", "signatures (/var/task/src/jobs/scan.js:48:17)",
)  # fmt: skip
NO_OCR = _job(
    "AccessDeniedException", f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{WORKER_ROLE}/{WORKER_FUNCTION} is not"
    " authorized to perform: textract:DetectDocumentText because no identity-based policy allows the action",
    "textract-ocr", "textract:DetectDocumentText", "detect (/var/task/src/jobs/ocr.js:37:23)",
)  # fmt: skip
NEW_LAYER = Call(
    -2.2, "lambda", CONFIGURE,
    {"functionName": WORKER_FUNCTION, "layers": [f"{LAMBDA.replace(':function', ':layer')}:image-libs:8"]},
    DEVELOPER,
    response={"functionName": WORKER_FUNCTION, "lastUpdateStatus": "InProgress"}, resource=WORKER_FUNCTION,
)  # fmt: skip
LIVE = go_live(WORKER_FUNCTION, 18, DEVELOPER)
NEW_POLICY = changed(-1.4, "iam", "PutRolePolicy", {"roleName": WORKER_ROLE, "policyName": "jobs"}, WORKER_ROLE)

WORKER_FAILING = Scenario(
    name="worker_failing",
    title="One kind of processing job fails, the API looks healthy",
    start="2026-04-01T09:00Z",
    incident_title="Documents are not processed",
    severity="P2",
    onset_min=44,
    kind="error",
    job_fault=NO_LIBRARY,
    new_worker=True,
    changes=(NEW_LAYER, LIVE, *INNOCENT),
    vary=one_of(
        {"job_fault": NO_SIGNATURES, "changes": (configure(-2, WORKER_FUNCTION, "signatures by day"), LIVE, *INNOCENT)},
        {"job_fault": NO_OCR, "new_worker": False, "changes": (NEW_POLICY, *INNOCENT)},
    ),
)


def _retried(
    call: str, text: str, status: int, endpoint: str | None, level: str, frame: str, *actions: str
) -> tuple[Fault, ...]:
    kind = ErrorKind(
        "RetriesExhausted", f"{call} gave up after 3 attempts: {text}", status,
        frames=(frame, HANDLER), actions=actions,
        retries=Retries(f"{call} attempt {{attempt}} of 3 failed: {text}, next in {{wait}} ms", level),
    )  # fmt: skip
    return (Fault(kind, 0.6, call, endpoint=endpoint, usual=0.004, final=0.03),)


SLOW_DOWN = "SlowDown: Please reduce your request rate (Status Code: 503, Request ID: {hex})"
COPY_JOB = changed(-4, "s3", "CreateJob", {"operation": "S3PutObjectCopy", "priority": 10}, "dms-documents-prod")
RETRIES_HIDE = Scenario(
    name="retries_hide",
    title="A dependency fails and is tried again: slow answers, few failures",
    start="2026-04-14T12:00Z",
    incident_title="Downloads and searches are slow",
    severity="P3",
    onset_min=48,
    detected_min=22,
    kind="error",
    faults=_retried("S3 GetObject", SLOW_DOWN, 503, DOWNLOAD, "warn", "getObject (/var/task/src/storage/s3.js:61:9)"),
    changes=(COPY_JOB, *INNOCENT),
    vary=one_of(
        {
            "faults": _retried("OpenSearch _search", "429 es_rejected_execution_exception, queue of {n}", 503, SEARCH,
                               "error", "search (/var/task/src/search/client.js:52:7)"),
            "changes": (changed(-3, "es", "UpdateElasticsearchDomainConfig", {"domainName": "dms-prod"}, "dms-prod"),
                        *INNOCENT),
        },
        {
            "faults": _retried("S3 PutObject", SLOW_DOWN, 503, "POST /documents/{id}/versions", "warn",
                               "putObject (/var/task/src/storage/s3.js:87:11)", *UPLOADS),
            "changes": (COPY_JOB, *INNOCENT),
        },
    ),
)  # fmt: skip


def _answered(form: str, endpoint: str, name: str, message: str, contains: str) -> tuple[Fault, ...]:
    return (Fault(ErrorKind(name, message, 200, level="info", in_answer=form), 0.55, contains, endpoint=endpoint),)


def _parameter(name: str) -> Call:
    return changed(-2.5, "ssm", "PutParameter", {"name": name, "type": "String", "overwrite": True}, name)


SWALLOWED = Scenario(
    name="swallowed",
    title="An endpoint answers 200 with an error inside",
    start="2026-04-15T14:00Z",
    incident_title="Customers find no documents",
    severity="P2",
    onset_min=39,
    detected_min=25,
    kind="error",
    faults=_answered("nested", SEARCH, "SEARCH_INDEX_MISSING", "no such index [documents-v4], {n} shards skipped",
                     "no such index"),
    changes=(_parameter("/dms/prod/search/index"), *INNOCENT),
    vary=one_of(
        {"faults": _answered("flat", "GET /documents", "LIST_PARTIAL", "metadata store refused page {n}: token expired",
                             "metadata store refused page"),
         "changes": (_parameter("/dms/prod/metadata/token-ttl"), *INNOCENT)},
        {"faults": _answered("nested", "GET /documents/{id}", "PREVIEW_FAILED",
                             "converter returned no pages of '{file}'", "converter returned no pages"),
         "changes": (_parameter("/dms/prod/preview/converter"), *INNOCENT)},
    ),
)  # fmt: skip

FLAGS = changed(-1.2, "appconfig", "StartDeployment", {"applicationId": "dms", "environmentId": "prod",
                "configurationVersion": "31"}, "dms/prod")  # fmt: skip
NO_FLAGS = ErrorKind(
    "TypeError",
    "flags.resolve is not a function",
    500,
    frames=("evaluate (/var/task/src/flags/evaluate.js:73:19)", HANDLER),
)


def _other_clock(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    return replace(scenario, skew_min=float(rng.integers(5, 10) * rng.choice((-1, 1))))


CLOCK_SKEW = Scenario(
    name="clock_skew",
    title="One endpoint fails, and one log stream's clock is minutes off",
    start="2026-04-21T11:00Z",
    incident_title="Documents cannot be opened",
    severity="P2",
    onset_min=46,
    kind="error",
    skew_min=7,
    faults=(Fault(NO_FLAGS, 0.65, "flags.resolve is not a function", endpoint="GET /documents/{id}"),),
    changes=(FLAGS, *INNOCENT),
    vary=both(every_fault(endpoint=("GET /documents/{id}", DOWNLOAD, "GET /documents", SEARCH)), _other_clock),
)
