"""Counts of log events are exact, or say what they are."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from builders import at, window
from log_service import LogService, noise
from servers import Canned, Refusal, session_at

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.log_counts import LogCount
from ddms_ops.sources.aws.scan import incoming
from ddms_ops.sources.base import LogCountQuery, Provenance, Pull

HOUR = window("10:00", "11:00")
GROUP = "/aws/lambda/api"
DENIED = [Refusal("AccessDeniedException")]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Counts GROUP on a server."""

    def fetched(server: Canned, *, asked: Any = HOUR, budget: int = 10**12) -> Pull:
        session, query = session_at(server, monkeypatch), LogCountQuery(asked, GROUP)
        return LogCount(session, GROUP, query, "log_counts/x", Provenance("live"), HOUR.end, budget).fetch()

    return fetched


def took_in(**points: dict[str, float]) -> list[dict[str, Any]]:
    """An answer of CloudWatch: points by clock time for each of `bytes` and `events`."""
    results = [
        {
            "Id": name,
            "Timestamps": [datetime.fromtimestamp(at(clock).timestamp(), UTC) for clock in series],
            "Values": list(series.values()),
        }
        for name, series in points.items()
    ]
    return [{"MetricDataResults": results}]


def by_minute(pull: Pull) -> dict[str, int]:
    """Events by clock time."""
    return {f"{row['timestamp']:%H:%M}": row["events"] for row in pull.table.to_pylist()}


def test_an_event_at_either_edge_is_counted_as_the_window_says(counted: Any):
    """Insights takes whole seconds and both ends; the counts are those of the half-open window."""
    first = int(at("10:10").timestamp() * 1000)
    events = [(first + ms, str(ms)) for ms in range(0, 180_001, 250)]
    with LogService(events).answers() as server:
        pull = counted(server, asked=window("10:10:00.250", "10:12:00.750"))
        whole = counted(server, asked=window("10:10", "10:13"))
    assert by_minute(pull) == {"10:10": 239, "10:11": 240, "10:12": 3}
    assert by_minute(whole) == {"10:10": 240, "10:11": 240, "10:12": 240}
    assert (pull.coverage.status, pull.provenance.bytes_scanned) == (Status.COMPLETE, 482 * 500)


def test_a_query_that_times_out_is_asked_in_halves(counted: Any):
    """At whole minutes, so that each is counted once."""
    service = LogService(noise(7_200, at("10:00"), 3_600))
    with service.answers(GetQueryResults=[{"status": "Timeout", "results": []}, service.results]) as server:
        pull = counted(server)
    assert by_minute(pull) == {f"10:{minute:02d}": 120 for minute in range(60)}
    assert pull.coverage.status is Status.COMPLETE


def test_a_minute_that_cannot_be_counted_is_said(counted: Any):
    """Not even by itself."""
    late = [{"status": "Timeout", "results": []}]
    with LogService([]).answers(GetQueryResults=late) as server:
        coverage = counted(server, asked=window("10:00", "10:02")).coverage
    assert coverage.status is Status.FAILED
    assert coverage.reason.count("timed out, also for a minute") == 2


def test_events_in_no_count_are_said(counted: Any):
    """A service that matches more than it counts is not believed."""
    service = LogService(noise(120, at("10:00"), 120))

    def one_short(asked: dict) -> dict:
        answer = service.results(asked)
        return {**answer, "results": answer["results"][:-1]}

    with service.answers(GetQueryResults=[one_short]) as server:
        coverage = counted(server).coverage
    assert (coverage.status, coverage.matched) == (Status.PARTIAL, None)
    assert "60 of 120 events are in no count" in coverage.reason


@pytest.mark.parametrize("budget", [10**12, 10])
def test_where_insights_may_not_count_the_metric_does(counted: Any, budget: int):
    """For want of a right, or of budget; the counts are then by time of arrival, and partial."""
    answers = took_in(bytes={"10:00": 500.0}, events={"10:00": 3.0, "10:07": 4.0})
    others = {} if budget == 10 else {"StartQuery": DENIED}
    with LogService([]).answers(GetMetricData=answers, **others) as server:
        pull = counted(server, budget=budget)
        assert bool(server.parameters("StartQuery")) == (budget > 10)
    assert (by_minute(pull), pull.coverage.status) == ({"10:00": 3, "10:07": 4}, Status.PARTIAL)
    assert "IncomingLogEvents every 60 s, by time of arrival" in pull.coverage.reason


def test_what_nothing_can_count_is_said(counted: Any):
    """With the right that is lacking."""
    with LogService([]).answers(StartQuery=DENIED) as server:
        pull = counted(server)
    assert (pull.table.num_rows, pull.coverage.status) == (0, Status.NO_PERMISSION)
    assert "logs:StartQuery" in pull.coverage.reason


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        (took_in(bytes={"10:00": 9_999.0}, events={"10:00": 30.0, "10:30": 12.0}), 42),
        (took_in(bytes={"10:00": 2_700.0}), 100),
        (took_in(), None),
    ],
)
def test_an_estimate_is_free(monkeypatch: pytest.MonkeyPatch, answer: list[dict], about: int | None):
    """By the events that arrived, or at most as many as their bytes can hold; no query is started."""
    with LogService([]).answers(GetMetricData=answer) as server:
        session = session_at(server, monkeypatch)
        assert incoming(session, GROUP, HOUR, now=HOUR.end + pd.Timedelta(hours=1)).about == about
        assert server.parameters("StartQuery") == []
