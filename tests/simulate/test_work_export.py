"""Queues, executions and what the system runs on, as AWS describes them; and work that waits without an error."""

import json
from collections import Counter
from pathlib import Path
from statistics import median

import pytest
from reading import files_of, metric, minute, onset_minute, parsed, text_of


def document(export: Path, name: str) -> dict:
    """One JSON file of an export."""
    return json.loads((export / name).read_text())


def executions(export: Path, status: str) -> list[dict]:
    """Executions in a state."""
    return document(export, f"workflows/list-executions-{status}.json")["executions"]


def jobs(played, kind: str, since: str) -> list[dict]:
    """Completed jobs of a kind, logged from a minute on."""
    events = [event for stamp, event in parsed(played.export, "worker") if minute(stamp) >= since]
    return [event for event in events if event.get("jobType") == kind and event["level"] == "info"]


def test_a_quiet_day_has_nothing_that_waits(play):
    """No dead letter, few messages, no execution that has run for two minutes, all tasks there."""
    export = play("quiet_day").export
    queues = {
        path.stem: document(export, f"queues/{path.name}")["Attributes"] for path in (export / "queues").iterdir()
    }
    waiting = {name: int(told["ApproximateNumberOfMessages"]) for name, told in queues.items()}
    assert waiting["dms-processing-dlq-prod"] == 0
    assert waiting["dms-processing-queue-prod"] == metric(export, "queue_depth")[-1] < 40
    assert all(run["startDate"] >= "2026-03-03T11:58" for run in executions(export, "running"))
    [service] = document(export, "containers/services.json")["services"]
    assert service["desiredCount"] == service["runningCount"] == metric(export, "scan_running")[-1]


@pytest.mark.parametrize("name", ["worker_failing", "search_empty"])
def test_dead_letters_name_the_job_that_fails(name, play):
    """As many as the metric says, at most 30 received; each names the failing kind of job and what it says."""
    played = play(name)
    attributes = document(played.export, "queues/dms-processing-dlq-prod.json")["Attributes"]
    assert int(attributes["ApproximateNumberOfMessages"]) == played.truth["failing_jobs"]["jobs"]
    received = [item for path in sorted((played.export / "queues").glob("*receive*")) for item in
                json.loads(path.read_text())["Messages"]]  # fmt: skip
    assert 10 < len(received) <= 30
    bodies = [json.loads(item["Body"]) for item in received]
    assert {body["jobType"] for body in bodies} == set(played.truth["failing_jobs"]["by_job_type"])
    assert all(played.truth["message_contains"] in body["lastError"]["message"] for body in bodies)


@pytest.mark.parametrize("name", ["quiet_day", "search_empty", "stuck_executions"])
def test_executions_are_counted_by_the_metrics(name, play):
    """Those that began, succeeded and failed; every described one has its history."""
    played = play(name)
    runs = {status: executions(played.export, status) for status in ("running", "succeeded", "failed")}
    assert sum(metric(played.export, "executions_started")) == sum(map(len, runs.values()))
    assert sum(metric(played.export, "executions_succeeded")) == len(runs["succeeded"])
    assert sum(metric(played.export, "executions_failed")) == len(runs["failed"])
    folder = played.export / "workflows"
    described = {path.stem.removeprefix("describe-execution-") for path in folder.glob("describe-*")}
    assert described == {path.stem for path in folder.iterdir() if path.stem[:4] not in ("list", "desc")}


def test_stuck_executions_stay_at_one_step(play):
    """They run to the end, their histories end in the step, and no error is logged that was not before."""
    played = play("stuck_executions")
    told, folder = played.truth["work"], played.export / "workflows"
    old = [run for run in executions(played.export, "running") if run["startDate"] < "2026-04-27T10:50"]
    assert told["executions"] >= len(old) > 20
    assert min(run["startDate"] for run in old)[:16] == played.truth["onset"][:16]
    history = json.loads((folder / f"{min(old, key=lambda run: run['startDate'])['name']}.json").read_text())["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    assert entered[-1] == told["step"]
    assert history[-1]["type"] == "TaskSubmitted"


def test_one_kind_of_job_is_slow(play):
    """It takes minutes from the onset on, other kinds take what they took; the alert's limit is passed."""
    played = play("slow_processing")
    onset, slow = played.truth["onset"], played.truth["work"]["job"]
    usual = {kind: [e["duration"] for e in jobs(played, kind, "")] for kind in (slow, "thumbnail")}
    late = {kind: [e["duration"] for e in jobs(played, kind, onset)] for kind in (slow, "thumbnail")}
    assert median(late[slow]) > 100_000 > 5 * median(usual["thumbnail"])
    assert 0.7 < median(late["thumbnail"]) / median(usual["thumbnail"]) < 1.4
    assert max(metric(played.export, "processing_p95_duration")) > 300


def test_a_queue_fills_while_as_much_comes_in(play):
    """Depth and age climb from the onset on, fewer messages leave, and scans are logged late."""
    played = play("queue_backlog")
    onset, depth = onset_minute(played), metric(played.export, "queue_depth")
    came, went = metric(played.export, "queue_arrived"), metric(played.export, "queue_done")
    assert max(depth[:onset]) < 40 < 1000 < depth[onset + 40] < depth[-1]
    assert metric(played.export, "queue_age")[-1] > 1800
    assert 0.9 < sum(came[onset:]) / len(came[onset:]) / (sum(came[:onset]) / onset) < 1.1
    assert sum(went[onset:]) < 0.6 * sum(came[onset:])
    lines = [
        line[:16] for path in files_of(played.export, "scan") for line in text_of(path).splitlines() if line[:2] == "20"
    ]
    half = Counter(line >= played.truth["onset"][:16] for line in lines)
    assert half[True] < 0.35 * half[False]
