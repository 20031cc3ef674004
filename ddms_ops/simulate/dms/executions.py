"""Executions of the state machine that sees large documents through, as `aws stepfunctions` prints them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ACCOUNT, JOBS, REGION, WORKER_FUNCTION
from ddms_ops.simulate.dms.errors import error_text
from ddms_ops.simulate.dms.jobs import UNSUPPORTED_PLACE, Jobs, through_machine
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.ids import hexes_of, mix, uuids
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import Scenario

MACHINE = "dms-document-processing-prod"
MACHINE_ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{MACHINE}"
STEPS = (("ScanForMalware", "malware-scan"), ("ExtractText", "textract-ocr"), ("MakeThumbnail", "thumbnail"),
         ("IndexDocument", "index"))  # fmt: skip
RUNNING, SUCCEEDED, FAILED = "RUNNING", "SUCCEEDED", "FAILED"
DESCRIBED = 5  # of the stuck and of the failed executions
WAIT = ".waitForTaskToken"
Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Executions:
    """Executions by their start, one array element each; `stop_ms` is -1 while they run."""

    request: NDArray[np.int64]  # the upload's place among the requests
    name: tuple[str, ...]
    start_ms: NDArray[np.int64]
    stop_ms: NDArray[np.int64]
    status: tuple[str, ...]
    is_stuck: NDArray[np.bool_]
    error: NDArray[np.int16]  # place in the jobs' kinds, -1 where none failed
    job_type: NDArray[np.int16]  # of the job that failed


def draw_executions(scenario: Scenario, requests: Requests, jobs: Jobs, salt: int) -> Executions:
    """One execution for each large document that is uploaded; it ends a little after its last job."""
    request = through_machine(requests)
    draws = mix(request, salt + 71)
    start = requests.time_ms[request] + 1_000 + (draws % np.uint64(2_000)).astype(np.int64)
    stop = start + 15_000 + (draws // np.uint64(2_000) % np.uint64(20_000)).astype(np.int64)
    place = np.searchsorted(request, jobs.request)
    is_its = np.isin(jobs.request, request)
    np.maximum.at(stop, place[is_its], jobs.time_ms[is_its] + 2_500)
    error, job_type = np.full(len(request), -1, np.int16), np.full(len(request), -1, np.int16)
    is_lost = is_its & jobs.is_final & (jobs.error >= UNSUPPORTED_PLACE)
    error[place[is_lost]], job_type[place[is_lost]] = jobs.error[is_lost], jobs.job_type[is_lost]
    runs = np.isin(request, jobs.unfinished) | (stop >= scenario.end_ms)
    inside = start < scenario.end_ms
    status = np.where(runs, RUNNING, np.where(error >= 0, FAILED, SUCCEEDED))
    return Executions(
        request[inside], tuple(np.array(uuids(request, salt + 73), dtype=object)[inside]), start[inside],
        np.where(runs, -1, stop)[inside], tuple(status[inside].tolist()), np.isin(request, jobs.stuck)[inside],
        error[inside], job_type[inside],
    )  # fmt: skip


def write_executions(
    folder: Path, scenario: Scenario, executions: Executions, requests: Requests, jobs: Jobs, salt: int
) -> None:
    """Write list-executions by state, and describe-execution and get-execution-history of a few.

    A history names no execution: its file does. The few are the first stuck ones and the last failed ones; where none
    is stuck, one that ended well.
    """
    created = scenario.first_ms - 90 * 86_400_000
    machine = {"stateMachineArn": MACHINE_ARN, "name": MACHINE, "type": "STANDARD", "creationDate": _iso(created)}
    write_json(folder / "list-state-machines.json", {"stateMachines": [machine]})
    items = [_item(executions, place) for place in range(len(executions.name))]
    for status in (RUNNING, SUCCEEDED, FAILED):
        found = [item for item in reversed(items) if item["status"] == status]
        write_json(folder / f"list-executions-{status.lower()}.json", {"executions": found})
    told = np.flatnonzero(executions.is_stuck)[:DESCRIBED].tolist()
    told = told or [executions.status.index(SUCCEEDED)]
    failed = [place for place, status in enumerate(executions.status) if status == FAILED]
    documents = uuids(requests.document[executions.request].astype(np.int64), salt + 3)
    for place in [*told, *failed[-DESCRIBED:]]:
        name, tenant = executions.name[place], requests.names[requests.tenant[executions.request[place]]]
        given = f'{{"tenantId":"{tenant}","documentId":"{documents[place]}"}}'
        described = {
            **items[place],
            "input": given,
            "inputDetails": {"included": True},
            **_lost(executions, place, jobs, salt),
        }
        write_json(folder / f"describe-execution-{name}.json", described)
        write_json(
            folder / f"{name}.json",
            {"events": _history(scenario, executions, place, jobs, given, salt)},
        )


def _iso(time_ms: int) -> str:
    return pd.Timestamp(time_ms, unit="ms", tz="UTC").strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def _item(executions: Executions, place: int) -> Record:
    """One execution as a list has it."""
    item: Record = {
        "executionArn": f"{MACHINE_ARN.replace(':stateMachine:', ':execution:')}:{executions.name[place]}",
        "stateMachineArn": MACHINE_ARN,
        "name": executions.name[place],
        "status": executions.status[place],
        "startDate": _iso(int(executions.start_ms[place])),
    }
    if executions.stop_ms[place] >= 0:
        item["stopDate"] = _iso(int(executions.stop_ms[place]))
    return item


def _history(scenario: Scenario, executions: Executions, place: int, jobs: Jobs, given: str, salt: int) -> list[Record]:
    """What an execution came through: each step to its end, or to where it stays or fails."""
    start, stop = int(executions.start_ms[place]), int(executions.stop_ms[place])
    events: list[tuple[int, str, Record]] = [
        (start, "ExecutionStarted", {"executionStartedEventDetails": {"input": given, "roleArn": _role()}})
    ]
    stuck_at = scenario.stuck.step if scenario.stuck and executions.is_stuck[place] else ""
    failed_at = JOBS[executions.job_type[place]].name if executions.status[place] == FAILED else ""
    pace = max(400, (stop - start) // (len(STEPS) + 1)) if stop >= 0 else 2_600
    for number, (step, job) in enumerate(STEPS):
        begun = start + 180 + number * pace
        events += _entered(begun, step, job, given)
        if step == stuck_at:
            break
        if job == failed_at:
            events += _failed(stop, jobs, executions, place, salt)
            break
        ended = begun + pace - 60
        events += [(ended, "TaskSucceeded", {"taskSucceededEventDetails": {**_task(job), "output": "{}"}}),
                   (ended + 20, "TaskStateExited", {"stateExitedEventDetails": {"name": step}})]  # fmt: skip
    else:
        events.append((stop, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": given}}))
    return [
        {"timestamp": _iso(time_ms), "type": kind, "id": number, "previousEventId": number - 1, **details}
        for number, (time_ms, kind, details) in enumerate(events, 1)
    ]


def _entered(begun: int, step: str, job: str, given: str) -> list[tuple[int, str, Record]]:
    scheduled = {**_task(job), "region": REGION, "parameters": given, "timeoutInSeconds": 86_400}
    return [
        (begun, "TaskStateEntered", {"stateEnteredEventDetails": {"name": step, "input": given}}),
        (begun + 15, "TaskScheduled", {"taskScheduledEventDetails": scheduled}),
        (begun + 60, "TaskStarted", {"taskStartedEventDetails": _task(job)}),
        (begun + 140, "TaskSubmitted", {"taskSubmittedEventDetails": _task(job)}),
    ]


def _failed(stop: int, jobs: Jobs, executions: Executions, place: int, salt: int) -> list[tuple[int, str, Record]]:
    told = _lost(executions, place, jobs, salt)
    job = JOBS[executions.job_type[place]].name
    return [
        (stop - 40, "TaskFailed", {"taskFailedEventDetails": {**_task(job), **told}}),
        (stop, "ExecutionFailed", {"executionFailedEventDetails": told}),
    ]


def _lost(executions: Executions, place: int, jobs: Jobs, salt: int) -> Record:
    """What an execution failed with; nothing where it did not."""
    if executions.status[place] != FAILED:
        return {}
    kind = jobs.kinds[executions.error[place]]
    [digits] = hexes_of([int(executions.request[place])], salt + 79)
    return {"error": kind.name, "cause": error_text(kind.message, int(digits[:12], 16), digits)}


def _task(job: str) -> Record:
    """How a job is called: OCR through Textract, scans in ECS, the rest in the worker."""
    service = {"textract-ocr": "aws-sdk:textract", "malware-scan": "ecs"}.get(job, "lambda")
    call = {"textract-ocr": "startDocumentTextDetection", "malware-scan": "runTask"}.get(job, "invoke")
    return {"resourceType": service, "resource": f"{call}{WAIT}"}


def _role() -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{WORKER_FUNCTION.replace('worker', 'states')}-role"
