"""A pull of log events is complete, or says what is missing."""

from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd
import pytest
from builders import at, window
from log_service import LogService, noise
from servers import Canned, Refusal, session_at

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.insights_events import InsightsEvents
from ddms_ops.sources.aws.log_windows import whole_seconds
from ddms_ops.sources.aws.logs import LogPull
from ddms_ops.sources.base import LogQuery, Provenance, Pull

HOUR = window("10:00", "11:00")
GROUP = "/aws/lambda/api"
ROUTES = ("insights", "filter")
BYTES = [{"MetricDataResults": [{"Id": "bytes", "Timestamps": [0], "Values": [4e9]}]}]


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pulls GROUP from a server."""

    def pulled(server: Canned, *, route: str = "insights", budget: int = 10**12, **asked: Any) -> Pull:
        query = LogQuery(asked.pop("window", HOUR), GROUP, **asked)
        session = session_at(server, monkeypatch)
        where = Provenance("live")
        return LogPull(session, GROUP, query, "logs/x", tmp_path / "x.parquet", where, HOUR.end, budget, route).fetch()

    return pulled


def texts(events: list[tuple[int, str]]) -> list[str]:
    """Texts of events inside HOUR, in order."""
    start, end = (stamp.timestamp() * 1000 for stamp in (HOUR.start, HOUR.end))
    return [text for stamp, text in sorted(events) if start <= stamp < end]


@pytest.mark.parametrize("route", ROUTES)
def test_every_event_of_the_window_comes_once(fetch: Any, route: str):
    """Also those on whole seconds, where the pieces meet, and none from outside."""
    events = noise(9_000, at("09:59:30"), 3_660)
    events += [(int(at("10:30:00").timestamp() * 1000) + second * 1000, f"on {second}") for second in range(60)]
    with LogService(events).answers() as server:
        pull = fetch(server, route=route)
    assert sorted(pull.table["message"].to_pylist()) == sorted(texts(events))
    assert (pull.coverage.status, pull.coverage.matched) == (Status.COMPLETE, pull.coverage.rows)


def test_a_piece_that_fills_is_cut_again(monkeypatch: pytest.MonkeyPatch):
    """Events that came after the plan do not get lost."""
    events = noise(6_000, at("10:10"), 60)
    with LogService(events, most=500).answers() as server:
        reader = InsightsEvents(session_at(server, monkeypatch), GROUP, stopping=Event(), limit=500)
        answer = reader.fetch(whole_seconds(HOUR))
    assert (answer.events.num_rows, answer.missing) == (6_000, ())


def test_a_second_too_full_for_a_query_is_read_another_way(monkeypatch: pytest.MonkeyPatch):
    """FilterLogEvents gives all of it."""
    events = noise(3_000, at("10:10:05"), 1)
    with LogService(events, most=500).answers() as server:
        reader = InsightsEvents(session_at(server, monkeypatch), GROUP, stopping=Event(), limit=500)
        answer = reader.fetch(whole_seconds(window("10:10:05", "10:10:06")))
    assert (answer.events.num_rows, answer.missing) == (3_000, ())


def test_a_second_that_cannot_be_read_whole_is_a_shortfall(monkeypatch: pytest.MonkeyPatch):
    """With the number that is there and the number that came."""
    service = LogService(noise(3_000, at("10:10:05"), 1), most=500)
    with service.answers(FilterLogEvents=[Refusal("AccessDeniedException")]) as server:
        reader = InsightsEvents(session_at(server, monkeypatch), GROUP, stopping=Event(), limit=500)
        answer = reader.fetch(whole_seconds(window("10:10:05", "10:10:06")))
    assert answer.events.num_rows == 500
    assert "10:10:05–10:10:06 UTC: 500 taken; 3,000 events, 500 at most are given" in answer.missing[0]


def test_fewer_rows_than_matched_are_a_shortfall(fetch: Any):
    """A service that says Complete and lacks rows is not believed."""
    service = LogService(noise(100, at("10:10"), 60))

    def two_short(asked: dict) -> dict:
        answer = service.results(asked)
        return {**answer, "results": answer["results"][:-2]} if "nextToken" not in asked else answer

    with service.answers(GetQueryResults=[service.results, two_short]) as server:
        pull = fetch(server)
    assert (pull.coverage.status, pull.coverage.rows) == (Status.PARTIAL, 98)
    assert "2 of 100 matched events did not come" in pull.coverage.reason


@pytest.mark.parametrize("state", ["Failed", "Cancelled", "Unknown"])
def test_a_query_that_ends_badly_is_said(fetch: Any, state: str):
    """The pull fails with the state, and does not hang."""
    service = LogService(noise(100, at("10:10"), 60))
    with service.answers(GetQueryResults=[service.results, {"status": state, "results": []}]) as server:
        pull = fetch(server)
    assert (pull.coverage.status, f"ended as {state}" in pull.coverage.reason) == (Status.FAILED, True)


def test_a_query_that_fails_once_is_asked_again(fetch: Any):
    """AWS says Failed for passing reasons too."""
    service = LogService(noise(100, at("10:10"), 60))
    answers = [service.results, {"status": "Failed", "results": []}, service.results]
    with service.answers(GetQueryResults=answers) as server:
        assert fetch(server).coverage.status is Status.COMPLETE


def test_a_query_that_times_out_is_cut_in_halves(fetch: Any):
    """And comes whole in the end."""
    service = LogService(noise(100, at("10:10"), 60))
    answers = [service.results, {"status": "Timeout", "results": []}, service.results]
    with service.answers(GetQueryResults=answers) as server:
        pull = fetch(server)
    assert (pull.coverage.status, pull.coverage.rows) == (Status.COMPLETE, 100)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDeniedException", Status.NO_PERMISSION, "not allowed: logs:FilterLogEvents"),
        ("ResourceNotFoundException", Status.NOT_CONFIGURED, "none of that name"),
        ("ExpiredTokenException", Status.FAILED, "refresh your credentials"),
        ("MalformedQueryException", Status.FAILED, "MalformedQueryException"),
    ],
)
def test_a_refusal_is_said_in_words(fetch: Any, code: str, status: Status, words: str):
    """What to do, never the service's own message."""
    refused = [Refusal(code)]
    with LogService([]).answers(FilterLogEvents=refused, StartQuery=refused) as server:
        coverage = fetch(server).coverage
    assert (coverage.status, words in coverage.reason, "SECRET" in coverage.reason) == (status, True, False)


@pytest.mark.parametrize("route", ROUTES)
def test_credentials_that_end_half_way_keep_what_came(fetch: Any, route: str):
    """The rest is named, and not asked for any more."""
    service = LogService(noise(40_000, at("10:00"), 3_600), page=500)
    name = {"insights": "GetQueryResults", "filter": "FilterLogEvents"}[route]
    answer = {"insights": service.results, "filter": service.filter}[route]
    with service.answers(**{name: [answer] * 9 + [Refusal("ExpiredTokenException")]}) as server:
        pull = fetch(server, route=route)
    assert (pull.coverage.status, pull.coverage.matched) == (Status.PARTIAL, None)
    assert 0 < pull.coverage.rows < 40_000
    assert "refresh your credentials" in pull.coverage.reason


def test_throttling_is_waited_out(fetch: Any):
    """Six in a row do not reach the user."""
    service = LogService(noise(100, at("10:10"), 60))
    with service.answers(FilterLogEvents=[Refusal("ThrottlingException")] * 6 + [service.filter]) as server:
        assert fetch(server, route="filter").coverage.status is Status.COMPLETE


def test_a_passing_server_error_is_asked_again(fetch: Any):
    """botocore's standard mode."""
    service = LogService(noise(100, at("10:10"), 60))
    with service.answers(FilterLogEvents=[Refusal("InternalFailure", 500), service.filter]) as server:
        assert fetch(server, route="filter").coverage.status is Status.COMPLETE


def test_a_lasting_server_error_ends_the_pull(fetch: Any):
    """With its code, after a few parts; it does not go on for each of hundreds."""
    with LogService([]).answers(FilterLogEvents=[Refusal("InternalFailure", 500)]) as server:
        coverage = fetch(server, route="filter").coverage
    assert (coverage.status, "InternalFailure (500)" in coverage.reason) == (Status.FAILED, True)
    assert "was not asked for any more" in coverage.reason


def test_an_empty_page_with_a_token_is_not_the_end(fetch: Any):
    """The pages after it are read."""
    service = LogService(noise(100, at("10:00"), 60))
    with service.answers(FilterLogEvents=[{"events": [], "nextToken": "0"}, service.filter]) as server:
        assert fetch(server, route="filter").coverage.rows == 100


def test_a_repeated_token_is_not_followed_for_ever(fetch: Any):
    """What came is kept, the rest is said to be missing."""
    event = {"timestamp": int(at("10:10").timestamp() * 1000), "message": "m", "eventId": "e"}
    with LogService([]).answers(FilterLogEvents=[{"events": [event], "nextToken": "same"}]) as server:
        coverage = fetch(server, route="filter").coverage
    assert (coverage.status, "same page token twice" in coverage.reason) == (Status.PARTIAL, True)


def test_without_the_right_to_query_it_is_read_without(fetch: Any):
    """FilterLogEvents gives the same events."""
    service = LogService(noise(100, at("10:10"), 60))
    with service.answers(StartQuery=[Refusal("AccessDeniedException")]) as server:
        assert (pull := fetch(server, route="")).coverage.status is Status.COMPLETE
    assert pull.coverage.rows == 100


def test_the_scan_budget_cuts_the_window_and_says_so(fetch: Any):
    """Counting and fetching read the window twice: a quarter of that is a quarter of the window, from its start."""
    service = LogService(noise(100, at("10:00"), 3_600))
    with service.answers(GetMetricData=BYTES) as server:
        pull = fetch(server, route="", budget=2_000_000_000)
    assert (pull.coverage.status, pull.coverage.rows) == (Status.TRUNCATED, 25)
    assert "8.000 GB, about 0.0400 USD, the budget is 2 GB" in pull.coverage.reason
    assert max(query["endTime"] for query in service.queries.values()) <= at("10:15:01").timestamp()


def test_the_budget_holds_where_the_size_is_told_by_counting_only(fetch: Any):
    """What there is no room for is named."""
    events = [
        event for second in range(0, 3_600, 40) for event in noise(500, at("10:00") + pd.Timedelta(seconds=second), 1)
    ]
    with LogService(events).answers() as server:
        pull = fetch(server, budget=33_750_000)
    assert (pull.coverage.status, pull.provenance.bytes_scanned <= 33_750_000) == (Status.PARTIAL, True)
    assert "was not read: counting took 0.022 GB" in pull.coverage.reason


def test_a_small_group_is_read_free_of_charge(fetch: Any):
    """No query is started."""
    service = LogService(noise(100, at("10:10"), 60))
    small = [{"MetricDataResults": [{"Id": "bytes", "Timestamps": [0], "Values": [5e6]}]}]
    with service.answers(GetMetricData=small) as server:
        assert fetch(server, route="").coverage.rows == 100
    assert (service.queries, server.parameters("StartQuery")) == ({}, [])


def test_bytes_scanned_are_kept(fetch: Any):
    """Of counting and of fetching."""
    with LogService(noise(100, at("10:10"), 60)).answers() as server:
        assert fetch(server).provenance.bytes_scanned == 2 * 100 * 500


def test_long_messages_are_fetched_whole(fetch: Any):
    """By their pointers."""
    long = '{"level": "error", "text": "' + "x" * 2_000 + '"}'
    with LogService([(int(at("10:10").timestamp() * 1000), long)], cut=1_000).answers() as server:
        pull = fetch(server)
    assert (pull.table["message"].to_pylist(), pull.coverage.status) == ([long], Status.COMPLETE)


def test_a_message_that_stays_cut_is_said(fetch: Any):
    """It is kept as far as it came."""
    event = (int(at("10:10").timestamp() * 1000), "{" + "x" * 2_000 + "}")
    denied = [Refusal("AccessDeniedException")]
    with LogService([event], cut=1_000).answers(GetLogRecord=denied) as server:
        pull = fetch(server)
    assert (pull.coverage.status, "1 long messages are cut" in pull.coverage.reason) == (Status.PARTIAL, True)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("text", ["needle", 'a "quoted\\ thing', "%' OR 1=1 --", "größer"])
def test_the_filter_is_a_plain_text(fetch: Any, route: str, text: str):
    """Whatever its characters; it never changes the query."""
    stamp = int(at("10:10").timestamp() * 1000)
    with LogService([(stamp, f"before {text} after"), (stamp, "other")]).answers() as server:
        pull = fetch(server, route=route, contains=text)
    assert pull.table["message"].to_pylist() == [f"before {text} after"]


@pytest.mark.parametrize("route", ROUTES)
def test_a_limit_takes_the_earliest_and_says_so(fetch: Any, route: str):
    """With the number that matched."""
    with LogService(noise(100, at("10:10"), 60)).answers() as server:
        pull = fetch(server, route=route, limit=7)
    assert (pull.coverage.status, pull.coverage.rows, pull.coverage.matched) == (Status.TRUNCATED, 7, 100)
    assert pull.table["timestamp"][0].as_py() == at("10:10")


def test_parts_of_a_second_at_the_edges_are_honoured(fetch: Any):
    """Insights takes whole seconds only; the pull is trimmed to the window."""
    first = int(at("10:10").timestamp() * 1000)
    events = [(first + ms, str(ms)) for ms in range(0, 2_000, 250)]
    asked = window("10:10:00.250", "10:10:01.750")
    with LogService(events).answers() as server:
        pull = fetch(server, window=asked)
    assert pull.table["message"].to_pylist() == ["250", "500", "750", "1000", "1250", "1500"]


def test_a_group_with_nothing_is_empty(fetch: Any):
    """Read to its end, with all columns."""
    with LogService([]).answers() as server:
        pull = fetch(server)
    assert (pull.coverage.status, pull.coverage.matched, pull.table.num_rows) == (Status.EMPTY, 0, 0)
    assert isinstance(pull.coverage.asked.start, pd.Timestamp)


def test_pages_that_repeat_are_no_rows(fetch: Any):
    """A page that comes twice does not hide one that never came."""
    service = LogService(noise(2_000, at("10:10"), 60))

    def again(asked: dict) -> dict:
        answer = service.results({**asked, "nextToken": "0"})
        return answer if "nextToken" not in asked else {k: v for k, v in answer.items() if k != "nextToken"}

    with service.answers(GetQueryResults=[service.results, again]) as server:
        pull = fetch(server)
    assert (pull.coverage.status, pull.coverage.rows) == (Status.PARTIAL, 1_000)
    assert "1,000 of 2,000 matched events did not come" in pull.coverage.reason
