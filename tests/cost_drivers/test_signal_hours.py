"""In which hours telemetry could have told of anything."""

import numpy as np
import pandas as pd
import pytest
from driver_builders import DAY, HOUR, MONDAY, PERIODS, amounts, days

from ddms_ops.analysis.signal_hours import covered, hours_of, step_hours
from ddms_ops.window import Window

WEEK = hours_of(days(MONDAY, 7))


def holes(counts: np.ndarray, hours: pd.DatetimeIndex = WEEK) -> list[int]:
    """Places of the hours that were not seen."""
    return np.flatnonzero(~covered(pd.Series(counts, index=hours)).to_numpy()).tolist()


def test_an_empty_hour_among_busy_ones_is_a_hole():
    """Where as many events as 10 are usual; where fewer are, it is a zero."""
    counts = np.full(168, 12)
    counts[50] = 0
    assert (holes(counts), holes(counts // 3)) == ([50], [])


def test_a_run_of_empty_hours_counts_together():
    """Three hours with 4 events each: 12 are missing."""
    counts = np.full(168, 4)
    counts[50:53] = 0
    assert holes(counts) == [50, 51, 52]


@pytest.mark.parametrize("quiet", [lambda hour: hour % 24 < 7, lambda hour: hour // 24 >= 5])
def test_what_is_quiet_every_night_is_no_hole(quiet):
    """Nights by the other days; a weekend by the one before it."""
    hours = hours_of(days(MONDAY - 7 * DAY, 14))
    counts = np.array([0 if quiet(place % 168) else 50 for place in range(336)])
    assert holes(counts, hours) == []


def test_a_weekday_that_is_empty_once_is_a_hole():
    """The same weekday of the week before was busy."""
    hours = hours_of(days(MONDAY - 7 * DAY, 14))
    counts = np.full(336, 50)
    counts[10 * 24 : 11 * 24] = 0
    assert holes(counts, hours) == list(range(240, 264))


def test_nothing_at_all_is_not_seen():
    """No event anywhere: nobody looked."""
    assert len(holes(np.zeros(168))) == 168


def test_the_rest_of_the_day_of_a_window_of_hours_is_a_hole():
    """On both sides: that these hours are empty on every day does not make them quiet."""
    seen = set(range(10, 14))
    lost = [at for at in hours_of([*PERIODS.before, *PERIODS.now]) if at.hour not in seen or at.day not in (2, 23)]
    work = amounts({"textract/calls": (100, 100)}, without=lost)
    found = step_hours("textract", ["calls"], work, hours_of([MONDAY, MONDAY - 7 * DAY]))["calls"]
    assert set(found.dropna().index.hour) == seen


def test_other_steps_of_a_log_group_show_that_it_was_read():
    """Hours without calls, but with documents, are zeros; of another log group they show nothing."""
    lost = [MONDAY + place * HOUR for place in range(8)]
    calls = amounts({"textract/calls": (100, 100)}, without=lost)
    documents = amounts({"bedrock_input/documents": (100, 100)})
    both = pd.concat([calls, documents], ignore_index=True)
    other = pd.concat([calls, documents.assign(pull="logs/upload")], ignore_index=True)
    hours = hours_of(PERIODS.now)
    assert step_hours("textract", ["calls"], both, hours)["calls"][:9].tolist() == [0.0] * 8 + [100.0]
    assert step_hours("textract", ["calls"], other, hours)["calls"][:8].isna().all()


def test_a_burst_on_one_side_makes_no_holes_of_the_other():
    """An hour of the baseline without the few documents of a night is a zero, however many there are in the window."""
    lost = [PERIODS.before[1] + 3 * HOUR]
    rows = amounts({"textract/documents": (3, 90)}, without=lost)
    rows["events"] = rows["value"].astype("int64")
    found = step_hours("textract", ["documents"], rows, hours_of([*PERIODS.before, *PERIODS.now]))["documents"]
    assert found[lost[0]] == 0.0


def test_work_at_night_in_the_window_makes_no_holes_of_the_baselines_nights():
    """Nothing was done at night on any day of the baseline: those hours are zeros, to the window's too."""
    nights = [at for at in hours_of(PERIODS.before) if at.hour < 7 or at.hour > 18]
    rows, every = amounts({"textract/documents": (20, 30)}, without=nights), hours_of([*PERIODS.before, *PERIODS.now])
    found = step_hours("textract", ["documents"], rows, every, baseline=hours_of(PERIODS.before))["documents"]
    assert found[nights].tolist() == [0.0] * len(nights)
    mixed = step_hours("textract", ["documents"], rows, every)["documents"]
    assert mixed[nights].isna().all()


def test_a_hole_of_the_baseline_is_one_by_its_other_days():
    """And a quiet weekend of a week of baseline is none, as the window's is quiet too."""
    lost = [PERIODS.before[1] + hour * HOUR for hour in range(8, 20)]
    rows, every = amounts({"textract/documents": (20, 20)}, without=lost), hours_of([*PERIODS.before, *PERIODS.now])
    found = step_hours("textract", ["documents"], rows, every, baseline=hours_of(PERIODS.before))["documents"]
    assert found.index[found.isna()].tolist() == lost
    hours = hours_of(days(MONDAY - 7 * DAY, 14))
    counts = np.array([0 if place // 24 % 7 >= 5 else 50 for place in range(336)])
    assert covered(pd.Series(counts, index=hours), is_baseline=np.arange(336) < 168).all()


def test_hours_that_were_not_asked_for_are_not_known():
    """Whatever other days had; nor is an hour that was asked for in part."""
    rows = amounts({"textract/documents": (3, 3)}, without=hours_of([MONDAY])[:5])
    asked = [Window(MONDAY + pd.Timedelta("5h 30min"), MONDAY + DAY)]
    found = step_hours("textract", ["documents"], rows, hours_of([MONDAY]), asked=asked)["documents"]
    assert (np.flatnonzero(found.isna()).tolist(), found.iloc[-1]) == (list(range(6)), 3.0)


def test_steps_that_count_the_same_events_count_them_once():
    """Ten signals of two events each are two events."""
    lost = [MONDAY + 30 * HOUR]
    rows = amounts({f"d/{place}": (2, 2) for place in range(10)}, without=lost).assign(events=2)
    assert step_hours("d", ["1"], rows, hours_of(PERIODS.now))["1"][lost[0]] == 0.0
