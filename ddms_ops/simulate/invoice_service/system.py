"""The invoice pipeline on a usual day: what both functions log, the level of each metric, its queue and its calls."""

from ddms_ops.simulate.cloudtrail import ACCOUNT, DEVELOPER, ON_CALL, PLATFORM, REGION
from ddms_ops.simulate.invoice.calls import CODE, CONFIGURE
from ddms_ops.simulate.invoice.catalog import CI, CUSTOMERS, GROUPS, INFERENCE, MODEL, UPLOAD
from ddms_ops.simulate.reviews.lambda_lines import END, START, init_start, report, timed_out
from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Api, Counted, Failure, Gauge, Route, Stream

SYSTEM = "smart-invoice"
TABLE, DLQ = "smart-invoice-prod-invoices", "smart-invoice-prod-inference-dlq"
UPLOAD_GROUP, INFERENCE_GROUP = GROUPS["upload"], GROUPS["inference"]
ROLE = f"{INFERENCE}-role"
OLD, NEW = "1.4.2", "1.5.0"
TIMEOUT_S, MEMORY_MB = 300, 4096
RARELY, NEVER = 0.0006, 1e-6

UPLOADED, PROCESSED, COLD, LATE = "POST /invoices", "process invoice", "process cold", "process late"
NOT_STORED, NOT_READ, NOT_ASKED, NOT_PARSED = (
    "process unstored",
    "process unread",
    "process unasked",
    "process unparsed",
)
FAILING = (NOT_STORED, NOT_READ, NOT_ASKED, NOT_PARSED, LATE, "process unsupported")
WEIGHT, COLD_WEIGHT = 0.93, 0.025
STORE_ERROR, READ_ERROR = "AccessDeniedException", "TextractError"
ASK_ERROR, PARSE_ERROR = "BedrockError", "InvoiceParseError"
PARSE_MESSAGE = "InvoiceParseError: field 'total' is missing in the model's answer"


def told(message: str, *, level: str = "INFO", more: str = "") -> str:
    """A line of the inference function's own logger."""
    return (
        f'{{"level": "{level}", "timestamp": "$iso", "message": "{message}", "requestId": "$uuid",'
        f' "invoice_id": "$request", "customer_id": "$tenant", "version": "$version"{more}}}'
    )


def failed(kind: str, message: str) -> str:
    """Its line for an invoice that could not be processed; the text is JSON already."""
    return told("Invoice could not be processed", level="ERROR",
                more=f', "errorType": "{kind}", "errorMessage": "{message}", "duration_ms": $ms')  # fmt: skip


BEGUN = told("Processing invoice", more=', "attempt": 1')
READ = told("Textract finished", more=', "pages": 1$n, "duration_ms": 8$m')
ASKED = told(
    "Bedrock finished",
    more=f', "model": "{MODEL}", "input_tokens": 3$m, "output_tokens": 1$n$n, "cached": false, "duration_ms": 3$m',
)
DONE = told("Successfully processed invoice", more=', "confidence": 0.9$n, "duration_ms": $ms')
UNSURE = told("Confidence is low, invoice goes to review", level="WARN", more=', "confidence": 0.5$n')
AGAIN = told("Textract is throttled, trying again", level="WARN", more=', "retry": 1')
UNSUPPORTED = failed("UnsupportedDocumentException", "Request has unsupported document format")
STORED_BADLY = failed(
    STORE_ERROR,
    f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{INFERENCE} is not authorized to perform: dynamodb:PutItem on"
    f" resource: arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE} because no identity-based policy allows the"
    " dynamodb:PutItem action",
)
READ_BADLY = failed(
    READ_ERROR,
    "TextractError: An error occurred (ProvisionedThroughputExceededException) when calling the AnalyzeExpense"
    " operation (reached max retries: 4): Provisioned rate exceeded",
)
ASKED_BADLY = failed(
    ASK_ERROR,
    "BedrockError: An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have"
    " access to the model with the specified model ID.",
)
PARSED_BADLY = failed(PARSE_ERROR, PARSE_MESSAGE)


def _route(name: str, weight: float, ms: float, *lines: str, used: str = "61${n}", init_ms: str = "") -> Route:
    first = (init_start("python:3.12.v38"), START) if init_ms else (START,)
    return Route(name, weight, ms, (*first, *lines, END, report(MEMORY_MB, used=used, init_ms=init_ms)))


INFERENCE_ROUTES = (
    _route(PROCESSED, WEIGHT, 17_000, BEGUN, READ, ASKED, DONE),
    _route(COLD, COLD_WEIGHT, 23_000, BEGUN, READ, ASKED, DONE, init_ms="41$n$n.${n}7"),
    _route("process unsure", 0.02, 19_000, BEGUN, READ, ASKED, UNSURE, DONE),
    _route("process again", 0.015, 26_000, BEGUN, AGAIN, READ, ASKED, DONE),
    _route("process unsupported", 0.005, 1_900, BEGUN, UNSUPPORTED),
    _route(NOT_STORED, NEVER, 16_000, BEGUN, READ, ASKED, STORED_BADLY),
    _route(NOT_READ, RARELY, 12_000, BEGUN, AGAIN, READ_BADLY),
    _route(NOT_ASKED, NEVER, 9_500, BEGUN, READ, ASKED_BADLY),
    _route(NOT_PARSED, NEVER, 14_000, BEGUN, READ, ASKED, PARSED_BADLY),
    Route(LATE, RARELY, TIMEOUT_S * 1000.0, (START, BEGUN, END), 0.0001),
)
TIMED_OUT = Failure(
    INFERENCE_GROUP, (timed_out(TIMEOUT_S), END, report(MEMORY_MB, used="39${n}4", status="timeout")), 1.0,
    routes=(LATE,), usual=1.0,
)  # fmt: skip
"""How every invocation that reaches the limit ends."""


def _upload(message: str, status: int, level: str = "INFO", more: str = "") -> str:
    return (
        f'{{"level": "{level}", "timestamp": "$iso", "message": "{message}", "requestId": "$uuid", "userId": "$user",'
        f' "sourceIp": "$ip", "customer_id": "$tenant", "method": "POST", "path": "/invoices", "status": {status},'
        f' "duration_ms": $ms, "version": "{OLD}"{more}}}'
    )


NO_BUCKET = ', "errorType": "SlowDown", "errorMessage": "Please reduce your request rate."'
UPLOAD_ROUTES = tuple(
    Route(name, weight, ms, (START, line, END, report(512)))
    for name, weight, ms, line in (
        (UPLOADED, 0.955, 900, _upload("Uploaded invoice", 200, more=', "invoice_id": "$request", "bytes": $k')),
        ("POST /invoices#type", 0.02, 60, _upload("File type is not supported", 415, "WARN")),
        ("POST /invoices#token", 0.02, 25, _upload("Unauthorized: token has expired", 401, "WARN")),
        ("POST /invoices#slow", 0.003, 4_200, _upload("Upload failed", 503, "ERROR", NO_BUCKET)),
    )
)
STREAMS = (
    Stream(UPLOAD_GROUP, 0.4, UPLOAD_ROUTES, CUSTOMERS, users=12, version=OLD),
    Stream(INFERENCE_GROUP, 0.6, INFERENCE_ROUTES, CUSTOMERS, users=12, version=OLD),
)


def _of(what: str, group: str, *routes: str) -> Counted:
    return Counted(what, group, routes=routes)  # type: ignore[arg-type]


GAUGES = (
    Gauge("upload_invocations", counted=_of("requests", UPLOAD_GROUP)),
    Gauge("upload_errors", is_whole=True),
    Gauge("inference_invocations", counted=_of("requests", INFERENCE_GROUP)),
    Gauge("inference_errors", counted=_of("requests", INFERENCE_GROUP, *FAILING)),
    Gauge("upload_duration", counted=_of("p95", UPLOAD_GROUP)),
    Gauge("inference_duration", counted=_of("p95", INFERENCE_GROUP)),
    Gauge("inference_max_duration", counted=_of("maximum", INFERENCE_GROUP)),
    Gauge("inference_duration_sum", counted=_of("sum", INFERENCE_GROUP), period_s=300),
    Gauge("api_latency", counted=_of("p95", UPLOAD_GROUP)),
    Gauge("textract_time", 8_200, 0.06),
    Gauge("bedrock_time", 3_900, 0.06),
    Gauge("dlq_messages", is_whole=True),
    Gauge("dlq_age", is_whole=True),
    Gauge("table_reads", 900, 0.08, period_s=300),
    Gauge("table_writes", 450, 0.08, period_s=300),
    Gauge("table_throttles", is_sparse=True, is_whole=True, period_s=300),
    Gauge("table_write_throttles", is_sparse=True, is_whole=True, period_s=300),
    Gauge("upload_throttles", is_whole=True),
    Gauge("inference_throttles", is_whole=True),
    Gauge("inference_concurrency", 5, 0.15, is_whole=True),
    Gauge("inference_log_bytes", 5.2e6, 0.08, is_whole=True, period_s=300),
    Gauge("upload_log_bytes", 9.0e5, 0.08, is_whole=True, period_s=300),
    Gauge("nat_bytes", 6.8e8, 0.08, is_whole=True, period_s=300),
    Gauge("cdn_bytes", 1.3e9, 0.08, is_whole=True, period_s=300),
    Gauge("bucket_requests", 2_700, 0.08, is_whole=True, period_s=300),
)
INNOCENT = (
    Call(-118, "lambda", CODE, {"functionName": UPLOAD, "publish": True, "s3Bucket": "smart-invoice-artifacts",
                                "s3Key": f"smart-invoice-upload/{OLD}.zip"}, CI,
         response={"functionName": UPLOAD, "version": "31"}, resource=UPLOAD, is_innocent=True),
    Call(-71, "lambda", "TagResource20170331v2", {"resource": INFERENCE, "tags": {"costCenter": "4711"}}, PLATFORM,
         resource=INFERENCE, is_innocent=True),
    Call(-55, "monitoring", "PutMetricAlarm", {"alarmName": "smart-invoice-prod-daily-spend", "threshold": 300},
         ON_CALL, resource="smart-invoice-prod-daily-spend", is_innocent=True),
    Call(27, "lambda", CONFIGURE, {"functionName": UPLOAD, "memorySize": 1024}, ON_CALL,
         response={"functionName": UPLOAD, "memorySize": 1024}, resource=UPLOAD, is_innocent=True),
)  # fmt: skip
"""Changes that no scene plants: some before the onset, one after."""
USUAL_CALLS = (
    Api("secretsmanager", "GetSecretValue", f"{UPLOAD}-role", parameters={"secretId": "smart-invoice/prod/portal"},
        per_hour=8),
    Api("lambda", "GetFunctionConfiguration20150331v2", DEVELOPER, "IAMUser", {"functionName": INFERENCE}, per_hour=2,
        source_ip="203.0.113.24", user_agent="aws-cli/2.15.30", mfa=True),
    Api("ce", "GetCostAndUsage", "smart-invoice-budget-bot", parameters={"granularity": "DAILY"}, per_hour=1),
)  # fmt: skip
