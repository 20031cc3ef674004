"""The reviews platform on a usual day: what its API and functions log, and the level of each metric."""

from ddms_ops.simulate.cloudtrail import DEVELOPER, ON_CALL, PLATFORM
from ddms_ops.simulate.reviews.lambda_lines import END, START, init_start, invoke_error, report, timed_out
from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Api, Counted, Failure, Gauge, Route, Stream

SYSTEM = "serverless-reviews"
API, ANALYZE, AUTH, TABLE = "reviews-prod-api", "reviews-prod-analyze", "reviews-prod-auth", "reviews-prod"
GATEWAY_GROUP = "/aws/apigateway/reviews-prod"
API_GROUP, ANALYZE_GROUP, AUTH_GROUP = (f"/aws/lambda/{name}" for name in (API, ANALYZE, AUTH))
CI = "reviews-ci-deploy"
TIMEOUT_S = 10
OLD, NEW = "2.3.1", "2.4.0"

LIST, SUMMARY, CREATE = "GET /api/reviews", "GET /api/reviews/summary", "POST /api/reviews"
PRODUCTS, LOGIN = "GET /api/products", "POST /api/login"
INVALID, MISSING, REFUSED = "POST /api/reviews#invalid", "GET /api/reviews#missing", "POST /api/login#refused"
BROKEN, CREATE_BROKEN, SUMMARY_LATE = (
    "GET /api/reviews#broken",
    "POST /api/reviews#broken",
    "GET /api/reviews/summary#late",
)
BUSY = "POST /api/reviews#busy"
FAILING = (BROKEN, CREATE_BROKEN, SUMMARY_LATE, BUSY)
REFUSING = (INVALID, MISSING, REFUSED)
ANALYZED, ANALYZED_LATE, ANALYZED_BADLY = "analyze review", "analyze review#late", "analyze review#refused"
SUMMARY_WEIGHT, CREATE_WEIGHT, ANALYZED_WEIGHT, RARELY, NEVER = 0.24, 0.24, 0.985, 0.0006, 1e-6
FULL = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning"
    " level with the UpdateTable API."
)


def access(route: str, status: int, *, problem: str = "-", ip: str = "$ip") -> str:
    """A line of the HTTP API's access log."""
    method, path = route.split("#", 1)[0].split(" ")
    integration = "-" if problem != "-" else "$ms"
    return (
        f'{{"requestId":"$hex","ip":"{ip}","requestTimeEpoch":"$time_ms","httpMethod":"{method}",'
        f'"routeKey":"{method} {path}","path":"{path}","status":"{status}","protocol":"HTTP/1.1",'
        f'"responseLength":"$m","integrationLatency":"{integration}","responseLatency":"$ms",'
        f'"integrationErrorMessage":"{problem}"}}'
    )


def handled(route: str, status: int, *, level: str = "info", words: str = "request completed", more: str = "") -> str:
    """What the API function's own logger writes of a request that it answered."""
    method, path = route.split("#", 1)[0].split(" ")
    return (
        f'{{"level":"{level}","time":"$iso","requestId":"$uuid","userId":"$user","method":"{method}","path":"{path}",'
        f'"status":{status},"duration":$ms,"version":"$version"{more},"msg":"{words}"}}'
    )


def error(kind: str, message: str, frame: str) -> str:
    """An error object in a line of that logger; the texts are JSON already."""
    return f',"err":{{"type":"{kind}","message":"{message}","stack":"{kind}: {message}\\n    at {frame}"}}'


def _answered(route: str, weight: float, ms: float, line: str) -> Route:
    return Route(route, weight, ms, (START, line, END, report(512)))


WRONG = "Cannot read properties of undefined (reading 'sentiment')"
UNHANDLED = f"The Lambda function returned the following error: {WRONG}. Check your Lambda function code and try again."
UNCAUGHT = invoke_error(
    "TypeError", WRONG,
    "    at toItem (/var/task/src/reviews.js:88:31)", "    at createReview (/var/task/src/handlers.js:41:18)",
)  # fmt: skip
UPSTREAM = error("TimeoutError", "socket hang up", "Socket.socketOnEnd (node:_http_client:524:23)")
SEND = "throwDefaultError (/var/task/node_modules/@smithy/smithy-client/dist-cjs/index.js:838:20)"
THROTTLED = error("ProvisionedThroughputExceededException", FULL, SEND)
MODEL_BUSY = error("ThrottlingException", "Too many requests, please wait before trying again.", SEND)

GATEWAY_ROUTES = (
    Route(LIST, 0.33, 120, (access(LIST, 200),)),
    Route(SUMMARY, SUMMARY_WEIGHT, 700, (access(SUMMARY, 200),)),
    Route(CREATE, CREATE_WEIGHT, 210, (access(CREATE, 201),)),
    Route(PRODUCTS, 0.11, 80, (access(PRODUCTS, 200),)),
    Route(LOGIN, 0.04, 150, (access(LOGIN, 200),)),
    Route(INVALID, 0.01, 40, (access(INVALID, 400),)),
    Route(MISSING, 0.02, 50, (access(MISSING, 404),)),
    Route(REFUSED, 0.01, 140, (access(REFUSED, 401),)),
    Route(BROKEN, 0.002, 160, (access(BROKEN, 500),)),
    Route(CREATE_BROKEN, NEVER, 130, (access(CREATE_BROKEN, 500, problem=UNHANDLED),)),
    Route(BUSY, NEVER, 900, (access(BUSY, 503),)),
    Route(SUMMARY_LATE, NEVER, 3_000, (access(SUMMARY_LATE, 504, problem="Endpoint request timed out"),), 0.004),
)
API_ROUTES = (
    _answered(LIST, 0.33, 95, handled(LIST, 200)),
    _answered(SUMMARY, SUMMARY_WEIGHT, 650, handled(SUMMARY, 200)),
    _answered(CREATE, CREATE_WEIGHT, 180, handled(CREATE, 201)),
    _answered(PRODUCTS, 0.15, 60, handled(PRODUCTS, 200)),
    _answered(INVALID, 0.01, 20, handled(INVALID, 400, level="warn", words="rating must be between 1 and 5")),
    _answered(MISSING, 0.02, 30, handled(MISSING, 404, level="warn", words="review not found")),
    _answered(BROKEN, 0.003, 140, handled(BROKEN, 500, level="error", words="request errored", more=UPSTREAM)),
    _answered(BUSY, NEVER, 900, handled(BUSY, 503, level="error", words="request errored", more=THROTTLED)),
    Route(CREATE_BROKEN, NEVER, 110, (START, UNCAUGHT, END, report(512))),
)


def _analysis(words: str, level: str = "info", more: str = "") -> str:
    return (
        f'{{"level":"{level}","time":"$iso","requestId":"$uuid","reviewId":"rev-$k","duration":$ms,'
        f'"version":"$version"{more},"msg":"{words}"}}'
    )


ANALYZE_ROUTES = (
    Route(ANALYZED, ANALYZED_WEIGHT, 1_100, (START, _analysis("review analyzed"), END, report(1024, used="2${n}6"))),
    Route(ANALYZED_BADLY, 0.006, 1_900,
          (START, _analysis("model is busy, will try again", "warn", MODEL_BUSY), END, report(1024, used="2${n}6"))),
    Route("analyze cold", 0.008, 1_500, (init_start(), START, _analysis("review analyzed"), END,
          report(1024, used="2${n}6", init_ms="4${n}2.$n$n"))),
    Route(ANALYZED_LATE, RARELY, TIMEOUT_S * 1000.0, (START, END), 0.0001),
)  # fmt: skip

LATE = Failure(ANALYZE_GROUP, (timed_out(TIMEOUT_S), END, report(1024, used="2${n}6", status="timeout")), 1.0,
               routes=(ANALYZED_LATE,), usual=1.0)  # fmt: skip
"""How every analysis that reaches the limit ends."""


def _sign_in(words: str, status: int, level: str, more: str = "") -> str:
    return (
        f'{{"level":"{level}","time":"$iso","requestId":"$uuid","userId":"$user","sourceIp":"$ip",'
        f'"status":{status}{more},"duration":$ms,"msg":"{words}"}}'
    )


SIGN_IN_REFUSED = _sign_in("sign-in refused", 401, "warn", ',"reason":"wrong password"')
TOKEN_REFUSED = _sign_in("token refused", 401, "warn", ',"reason":"token has expired"')
AUTH_ROUTES = (
    Route("check token", 0.82, 12, (_sign_in("token accepted", 200, "info"),)),
    Route("check old", 0.03, 9, (TOKEN_REFUSED,)),
    Route("sign in", 0.13, 130, (_sign_in("sign-in accepted", 200, "info"),)),
    Route("sign refused", 0.02, 140, (SIGN_IN_REFUSED,)),
)
STREAMS = (
    Stream(GATEWAY_GROUP, 0.45, GATEWAY_ROUTES, users=160),
    Stream(API_GROUP, 0.3, API_ROUTES, users=160, version=OLD),
    Stream(ANALYZE_GROUP, 0.15, ANALYZE_ROUTES, version=OLD),
    Stream(AUTH_GROUP, 0.1, AUTH_ROUTES, users=160, version="1.9.0"),
)


def _of(what: str, group: str, *routes: str) -> Counted:
    return Counted(what, group, routes=routes)  # type: ignore[arg-type]


GAUGES = (
    Gauge("http_requests", counted=_of("requests", GATEWAY_GROUP)),
    Gauge("http_5xx", counted=_of("requests", GATEWAY_GROUP, *FAILING)),
    Gauge("http_4xx", counted=_of("requests", GATEWAY_GROUP, *REFUSING)),
    Gauge("http_latency", counted=_of("p95", GATEWAY_GROUP)),
    Gauge("http_integration_latency", counted=_of("p95", GATEWAY_GROUP)),
    Gauge("api_invocations", counted=_of("requests", API_GROUP)),
    Gauge("api_errors", counted=_of("requests", API_GROUP, CREATE_BROKEN)),
    Gauge("api_duration", counted=_of("average", API_GROUP)),
    Gauge("api_max_duration", counted=_of("maximum", API_GROUP)),
    Gauge("api_duration_sum", counted=_of("sum", API_GROUP), period_s=300),
    Gauge("api_throttles", is_whole=True),
    Gauge("api_concurrency", 6, 0.15, is_whole=True),
    Gauge("analyze_invocations", counted=_of("requests", ANALYZE_GROUP)),
    Gauge("analyze_errors", counted=_of("requests", ANALYZE_GROUP, ANALYZED_LATE)),
    Gauge("analyze_duration", counted=_of("average", ANALYZE_GROUP)),
    Gauge("analyze_max_duration", counted=_of("maximum", ANALYZE_GROUP)),
    Gauge("analyze_throttles", is_whole=True),
    Gauge("analyze_concurrency", 4, 0.2, is_whole=True),
    Gauge("auth_invocations", counted=_of("requests", AUTH_GROUP)),
    Gauge("auth_errors", is_whole=True),
    Gauge("table_reads", 1_150, 0.09),
    Gauge("table_read_limit", 60, 0),
    Gauge("table_writes", 540, 0.09),
    Gauge("table_write_limit", 40, 0),
    Gauge("table_read_throttles", is_sparse=True, is_whole=True),
    Gauge("table_write_throttles", is_sparse=True, is_whole=True),
    Gauge("throttled_puts", is_sparse=True, is_whole=True),
    Gauge("table_user_errors", 0.2, 0.9, is_sparse=True, is_whole=True),
    Gauge("cdn_requests", 900, 0.08, is_whole=True),
    Gauge("cdn_5xx", 0.1, 0.3),
    Gauge("cdn_bytes", 2.1e9, 0.08, is_whole=True, period_s=300),
    Gauge("waf_blocked", 3, 0.5, is_whole=True),
    Gauge("nat_bytes", 6.4e8, 0.08, is_whole=True, period_s=300),
)

CODE, CONFIGURE = "UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2"
INNOCENT = (
    Call(-128, "lambda", CODE, {"functionName": AUTH, "publish": True, "s3Bucket": "reviews-artifacts",
                                "s3Key": "auth/1.9.0.zip"}, CI,
         response={"functionName": AUTH, "version": "31"}, resource=AUTH, is_innocent=True),
    Call(-52, "lambda", "TagResource20170331v2", {"resource": API, "tags": {"costCenter": "4711"}}, PLATFORM,
         resource=API, is_innocent=True),
    Call(-38, "monitoring", "PutMetricAlarm", {"alarmName": "reviews-prod-cdn-5xx", "threshold": 5}, ON_CALL,
         resource="reviews-prod-cdn-5xx", is_innocent=True),
    Call(24, "lambda", CONFIGURE, {"functionName": AUTH, "memorySize": 512}, ON_CALL,
         response={"functionName": AUTH, "memorySize": 512}, resource=AUTH, is_innocent=True),
)  # fmt: skip
"""Changes that no scene plants: some before the onset, one after."""
USUAL_CALLS = (
    Api("dynamodb", "DescribeTable", PLATFORM, parameters={"tableName": TABLE}, per_hour=6),
    Api("secretsmanager", "GetSecretValue", f"{API}-role", parameters={"secretId": "reviews/prod/jwt"}, per_hour=9),
    Api("lambda", "GetFunctionConfiguration20150331v2", CI, parameters={"functionName": API}, per_hour=3),
    Api("cloudwatch", "DescribeAlarms", ON_CALL, "IAMUser", {"alarmNamePrefix": "reviews-"}, per_hour=3,
        source_ip="203.0.113.24", user_agent="aws-cli/2.15.30", mfa=True),
    Api("dynamodb", "DescribeContinuousBackups", DEVELOPER, "IAMUser", {"tableName": TABLE}, per_hour=1.5,
        source_ip="203.0.113.24", user_agent="aws-cli/2.15.30", mfa=True),
)  # fmt: skip
"""Reads that the platform and its people make all day."""
