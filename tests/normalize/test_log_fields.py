"""What is read out of log events beside their time and text."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddms_ops.normalize import find_attributes, normalize_logs
from ddms_ops.profile import load_profile
from ddms_ops.sources.base import LOG_EVENTS


def pulled(path: Path, *messages: str | dict) -> list:
    """The pull of some events, as `normalize_logs` takes it, by the generic profile."""
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    rows = [
        {"timestamp": pd.Timestamp("2026-03-04T10:00Z"), "log_group": "api", "log_stream": "s", "message": text}
        for text in texts
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=LOG_EVENTS), path / "logs.parquet")
    return [(path / "logs.parquet", "logs/api", load_profile("generic", "any").logs)]


def one(path: Path, message: str | dict) -> pd.Series:
    """The LOGS row of one event."""
    return normalize_logs(pulled(path, message)).iloc[0]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"error": "PoolTimeout"}, "PoolTimeout"),
        ({"error": {"name": "DatabaseError", "code": "53300"}}, "DatabaseError 53300"),
        ({"error": "DatabaseError", "code": "53300"}, "DatabaseError 53300"),
        ({"error": {"code": "ECONNRESET"}}, "ECONNRESET"),
        ({"error": "none"}, None),
        ({"error": False}, None),
        ({"code": "200"}, None),
    ],
)
def test_the_error_and_its_code_are_one_name(tmp_path: Path, event, error):
    """An error field, plain or an object, names the error; its code stands behind; words for nothing are nothing."""
    row = one(tmp_path, {"message": "x", **event})
    assert (row["error"] if pd.notna(row["error"]) else None) == error
    assert row["states_error"] == (error is not None)


def test_an_error_in_the_text_is_named_and_not_stated(tmp_path: Path):
    """A class name in plain text is an error's name, but no field says that it failed."""
    row = one(tmp_path, "retried after java.net.SocketTimeoutException")
    assert (row["error"], bool(row["states_error"])) == ("java.net.SocketTimeoutException", False)


@pytest.mark.parametrize("logged", ["ERROR upload failed", "ERROR upload failed: denied by x"])
def test_what_python_raised_is_told(tmp_path: Path, logged):
    """It stands in the last line of the trace, however long that is, and is added where the line logged lacks it."""
    frames = '  File "/opt/venv/lib/python3.12/site-packages/app/storage.py", line 88, in put\n' * 5
    text = f"{logged}\nTraceback (most recent call last):\n{frames}botocore.exceptions.ClientError: denied by x"
    row = one(tmp_path, text)
    assert row["error"] == "botocore.exceptions.ClientError"
    assert row["message"].endswith("denied by x")
    assert row["message"].count("denied by x") == 1


def test_the_text_of_an_error_object_is_the_message(tmp_path: Path):
    """Where no field is the message, the error's own text is; else the whole event."""
    assert one(tmp_path, {"error": {"name": "E", "message": "disk full"}})["message"] == "disk full"
    assert one(tmp_path, {"a": 1})["message"] == '{"a": 1}'


@pytest.mark.parametrize(
    "event",
    [{"stack": "E\n at f"}, {"error": {"name": "E", "stack": "E\n at f"}}, {"exc_info": "E\n at f"}, "E\n at f"],
)
def test_stack_traces_are_found(tmp_path: Path, event):
    """A field of the event, of its error, or the lines below the first."""
    assert one(tmp_path, event)["trace"] == "E\n at f"


def test_unmapped_fields_are_attributes(tmp_path: Path):
    """Fields that the profile does not map become columns, to a depth of two keys."""
    pulls = pulled(tmp_path, {"message": "x", "az": "b", "k8s": {"pod": "p1"}}, {"message": "y", "az": "c"})
    found = find_attributes(pulls)
    frame = normalize_logs(pulls, found.paths)
    assert frame[["fields.az", "fields.k8s.pod"]].astype("object").fillna("").values.tolist() == [
        ["b", "p1"],
        ["c", ""],
    ]


def test_fields_that_cannot_explain_are_left_out_with_the_reason(tmp_path: Path):
    """Identifiers, long texts and measures are named; outcomes and mapped fields are no attributes at all."""
    rows = [{"message": "x", "id": f"i{n}", "notes": "b" * 200, "load": n + 0.5, "errorType": "E"} for n in range(60)]
    found = find_attributes(pulled(tmp_path, *rows))
    assert found.paths == {}
    assert found.left_out == {
        "fields.notes": "long texts",
        "fields.id": "identifier-like: 60 values in 60 events of a sample",
        "fields.load": "identifier-like: 60 values in 60 events of a sample",
    }


def test_a_field_with_any_name_is_read(tmp_path: Path):
    """Quotes, dots and SQL in a field's name are part of the name."""
    name = """a"b'c.d\\e; DROP"""
    pulls = pulled(tmp_path, {"message": "x", name: "1"})
    frame = normalize_logs(pulls, find_attributes(pulls).paths)
    assert frame[f"fields.{name}"].tolist() == ["1"]


def test_events_of_several_pulls_keep_their_pull_and_row(tmp_path: Path):
    """Of systems that name things alike or otherwise; a pull without events adds none."""
    said = {"a": ["one", "two"], "b": [], "c": [{"error": "E", "message": "three"}], "d": ["four"]}
    alike = load_profile("generic", "any").logs
    otherwise = alike.model_copy(update={"fields": {"message": ["message"]}})
    pulls = []
    for name, messages in said.items():
        (tmp_path / name).mkdir()
        [(path, _, _)] = pulled(tmp_path / name, *messages)
        pulls.append((path, f"logs/{name}", otherwise if name == "c" else alike))
    frame = normalize_logs(pulls)[["pull", "row", "message", "error"]].astype("object")
    rows = frame.where(frame.notna(), None).values.tolist()
    assert rows == [
        ["logs/a", 0, "one", None],
        ["logs/a", 1, "two", None],
        ["logs/c", 0, "three", None],
        ["logs/d", 0, "four", None],
    ]


@pytest.mark.parametrize(("is_so", "tenants"), [(True, ["dhbw", "edt", None]), (False, [None, "edt", None])])
def test_an_account_is_the_tenant_of_events_that_name_none(tmp_path: Path, is_so, tenants):
    """Where the profile says so, of log groups `<account>:<group>`; what an event names stays."""
    rows = [("dhbw:/ecs/api", "x"), ("dhbw:/ecs/api", '{"tenant": "edt"}'), ("/ecs/api", "dhbw:x")]
    stamp = pd.Timestamp("2026-03-04T10:00Z")
    events = [{"timestamp": stamp, "log_group": group, "log_stream": "s", "message": text} for group, text in rows]
    pq.write_table(pa.Table.from_pylist(events, schema=LOG_EVENTS), tmp_path / "logs.parquet")
    declared = load_profile("generic", "any").logs.model_copy(update={"tenant_of_account": is_so})
    found = normalize_logs([(tmp_path / "logs.parquet", "logs/api", declared)])["tenant"].astype("object")
    assert found.where(found.notna(), None).tolist() == tenants


def test_no_pulls_still_have_all_columns():
    """No rows still means every column, the attributes too."""
    frame = normalize_logs([], {"fields.az": ("az",)})
    assert "fields.az" in frame
    assert frame.empty


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ('level=error msg="DEBUG endpoint refused"', "ERROR"),
        ("[info] user opened the ERROR page", "INFO"),
        ("ERROR [main] c.e.X - level=debug", "ERROR"),
        ("2 errors found in import", None),
        ("START RequestId: 8fae1c6e-0d5e-4a52-b8a2-24c2dfd9e1aa Version: 7", "INFO"),
    ],
)
def test_what_comes_first_in_the_text_is_its_level(tmp_path: Path, text, level):
    """A pair, a bracket or a word in capitals, whichever stands first; other words are none."""
    found = one(tmp_path, text)["level"]
    assert (found if pd.notna(found) else None) == level


def test_an_access_log_line_is_a_request(tmp_path: Path):
    """Method, path and status of the common log format."""
    row = one(tmp_path, '10.0.0.1 - - [04/Mar/2026:10:00:00 +0000] "GET /api/users/12?x=1 HTTP/1.1" 502 612 "-" "c"')
    assert (row["endpoint"], row["status"]) == ("GET /api/users/{id}", "502")


def test_json_behind_a_runtime_s_prefix_is_read(tmp_path: Path):
    """Node.js on Lambda writes a time, the request id and a level before the line."""
    prefix = "2026-03-04T10:00:00.000Z\t8fae1c6e-0d5e-4a52-b8a2-24c2dfd9e1aa\tERROR\tInvoke Error \t"
    row = one(tmp_path, prefix + '{"errorType":"TypeError","errorMessage":"x is no function","tenantId":"t"}')
    assert row[["level", "error", "message", "tenant"]].tolist() == ["ERROR", "TypeError", "x is no function", "t"]
    assert row["request_id"] == "8fae1c6e-0d5e-4a52-b8a2-24c2dfd9e1aa"


def test_a_trace_in_the_message_is_a_trace(tmp_path: Path):
    """A logger that puts the stack into the message field."""
    row = one(tmp_path, {"message": "Error: x\n    at f (/app/a.js:1:2)"})
    assert (row["level"], row["message"]) == ("ERROR", "Error: x")
    assert "at f" in row["trace"]


def test_graphql_errors_are_errors(tmp_path: Path):
    """GraphQL answers 200 and lists what failed."""
    row = one(tmp_path, {"status": 200, "errors": [{"message": "denied", "errorType": "Unauthorized"}]})
    assert (row["error"], row["message"], bool(row["states_error"])) == ("Unauthorized", "denied", True)


def test_a_field_of_every_other_line_is_found(tmp_path: Path):
    """The sample does not beat in time with lines that alternate."""
    rows = [{"message": "a"} if n % 2 else {"message": "b", "zone": f"z{n % 4}"} for n in range(3600)]
    assert "fields.zone" in find_attributes(pulled(tmp_path, *rows)).paths


@pytest.mark.parametrize("key", ["api_key", "accessToken", "sessionId", "userEmail", "errorCode", "ok", "http_status"])
def test_secrets_and_outcomes_are_no_attributes(tmp_path: Path, key):
    """Nothing is compared by what must not be shown, nor by what only says how it ended."""
    found = find_attributes(pulled(tmp_path, *[{"note": "x", key: value} for value in "abab"]))
    assert f"fields.{key}" not in found.paths


@pytest.mark.parametrize("key", ["stackName", "failure_domain", "default_region", "error_budget", "authProvider"])
def test_names_that_only_sound_like_outcomes_are_attributes(tmp_path: Path, key):
    """Whole words decide, not letters."""
    assert f"fields.{key}" in find_attributes(pulled(tmp_path, *[{"note": "x", key: value} for value in "abab"])).paths
