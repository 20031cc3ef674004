"""Filter patterns, by the examples of "Filter pattern syntax" in the CloudWatch Logs user guide and cases near them."""

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from sandbox_builders import GROUP, event, messages

from ddms_ops.sandbox.filter_patterns import filter_pattern
from ddms_ops.sandbox.refusal import Refusal
from ddms_ops.sandbox.server import Sandbox

BAD, MISSING = "[ERROR 400] BAD REQUEST", "[ERROR 419] MISSING ARGUMENTS"
SERVER, FINE = "[ERROR 500] INTERNAL SERVER ERROR", "[INFO 200] SUCCESSFUL REQUEST"
TRAIL = """{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],
 "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "cluster.name": "c",
 "flag": true, "text": "true", "errorCode": 404, "latency": 49.5, "count": "3"}"""
USERS = """{"user": {"id": 1, "email": "John.Stiles@example.com"},
 "users": [{"id": 2, "email": "John.Doe@example.com"}],
 "actions": ["GET", "PUT", "DELETE"], "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]}"""
APACHE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
FAILED, WARNED = "ERROR 09/25/2014 12:00:02 Failed to process request", "WARNING 09/25/2014 12:00:02 Invalid request"

TERMS = [
    ("", FINE, True),
    ('" "', FINE, True),
    ("ERROR", BAD, True),
    ("ERROR", FINE, False),
    ("error", BAD, False),
    ("RR", BAD, True),
    ("ERROR ARGUMENTS", MISSING, True),
    ("ERROR ARGUMENTS", BAD, False),
    ("?ERROR ?ARGUMENTS", MISSING, True),
    ("?ERROR ?ARGUMENTS", "[INFO] INVALID ARGUMENTS", True),
    ("?ERROR ?ARGUMENTS", FINE, False),
    ("?ERROR ?ARGUMENTS REQUEST", FINE, True),
    ("?ERROR ?ARGUMENTS REQUEST", MISSING, False),
    ("ERROR -ARGUMENTS", BAD, True),
    ("ERROR -ARGUMENTS", MISSING, False),
    ("-ERROR", FINE, True),
    ('ERROR -"BAD REQUEST"', BAD, False),
    ('"INTERNAL SERVER ERROR"', SERVER, True),
    ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL ERROR ON SERVER", False),
    ('"[ERROR 500]" INTERNAL', SERVER, True),
    (r'"say \"no\""', 'they say "no"', True),
]
REGEXES = [
    ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
    ("%AUTHORIZED%", FINE, False),
    ("%^[hc]at%", "hat trick", True),
    ("%^[hc]at%", "a hat", False),
    ("%[hc]at$%", "the cat", True),
    ("%colou?r%", "color", True),
    ("%^a{3,5}$%", "aa", False),
    ("%^starting|^shutting down%", "shutting down now", True),
    (r"%\[.\]%", "value [7] here", True),
    (r"%10\.10\.0\.1%", "from 10010,051", False),
    (r"%\d\d:\d\d%", "at 10:37", True),
    (r"%\x3A%", "key:value", True),
]
JSON = [
    ('{ $.eventType = "UpdateTrail" }', TRAIL, True),
    ("{ $.eventType = UpdateTrail }", TRAIL, True),
    ('{ $.eventType = "*Trail" }', TRAIL, True),
    ("{ $.eventType = Update* }", TRAIL, True),
    ('{ $.eventType != "UpdateTrail" }', TRAIL, False),
    ("{ $.eventType = %Trail% }", TRAIL, True),
    ("{ $.sourceIPAddress != 123.123.* }", TRAIL, True),
    ("{ $.sourceIPAddress != 111.111.* }", TRAIL, False),
    (r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", TRAIL, True),
    ('{ $.arrayKey[0] = "value" }', TRAIL, True),
    ('{ $.arrayKey[1] = "value" }', TRAIL, False),
    ('{ $.arrayKey[*] = "another value" }', TRAIL, True),
    ('{ $.arrayKey = "value" }', TRAIL, False),
    ("{ $.objectList[1].id = 2 }", TRAIL, True),
    ("{ $.objectList[*].id = 2 }", TRAIL, True),
    ("{ $.objectList[7].id = 2 }", TRAIL, False),
    ("{ $.['cluster.name'] = \"c\" }", TRAIL, True),
    ("{ $.SomeObject IS NULL }", TRAIL, True),
    ("{ $.eventType IS NULL }", TRAIL, False),
    ('{ $.SomeObject = "*" }', TRAIL, False),
    ("{ $.SomeOtherObject NOT EXISTS }", TRAIL, True),
    ("{ $.SomeObject NOT EXISTS }", TRAIL, False),
    ("{ $.flag IS TRUE }", TRAIL, True),
    ("{ $.flag IS FALSE }", TRAIL, False),
    ("{ $.text IS TRUE }", TRAIL, False),
    ("{ $.flag = true }", TRAIL, False),
    ("{ $.errorCode = 404 }", TRAIL, True),
    ("{ $.errorCode = 4* }", TRAIL, True),
    ("{ $.errorCode = 4.04e2 }", TRAIL, True),
    ("{ $.errorCode >= 400 }", TRAIL, True),
    ("{ $.errorCode > 404 }", TRAIL, False),
    ("{ $.latency < 50 }", TRAIL, True),
    ("{ $.count > 2 }", TRAIL, True),
    ("{ $.eventType > 2 }", TRAIL, False),
    ("{ $.missing != 1 }", TRAIL, False),
    ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', USERS, True),
    ('{ ($.user.id = 2 && $.users[0].email = "x") || $.actions[2] = "GET" }', USERS, False),
    ('{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9 && $.actions[2] = "x" }', USERS, True),
    ('{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9) && $.actions[2] = "x" }', USERS, False),
    ("{ $.coordinates[1][2] = 6 }", USERS, True),
    ("{ $.eventType NOT EXISTS }", "not JSON", False),
    ('{ $.eventType = "UpdateTrail" }', "2026-03-04 {" + '"eventType": "UpdateTrail"}', False),
]
DELIMITED = [
    ("[]", APACHE, True),
    ("[ip, user, username, timestamp, request, status_code, bytes]", APACHE, True),
    (r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", APACHE, True),
    ("[..., request =*.html*, status_code = 4*, bytes]", APACHE, True),
    ("[..., request=*.html*, status_code=4*,]", APACHE, True),
    ("[..., status_code = 404 || status_code = 410, bytes]", APACHE, True),
    ("[..., status_code = 500 || status_code = 410, bytes]", APACHE, False),
    ("[..., status_code >= 400 && status_code < 500, bytes > 1000]", APACHE, True),
    ("[..., bytes > 2000]", APACHE, False),
    ("[ip, ..., bytes = 1534]", APACHE, True),
    ("[ip = 127.*, ...]", APACHE, True),
    ("[a, b, c, d, e, f, g, h]", APACHE, False),
    ("[a, b, c, d, e, f, g, h, ...]", APACHE, False),
    ('[..., request="GET /index.html HTTP/1.0", status_code, bytes]', APACHE, True),
    ("[w1=ERROR, w2]", FAILED, True),
    ("[w1=ERROR, w2]", WARNED, False),
    ("[w1=ERROR]", FAILED, False),
    ("[w1=ERROR, w2]", "ERROR", False),
    ("[w1=ERROR || w1=%WARN%, w2]", WARNED, True),
    ("[w1!=ERROR && w1!=WARNING, w2]", WARNED, False),
]


@pytest.mark.parametrize(("pattern", "message", "expected"), [*TERMS, *REGEXES, *JSON, *DELIMITED])
def test_a_pattern_matches_what_the_guide_says(pattern: str, message: str, expected: bool):
    """Pattern, message, and whether it matches."""
    matches = filter_pattern(pattern)
    assert (matches is None or matches(message)) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        '"INTERNAL SERVER', "ERR*", "hello-world", "%something!%", "%(ab)+%", "%café%", "%%", "%abc", "%[abc%",
        r"%\p%", "{ $.a = }", "{ $.a }", "{ $.a = 1", "{ $.a = 1 } trailing", "{ a = 1 }", "{ $.a == 1 }",
        "{ $.a = 1 && }", "{ ($.a = 1 }", "{ $.a IS MAYBE }", "{ $.a EXISTS }", "{ $.a IS NOT NULL }",
        "{ $.a[x] = 1 }", "{ $.a[-1] = 1 }", '{ $.a = "open }', '{ $.a > "text" }', "{ $ = 1 }", "{ $.*[*] = 1 }",
        "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.* = 1 }", "{ $.a = %a% || $.b = %b% || $.c = %c% }",
        "{ $.a > 0 AND $.a < 2 }", "[a, ..., b, ..., c]", "[a, a]", "[a = ]", "[a, b", "[a, b] trailing",
        "[a = 1 ||]", "[1a]", "[a, b=x || c=y]",
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(pattern: str):
    """As InvalidParameterException."""
    with pytest.raises(Refusal) as refused:
        filter_pattern(pattern)
    assert refused.value.code == "InvalidParameterException"


def test_filter_log_events_gives_the_matching_events(sandbox: Sandbox, logs: BaseClient):
    """Over the socket."""
    sandbox.put_events(GROUP, [event(0, BAD), event(1, MISSING), event(2, FINE)])
    assert messages(logs, filterPattern="ERROR -ARGUMENTS") == [BAD]


def test_filter_log_events_refuses_a_bad_pattern(sandbox: Sandbox, logs: BaseClient):
    """With the code that AWS gives."""
    sandbox.add_log_group(GROUP)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(logGroupName=GROUP, filterPattern="{ $.a == 1 }")
