"""Counters of statements between two snapshots: exact where it can be told, and words where it cannot."""

import pandas as pd
import pytest
from builders import at, window

from ddms_ops.analysis.counters import CounterSpans, counter_spans
from ddms_ops.normalize.statistics_schemas import COUNTERS_INFO, DATABASE_COUNTERS, STATEMENT_COUNTERS
from ddms_ops.schema import conform

HOUR, BEFORE = window("10:00", "11:00"), window("09:00", "10:00")


def snapshot(clock: str, label: str = "", **calls: tuple[float, float] | None) -> list[dict]:
    """Statements of one snapshot, with calls and total_ms; a clock of "" for none."""
    usual = {"captured_at": at(clock) if clock else None, "snapshot": label or clock, "user": "app", "database": "dms"}
    return [
        {**usual, "query_id": name, "text": name, "toplevel": True, "calls": c, "total_ms": ms, "stddev_ms": 0.0}
        for name, (c, ms) in calls.items()
    ]


def spans(*snapshots: list[dict], info: list[tuple] = (), started: list[tuple] = ()) -> CounterSpans:
    """Both spans; info as (label, stats_reset, dealloc), started as (label, server start)."""
    rows = [row for shot in snapshots for row in shot]
    frame = pd.DataFrame(rows, columns=STATEMENT_COUNTERS.names).assign(pull="p", row=range(len(rows)))
    times = {row["snapshot"]: row["captured_at"] for row in rows}
    infos = [
        {"snapshot": label, "captured_at": times[label], "stats_reset": at(reset), "dealloc": dealloc}
        for label, reset, dealloc in info
    ]
    servers = [
        {"snapshot": label, "captured_at": times[label], "server_started": at(clock)} for label, clock in started
    ]
    return counter_spans(
        conform(frame, STATEMENT_COUNTERS),
        conform(pd.DataFrame(infos, columns=COUNTERS_INFO.names).assign(pull="p", row=0), COUNTERS_INFO),
        HOUR,
        BEFORE,
        database=conform(
            pd.DataFrame(servers, columns=DATABASE_COUNTERS.names).assign(pull="p", row=0), DATABASE_COUNTERS
        ),
    )


def calls(span) -> dict[str, float]:
    """Calls by statement."""
    return dict(zip(span.deltas["query_id"], span.deltas["calls"], strict=True))


NO_RESET = [("10:00", "08:00", 0), ("11:00", "08:00", 0)]


def test_what_was_gained():
    """Calls, time and mean are of the span; a statement that was not called is not listed, a new one is marked."""
    found = spans(
        snapshot("10:00", a=(10, 100), idle=(5, 5)), snapshot("11:00", a=(30, 500), idle=(5, 5), b=(2, 8)),
        info=NO_RESET,
    )  # fmt: skip
    now = found.now
    assert (now.is_valid, now.is_lower_bound, now.faults, now.seconds) == (True, False, (), 3600)
    picked = now.deltas[["query_id", "calls", "total_ms", "mean_ms", "is_new"]]
    assert picked.to_numpy().tolist() == [["a", 20, 400, 20, False], ["b", 2, 8, 4, True]]
    assert now.deltas[["min_ms", "max_ms"]].isna().all(axis=None)
    assert now.deltas[["row", "row_before"]].iloc[0].tolist() == [2, 0]


def test_a_reset_in_the_middle_tells_nothing():
    """Where stats_reset moved inside the span there are no numbers, only when that was."""
    found = spans(
        snapshot("10:00", a=(10, 100)), snapshot("11:00", a=(30, 500)),
        info=[("10:00", "08:00", 0), ("11:00", "10:30", 0)],
    )  # fmt: skip
    assert (found.now.is_valid, len(found.now.deltas)) == (False, 0)
    assert found.now.faults == ("the counters were reset inside the span, at 2026-03-04T10:30:00Z: cannot tell",)
    assert found.before.is_valid


def test_counters_that_fell_were_reset():
    """Without pg_stat_statements_info a fall of most statements says it, also one between two other snapshots."""
    fallen = spans(snapshot("10:00", a=(10, 9), b=(9, 9)), snapshot("11:00", a=(3, 3), b=(2, 2), c=(1, 1))).now
    assert not fallen.is_valid
    assert fallen.faults[0].startswith("the counters of 2 of 2 statements fell inside the span")
    regrown = spans(snapshot("10:00", a=(10, 9)), snapshot("10:30", a=(1, 1)), snapshot("11:00", a=(90, 90))).now
    assert (regrown.is_valid, len(regrown.deltas)) == (False, 0)


def test_without_info_a_reset_is_not_known():
    """Counters that only grew are taken, and it is said that a reset could not be looked up."""
    now = spans(snapshot("10:00", a=(10, 9)), snapshot("11:00", a=(12, 12))).now
    assert now.is_valid
    assert calls(now) == {"a": 2}
    assert "no pg_stat_statements_info: a reset is only seen where counters fall" in now.faults[0]


def test_evictions_make_lower_bounds():
    """Where dealloc grew, and where a statement is gone, there may have been more."""
    found = spans(
        snapshot("10:00", a=(1, 1), gone=(7, 7)), snapshot("11:00", a=(5, 5)),
        info=[("10:00", "08:00", 3), ("11:00", "08:00", 5)],
    )  # fmt: skip
    assert (found.now.is_valid, found.now.is_lower_bound, calls(found.now)) == (True, True, {"a": 4})
    assert found.now.faults == (
        "the least used statements were dropped 2 times in the span: some may be missing",
        "1 statement of the first snapshot are not in the last: what they did is not known",
    )
    assert "dropped 3 times since" in found.before.faults[1]


def test_a_statement_reset_by_itself_is_a_lower_bound():
    """Negative differences never come out: what it has now is what it did at least."""
    kept = {"a": (10, 10), "b": (10, 10)}
    now = spans(snapshot("10:00", **kept), snapshot("11:00", a=(4, 4), b=(30, 30)), info=NO_RESET).now
    assert (now.is_valid, now.is_lower_bound, calls(now)) == (True, True, {"b": 20, "a": 4})
    assert now.deltas.set_index("query_id")["is_lower_bound"].to_dict() == {"a": True, "b": False}
    assert now.faults[0].startswith("1 statement began anew in the span")


def test_a_restart_is_told():
    """Counters outlive an orderly restart; that there was one is said, and that of pg_stat_database too."""
    now = spans(
        snapshot("10:00", a=(1, 1)), snapshot("11:00", a=(2, 2)), info=NO_RESET,
        started=[("10:00", "07:00"), ("11:00", "10:20")],
    ).now  # fmt: skip
    assert now.is_valid
    assert now.faults == (
        "the server restarted inside the span, at 2026-03-04T10:20:00Z; the counters were kept",
    )  # fmt: skip


def test_one_snapshot_cannot_tell():
    """Nor can none."""
    assert spans(snapshot("10:30", a=(1, 1))).now.faults == (
        "there is only one snapshot, of 2026-03-04T10:30:00Z: cannot tell; a second one makes a difference",
    )
    none = spans()
    assert (none.now.is_valid, none.before.is_valid) == (False, False)
    assert none.now.faults == ("no snapshot of pg_stat_statements: cannot tell",)


def test_before_and_after_without_times():
    """They are taken to stand at the window's edges, which is said; they are compared with all since the reset."""
    found = spans(
        snapshot("", "after", a=(30, 60)), snapshot("", "before", a=(10, 10)),
        info=[("before", "08:00", 0), ("after", "08:00", 0)],
    )  # fmt: skip
    assert (found.now.start, found.now.end, calls(found.now)) == (HOUR.start, HOUR.end, {"a": 20})
    assert found.now.faults[0].startswith("the snapshots have no time: before is taken to stand at the window's start")
    assert (found.before.seconds, calls(found.before)) == (7200, {"a": 10})


def test_untimed_words_have_no_place():
    """A snapshot with neither a time nor one of the two labels is left out and named."""
    now = spans(snapshot("", "friday", a=(1, 1)), snapshot("10:00", a=(1, 1)), snapshot("11:00", a=(2, 2))).now
    assert calls(now) == {"a": 1}
    assert now.faults[0] == "snapshot 'friday': neither a time nor the label before or after: left out"


def test_an_unknown_reset_leaves_only_means():
    """Without the length of the baseline its calls say nothing."""
    before = spans(snapshot("10:00", a=(10, 30)), snapshot("11:00", a=(12, 40))).before
    assert (before.seconds, before.is_valid, before.deltas["mean_ms"].tolist()) == (None, True, [3.0])
    assert "only means can be compared, not calls" in before.faults[0]


def test_of_six_snapshots_the_right_ones():
    """The window goes from the last at or before its start to the first at or after its end; so does the baseline."""
    clocks = ["08:00", "08:50", "09:55", "10:20", "11:05", "12:00"]
    found = spans(*(snapshot(clock, a=(10 * n**2, n)) for n, clock in enumerate(clocks, 1)))
    assert (found.now.start, found.now.end, calls(found.now)) == (at("09:55"), at("11:05"), {"a": 160})
    assert (found.before.start, found.before.end, calls(found.before)) == (at("08:50"), at("09:55"), {"a": 50})


def test_a_wider_span_is_told():
    """The numbers are of the snapshots' interval, not of the window."""
    now = spans(snapshot("07:00", a=(1, 1)), snapshot("12:00", a=(9, 9))).now
    assert now.seconds == 18000
    assert now.faults[0].startswith("the snapshots enclose 2026-03-04T07:00:00Z to 2026-03-04T12:00:00Z, 18,000 s;")


def test_snapshots_just_after_the_window():
    """Two of a live source stand just after it: they are taken, and it is said; far off, they are not."""
    now = spans(snapshot("11:01:00", a=(1, 1)), snapshot("11:01:10", a=(5, 5)), info=[]).now
    assert (now.seconds, calls(now)) == (10, {"a": 4})
    assert "were taken after 2026-03-04 10:00–11:00 UTC" in now.faults[0]
    far = spans(snapshot("18:00", a=(1, 1)), snapshot("18:10", a=(5, 5))).now
    assert not far.is_valid
    assert "enclose a part of the window" in far.faults[0]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (
            snapshot("10:00", "copy", a=(1, 1)),
            "all snapshots are of one time, 2026-03-04T10:00:00Z: the same one twice",
        ),
        (snapshot("11:00", a=(1, 1)), "alike in every counter: the same one twice"),
    ],
)
def test_the_same_snapshot_twice_tells_nothing(second: list[dict], words: str):
    """Neither with the same time nor with another."""
    now = spans(snapshot("10:00", a=(1, 1)), second).now
    assert not now.is_valid
    assert words in now.faults[-1]


def test_a_clock_set_back():
    """Later counters of an earlier time: the snapshots contradict each other, and nothing is told."""
    info = [("before", "08:00", 4), ("after", "08:00", 9)]
    rows = {"a": (1, 1), "b": (2, 2)}, {"a": (9, 9), "b": (9, 9)}
    now = spans(snapshot("11:00", "before", **rows[0]), snapshot("10:00", "after", **rows[1]), info=info).now
    assert not now.is_valid
    assert "the snapshot before is timed later" in now.faults[0]
    assert "a clock was set back, or they were swapped; cannot tell" in now.faults[-1]


def test_the_deviation_is_that_of_the_span():
    """It comes from the sums of squares; too small a difference is no number."""
    first = {"calls": 2, "total_ms": 20.0, "stddev_ms": 10.0}  # 0 and 20
    last = {"calls": 4, "total_ms": 60.0, "stddev_ms": 125**0.5}  # and 10 and 30
    rows = [snapshot("10:00", a=(1, 1)), snapshot("11:00", a=(1, 1))]
    rows[0][0] |= first
    rows[1][0] |= last
    [row] = spans(*rows, info=NO_RESET).now.deltas.to_dict("records")
    assert (row["mean_ms"], row["stddev_ms"]) == (20.0, pytest.approx(10.0))


def test_statements_without_a_queryid_go_by_their_text():
    """Rows that name neither are added up; a statement that stands twice in a snapshot is taken once."""
    rows = [snapshot("10:00", a=(1, 1)), snapshot("11:00", a=(5, 5), b=(3, 3))]
    for row in (*rows[0], *rows[1]):
        row["query_id"] = None
    assert spans(*rows, info=NO_RESET).now.deltas[["text", "calls"]].to_numpy().tolist() == [["a", 4], ["b", 3]]
    twice = [*snapshot("11:00", a=(5, 5)), *snapshot("11:00", a=(4, 4))]
    now = spans(snapshot("10:00", a=(1, 1)), twice, info=NO_RESET).now
    assert calls(now) == {"a": 4}
    assert "1 rows repeat a statement" in now.faults[0]
