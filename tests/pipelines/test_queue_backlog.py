"""Work that waits: found, dated to where it begins to climb, with what it goes, and how long until it is done."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import at
from work_builders import INTAKE, case_of, put, put_metrics

from ddms_ops.analysis.backlog import Flow, backlog_of, drain_min
from ddms_ops.declaration import Alert
from ddms_ops.findings import Finding, Severity, Verdict

ONSET = 160  # minutes after 08:00: 10:40
DEEP = Alert(
    title="High Queue Depth", severity="P1", metric="depth", above=500, for_s=900, steps=("Scale the workers",)
)
NONE = {"dead": lambda _: 0.0}


def queue(arrived: tuple[int, int], done: tuple[int, int], until: int = 240) -> dict[str, list[float]]:
    """Depth, arrivals and completions by minute: rates before and from 10:40 on, the old ones again `until`."""
    depth, series = 0, {"depth": [], "arrived": [], "done": [], "age": []}
    for minute in range(240):
        late = ONSET <= minute < until
        came, can = arrived[late] + minute % 3 - 1, done[late] + minute % 4 - 1
        gone = min(depth + came, can)
        depth += came - gone
        for name, value in (("depth", depth), ("arrived", came), ("done", gone), ("age", min(depth, 60))):
            series[name].append(float(value))
    return series


def one(root: Path, *alerts: Alert) -> Finding:
    """The only finding about queues."""
    [finding] = case_of(root, alerts=alerts).result("queue_backlog").findings
    return finding


def test_more_arrivals_are_named(tmp_path: Path):
    """A queue that climbs is dated to where it begins to, and said to go with what comes in."""
    found = one(put_metrics(tmp_path, **queue((20, 40), (25, 25)), **NONE))
    assert abs(found.first_seen - at("10:40")) <= pd.Timedelta(minutes=2)
    assert "it goes with this: more comes in; while it grew, 39.8 a minute came in (20 before)" in found.statement
    assert found.severity is Severity.MEDIUM


def test_fewer_completions_are_named(tmp_path: Path):
    """The same queue, where less goes out; it does not drain while less is done than comes in."""
    found = one(put_metrics(tmp_path, **queue((20, 20), (25, 10)), **NONE))
    assert "less goes out" in found.statement
    assert "it does not drain at this rate" in found.statement


def test_how_long_until_it_is_drained(tmp_path: Path):
    """Depth over done minus arrived, of the last 15 minutes."""
    found = one(put_metrics(tmp_path, **queue((20, 60), (25, 25), until=200), **NONE))
    assert "drained in about" in found.statement
    assert "1,161 wait at the end, drained in about 3.5 h at this rate: 25.6 a minute done" in found.statement


def test_a_declared_alert_gives_its_severity(tmp_path: Path):
    """Where it held for as long as it must, from when on is said."""
    found = one(put_metrics(tmp_path, **queue((20, 40), (25, 25)), **NONE), DEEP)
    assert found.severity is Severity.CRITICAL
    assert "it is above 500 (High Queue Depth) from 11:1" in found.statement


def test_an_alert_that_the_baseline_meets_too_is_low(tmp_path: Path):
    """A depth that always is over its limit is no news."""
    flat = {"depth": lambda minute: 600.0 + minute % 7, "age": lambda _: 1.0}
    found = one(put_metrics(tmp_path, **flat, **NONE), DEEP)
    assert (found.severity, "as in the baseline" in found.statement) == (Severity.LOW, True)


def test_without_rates_it_says_what_is_not_known(tmp_path: Path):
    """Depth alone: the fall of the depth tells when it is done."""
    values = {name: queue((20, 60), (25, 25), until=200)[name] for name in ("depth", "age")}
    found = one(put_metrics(tmp_path, **values, **NONE))
    assert "not known what comes in and what is done" in found.statement
    assert "at this rate: it falls by" in found.statement


def test_a_queue_without_points_is_not_clear(tmp_path: Path):
    """It is named; what its state holds is LOW, since when is not known."""
    put_metrics(tmp_path, depth=lambda _: None, age=lambda _: None, **NONE)
    result = case_of(tmp_path).result("queue_backlog")
    assert (result.status, result.reason) == (
        Verdict.NOT_CHECKED,
        "Intake has no points of Depth; Intake has no points of Age",
    )
    put(tmp_path, "queues/jobs.json", {"Attributes": {"ApproximateNumberOfMessages": "40"}})
    assert one(tmp_path).severity is Severity.LOW


def test_a_quiet_queue_is_clear(tmp_path: Path):
    """All there, nothing unusual."""
    put_metrics(tmp_path, **queue((20, 20), (25, 25)), **NONE)
    assert case_of(tmp_path).result("queue_backlog").status is Verdict.CLEAR


def test_no_pipelines_is_not_checked(tmp_path: Path):
    """What to declare is said, in every check."""
    case = case_of(put_metrics(tmp_path, **NONE), INTAKE)
    case.profile = case.profile.model_copy(update={"pipelines": {}})
    assert "the profile declares no pipelines; declare e.g. pipelines:" in case.result("queue_backlog").reason


def grid(values: list[float], start: str) -> pd.Series:
    """Values by minute."""
    return pd.Series(np.asarray(values, float), index=pd.date_range(at(start), periods=len(values), freq="1min"))


def quiet_depths(seed: int) -> list[float]:
    """Four hours of a queue by minute: rare work, steady noise, a batch an hour, a busy server, or one that wanders."""
    rng = np.random.default_rng(seed)
    kind, usual = seed % 5, rng.uniform(0.1, 60)
    if kind == 0:
        return list(rng.poisson(usual / 20, 240))
    if kind == 1:
        return list(rng.poisson(usual, 240))
    if kind == 2:
        return [float(rng.poisson(200 * max(0.0, 1 - minute % 60 / 20))) for minute in range(240)]
    depth, found = usual, []
    for minute in range(240):
        came = rng.poisson(20 * rng.uniform(0.3, 0.9) * (1 + 0.1 * np.sin(minute / 40)))
        depth = max(0.0, depth + came - rng.poisson(20)) if kind == 3 else 0.9 * depth + rng.normal(usual / 10, 2)
        found.append(max(0.0, depth))
    return found


def test_quiet_queues_have_no_backlog():
    """Of 200 with noise, batches and seasons two at most are called one."""
    series = [quiet_depths(seed) for seed in range(200)]
    found = [
        backlog_of(grid(each[120:], "10:00"), baseline=grid(each[:120], "08:00"), surge=2.0, least=10)
        for each in series
    ]
    assert sum(each is not None for each in found) <= 2


@pytest.mark.parametrize("seed", range(10))
def test_planted_climbs_are_dated(seed: int):
    """A slow climb is dated to its begin, within five minutes."""
    rng = np.random.default_rng(seed)
    before = list(rng.poisson(5, 120))
    climb = [5 + max(0, minute - 50) * rng.uniform(2, 4) + rng.poisson(3) for minute in range(120)]
    found = backlog_of(grid(climb, "10:00"), baseline=grid(before, "08:00"), surge=2.0, least=10)
    assert abs(found.shift.start - at("10:50")) <= pd.Timedelta(minutes=5)


def test_a_daily_season_is_no_backlog():
    """A queue that is deep at the same hours of the day before is usual."""
    hours = np.sin(np.arange(24 * 12) / (24 * 12) * 2 * np.pi)
    rng = np.random.default_rng(5)
    days = [pd.Series(rng.poisson(200 + 150 * hours), dtype="float64") for _ in range(2)]
    for day, start in zip(days, ("2026-03-03", "2026-03-04"), strict=True):
        day.index = pd.date_range(start, periods=len(day), freq="5min", tz="UTC")
    assert backlog_of(days[1], baseline=days[0], surge=2.0, least=10) is None


def test_both_sides_of_a_growing_gap():
    """Two thirds of the gap are named alone, else both; a rate that is not known tells nothing."""
    assert Flow(30, 20, 15, 20).goes_with == "more comes in"
    assert Flow(30, 20, 10, 20).goes_with == "more comes in and less goes out"
    assert Flow(None, 20, 10, 20).goes_with == ""


def test_it_never_drains_where_more_comes_in():
    """No number where there is none."""
    assert (drain_min(100, 4), drain_min(100, 0), drain_min(100, -3)) == (25, None, None)
