"""Whether everything runs that should, and why tasks stop."""

import json

import pyarrow as pa
import pytest
from builders import DAY, at
from capacity_case import FrameFacts, course, facts_of, found, metric

from ddms_ops.coverage import Status
from ddms_ops.findings import Severity, Verdict
from ddms_ops.normalize.containers import service_events, stopped_tasks
from ddms_ops.sources.base import RECORDS

API = {"title": "API", "running": "running", "wanted": 4, "services": ["main/api"]}
METRICS = {"running": metric("RunningTaskCount", statistic="Average", unit="tasks")}
TASK = {
    "taskArn": "arn:aws:ecs:us-east-1:1:task/main/0a1b", "group": "service:api", "lastStatus": "STOPPED",
    "stopCode": "TaskFailedToStart",
}  # fmt: skip
PULL_FAULT = "CannotPullContainerError: image shop/api:{} not found"


def steady(before: float, *later: tuple[str, float]) -> dict[str, float]:
    """Running tasks by minute, whole numbers."""
    return {clock: round(value) for clock, value in course(dict(later), usual=before).items()}


def records(*tasks: dict, events: tuple[tuple[str, str], ...] = ()) -> pa.Table:
    """RECORDS of tasks and of the service with its events, as the AWS CLI prints them."""
    told = [{"id": str(n), "createdAt": f"{DAY}T{clock}Z", "message": text} for n, (clock, text) in enumerate(events)]
    service = {"serviceName": "api", "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/main", "events": told}
    rows = [{"kind": "service", "id": "api", "record": json.dumps(service)}]
    rows += [
        {"timestamp": at(task["stoppedAt"]), "kind": "task", "id": TASK["taskArn"],
         "record": json.dumps({**TASK, **task, "stoppedAt": f"{DAY}T{task['stoppedAt']}Z"})}
        for task in tasks
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RECORDS)


def service(points: dict[str, float], **more: object) -> FrameFacts:
    """A service with running tasks as given."""
    return facts_of({"api": API}, metrics=METRICS, series={"running": points}, **more)


def test_fewer_tasks_than_wanted_since_when_and_why():
    """Reasons that differ in their variable parts are one; the first as it was said."""
    tasks = [{"stoppedAt": f"10:{41 + n}:00", "stoppedReason": PULL_FAULT.format(f"1.{n}")} for n in range(5)]
    said = (("10:42:00", "(service api) was unable to place a task."),)
    [finding] = found(service(steady(4, ("10:40:00", 2)), containers=records(*tasks, events=said)), "missing_tasks")
    assert (finding.severity, str(finding.first_seen)) == (Severity.MEDIUM, f"{DAY} 10:40:00+00:00")
    assert finding.statement == (
        f"API: 2 of 4 wanted run at the least, fewer than wanted from {DAY} 10:40 to 10:59 UTC and at the end of the"
        " window still; 20 min in all (in the baseline for 0% of the time); 5 tasks failed,"
        " 5 × “CannotPullContainerError: image shop/api:1.0 not found”; the service said"
        " 1 × “(service api) was unable to place a task.”"
    )
    assert [ref.kind for ref in finding.evidence] == ["containers", "metrics"]


def test_nothing_running_is_high():
    """Zero of something wanted, however short."""
    [finding] = found(service(steady(4, ("10:40:00", 0), ("10:43:00", 4)), containers=records()), "missing_tasks")
    assert (finding.severity, finding.observed) == (Severity.HIGH, 0.0)


def test_nothing_running_in_the_baseline_too_began_there():
    """The stretch goes on from the baseline into the window."""
    [finding] = found(service(steady(4, ("09:50:00", 0)), containers=records()), "missing_tasks")
    assert (finding.severity, str(finding.first_seen)) == (Severity.HIGH, f"{DAY} 09:50:00+00:00")


def test_what_is_usual_is_what_ran_and_not_what_is_wanted():
    """The least that ran in the baseline, of which the least now is told."""
    [finding] = found(service(steady(3, ("10:40:00", 2)), containers=records()), "missing_tasks")
    assert (finding.observed, finding.baseline) == (2.0, 3.0)


def test_a_restart_of_the_only_task_is_low_and_a_loop_is_not():
    """None for one minute, or again and again."""
    [once] = found(service(steady(4, ("10:40:00", 0), ("10:41:00", 4)), containers=records()), "missing_tasks")
    steps = [(f"10:{n}:00", 4 if n % 5 else 0) for n in range(20, 60)]
    [loop] = found(service(steady(4, *steps), containers=records()), "missing_tasks")
    assert (once.severity, loop.severity) == (Severity.LOW, Severity.HIGH)


@pytest.mark.parametrize(
    ("code", "exit_code"), [("ServiceSchedulerInitiated", 143), ("SpotInterruption", 143), ("UserInitiated", 137)]
)
def test_tasks_that_were_to_stop_did_not_fail(code: str, exit_code: int):
    """Whatever a container is called."""
    held = {"stopCode": code, "containers": [{"name": "error-pages", "exitCode": exit_code}]}
    tasks = [{"stoppedAt": f"10:{41 + n}:00", "stoppedReason": "Scaling activity", **held} for n in range(5)]
    assert found(service(steady(4), containers=records(*tasks)), "missing_tasks") == []


def test_tasks_that_end_well_are_low():
    """Exit code 0 of a service's task is no failure, and not what a service's task should do."""
    ended = {"stopCode": "EssentialContainerExited", "containers": [{"name": "app", "exitCode": 0}]}
    tasks = [{"stoppedAt": f"10:{41 + n}:00", **ended} for n in range(5)]
    [finding] = found(service(steady(4), containers=records(*tasks)), "missing_tasks")
    assert (finding.severity, "5 tasks ended by themselves" in finding.statement) == (Severity.LOW, True)


def test_tasks_that_failed_before_the_window_are_not_of_it():
    """As many before it is no news; they are counted beside."""
    died = {"stopCode": "EssentialContainerExited", "containers": [{"name": "app", "exitCode": 1}]}
    tasks = [{"stoppedAt": f"{hour}:{41 + n}:00", **died} for n in range(4) for hour in ("09", "10")]
    [finding] = found(service(steady(4), containers=records(*tasks)), "missing_tasks")
    assert (finding.severity, finding.observed, f"{finding.first_seen:%H:%M}") == (Severity.LOW, 4.0, "10:41")


def test_a_deployment_is_low():
    """A task is replaced within five minutes."""
    [finding] = found(service(steady(4, ("10:40:00", 3), ("10:43:00", 4)), containers=records()), "missing_tasks")
    assert (finding.severity, "no longer than the start of a task" in finding.statement) == (Severity.LOW, True)


def test_as_few_in_the_baseline_is_low():
    """It is said, not hidden."""
    [finding] = found(service(steady(3), containers=records()), "missing_tasks")
    assert (finding.severity, "fewer ran in the baseline as well" in finding.statement) == (Severity.LOW, True)


def test_an_alert_on_what_runs_gives_its_severity():
    """P1 of the runbook is CRITICAL."""
    alert = {"title": "Few", "severity": "P1", "metric": "running", "below": 3, "for_s": 300, "steps": ["Look"]}
    more = {"alerts": {"few": alert}}
    [finding] = found(service(steady(4, ("10:40:00", 2)), containers=records(), more=more), "missing_tasks")
    assert finding.severity is Severity.CRITICAL


def test_tasks_that_fail_again_and_again_are_told_where_as_many_run():
    """Three are a loop; those that a deployment stopped are none."""
    died = {"stopCode": "EssentialContainerExited", "containers": [{"name": "app", "exitCode": 137, "reason": "OutOf"}]}
    bad = [{"stoppedAt": f"10:{41 + n}:00", **died} for n in range(3)]
    good = {"stoppedAt": "10:20:00", "stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity"}
    [finding] = found(service(steady(4), containers=records(good, *bad)), "missing_tasks")
    assert (finding.severity, finding.observed) == (Severity.MEDIUM, 3.0)
    assert "3 × “OutOf; app ended with exit code 137”" in finding.statement


def test_as_many_as_wanted_is_clear():
    """Over complete pulls, ECS among them."""
    assert service(steady(4), containers=records()).result("missing_tasks").status is Verdict.CLEAR


def test_what_is_not_known_of_tasks_is_said():
    """No record of the services, no points at the end."""
    result = service({"09:00:00": 4.0, "10:00:00": 4.0, "10:01:00": 4.0}).result("missing_tasks")
    assert result.status is Verdict.NOT_CHECKED
    assert f"API: points of running end at {DAY} 10:01 UTC" in result.reason
    assert "API: no record of its services" in result.reason


def test_a_partial_record_of_services_is_not_clear():
    """ECS keeps stopped tasks for an hour only."""
    facts = service(steady(4), containers=records(), lacking={"containers": Status.PARTIAL})
    assert facts.result("missing_tasks").reason == "found nothing, but containers is partial"


def test_hostile_reasons_are_redacted_and_cut():
    """A password in a reason, and a long one."""
    text = "password=hunter2hunter2 " + "x" * 900 + "\u202e\nCannotStart"
    tasks = [{"stoppedAt": f"10:4{n}:00", "stoppedReason": text} for n in range(3)]
    [finding] = found(service(steady(4, ("10:40:00", 2)), containers=records(*tasks)), "missing_tasks")
    assert ("hunter2" in finding.statement, len(finding.statement) < 700) == (False, True)


def test_other_services_are_left_out():
    """Tasks of another service of the same cluster."""
    tasks = [{"stoppedAt": f"10:4{n}:00", "group": "service:other"} for n in range(4)]
    assert found(service(steady(4), containers=records(*tasks)), "missing_tasks") == []


def test_records_without_times_and_of_other_shapes_are_no_fault():
    """A state that ECS has not stamped; events that are no list; several accounts by their name."""
    rows = [
        {"kind": "stopped_task", "id": "dhbw:arn:x", "record": json.dumps({**TASK, "stoppedAt": True})},
        {"kind": "service", "id": "dhbw:main/api", "record": json.dumps({"events": "none", "serviceName": 7})},
        {"kind": "service_event", "id": "dhbw:1", "record": json.dumps({"service": "main/api", "createdAt": 1e9})},
        {"kind": "task", "id": "a", "record": "[]"},
    ]
    table = pa.Table.from_pylist(rows, schema=RECORDS)
    [task], [said] = stopped_tasks(table, "containers")["service"], service_events(table, "containers")["service"]
    assert (task, said) == ("dhbw:main/api", "dhbw:main/api")
