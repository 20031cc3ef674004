"""Step Functions: executions of the window that failed or still run, and how the latest failed ones went."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ddms_ops.sources.aws.resource_rows import absent, of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.window import Window

RUNNING = "RUNNING"
STATES = (RUNNING, "FAILED", "TIMED_OUT", "ABORTED")  # one that ends meanwhile is in a later list
HISTORIES = 20  # a state machine
EVENTS = 100  # the last ones of a history
LOOKBACK = pd.Timedelta(days=1)  # ended executions that began earlier before the window are not looked for
PAGE = 1000
UNTOLD = frozenset({"input", "output", "parameters", "assignedVariables", "inputDetails", "outputDetails"})


def workflow_records(session: AwsSession, names: Sequence[str], window: Window) -> Iterator[Row]:
    """Rows of state machines, of their executions that failed or ran in the window, and of 20 histories at most.

    An execution's time is when it ended, or when it began where it ended outside the window. Of those that ended, any
    that began more than a day before the window are left out. What goes in and out of a state is never read.

    Raises:
        AwsFault: the list of state machines was not answered, or the credentials have ended.
    """
    pages = session.pages("stepfunctions", "ListStateMachines", ask="nextToken", answer="nextToken", maxResults=PAGE)
    machines = {machine["name"]: machine for page in pages for machine in page["stateMachines"]}

    def rows_of(name: str) -> Iterator[Row]:
        if name not in machines:
            yield absent("state machine", name)
            return
        yield record_row("state_machine", name, machines[name])
        if machines[name]["type"] == "EXPRESS":
            yield {FAULT: f"state machine {name} is EXPRESS: no executions are listed; its log group tells of them"}
            return
        yield from _executions(session, name, machines[name]["stateMachineArn"], window)

    yield from of_each("state machine", names, rows_of)


def _executions(session: AwsSession, name: str, arn: str, window: Window) -> Iterator[Row]:
    found = list(
        {run["executionArn"]: run for state in STATES for run in _in_window(session, arn, state, window)}.values()
    )
    for run in found:
        yield record_row("execution", run["executionArn"], run, timestamp=_time(run, window))
    failed = sorted((run for run in found if "stopDate" in run), key=lambda run: run["stopDate"], reverse=True)
    if len(failed) > HISTORIES:
        yield {FAULT: f"state machine {name}: histories of the latest {HISTORIES} of {len(failed):,} failed executions"}
    latest = {run["executionArn"]: run for run in failed[:HISTORIES]}

    def history_of(run_arn: str) -> Iterator[Row]:
        yield _history(session, run_arn, _time(latest[run_arn], window))

    yield from of_each("execution", latest, history_of)


def _in_window(session: AwsSession, arn: str, state: str, window: Window) -> Iterator[dict[str, Any]]:
    """Executions in a state that overlap the window; AWS lists the latest begun first."""
    pages = session.pages(
        "stepfunctions",
        "ListExecutions",
        ask="nextToken",
        answer="nextToken",
        stateMachineArn=arn,
        statusFilter=state,
        maxResults=PAGE,
    )
    for page in pages:
        for run in page["executions"]:
            if state != RUNNING and run["startDate"] < window.start - LOOKBACK:
                return
            if run["startDate"] < window.end and run.get("stopDate", window.start) >= window.start:
                yield run


def _time(run: dict[str, Any], window: Window) -> pd.Timestamp:
    start, end = pd.Timestamp(run["startDate"]), pd.Timestamp(run.get("stopDate", run["startDate"]))
    return end if window.contains(end) else start


def _history(session: AwsSession, run_arn: str, timestamp: pd.Timestamp) -> Row:
    answer = session.call(
        "stepfunctions",
        "GetExecutionHistory",
        executionArn=run_arn,
        reverseOrder=True,
        includeExecutionData=False,
        maxResults=EVENTS,
    )
    events = [_without_payload(event) for event in answer["events"]]
    record = {"events": events, "earlierEventsLeftOut": bool(answer.get("nextToken"))}
    return record_row("execution_history", run_arn, record, timestamp=timestamp)


def _without_payload(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what went into a state or came out of it; a failure's error and cause stay."""
    return {
        name: _without_payload(value) if isinstance(value, dict) else value
        for name, value in event.items()
        if name not in UNTOLD
    }
