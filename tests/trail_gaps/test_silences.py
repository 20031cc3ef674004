"""Silences of the trail: a stopped logger is found, a quiet night and a bursty day are not taken for one."""

import time

import pandas as pd
import pytest
from trail_builders import MIDNIGHT, drawn, none_of, pauses, rhythm, without

from ddms_ops.analysis.trail_silences import unlikely_silences
from ddms_ops.tenant_schemas import PAUSES, RHYTHM

QUIET = [
    {"hours": 24, "per_min": 3, "diurnal": True},
    {"hours": 12, "per_min": 20, "diurnal": True, "burst": 5},
    {"hours": 1, "per_min": 20, "burst": 5},
    {"hours": 1, "per_min": 3},
]


def silences(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the rows of a trail."""
    return unlikely_silences(rhythm(rows), pauses(rows))


def hour(clock: float) -> pd.Timestamp:
    """So many hours after midnight."""
    return MIDNIGHT + pd.Timedelta(hours=clock)


def test_no_more_than_one_quiet_window_in_a_hundred_has_a_silence():
    """200 quiet seeds: by day and night, in bursts, in an hour and in a day."""
    false = sum(not silences(drawn(seed, **QUIET[seed % len(QUIET)])).empty for seed in range(200))
    assert false <= 2


@pytest.mark.parametrize(("hours", "per_min", "diurnal"), [(1, 10, False), (24, 10, False), (24, 30, True)])
def test_a_logger_stopped_for_four_minutes_is_found(hours: int, per_min: float, diurnal: bool):
    """With the last row before and the first after, and about as many rows as it would have written."""
    rows = drawn(7, hours=hours, per_min=per_min, diurnal=diurnal)
    stopped = hour(hours / 2)
    kept = without(rows, stopped, 4)
    [silence] = [each for each in silences(kept).itertuples() if pd.isna(each.tenant)]
    assert silence.start == kept["timestamp"][kept["timestamp"] < stopped].max()
    assert silence.end == kept["timestamp"][kept["timestamp"] >= stopped].min()
    assert silence.missing == pytest.approx(len(rows) - len(kept), rel=0.6)


def test_slow_traffic_has_its_stops_found_mostly():
    """Four rows a minute, four minutes, a day: 8 of 10 seeds or more."""
    found = 0
    for seed in range(10):
        kept = without(drawn(seed, hours=24, per_min=4), hour(15), 4)
        found += any((silences(kept)["start"] <= hour(15)) & (silences(kept)["end"] > hour(15.05)))
    assert found >= 8


def test_a_tenant_whose_rows_stop_is_named():
    """The others go on, so only that tenant is silent."""
    rows = without(drawn(3, hours=24, per_min=20), hour(12), 60, tenant="t0")
    [silence] = silences(rows).itertuples()
    assert (silence.tenant, silence.start.floor("h")) == ("t0", hour(11))


def test_a_night_that_is_quiet_every_day_is_no_silence():
    """Office hours on three days of the week: nights are empty, abruptly so."""
    rows = drawn(1, hours=72, per_min=5)
    assert silences(rows[rows["timestamp"].dt.hour.between(8, 17)].reset_index(drop=True)).empty


def test_a_day_that_is_silent_where_others_are_not_is_found():
    """Five hours of one day in four."""
    rows = without(drawn(5, hours=96, per_min=5, diurnal=True), hour(58), 300)
    assert [each.start.floor("h") for each in silences(rows).itertuples() if pd.isna(each.tenant)] == [hour(57)]


def test_nothing_is_told_of_a_trail_without_rows():
    """No rhythm, no pause."""
    assert unlikely_silences(none_of(RHYTHM), none_of(PAUSES)).empty


def test_a_pause_that_the_rhythm_contradicts_is_no_silence():
    """Rows in the minutes of a pause (of another spelling of the id, say) show that nothing was silent."""
    rows = drawn(7, hours=24, per_min=10, tenants=1)
    kept = without(rows, hour(12), 4)
    stopped = pauses(kept)
    assert unlikely_silences(rhythm(rows), stopped).empty
    assert len(unlikely_silences(rhythm(kept), stopped)) == 1


def test_pauses_of_many_tenants_are_judged_in_a_second_or_so():
    """300 tenants, a week by minutes, 20 pauses each, as the trail answers; the scatter is measured once a tenant."""
    rows = drawn(2, hours=168, per_min=30, diurnal=True, tenants=300)
    times, gaps = rhythm(rows), pauses(rows)
    started = time.process_time()
    unlikely_silences(times, gaps)
    assert time.process_time() - started < 4
