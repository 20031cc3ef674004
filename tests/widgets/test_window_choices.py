"""Windows that a picker offers, and how they are told."""

import time
from collections.abc import Iterator

import pandas as pd
import pytest

from ddms_ops import Case
from ddms_ops.widgets.windows import MOST, around, events_of, in_both_zones, usual_windows
from ddms_ops.window import Window

WINDOW = Window.of("2026-03-04T10:00Z", "2026-03-04T12:00Z")
NOW = pd.Timestamp("2026-03-04T13:07:31Z")


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in another zone, until the test is over."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_window_given_comes_first():
    """What the parameters say is the default."""
    assert next(iter(usual_windows(WINDOW, NOW).values())) == WINDOW


def test_neighbours_have_the_same_length():
    """Previous and next touch the window."""
    windows = list(usual_windows(WINDOW, NOW).values())
    assert windows[1] == Window.of("2026-03-04T08:00Z", "2026-03-04T10:00Z")
    assert windows[2] == Window.of("2026-03-04T12:00Z", "2026-03-04T14:00Z")


def test_lengths_count_from_the_clock_that_is_given():
    """The last 15, 30, 60 minutes, 3 and 24 hours, to the whole minute."""
    lengths = [window for label, window in usual_windows(WINDOW, NOW).items() if label.startswith("last ")]
    assert [window.minutes for window in lengths] == [15, 30, 60, 180, 1440]
    assert {window.end for window in lengths} == {pd.Timestamp("2026-03-04T13:07Z")}


def test_around_is_15_minutes_before_to_30_after():
    """Of an event at 10:43:23, from 10:28 to 11:13."""
    [(label, window)] = around([("alarm x", pd.Timestamp("2026-03-04T10:43:23Z"))]).items()
    assert label == "around alarm x, 2026-03-04 10:43:23 UTC"
    assert window == Window.of("2026-03-04T10:28Z", "2026-03-04T11:13Z")


def test_a_storm_of_alarms_is_fifty_windows():
    """The list stays short, and shows no secret that a name holds."""
    windows = around((f"alarm {n} AKIAIOSFODNN7EXAMPLE", NOW + pd.Timedelta(minutes=n)) for n in range(5_000))
    assert len(windows) == MOST == 50
    assert "AKIA" not in "".join(windows)


def test_alarms_and_findings_of_a_case_are_offered(case: Case):
    """Alarms that went off by time, then the findings above low of the checks made so far, by rank."""
    alarms = case.alarms[case.alarms["new_state"] == "ALARM"].sort_values("timestamp")
    [finding] = case.result("error_rate").findings
    made = case.results
    offered = events_of(case)
    assert offered[: len(alarms)] == [(f"alarm {row.alarm}", row.timestamp) for row in alarms.itertuples()] != []
    assert ("finding error_rate", finding.first_seen) in offered[len(alarms) :]
    assert case.results == made


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_a_window_is_told_in_both_zones():
    """UTC, and the zone of the machine with its name, which in summer is another."""
    assert in_both_zones(WINDOW) == "2026-03-04 10:00–12:00 UTC; here 2026-03-04 11:00 CET to 2026-03-04 13:00 CET"
    summer = WINDOW.shifted(pd.Timedelta(days=150))
    assert "12:00 CEST" in in_both_zones(summer)


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("zone", ["UTC"], indirect=True)
def test_a_machine_in_utc_says_so():
    """The same time is not said twice."""
    assert in_both_zones(WINDOW) == "2026-03-04 10:00–12:00 UTC; the zone of this machine is UTC"
