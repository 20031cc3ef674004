"""Executions that run too long, and those that ended badly, by the step where they stand or stood."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from builders import at
from work_builders import INTAKE, case_of, execution, history, put, put_metrics

from ddms_ops.checks.stuck_work import runs_of
from ddms_ops.findings import CheckResult, Severity, Verdict
from ddms_ops.normalize.work import executions
from ddms_ops.normalize.work_steps import steps_of

FLOW = INTAKE.model_copy(update={"state_machines": ("intake",), "stuck_min": 30})


def checked(root: Path, *runs: dict) -> CheckResult:
    """The check over an export of executions."""
    put(root, "workflows/runs.json", {"executions": list(runs)})
    return case_of(put_metrics(root, dead=lambda _: 0.0), FLOW).result("stuck_work")


def test_stuck_executions_with_their_step(tmp_path: Path):
    """Those that run longer than they may, where they stand, and since when the first runs."""
    for number in range(3):
        put(tmp_path, f"workflows/s{number}.json", history("Validate", "-Validate", "Extract", start=110 + number))
    [found] = checked(tmp_path, *[execution(f"s{n}", 110 + n) for n in range(3)], execution("young", 230)).findings
    assert (found.severity, found.first_seen, found.observed) == (Severity.MEDIUM, at("09:50"), 3.0)
    assert "3 executions of intake run longer than 30 min (declared: 30 min), at step Extract" in found.statement


def test_longer_than_what_usually_succeeds(tmp_path: Path):
    """Where most take longer than is declared, that is the limit."""
    usual = [execution(f"ok{n}", 100 + n, 160 + n) for n in range(30)]
    assert checked(tmp_path, *usual, execution("s", 190)).status is Verdict.CLEAR
    [found] = checked(tmp_path, *usual, execution("s", 150)).findings
    assert "longer than 60 min (99 in 100 of 30 that succeeded took 60 min at most)" in found.statement


def test_stuck_since_before_the_window_is_low(tmp_path: Path):
    """It had run too long when the window began; without a history its step is not known."""
    [found] = checked(tmp_path, execution("s", 10)).findings
    assert (found.severity, "the steps are not known" in found.statement) == (Severity.LOW, True)


def test_failures_by_step_and_error(tmp_path: Path):
    """Many of those that ended, with what they say; a few are LOW."""
    cause = '{"errorType": "ModelError", "errorMessage": "slow token=abc123"}'
    for number in range(12):
        put(
            tmp_path, f"workflows/b{number}.json", history("Classify", start=170 + number, error="Timeout", cause=cause)
        )
    bad = [execution(f"b{n}", 170 + n, 172 + n, "FAILED") for n in range(12)]
    [found, low] = checked(tmp_path, *bad, execution("x", 130, 131, "ABORTED"), execution("ok", 125, 130)).findings
    assert (found.severity, low.severity) == (Severity.MEDIUM, Severity.LOW)
    assert "12 executions of intake ended with Timeout of 14 that ended" in found.statement
    assert "at step Classify; it says “slow [secret_pair]”" in found.statement


def test_no_workflows_is_not_checked(tmp_path: Path):
    """Nothing to judge is not clear."""
    case = case_of(put_metrics(tmp_path, dead=lambda _: 0.0), FLOW)
    assert "no record of workflows" in case.result("stuck_work").reason


def test_a_live_history_is_read_as_well(tmp_path: Path):
    """One record an execution, its events the latest first."""
    run = execution("s", 110)
    events = list(reversed(history("A", "-A", "B", start=110)["events"]))
    case = case_of(put(tmp_path, "workflows/runs.json", {"executions": [run]}), FLOW)
    table = case.records("workflows").to_pylist()
    told = {"timestamp": table[0]["timestamp"], "kind": "execution_history", "id": run["executionArn"]}
    rows = pa.Table.from_pylist([*table, told | {"record": json.dumps({"events": events})}])
    assert list(executions(rows, "workflows")["step"]) == ["B"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [((), None), (("A",), "A"), (("A", "-A"), None), (("A", "B", "-B"), "A"), (("A", "-A", "A"), "A")],
)
def test_the_step_that_was_entered_and_not_left(steps: tuple[str, ...], expected: str | None):
    """Of nested states the last that is open; one that is entered again is open again."""
    assert steps_of(history(*steps, start=0)["events"]).step == expected


def test_hostile_records_do_no_harm(tmp_path: Path):
    """Histories and executions of odd shapes are read as far as they go."""
    put(tmp_path, "workflows/odd.json", {"events": [{"id": "x", "timestamp": "never"}, {"id": 1, "previousEventId": 0,
        "timestamp": "2026-03-04T10:10:00Z", "stateEnteredEventDetails": "no"}]})  # fmt: skip
    run = execution("=cmd()<b>", 110) | {"error": 7, "cause": ["x"], "stateMachineArn": None}
    put(tmp_path, "workflows/runs.json", {"executions": [run]})
    runs = runs_of(case_of(put_metrics(tmp_path, dead=lambda _: 0.0), FLOW), "intake")
    assert list(runs["id"]) == ["=cmd()<b>"]


def test_the_incident_does_not_set_its_own_limit(tmp_path: Path):
    """What succeeded before the window tells what is usual, and what the limit is, is said."""
    usual = [execution(f"ok{n}", n, n + 3) for n in range(100)]
    slow = [execution(f"slow{n}", 121, 233) for n in range(20)]
    found = checked(tmp_path, *usual, *slow, *[execution(f"s{n}", 130) for n in range(4)]).findings
    assert {each.subject["signal"]: each.observed for each in found} == {"stuck": 4.0, "slow": 112.0}
    assert "30 min (stuck_min of the profile; 99 in 100 of 100 that succeeded before the window" in found[0].statement


def test_executions_that_took_longer_and_ended(tmp_path: Path):
    """Nothing is stuck any more; that they were slow is a finding, that some are as slow as ever is none."""
    usual = [execution(f"ok{n}", n, n + 3) for n in range(100)]
    [found] = checked(tmp_path, *usual, *[execution(f"slow{n}", 121, 221) for n in range(40)]).findings
    assert "40 executions of intake that succeeded took 100 min (median), 3 min in the baseline" in found.statement
    assert checked(tmp_path, *usual, *[execution(f"new{n}", 121, 124) for n in range(40)]).status is Verdict.CLEAR


def test_a_state_machine_without_executions_is_not_clear(tmp_path: Path):
    """Its name may be another one; those that are there are named."""
    put(tmp_path, "workflows/runs.json", {"executions": [execution("a", 121, 122)]})
    other = FLOW.model_copy(update={"state_machines": ("intake-prod",)})
    result = case_of(put_metrics(tmp_path, dead=lambda _: 0.0), other).result("stuck_work")
    assert (result.status, "no execution of intake-prod" in result.reason) == (Verdict.NOT_CHECKED, True)


def test_a_step_has_its_record_as_evidence(tmp_path: Path):
    """The execution, and the event of its history that says where it stands."""
    put(tmp_path, "workflows/s.json", history("Validate", "-Validate", "Extract", start=110))
    put(tmp_path, "workflows/runs.json", {"executions": [execution("s", 110)]})
    case = case_of(put_metrics(tmp_path, dead=lambda _: 0.0), FLOW)
    [ref] = case.result("stuck_work").findings[0].evidence
    rows = case.records("workflows").to_pylist()
    assert sorted(json.loads(rows[int(each.rpartition(":")[2])]["record"]).get("type", "run") for each in ref.ids) == [
        "TaskStateEntered",
        "run",
    ]
