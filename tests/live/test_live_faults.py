"""What goes wrong on the way to AWS: a report exists, its coverage is right, nothing hangs, what came is kept."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from builders import window

from ddms_ops.cli import main
from ddms_ops.coverage import Coverage, Status
from ddms_ops.declaration import Profile
from ddms_ops.errors import WindowError
from ddms_ops.profile import load_profile
from ddms_ops.report.findings_file import read_document
from ddms_ops.sandbox.faults import Drop, Error, Fault, Stall
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import write_case
from ddms_ops.sources.base import ChangeQuery, LogQuery, MetricQuery
from ddms_ops.sources.live import NOW, LiveSource

HOUR = window("10:00", "11:00")
GROUP, BUSY = "/aws/lambda/dms-api-handler-prod", "/aws/lambda/dms-busy"
ALWAYS = 10_000
EVENTS = 3_000
START_MS = int(HOUR.start.timestamp() * 1000)


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """One log group with an event every 1.2 seconds, and one with 60,000."""
    with Sandbox() as sandbox:
        events = [
            {"timestamp": START_MS + place * 1_200, "message": f"m{place}", "stream": "s"} for place in range(EVENTS)
        ]
        sandbox.put_events(GROUP, events)
        sandbox.put_events(BUSY, [{"timestamp": START_MS + place * 60, "message": "more"} for place in range(60_000)])
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The only AWS there is, without faults."""
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    yield served
    served.faults.clear()


@cache
def system() -> Profile:
    """The profile of dms, read once."""
    return load_profile("dms")


def logs(route: str, group: str = GROUP) -> Coverage:
    """Coverage of a pull of a group, with a server that may be silent for a second only."""
    source = LiveSource(system(), "prod", clock=lambda: HOUR.end, route=route, read_timeout_s=1)
    return source.fetch_log_events(LogQuery(HOUR, group), pull="logs/api").coverage


OPERATIONS = {"insights": ("StartQuery", "GetQueryResults"), "filter": ("FilterLogEvents",)}
EACH = [(route, operation) for route, operations in OPERATIONS.items() for operation in operations]


@pytest.mark.parametrize(("route", "operation"), EACH)
@pytest.mark.parametrize("fault", [Drop(), Drop(half_way=True), Stall(), Error("InternalFailure", 500)], ids=str)
def test_a_passing_fault_is_not_felt(sandbox: Sandbox, route: str, operation: str, fault: Fault):
    """The call is made again; all events come, once."""
    sandbox.faults.add("logs", operation, fault)
    coverage = logs(route)
    assert (coverage.status, coverage.rows, coverage.reason) == (Status.COMPLETE, EVENTS, "")


@pytest.mark.parametrize(("route", "operation"), EACH)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Drop(), "the connection failed"),
        (Drop(half_way=True), "was cut off"),
        (Stall(), "was not answered in time"),
        (Error("InternalFailure", 500), "(500)"),
    ],
    ids=["drop", "half-way", "stall", "500"],
)
def test_a_lasting_fault_is_said(sandbox: Sandbox, route: str, operation: str, fault: Fault, words: str):
    """In words, without waiting for each of the parts."""
    sandbox.faults.add("logs", operation, fault, times=ALWAYS)
    coverage = logs(route)
    assert (coverage.status, coverage.rows, words in coverage.reason) == (Status.FAILED, 0, True)


@pytest.mark.parametrize("route", OPERATIONS)
def test_what_came_before_a_fault_is_kept(sandbox: Sandbox, route: str):
    """The rest is named with its times."""
    operation = {"insights": "GetQueryResults", "filter": "FilterLogEvents"}[route]
    sandbox.faults.add("logs", operation, Drop(), after=4, times=ALWAYS)
    coverage = logs(route, BUSY)
    assert (coverage.status, coverage.matched) == (Status.PARTIAL, None)
    assert 0 < coverage.rows < 60_000
    assert "the connection failed" in coverage.reason


def test_metrics_that_come_in_part_are_partial(sandbox: Sandbox):
    """With the metric's name."""
    answer = {
        "MetricDataResults": [{"Id": "m0", "StatusCode": "PartialData", "Timestamps": [HOUR.start], "Values": [1.0]}]
    }
    sandbox.faults.add("cloudwatch", "GetMetricData", answer, times=ALWAYS)
    source = LiveSource(system(), "prod", clock=lambda: HOUR.end)
    coverage = source.fetch_metric_points(MetricQuery(HOUR), pull="metrics").coverage
    assert (coverage.status, "is PartialData" in coverage.reason) == (Status.PARTIAL, True)


def test_no_credentials_are_said(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """With how to get some; nothing is asked."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    before = sandbox.calls.all
    source = LiveSource(system(), "prod", clock=lambda: HOUR.end)
    coverage = source.fetch_changes(ChangeQuery(HOUR), pull="changes").coverage
    assert (coverage.status, "aws sso login" in coverage.reason) == (Status.FAILED, True)
    assert sandbox.calls.all == before


def test_a_report_is_made_of_what_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Four pulls fail in four ways: exit 1, a report, and each coverage row says which."""
    case = write_case("dms", "bad_deploy", tmp_path / "case", seed=7, events=2_000)
    with Sandbox(case.export) as sandbox:
        for name, value in {**sandbox.environment, NOW: "2026-03-05T00:00Z"}.items():
            monkeypatch.setenv(name, value)
        for service, operation, fault in (
            ("logs", "StartQuery", Error("MalformedQueryException")),
            ("cloudtrail", "LookupEvents", Error("AccessDeniedException")),
            ("cloudwatch", "DescribeAlarmHistory", Error("ExpiredTokenException")),
            ("cloudwatch", "GetMetricData", Error("ThrottlingException")),
        ):
            sandbox.faults.add(service, operation, fault, times=ALWAYS)
        asked = ["run", str(case.incident), "--notebook", "error_triage", "--source", "live", "--out", str(tmp_path)]
        assert main(asked) == 1
    folder = tmp_path / "demo-dms-bad-deploy"
    assert (folder / "post_mortem.html").stat().st_size > 10_000
    rows = {row["pull"].split("/")[0]: row for row in read_document(folder)["coverage"]}
    assert {kind: row["status"] for kind, row in rows.items()} == {
        "logs": "failed", "logs.baseline": "failed", "metrics": "failed",
        "metrics.baseline": "failed", "changes": "no_permission", "alarms": "failed",
    }  # fmt: skip
    assert "cloudtrail:LookupEvents" in rows["changes"]["reason"]
    assert "refresh your credentials" in rows["alarms"]["reason"]
    assert main(["verify", str(folder)]) == 0


def test_a_drill_has_its_own_moment():
    """It is read from the environment, and refused where it is none."""
    source = LiveSource(system(), "prod", clock=lambda: HOUR.end, environ={NOW: "2026-03-05T00:00Z"})
    assert source.now() == pd.Timestamp("2026-03-05T00:00Z")
    with pytest.raises(WindowError, match=NOW):
        LiveSource(system(), "prod", clock=lambda: HOUR.end, environ={NOW: "the other day"})
