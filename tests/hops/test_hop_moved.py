"""What moved after a change: metrics, alarms, and the spans of what was really read."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import DAY, at, envelope, minutes, open_export, request, write_logs
from hop_export import API

from ddms_ops.case import Case
from ddms_ops.errors import BadInput
from ddms_ops.hops.view import View

LEVELS = 100 + np.random.default_rng(5).normal(size=200)


def changed(root: Path, clock: str = "10:20:00") -> Path:
    """Requests of two hours and a deployment; the export's root."""
    write_logs(root, API, *[request(each) for each in (minutes(0, 60, 9) + minutes(0, 60))[::5]])
    change = {"eventSource": "lambda.amazonaws.com", "readOnly": False, "eventName": "UpdateFunctionCode"}
    change |= {"requestParameters": {"functionName": "f"}, "eventTime": f"{DAY}T{clock}Z", "eventID": clock}
    (root / "trail").mkdir()
    (root / "trail" / "a.json").write_text(json.dumps({"Records": [change]}))
    return root


def put_metrics(root: Path, **series: tuple[str, str, float]) -> None:
    """Series of a point a minute from one clock time to before another, by so much higher from 10:20 on."""
    results = []
    for name, (start, end, higher) in series.items():
        times = pd.date_range(at(start), at(end), freq="min", inclusive="left")
        values = [LEVELS[n] + higher * (time >= at("10:20")) for n, time in enumerate(times)]
        stamps = [time.isoformat() for time in times]
        results.append({"Id": name, "Label": name, "Timestamps": stamps, "Values": values})
    (root / "metrics").mkdir()
    (root / "metrics" / "a.json").write_text(json.dumps({"MetricDataResults": results}))


def rows_of(view: View, kind: str) -> list[tuple[str, str]]:
    """What and how it moved, of one kind."""
    return [(row.what, row.moved) for row in view.frame[view.frame["kind"] == kind].itertuples()]


def test_metrics_that_stop_or_begin_at_a_change_are_listed(tmp_path: Path):
    """A host that died is no metric that did not move; one that did not move is not listed."""
    put_metrics(
        changed(tmp_path),
        steady=("09:00", "11:00", 0),
        risen=("09:00", "11:00", 50),
        died=("09:00", "10:20", 0),
        born=("10:21", "11:00", 0),
        over=("09:00", "10:00", 0),
    )
    view = open_export(tmp_path).change(0).moved()
    assert sorted(rows_of(view, "metric")) == [
        ("born, first point at 10:21:00 UTC", "began"),
        ("died, last point at 10:19:00 UTC", "stopped"),
        ("risen", "rose"),
    ]
    table = view.frame.set_index("moved")
    assert table.loc["stopped", "before"] == pytest.approx(100, abs=1)
    assert pd.isna(table.loc["stopped", "after"])
    assert pd.isna(table.loc["began", "before"])


def test_metrics_that_all_end_are_no_metrics_that_stopped(tmp_path: Path):
    """The export ends: the spans of the metrics are cut to it, and it is said."""
    put_metrics(changed(tmp_path), a=("09:00", "10:25", 50), b=("09:00", "10:25", 0))
    view = open_export(tmp_path).change(0).moved()
    assert rows_of(view, "metric") == [("a", "rose")]
    assert not view.is_all_there
    said = repr(view)
    assert "15 min before 10:20:00 UTC against 15 min after 10:20:00 UTC." in said
    assert (
        "Metrics: 5 min before 10:20:00 UTC against 5 min after 10:20:00 UTC, cut to what was read of them"
        f" ({DAY} 09:00–10:25 UTC)." in said
    )


def test_metrics_that_end_before_a_change_are_not_compared(tmp_path: Path):
    """That nothing of them is listed does not say that nothing moved."""
    put_metrics(changed(tmp_path), a=("09:00", "10:10", 0))
    view = open_export(tmp_path).change(0).moved()
    assert "Not compared, for it was not read on both sides: metrics." in repr(view)


def test_little_before_a_change_is_said(tmp_path: Path):
    """What is usual is not known then."""
    put_metrics(changed(tmp_path, "09:30:00"), a=("09:00", "11:00", 0))
    assert "Only 30 min before it were read: of metrics only very large moves" in repr(
        open_export(tmp_path).change(0).moved()
    )


def test_an_alarm_is_not_what_moved_after_itself(tmp_path: Path):
    """Another that fires later is."""
    write_logs(tmp_path, API, *[request(each) for each in minutes(0, 60)[::10]])
    items = [
        {"AlarmName": name, "Timestamp": f"{DAY}T{clock}Z", "HistoryItemType": "StateUpdate", "HistorySummary": "x"}
        | {"HistoryData": json.dumps({"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "ALARM"}})}
        for name, clock in (("first", "10:20:00"), ("second", "10:25:00"))
    ]
    (tmp_path / "alarms").mkdir()
    (tmp_path / "alarms" / "a.json").write_text(json.dumps({"AlarmHistoryItems": items}))
    case = open_export(tmp_path)
    assert rows_of(case.change(0).moved(), "alarm") == [("second at 10:25:00 UTC", "fired")]


def test_numbers_of_a_frame_are_numbers(deploy: Case):
    """As numpy has them; what they give is the same as Python's."""
    n = deploy.changes_seen.frame["n"].iloc[-1]
    assert isinstance(n, np.integer)
    assert deploy.change(n).call == f"case.change({int(n)})"
    assert len(deploy.change(n).raw(np.int64(0))) == 1
    assert deploy.change(1).moved(np.int64(10)).call == "case.change(1).moved(minutes=10)"
    with pytest.raises(BadInput, match="no name"):
        deploy.change(np.bool_(True))


def test_errors_of_no_request_are_not_a_share_of_none(tmp_path: Path):
    """Jobs that died without a word did not all succeed."""
    changed(tmp_path)
    usual = [envelope(each, "INFO awake") for each in (minutes(0, 60, 9) + minutes(0, 60))[::5]]
    write_logs(tmp_path, "jobs", *usual, *[envelope(each, "ERROR died") for each in minutes(20, 40)])
    view = open_export(tmp_path).change(0).moved()
    row = view.frame.set_index("kind").loc["failed"]
    assert (row["before"], row["moved"]) == (0, "cannot be told")
    assert pd.isna(row["after"])
    assert "150 errors after it and 0 before belong to no request or job that was seen to end" in repr(view)


@pytest.mark.parametrize(
    ("off", "words"),
    [(20, "late's clock was ahead: 2026-03-04 10:40–11:00 UTC of it was not read"),
     (-20, "late's clock was behind: 2026-03-04 09:00–09:20 UTC of it was not read")],
)  # fmt: skip
def test_what_a_wrong_clock_kept_from_being_read_is_said(tmp_path: Path, off: int, words: str):
    """Its stretch is in the notes and the coverage, and the spans of a change are cut to what was read."""
    lines = []
    for n, clock in enumerate((minutes(0, 60, 9) + minutes(0, 60))[::5]):
        event = json.loads(request(clock))
        event |= {"logStreamName": "late" if n % 3 == 0 else f"s{n % 3}", "ingestionTime": event["timestamp"] + 2000}
        event["timestamp"] += off * 60_000 * (n % 3 == 0)
        lines.append(json.dumps(event))
    changed(tmp_path, "10:35:00" if off > 0 else "09:25:00")
    write_logs(tmp_path, API, *lines)
    case = open_export(tmp_path)
    assert len(case.clock_offsets) == 1
    view, after = case.logs(), case.change(0).moved() if off > 0 else None
    assert f"{words} ({API})" in repr(view if off > 0 else case.error_groups)
    if after is not None:
        assert not view.is_all_there
        assert after.notes[0].startswith("5 min before 10:35:00 UTC against 5 min after")
