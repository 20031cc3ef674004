"""Points of queues as real exports have them: other periods, holes, early ends, counters that stop, slow climbs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import at
from work_builders import INTAKE, case_of, put_metrics

from ddms_ops.analysis.backlog import backlog_of, drain_min, interval_of, per_minute
from ddms_ops.declaration import Alert
from ddms_ops.findings import CheckResult, Finding, Severity, Verdict

DEEP = Alert(title="Deep", severity="P1", metric="depth", above=100, for_s=900, steps=("Scale the workers",))
DEPTH = INTAKE.model_copy(update={"age": "", "arrived": "", "done": "", "dead": ""})
FLOW = INTAKE.model_copy(update={"age": "", "dead": ""})


def checked(root: Path, *alerts: Alert) -> CheckResult:
    """The check of a queue of which only the depth is declared."""
    return case_of(root, DEPTH, alerts=alerts).result("queue_backlog")


def every_five(values: list[float]):
    """Values by minute, given every five minutes: the last of them."""
    return lambda minute: float(values[minute + 4]) if minute % 5 == 0 else None


def climbing(minute: int) -> float:
    """Noise, and 60 a minute more from 10:15 on."""
    return float(100 + minute * 7 % 20 + max(0, minute - 135) * 60)


def test_a_hole_ends_a_stretch_over_an_alert(tmp_path: Path):
    """Two minutes over it with 49 minutes between them that nobody knows are not 15 minutes."""
    put_metrics(tmp_path, depth=lambda m: None if 151 <= m < 200 else 500.0 if m in (150, 200) else 3.0)
    [found] = checked(tmp_path, DEEP).findings
    assert found.severity is not Severity.CRITICAL
    assert "above 100 (Deep), but not for its 900 s" in found.statement


def test_a_point_lasts_as_long_as_its_distance_to_the_next(tmp_path: Path):
    """One point of 300 s over an alert that asks for 300 s meets it, whatever period is declared."""
    put_metrics(tmp_path, depth=lambda m: (500.0 if m == 180 else 3.0) if m % 5 == 0 else None)
    [found] = checked(tmp_path, DEEP.model_copy(update={"for_s": 300})).findings
    assert found.severity is Severity.CRITICAL


def test_an_alert_that_was_never_reached(tmp_path: Path):
    """It is said so, not that it was too short."""
    put_metrics(tmp_path, depth=lambda m: 90.0 if m >= 150 else 3.0)
    [found] = checked(tmp_path, DEEP).findings
    assert "never above 100 (Deep)" in found.statement


@pytest.mark.parametrize("known", [lambda m: m < 125, lambda m: not 150 <= m < 200, lambda m: m < 120 or m >= 180])
def test_points_that_lack_are_not_clear(tmp_path: Path, known):
    """An early end, a hole, a late begin."""
    result = checked(put_metrics(tmp_path, depth=lambda m: 3.0 if known(m) else None))
    assert (result.status, "no points of Depth from" in result.reason) == (Verdict.NOT_CHECKED, True)


def test_an_early_end_is_no_end_of_the_window(tmp_path: Path):
    """What waited then is not said to wait at the end."""
    put_metrics(tmp_path, depth=lambda m: max(0.0, m - 150.0) * 15 if m < 180 else None)
    result = checked(tmp_path)
    assert "435 waited at 11:00 UTC, when its points end" in result.findings[0].statement
    assert "at the end" not in result.findings[0].statement
    assert "no points of Depth from 2026-03-04 11:00 UTC on" in result.reason


def flow(root: Path) -> Finding:
    """The only finding about a queue whose flow is declared."""
    [found] = case_of(root, FLOW).result("queue_backlog").findings
    return found


def test_rates_of_another_period(tmp_path: Path):
    """Sums every five minutes are those of five minutes, where the profile says one."""
    depth = [max(0, minute - 149) * 15 for minute in range(240)]
    put_metrics(
        tmp_path,
        depth=every_five(depth),
        arrived=lambda m: 100.0 if m % 5 == 0 else None,
        done=lambda m: (100.0 if m < 150 else 25.0) if m % 5 == 0 else None,
    )
    assert "20 a minute came in (20 before), 5 a minute were done (20 before)" in flow(tmp_path).statement


def test_a_consumer_that_stopped_sends_no_points(tmp_path: Path):
    """Completions with points in the baseline alone are none, not unknown."""
    depth = [max(0, minute - 119) * 20 for minute in range(240)]
    put_metrics(tmp_path, depth=depth, arrived=lambda _: 20.0, done=lambda m: 20.0 if m < 120 else None)
    assert "it goes with this: less goes out" in flow(tmp_path).statement


def test_a_slow_climb_begins_where_it_left_its_usual(tmp_path: Path):
    """Not where it stands out most; it is not called sudden."""
    [found] = checked(put_metrics(tmp_path, depth=climbing)).findings
    assert abs(found.first_seen - at("10:15")) <= pd.Timedelta(minutes=2)
    assert "(gradual" in found.statement


def test_a_climb_of_days_in_noise_is_dated_by_its_line():
    """Where the line leaves the baseline's mean, hours before it leaves the noise."""
    rng = np.random.default_rng(1)
    stamps = pd.date_range("2026-02-18", periods=14 * 288, freq="5min", tz="UTC")
    values = pd.Series(50 + rng.integers(0, 20, len(stamps)) + np.maximum(0, np.arange(len(stamps)) - 2500) / 2, stamps)
    found = backlog_of(values[7 * 288 :], baseline=values[: 7 * 288], surge=2.0, least=10)
    assert abs(found.shift.start - stamps[2500]) <= pd.Timedelta(hours=1)


@pytest.mark.parametrize(("minutes", "severity"), [(3, Severity.LOW), (20, Severity.MEDIUM)])
def test_what_is_worked_off_within_minutes_is_low(tmp_path: Path, minutes: int, severity: Severity):
    """A burst is no backlog; what waits longer is."""
    [found] = checked(put_metrics(tmp_path, depth=lambda m: 400.0 if 125 <= m < 125 + minutes else 0.0)).findings
    assert found.severity is severity


def test_big_numbers_and_level_queues_are_said_plainly(tmp_path: Path):
    """No exponents, and no time to drain where nothing falls."""
    [found] = checked(put_metrics(tmp_path, depth=lambda m: 0.0 if m < 150 else 109826.0)).findings
    assert "109,826 wait at the end and it does not drain at this rate: it hardly changes" in found.statement
    assert "e+" not in found.statement
    assert drain_min(824.5, 1e-14) is None


def test_sums_of_intervals_that_do_not_fit_a_stretch():
    """Each counts for its whole length; sparse sums have the declared one."""
    sums = pd.Series(100.0, index=pd.date_range(at("10:00"), periods=24, freq="5min"))
    five, one = pd.Timedelta(minutes=5), pd.Timedelta(minutes=1)
    assert interval_of(sums, one) == five
    assert per_minute(sums, at("10:30"), at("10:51"), step=five) == 20
    assert interval_of(sums.iloc[[0, 1, 5, 6, 9, 20, 23]], one) == one
