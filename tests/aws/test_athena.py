"""Athena: one SELECT with its values apart, read by awswrangler, stopped by Ctrl-C."""

import json
import signal
import urllib.request
from typing import Any

import boto3
import pytest
from builders import window
from servers import Canned, Refusal, session_at

from ddms_ops.coverage import Status
from ddms_ops.deployment import Athena
from ddms_ops.sources.aws.athena import athena_rows, trail_from_athena
from ddms_ops.sources.aws.collect import collect
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import CHANGE_RECORDS, ChangeQuery, Provenance

HOUR = window("10:00", "11:00")
LAKE = Athena(database="lake", workgroup="ops", trail="cloudtrail_logs")
PLACE = {"OutputLocation": "s3://ops-results/"}
GROUP = {
    "WorkGroup": {"Name": "ops", "Configuration": {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": PLACE}}
}
COLUMNS = 18


def plant(url: str, *rows: list[str | None]) -> None:
    """A workgroup, a table, and the rows that moto answers the next query with."""
    boto3.client("s3").create_bucket(Bucket="ops-results")
    boto3.client("athena").create_work_group(Name="ops", Configuration=GROUP["WorkGroup"]["Configuration"])
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    partition = [{"Name": "timestamp", "Type": "string"}]
    glue.create_table(DatabaseName="lake", TableInput={"Name": "cloudtrail_logs", "PartitionKeys": partition})
    names = [f"c{place}" for place in range(COLUMNS)]
    cells = [
        [{} if value is None else {"VarCharValue": value.replace('"', '""')} for value in row] for row in [names, *rows]
    ]
    info = [{"Name": name, "Type": "varchar", "Nullable": "UNKNOWN", "CaseSensitive": True} for name in names]
    results = [{"rows": [{"Data": row} for row in cells], "column_info": info}]
    request = urllib.request.Request(
        f"{url}/moto-api/static/athena/query-results",
        data=json.dumps({"region": "us-east-1", "results": results}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def running(_: dict[str, Any]) -> dict[str, Any]:
    """The state of a query, and Ctrl-C pressed meanwhile."""
    signal.raise_signal(signal.SIGINT)
    return {"QueryExecution": {"QueryExecutionId": "q1", "Status": {"State": "RUNNING"}}}


@pytest.mark.filterwarnings("ignore:The copy keyword:DeprecationWarning")  # awswrangler asks pandas for it
def test_the_trail_table_gives_whole_records(moto_url: str, aws: AwsSession):
    """Rows are CloudTrail records again; values travel beside the SQL, days prune partitions."""
    request, issuer = '{"bucketName": "b", "n": 1}', "deployer"
    values = [
        "2026-03-04T10:05:00Z",
        "e1",
        "PutBucketPolicy",
        "s3.amazonaws.com",
        "us-east-1",
        "10.0.0.1",
        "cli",
        None,
        None,
    ]
    plant(moto_url, [*values, "false", "123456789012", request, None, "AssumedRole", "arn:x/y", None, None, issuer])
    rows = trail_from_athena(aws, HOUR, LAKE)
    query = ChangeQuery(HOUR)
    pull = collect(rows, query, pull="changes", schema=CHANGE_RECORDS, provenance=Provenance("live"))
    record = json.loads(pull.table["record"][0].as_py())
    assert (pull.table["name"].to_pylist(), record["requestParameters"]) == (["PutBucketPolicy"], json.loads(request))
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "deployer"
    assert "errorCode" not in record
    athena = boto3.client("athena")
    [query_id] = athena.list_query_executions(WorkGroup="ops")["QueryExecutionIds"]
    asked = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    assert asked["ExecutionParameters"] == [
        "'2026-03-04T10:00:00Z'", "'2026-03-04T11:00:00Z'", "'123456789012'", "'2026/03/04'", "'2026/03/05'",
    ]  # fmt: skip
    assert "2026" not in asked["Query"]


@pytest.mark.parametrize("sql", ["DROP TABLE x", "SELECT 1; SELECT 2", "INSERT INTO x SELECT 1", "", "SELECTED"])
def test_only_one_select_is_asked(sql: str, monkeypatch: pytest.MonkeyPatch):
    """Anything else is refused here."""
    with Canned() as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(AwsFault, match="one SELECT"):
            athena_rows(session, sql, [], LAKE)
    assert server.asked == []


@pytest.mark.parametrize("name", ['x"; DROP TABLE y', "a b", "", "a.b"])
def test_names_are_letters_digits_and_underscores(name: str, monkeypatch: pytest.MonkeyPatch):
    """A name cannot end its quotes."""
    with Canned() as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(AwsFault, match="no table's or database's name"):
            athena_rows(session, "SELECT 1", [], Athena(database=name))


def test_a_quote_in_a_value_stays_a_value(monkeypatch: pytest.MonkeyPatch):
    """It is doubled within the value's own quotes."""
    with Canned(GetWorkGroup=[GROUP], StartQueryExecution=[Refusal("InvalidRequestException")]) as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(AwsFault, match="athena StartQueryExecution failed: InvalidRequestException"):
            athena_rows(session, "SELECT a FROM t WHERE b = ? AND c = ?", ["x' OR ''='", 7], LAKE)
    [asked] = server.parameters("StartQueryExecution")
    assert asked["ExecutionParameters"] == ["'x'' OR ''''='''", "7"]


def test_ctrl_c_stops_the_query(monkeypatch: pytest.MonkeyPatch):
    """Nothing keeps scanning after we have gone."""
    with Canned(
        GetWorkGroup=[GROUP],
        StartQueryExecution=[{"QueryExecutionId": "q1"}],
        GetQueryExecution=[running],
        StopQueryExecution=[{}],
    ) as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            athena_rows(session, "SELECT 1", [], LAKE)
    assert server.parameters("StopQueryExecution") == [{"QueryExecutionId": "q1"}]


def test_a_failed_query_is_said_without_its_text(monkeypatch: pytest.MonkeyPatch):
    """The reason of AWS may quote a record."""
    state = {"State": "FAILED", "StateChangeReason": "SECRET-WORDS"}
    with Canned(
        GetWorkGroup=[GROUP],
        StartQueryExecution=[{"QueryExecutionId": "q1"}],
        GetQueryExecution=[{"QueryExecution": {"QueryExecutionId": "q1", "Status": state}}],
    ) as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(AwsFault) as caught:
            athena_rows(session, "SELECT 1", [], LAKE)
    assert (caught.value.status, caught.value.words) == (Status.FAILED, "the Athena query ended as QueryFailed")


def test_a_workgroup_without_a_place_for_results_is_refused(monkeypatch: pytest.MonkeyPatch):
    """awswrangler would create a bucket; nothing is created."""
    group = {"WorkGroup": {"Name": "ops", "Configuration": {"EnforceWorkGroupConfiguration": False}}}
    with Canned(GetWorkGroup=[group]) as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(AwsFault, match="'ops' has no place for results"):
            athena_rows(session, "SELECT 1", [], LAKE)
    assert [operation for operation, _ in server.asked] == ["GetWorkGroup"]
