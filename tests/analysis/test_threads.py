"""Whole requests across log groups, beside a healthy one."""

import pandas as pd
from builders import log_frame

from ddms_ops.analysis.requests import requests
from ddms_ops.analysis.threads import request_events, threads


def events() -> pd.DataFrame:
    """Two failing requests of one endpoint, one of them with a job, and a healthy one."""
    parts = [
        log_frame("10:02 INFO request completed", request_id="r1", status="500", endpoint="GET /a"),
        log_frame("10:01 ERROR boom", request_id="r1", endpoint="GET /a"),
        log_frame("10:03 ERROR job failed", request_id="r1", log_group="worker"),
        log_frame("10:05 ERROR boom", request_id="r2", endpoint="GET /a"),
        log_frame("10:06 INFO request completed", request_id="r3", status="200", endpoint="GET /a"),
        log_frame("10:07 INFO request completed", request_id="r4", status="200", endpoint="GET /b"),
    ]
    return pd.concat(parts, ignore_index=True).assign(row=range(6))


def boom(logs: pd.DataFrame) -> str:
    """Id of the group of `boom`."""
    return str(logs.loc[logs["message"] == "boom", "group"].iloc[0])


def test_a_thread_holds_every_event_of_its_request_in_order():
    """Across log groups, by time."""
    logs = events()
    [thread] = threads(logs, requests(logs, by_status=True), [boom(logs)])
    assert thread.request_id == "r1"
    assert thread.events["message"].tolist() == ["boom", "request completed", "job failed"]


def test_the_healthy_request_is_of_the_same_endpoint():
    """Not failed, no error logged, same endpoint."""
    logs = events()
    [thread] = threads(logs, requests(logs, by_status=True), [boom(logs)])
    assert (thread.endpoint, thread.healthy_id) == ("GET /a", "r3")


def test_a_group_without_request_ids_has_no_thread():
    """Nothing is made up where events do not say which request they belong to."""
    logs = log_frame("10:00 ERROR boom")
    assert threads(logs, requests(logs, by_status=True), [boom(logs)]) == []


def test_order_of_rows_does_not_matter():
    """The same events in another order give the same thread."""
    logs = events()
    turned = logs.iloc[::-1].reset_index(drop=True)
    assert request_events(logs, "r1").equals(request_events(turned, "r1"))
