"""An export whose series are named otherwise than the profile's metrics: what a pull and doctor say of it."""

import json
from pathlib import Path

import pytest
from builders import minutes, open_export, request, write_logs

from ddms_ops.checks import CHECKS
from ddms_ops.coverage import Coverage, Status
from ddms_ops.doctor.exports import export_lines
from ddms_ops.doctor.lines import LACKING, OK, Line
from ddms_ops.findings import Verdict
from ddms_ops.profile import load_profile
from ddms_ops.sources import open_source

STAMPS = [f"2026-03-04T{hour:02d}:{minute:02d}:00Z" for hour in (9, 10) for minute in range(0, 60, 5)]
KEYS = [name for name, metric in load_profile("dms").metrics.items() if metric.ratio_of is None]
HOW = "a series' Id or Label must equal the profile's key of the metric"


def series(name: str, label: str = "") -> dict:
    """One series of get-metric-data output."""
    return {"Id": name, "Label": label or name, "Timestamps": STAMPS, "Values": [1.0] * len(STAMPS)}


def export(root: Path, *results: dict, **files: dict) -> Path:
    """An export with logs and metrics: a file of get-metric-data output, and others by name."""
    write_logs(root, "/aws/ecs/dms-api", *[request(clock) for clock in minutes(0, 60)])
    (root / "metrics").mkdir()
    for name, document in {"data": {"MetricDataResults": list(results)}, **files}.items():
        (root / "metrics" / f"{name}.json").write_text(json.dumps(document))
    return root


def coverage_of(root: Path, **parameters: str) -> Coverage:
    """Coverage of a run's metrics in the window."""
    [row] = open_export(root, **parameters).pulls("metrics")
    return row


def doctor(root: Path, system: str = "dms") -> list[Line]:
    """What doctor says of metrics."""
    profile = load_profile(system)
    source = open_source(f"files:{root}", profile=profile, environment="", clock=lambda: None)
    return [line for line in export_lines(profile, source) if "metric" in line[1]]


def test_a_run_over_series_of_other_names_is_partial_and_says_why(tmp_path: Path):
    """No check of metrics is clear over them; the reason names them and a key to use."""
    export(tmp_path, series("m1", "CPUUtilization"), series("m2", "Errors"))
    row = coverage_of(tmp_path)
    assert (row.status, row.rows) == (Status.PARTIAL, 24)
    assert row.reason == (
        f"none of the profile's {len(KEYS)} metrics has points, and 2 names are no metric of it:"
        f" CPUUtilization, Errors ({HOW}, as {KEYS[0]})"
    )
    case = open_export(tmp_path, incident_id="other")
    found = {check.id: case.result(check.id) for check in CHECKS if "metrics" in check.needs}
    assert found["metrics_moved"].status is Verdict.NOT_CHECKED
    assert Verdict.CLEAR not in {result.status for result in found.values()}


def test_doctor_is_not_well_over_series_of_other_names(tmp_path: Path):
    """It says that none of the profile's is there, and which names match none."""
    said = doctor(export(tmp_path, series("m1", "CPUUtilization"), series("m2", "Errors")))
    assert [status for status, _ in said] == [OK, LACKING, LACKING]
    first = f"{', '.join(KEYS[:5])} and {len(KEYS) - 5} more"
    assert said[1][1] == f"metrics of the profile with points: 0 of {len(KEYS)}; no points of {len(KEYS)}: {first}"
    assert said[2][1] == f"names that are no metric of the profile: 2 (CPUUtilization, Errors); {HOW}"


def test_one_name_among_others_is_said_of_a_whole_pull(tmp_path: Path):
    """A series named otherwise, and the metrics without points, one of which it may be."""
    export(tmp_path, *[series("m", key) for key in KEYS[2:]], series("m1", "api-requests"))
    row = coverage_of(tmp_path)
    assert row.status is Status.COMPLETE
    assert row.reason == (
        f"of the profile's {len(KEYS)} metrics {len(KEYS) - 2} have points, and 1 name is no metric of it: api-requests"
        f"; no points of {KEYS[0]}, {KEYS[1]} ({HOW})"
    )
    assert [status for status, _ in doctor(tmp_path)] == [OK, LACKING, LACKING]


def test_metrics_without_points_are_told_and_lack_nothing(tmp_path: Path):
    """Nothing may have happened that they count; nothing else goes by another name."""
    export(tmp_path, *[series(key) for key in KEYS[1:]])
    assert coverage_of(tmp_path).reason == ""
    [_, (status, words)] = doctor(tmp_path)
    assert status == OK
    assert words.endswith(f"; no points of 1: {KEYS[0]}")


def test_a_statistic_beside_the_profiles_is_no_other_name(tmp_path: Path):
    """Output of get-metric-statistics is a metric's by name and statistic; its other statistics are not told."""
    metric = load_profile("dms").metrics[KEYS[0]]
    points = [{"Timestamp": stamp, metric.statistic: 1.0, "Minimum": 0.0} for stamp in STAMPS]
    export(tmp_path, series(KEYS[1]), requests={"Label": metric.name, "Datapoints": points})
    assert coverage_of(tmp_path).reason == ""
    assert doctor(tmp_path)[1][1].startswith(f"metrics of the profile with points: 2 of {len(KEYS)} (")


def test_a_profile_without_metrics_has_no_names_to_match(tmp_path: Path):
    """Every series is looked at under its own name."""
    export(tmp_path, series("m1", "CPUUtilization"))
    row = coverage_of(tmp_path, system="generic")
    assert (row.status, row.reason) == (Status.COMPLETE, "")
    assert len(doctor(tmp_path, "generic")) == 1


@pytest.mark.parametrize("window", ["10:00Z", "09:30Z"])
def test_a_replay_says_the_same(tmp_path: Path, window: str):
    """The reason is recorded with the pull, once."""
    export(tmp_path, series("m1", "CPUUtilization"))
    case = open_export(tmp_path, start=f"2026-03-04T{window}")
    [row] = case.pulls("metrics")
    again = open_export(
        tmp_path, start=f"2026-03-04T{window}", source=f"case:{tmp_path / 'reports' / 'test'}", incident_id="again"
    )
    assert [each.reason for each in again.pulls("metrics")] == [row.reason]
    assert row.reason.count("none of the profile's") == 1
