"""An export that begins or ends inside the window is not all there, whatever it is of."""

import json
from pathlib import Path

import pandas as pd
import pytest
from builders import DAY, at, window

from ddms_ops.coverage import Coverage, Status
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import AuditQuery, ChangeQuery, MetricQuery
from ddms_ops.window import Window

HOURS = window("08:00", "10:00")


def every(minutes: float, start: str, end: str) -> list[pd.Timestamp]:
    """Times at a distance, from one to before another."""
    return list(pd.date_range(at(start), at(end), freq=pd.Timedelta(minutes=minutes), inclusive="left"))


def metrics(root: Path, **series: list[pd.Timestamp]) -> Coverage:
    """What is said of an export of these series."""
    results = [
        {"Id": name, "Label": name, "Timestamps": [stamp.isoformat() for stamp in times], "Values": [1.0] * len(times)}
        for name, times in series.items()
    ]
    (root / "metrics").mkdir()
    (root / "metrics" / "a.json").write_text(json.dumps({"MetricDataResults": results}))
    return FilesSource(root).fetch_metric_points(MetricQuery(HOURS), pull="metrics").coverage


def calls(root: Path, times: list[pd.Timestamp]) -> Coverage:
    """What is said of an export of CloudTrail with calls at these times."""
    records = [{"eventTime": f"{stamp:%Y-%m-%dT%H:%M:%SZ}", "eventID": str(n)} for n, stamp in enumerate(times)]
    (root / "trail").mkdir()
    (root / "trail" / "a.json").write_text(json.dumps({"Records": records}))
    return FilesSource(root).fetch_changes(ChangeQuery(HOURS), pull="changes").coverage


def rows(root: Path, times: list[pd.Timestamp]) -> Coverage:
    """What is said of an export of a table with rows of these times."""
    (root / "audit").mkdir()
    text = "".join(f"{n},{stamp.isoformat()}\n" for n, stamp in enumerate(times))
    (root / "audit" / "t.csv").write_text(f"id,created_at\n{text}")
    query = AuditQuery(HOURS, "t", ("id", "created_at"), "created_at")
    return FilesSource(root).fetch_audit_rows(query, pull="audit/t").coverage


def test_metrics_that_all_end_are_the_end_of_the_export(tmp_path: Path):
    """Also where they come every five minutes."""
    found = metrics(tmp_path, cpu=every(1, "06:00", "09:00"), depth=every(5, "06:00", "09:00"))
    assert found.status is Status.PARTIAL
    assert found.reason == f"the last point of any metric is of {DAY} 08:59 UTC: the export may end there"


def test_metrics_that_begin_late_or_have_a_hole_are_said_to(tmp_path: Path):
    """The same of the first point, and of minutes in which none has any."""
    found = metrics(tmp_path, cpu=every(1, "08:30", "09:00") + every(1, "09:20", "10:00"))
    assert found.status is Status.PARTIAL
    assert f"the first point of any metric is of {DAY} 08:30 UTC" in found.reason
    assert f"no point from {DAY} 08:59 to 09:20 UTC" in found.reason


def test_a_metric_that_stops_alone_is_no_end_of_the_export(tmp_path: Path):
    """Nor one that only comes when something happens."""
    found = metrics(
        tmp_path, cpu=every(1, "06:00", "10:00"), gone=every(1, "06:00", "08:18"), errors=[at("08:01"), at("08:40")]
    )
    assert (found.status, found.reason) == (Status.COMPLETE, "")


@pytest.mark.parametrize("steps", [[at("08:01"), at("08:02"), at("08:40")], every(30, "00:00", "09:00")])
def test_metrics_without_a_period_in_the_window_prove_nothing(tmp_path: Path, steps: list[pd.Timestamp]):
    """Few points, or one every half hour."""
    assert metrics(tmp_path, errors=steps).status is Status.COMPLETE


@pytest.mark.parametrize("read", [calls, rows])
def test_records_that_usually_come_and_end_are_the_end_of_the_export(tmp_path: Path, read):
    """Calls of CloudTrail, rows of a table."""
    found = read(tmp_path, every(1.5, "07:00", "09:00"))
    assert found.status is Status.PARTIAL
    assert found.reason == f"the last event is of {DAY} 08:58 UTC: the export may end there"


@pytest.mark.parametrize("read", [calls, rows])
def test_an_export_that_ended_before_the_window_is_not_an_empty_window(tmp_path: Path, read):
    """It is not known whether there was anything."""
    found = read(tmp_path, every(1.5, "02:00", "07:00"))
    assert found.status is Status.PARTIAL
    assert f"the last event is of {DAY} 06:58 UTC: the export may end there" in found.reason


@pytest.mark.parametrize("read", [calls, rows])
@pytest.mark.parametrize(
    "times",
    [
        every(1.5, "07:00", "10:00"),
        [at("08:03"), at("08:04"), at("08:30")],
        [at("08:03") + pd.Timedelta(seconds=n) for n in range(100)],
        [at("08:03") - pd.Timedelta(days=700, minutes=-n) for n in range(100)] + [at("08:03")],
        every(20, "00:00", "09:00"),
        every(1.5, "05:00", "05:40"),
    ],
    ids=["whole", "few", "one burst", "filled long ago", "rare", "filled at one go"],
)
def test_records_that_are_rare_or_come_at_one_go_end_nowhere(tmp_path: Path, read, times: list[pd.Timestamp]):
    """Their silence is usual."""
    assert read(tmp_path, times).is_all_there


def test_a_window_without_an_edge_is_whole(tmp_path: Path):
    """A question for all there is has nothing beyond it."""
    calls(tmp_path, every(1.5, "07:00", "09:00"))
    ever = ChangeQuery(Window.of("1970-01-01T00:00Z", "2200-01-01T00:00Z"))
    assert FilesSource(tmp_path).fetch_changes(ever, pull="changes").coverage.status is Status.COMPLETE
