"""Scheduled work: which runs are missing, which came late, and where that cannot be told."""

from pathlib import Path

import pandas as pd
import pytest
from builders import at
from work_builders import case_of, put, put_metrics

from ddms_ops.analysis.schedule import gaps_of
from ddms_ops.declaration import Alert
from ddms_ops.findings import CheckResult, Finding, Severity, Verdict
from ddms_ops.operations import Pipeline

HOURLY = Pipeline(title="Hourly intake", runs="runs", every_min=30)
LOST = Alert(title="Intake stopped", severity="P1", metric="runs", below=1, for_s=3600, steps=("Look at the rule",))


def result(root: Path, *alerts: Alert) -> CheckResult:
    """The check over an export."""
    return case_of(root, HOURLY, alerts=alerts).result("missed_runs")


def one(root: Path, *alerts: Alert) -> Finding:
    """Its only finding."""
    [finding] = result(root, *alerts).findings
    return finding


def ran(*missing: int) -> dict:
    """A run every 30 minutes, but not at some minutes after 08:00; and another metric that has points."""
    return {"runs": lambda minute: float(minute % 30 == 5 and minute not in missing), "age": lambda _: 1.0}


def test_runs_that_are_missing_are_named(tmp_path: Path):
    """Each with when it was due; since the first."""
    found = one(put_metrics(tmp_path, **ran(185, 215)))
    assert (found.severity, found.first_seen, found.observed) == (Severity.MEDIUM, at("11:05"), 2.0)
    assert "2 runs missing, which should come every 30 min: due 11:05, 11:35 on 2026-03-04 UTC" in found.statement


def test_an_alert_on_them_gives_the_severity(tmp_path: Path):
    """Of a metric that must not be below."""
    assert one(put_metrics(tmp_path, **ran(185, 215)), LOST).severity is Severity.CRITICAL


def test_points_that_stop_are_missing_runs(tmp_path: Path):
    """CloudWatch sends none while nothing runs; the baseline shows that it did."""
    put_metrics(tmp_path, runs=lambda minute: 1.0 if minute in (5, 35, 65, 95) else None, age=lambda _: 1.0)
    found = one(tmp_path)
    assert (found.first_seen, found.observed) == (at("10:05"), 4.0)
    assert "points that stop are runs that are missing" in found.statement


def test_a_late_run_is_low(tmp_path: Path):
    """Less than half an interval late."""
    runs = {130: 0.0, 125: 0.0, 135: 1.0}
    values = {"runs": lambda minute: runs.get(minute, float(minute % 30 == 5)), "age": lambda _: 1.0}
    found = one(put_metrics(tmp_path, **values))
    assert (found.severity, found.subject["signal"], found.observed) == (Severity.LOW, "late", 10.0)


def test_regular_runs_are_clear(tmp_path: Path):
    """Nothing is missing, nothing late; the next is not due yet."""
    assert result(put_metrics(tmp_path, **ran())).status is Verdict.CLEAR


def test_no_points_on_either_side_cannot_be_told(tmp_path: Path):
    """It may never have run, or not be measured."""
    found = result(put_metrics(tmp_path, age=lambda _: 1.0))
    assert (found.status, "counts no run in the baseline" in found.reason) == (Verdict.NOT_CHECKED, True)


def test_zeros_alone_are_missing_runs(tmp_path: Path):
    """A metric that is there and counts nothing."""
    assert one(put_metrics(tmp_path, runs=lambda _: 0.0)).observed >= 6


MINUTE = pd.Timedelta(minutes=1)


@pytest.mark.parametrize(
    ("minutes", "missing"),
    [
        ((0, 60, 120, 180), []),
        ((0, 60, 180), [1]),
        ((0, 60, 85, 180), [1]),
        ((0, 60), [2]),
        ((0, 60, 145, 180), [0]),
        ((), [3]),
        ((130, 190), [1]),
    ],
)
def test_gaps_between_runs(minutes: tuple[int, ...], missing: list[int]):
    """Of hourly runs in four hours: how many each gap lacks; 0 is late."""
    runs = pd.Series(1.0, index=pd.DatetimeIndex([at("08:00") + minute * MINUTE for minute in minutes]))
    known = {"start": at("08:00"), "end": at("12:00"), "every": 60 * MINUTE, "step": MINUTE}
    assert [gap.missing for gap in gaps_of(runs, **known)] == missing


def test_runs_around_midnight_carry_their_day(tmp_path: Path):
    """Each with its own, and no day for all."""
    stamps = [f"2026-03-04T{hour}:05:00Z" for hour in ("20", "21", "22")]
    other = pd.date_range("2026-03-04T20:00Z", "2026-03-05T01:59Z", freq="1min").strftime("%Y-%m-%dT%H:%M:%SZ")
    results = [("runs", stamps), ("age", list(other))]
    answer = [{"Id": name, "Label": name, "Timestamps": at, "Values": [1.0] * len(at)} for name, at in results]
    put(tmp_path, "metrics/all.json", {"MetricDataResults": answer})
    hourly = HOURLY.model_copy(update={"every_min": 60})
    case = case_of(tmp_path, hourly, start="2026-03-04T22:00Z", end="2026-03-05T02:00Z")
    assert "due 2026-03-04 23:05, 2026-03-05 00:05, 2026-03-05 01:05 UTC;" in (
        case.result("missed_runs").findings[0].statement
    )
