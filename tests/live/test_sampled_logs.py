"""A sample of log events: what is asked for, what comes, and what is said of it."""

from pathlib import Path
from typing import Any

import pytest
from builders import at, window
from log_service import LogService, noise
from servers import Canned, Refusal, session_at

from ddms_ops.coverage import Status
from ddms_ops.sampling import sample_blocks
from ddms_ops.sources.aws.log_counts import LogCount
from ddms_ops.sources.aws.log_sample import Sample
from ddms_ops.sources.aws.log_windows import Slice
from ddms_ops.sources.aws.logs import LogPull
from ddms_ops.sources.base import LOG_COUNTS, LogCountQuery, LogQuery, Provenance, Pull, no_records

WINDOW = window("10:00", "10:10")
GROUP = "/aws/lambda/api"
ROUTES = ("insights", "filter")


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pulls a sample of GROUP from a server."""

    def pulled(server: Canned, one_in: int, route: str = "insights", budget: int = 10**12) -> Pull:
        query, session, where = (
            LogQuery(WINDOW, GROUP, one_in=one_in),
            session_at(server, monkeypatch),
            Provenance("live"),
        )
        counts = LogCount(session, GROUP, LogCountQuery(WINDOW, GROUP), "c", where, WINDOW.end, budget).fetch()
        sample, path = Sample(query, counts), tmp_path / "x.parquet"
        return LogPull(session, GROUP, query, "logs/x", path, where, WINDOW.end, budget, route, sample).fetch()

    return pulled


def texts(events: list[tuple[int, str]], one_in: int) -> list[str]:
    """Texts of the events in the sample's blocks."""
    blocks = [(block.start.timestamp() * 1000, block.end.timestamp() * 1000) for block in sample_blocks(WINDOW, one_in)]
    return [text for stamp, text in sorted(events) if any(start <= stamp < end for start, end in blocks)]


def counts(minutes: dict[int, int], status: Status = Status.COMPLETE) -> Pull:
    """Events of some minutes of WINDOW, counted."""
    empty = no_records("c", LogCountQuery(WINDOW, GROUP), Provenance("live"), LOG_COUNTS, status, "")
    start = int(WINDOW.start.timestamp())
    rows = [{"timestamp": (start + m * 60) * 1_000_000, "log_group": GROUP, "events": n} for m, n in minutes.items()]
    return Pull(empty.table.from_pylist(rows, schema=LOG_COUNTS), empty.coverage, empty.provenance)


def slices(one_in: int, counted: Pull) -> list[Slice]:
    """What would be asked for, seconds since the window's start."""
    start = int(WINDOW.start.timestamp())
    found = Sample(LogQuery(WINDOW, GROUP, one_in=one_in), counted).slices(WINDOW)
    return [Slice(piece.start_s - start, piece.end_s - start) for piece in found]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("one_in", [4, 8])
def test_the_events_of_the_blocks_come_and_no_others(fetch: Any, route: str, one_in: int):
    """Also where a block ends within a second; the number of all is that of the counts."""
    events = noise(12_000, at("09:59"), 720)
    with LogService(events).answers() as server:
        pull = fetch(server, one_in, route)
    assert pull.table["message"].to_pylist() == texts(events, one_in)
    assert (pull.coverage.status, pull.coverage.matched) == (Status.TRUNCATED, 10_000)
    assert pull.coverage.reason.startswith(f"1 in {one_in} by time")


def test_of_full_minutes_only_the_blocks_are_asked_for(fetch: Any):
    """What is not in the sample is not read, and not paid."""
    service = LogService(noise(24_000, at("10:00"), 240))
    with service.answers() as server:
        fetch(server, 6)
    asked = [
        (query["startTime"], query["endTime"])
        for query in service.queries.values()
        if "@message" in query["queryString"]
    ]
    assert sorted(asked) == [(b.start.timestamp(), b.end.timestamp()) for b in sample_blocks(WINDOW, 6)[:4]]


def test_sparse_minutes_are_asked_for_together():
    """One call instead of many; minutes without events are left out."""
    blocks = slices(6, counts({}, Status.FAILED))
    assert len(blocks) == 10
    sparse = slices(6, counts({1: 1_000, 2: 1_000, 5: 1_000, 7: 9_000, 8: 1_000}))
    assert sparse == [Slice(blocks[1].start_s, blocks[5].end_s), blocks[7], blocks[8]]


def test_a_block_too_full_for_a_query_is_cut():
    """By what its minute holds."""
    whole, [*cut] = slices(6, counts({3: 1_000})), slices(6, counts({3: 360_000}))
    assert [piece.seconds for piece in cut] == [3, 3, 4]
    assert (cut[0].start_s, cut[-1].end_s) == (whole[0].start_s, whole[0].end_s)


def test_a_sample_that_lacks_a_part_is_partial(fetch: Any):
    """Both are said."""
    service = LogService(noise(24_000, at("10:00"), 240))
    failed = {"status": "Failed", "results": []}
    with service.answers(GetQueryResults=[service.results] * 3 + [failed]) as server:
        coverage = fetch(server, 6).coverage
    assert (coverage.status, coverage.matched) == (Status.PARTIAL, 24_000)
    assert "1 in 6 by time" in coverage.reason
    assert "ended as Failed" in coverage.reason


def test_without_counts_the_blocks_still_come(fetch: Any):
    """Without the right to query; how many events there are is then not known."""
    events = noise(6_000, at("10:00"), 600)
    with LogService(events).answers(StartQuery=[Refusal("AccessDeniedException")]) as server:
        pull = fetch(server, 4, "")
    assert pull.table["message"].to_pylist() == texts(events, 4)
    assert (pull.coverage.status, pull.coverage.matched) == (Status.TRUNCATED, None)
    assert "the number of all events is not known: not allowed: logs:StartQuery" in pull.coverage.reason
