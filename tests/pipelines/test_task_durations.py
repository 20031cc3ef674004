"""Which work takes longer, in logs and metrics; what changed before; and which finding leads."""

from pathlib import Path

import pytest
from builders import at, write_logs
from work_builders import GROUP, INTAKE, case_of, put, put_metrics, worker_line

from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.pipeline_changes import leading_backlog
from ddms_ops.findings import Severity, Verdict
from ddms_ops.operations import Pipeline

WORK = Pipeline(title="Work", components=("worker",))


def jobs(root: Path, *, slow: float) -> Path:
    """Scans of about a second, and from 10:40 on `slow` times as long; thumbnails are as they were."""
    lines = []
    for minute in range(0, 240, 2):
        times = slow if minute >= 160 else 1.0
        for kind, ms in (("scan", (900 + minute % 7 * 40) * times), ("thumbnail", 80 + minute % 5 * 4)):
            lines.append(worker_line(minute, 10, jobType=kind, duration=ms, message="job done"))
    return write_logs(put_metrics(root, age=lambda _: 1.0), GROUP, *lines)


def test_a_kind_that_became_slower(tmp_path: Path):
    """Its median and p95, since when; the kind that did not is not named."""
    [found] = case_of(jobs(tmp_path, slow=6), WORK).result("task_durations").findings
    assert (found.severity, found.subject["kind"]) == (Severity.MEDIUM, "scan")
    assert abs((found.first_seen - at("10:40")).total_seconds()) <= 600
    assert "Work: scan takes longer: median" in found.statement


def test_durations_as_before_are_clear(tmp_path: Path):
    """No more than scatter."""
    assert case_of(jobs(tmp_path, slow=1.0), WORK).result("task_durations").status is Verdict.CLEAR


def test_too_few_to_compare_is_not_checked(tmp_path: Path):
    """What is lacking is said."""
    put_metrics(tmp_path, age=lambda _: 1.0)
    assert "no kind of work of Work has 10 durations" in case_of(tmp_path, WORK).result("task_durations").reason


def test_a_success_ratio_that_fell(tmp_path: Path):
    """Ten times as many do not succeed; one bad minute is nothing."""
    rate = Pipeline(title="Work", success="success")
    put_metrics(tmp_path, success=lambda minute: 0.80 + minute % 3 / 100 if minute >= 170 else 0.98 + minute % 3 / 200)
    [found] = case_of(tmp_path, rate).result("task_durations").findings
    assert (found.severity, "Success fell to 81.0% on average" in found.statement) == (
        Severity.MEDIUM,
        True,
    )
    put_metrics(tmp_path, success=lambda minute: 0.5 if minute == 170 else 1.0)
    assert case_of(tmp_path, rate).result("task_durations").status is Verdict.CLEAR


def test_a_metric_of_durations_that_rose(tmp_path: Path):
    """By twice its baseline and more."""
    put_metrics(tmp_path, duration=lambda minute: (900 if minute >= 180 else 300) + minute % 9 * 5.0)
    [found] = case_of(tmp_path, Pipeline(title="Work", duration="duration")).result("task_durations").findings
    assert (found.first_seen, "Duration rose to" in found.statement) == (at("11:00"), True)


def test_the_change_that_names_the_queue_stands_first(tmp_path: Path):
    """Before the leading finding began, and coincident, no more."""
    put_metrics(tmp_path, depth=lambda minute: 5.0 * max(0, minute - 160), age=lambda _: 1.0)
    calls = [
        (148, "DeleteAlarms", {"alarmNames": ["x"]}),
        (152, "SetQueueAttributes", {"queueUrl": "https://sqs/jobs"}),
    ]
    records = [
        {"eventTime": f"2026-03-04T10:{minute - 120:02d}:00Z", "eventName": name, "eventSource": "sqs.amazonaws.com",
         "readOnly": False, "requestParameters": given, "eventID": name, "userIdentity": {"arn": "arn:user/ops"}}
        for minute, name, given in calls
    ]  # fmt: skip
    case = case_of(put(tmp_path, "trail/a.json", {"Records": records}), INTAKE)
    first = case.result("pipeline_changes").findings[0]
    assert first.subject["explains"] == leading_backlog(case).id
    assert (first.subject["change"], first.severity) == ("SetQueueAttributes", Severity.LOW)


def test_what_leads_needs_only_what_is_declared(tmp_path: Path):
    """A check of what no pipeline declares is no lack; one that could not be made is."""
    put_metrics(tmp_path, depth=lambda minute: float(minute % 3))
    assert leading_backlog(case_of(tmp_path, Pipeline(title="Q", depth="depth"))) is None
    with pytest.raises(CannotTell, match="not every check"):
        leading_backlog(case_of(tmp_path, Pipeline(title="Q", depth="depth", dead="dead")))


@pytest.mark.parametrize(("unit", "verdict"), [("percent", Verdict.FOUND), ("ratio", Verdict.NOT_CHECKED)])
def test_a_success_in_percent(tmp_path: Path, unit: str, verdict: Verdict):
    """It is read by its declared unit; where it is none of that unit it cannot be told, and is not clear."""
    put_metrics(tmp_path, success=lambda minute: 99.5 if minute < 150 else 40.0)
    case = case_of(tmp_path, Pipeline(title="Intake", success="success"))
    success = case.profile.metrics["success"].model_copy(update={"unit": unit})
    case.profile = case.profile.model_copy(update={"metrics": {**case.profile.metrics, "success": success}})
    result = case.result("task_durations")
    assert (result.status, "40.0%" in str(result.findings)) == (verdict, unit == "percent")
