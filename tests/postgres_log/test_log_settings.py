"""What a statement does to its session: what it sets, and the transaction that it begins or ends."""

from pathlib import Path

import pytest
from log_corpus import R, events_of, pulled

SECRET = "S3cret"


def events(text: str, folder: Path) -> list[dict[str, object]]:
    """The events of a log."""
    return events_of(pulled(folder, {"a.log": text.encode()}), folder)[0]


def call(sql: str) -> str:
    """An entry of a statement."""
    return f"{R}LOG:  duration: 1.000 ms  statement: {sql}\n"


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SET app.tenant_id = 'A'", "A"),
        ("SET app.tenant_id = 'A' ;", "A"),
        ("SET app.tenant_id TO A", "A"),
        ("set session app.tenant_id to 'A'", "A"),
        ('SET "app"."tenant_id" = "A"', "A"),
        ("SET app.tenant_id = 'it''s; A'", "it's; A"),
        ("SET LOCAL app.tenant_id = 'A' /*request_id='r9'*/", "A"),
        ("SET /* x; */ app.tenant_id = 'A' -- r='9'", "A"),
        ("/* r='9' */ SET app.tenant_id TO A /* r='9' */;", "A"),
        ("SET app.tenant_id TO DEFAULT", ""),
        ("RESET app.tenant_id /* x */", ""),
        ("select set_config('app.tenant_id', 'A', true) /* set_config('x', 'y', true) */", "A"),
        ("/* set_config('x', 'y', true) */ select set_config('app.tenant_id', /* ' */ 'A', true)", "A"),
        (f"SET app.tenant_id='A'; SELECT * FROM u WHERE token='{SECRET}'", "A"),
        (f"SET app.tenant_id='A'; UPDATE u SET token='{SECRET}'", "A"),
        (f"SET app.tenant_id=A; SELECT '{SECRET}'", "A"),
        (f"SET app.tenant_id='A'; SET app.tenant_id='{SECRET}'", None),
        (f"SET app.tenant_id='A'; SELECT set_config('app.tenant_id', '{SECRET}', false)", None),
        ("SELECT set_config('app.tenant_id', 'A', false); SELECT 1", "A"),
        (f"SELECT set_config('app.tenant_id', 'A', false); SET app.tenant_id = '{SECRET}'", None),
        (f"SET LOCAL app.tenant_id='A'; SELECT '{SECRET}'; COMMIT", None),
        (f"SET app.tenant_id='A' || '{SECRET}'", None),
        (f"SET app.tenant_id=E'A\\'; {SECRET}'", None),
        (f"SET app.tenant_id=$${SECRET}$$", None),
        (f"SET app.tenant_id=A {SECRET}", None),
    ],
)
def test_a_setting_ends_where_its_value_ends(sql: str, value: str | None, tmp_path: Path):
    """A value is a string to its quote or a word; what is behind it is none of it, and may make it unknown: null."""
    [event] = events(call(sql), tmp_path)
    assert (event["set_name"], event["set_value"]) == ("app.tenant_id", value)
    assert SECRET not in str(event)


def test_a_setting_is_of_its_own_statement_alone(tmp_path: Path):
    """Texts that do not begin with SET set nothing, whatever stands in them."""
    text = f"SELECT 1; SET a.b = '{SECRET}'", f"BEGIN; SET LOCAL a.b = '{SECRET}'", f"SELECT 'SET a.b = {SECRET}'"
    found = events("".join(map(call, text)), tmp_path)
    assert [(event["set_name"], event["set_value"]) for event in found] == [(None, None)] * 3


@pytest.mark.parametrize(
    ("sql", "transaction"),
    [
        ("BEGIN", "begin"), ("/* x */ BEGIN /* r='1; ' */;", "begin"), ("start transaction read only", "begin"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "begin"), ("COMMIT /* r='1' */", "commit"), ("end -- x", "commit"),
        ("COMMIT AND CHAIN", "commit"), ("ROLLBACK WORK AND NO CHAIN;", "rollback"), ("ABORT", "rollback"),
        ("ROLLBACK TO SAVEPOINT s", "rollback_to"), ("rollback transaction to s;", "rollback_to"),
        ("SAVEPOINT s", None), ("RELEASE SAVEPOINT s", None), ("PREPARE TRANSACTION 'a'", "prepared"),
        ("COMMIT PREPARED 'a'", "prepared"), ("BEGIN; DROP INDEX a; COMMIT", None), ("COMMIT; BEGIN", None),
        ("ROLLBACK; SELECT 1", None), ("ROLLBACK TO s; SELECT 1", None), ("SET LOCAL a.b = 'x'; COMMIT", None),
    ],
)  # fmt: skip
def test_a_transaction_begins_or_ends_where_the_text_is_that_alone(sql: str, transaction: str | None, tmp_path: Path):
    """A comment does not matter, another statement does; going back to a savepoint is not the end."""
    [event] = events(call(sql), tmp_path)
    assert event["transaction"] == transaction


@pytest.mark.parametrize("sql", ["SET a.b = 'B'", "select set_config('a.b', 'B', false)", "COMMIT"])
@pytest.mark.parametrize(
    "message",
    ["ERROR:  permission denied", "ERROR:  canceling statement due to user request", "FATAL:  terminating connection",
     "LOG:  process 71 still waiting for ShareLock on transaction 5 after 1000.1 ms"],
)  # fmt: skip
def test_what_failed_sets_and_ends_nothing(sql: str, message: str, tmp_path: Path):
    """An event that only quotes its statement has neither a setting nor a transaction; its statement stays."""
    [event] = events(f"{R}{message}\n{R}STATEMENT:  {sql}\n", tmp_path)
    assert [event[name] for name in ("set_name", "set_value", "set_is_local", "transaction")] == [None] * 4
    assert event["statement"]


@pytest.mark.parametrize("given", ["nan", "inf", "-inf", "-5.0", "1e300", "315576000001", "x"])
def test_an_impossible_duration_is_none(given: str, tmp_path: Path):
    """What is not finite, negative or over ten years is null; the kind stays."""
    [event] = events(f"{R}LOG:  duration: {given} ms  statement: select 1\n", tmp_path)
    assert (event["kind"], event["duration_ms"]) == ("statement", None)
