"""Whole requests: every event of one request across log groups, in order, beside a healthy one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = ["timestamp", "log_group", "level", "error", "message", "status", "duration_ms", "pull", "row"]
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Thread:
    """One request that a group hit, and a healthy one of the same endpoint.

    `events` and `healthy_events` have the columns of COLUMNS, ordered by time, at most 200 rows; `healthy_events` is
    empty where no request of that endpoint went well.
    """

    group: str
    request_id: str
    endpoint: str
    events: pd.DataFrame
    healthy_id: str
    healthy_events: pd.DataFrame


def threads(logs: pd.DataFrame, found: pd.DataFrame, groups: list[str]) -> list[Thread]:
    """A whole request for each group, in the order of the groups; groups whose events carry no request id have none.

    The request taken is the first among those of the group with as many events as most of them have (of sizes equally
    common, the largest), so that it is a usual one.

    Args:
        logs: `with_groups` of the window.
        found: `requests` of the window.
        groups: ids of groups.
    """
    traced = logs[logs["request_id"].notna()]
    picked = {group: _usual(traced, traced[traced["group"] == group]) for group in groups}
    endpoints = {name: _endpoint(traced, name) for name in picked.values() if name}
    healthy = {name: healthy_request(traced, found, endpoint) for name, endpoint in endpoints.items()}
    return [
        Thread(
            group,
            name,
            endpoints[name],
            request_events(traced, name),
            healthy[name],
            request_events(traced, healthy[name]),
        )
        for group, name in picked.items()
        if name
    ]


def healthy_request(logs: pd.DataFrame, found: pd.DataFrame, endpoint: str) -> str:
    """Id of a usual request that went well and logged no error, of an endpoint, or of any where it is empty.

    Args:
        logs: `with_groups`.
        found: `requests` of the same events.
        endpoint: as LOGS writes it.

    Returns:
        Empty where there is none.
    """
    traced = logs[logs["request_id"].notna()]
    return _usual(traced, _healthy(found, traced, endpoint))


def request_events(logs: pd.DataFrame, request_id: str) -> pd.DataFrame:
    """Every event of one request, by time; none for an empty id."""
    events = logs[logs["request_id"] == request_id] if request_id else logs.head(0)
    return events.sort_values(["timestamp", "pull", "row"])[COLUMNS].head(MOST_EVENTS).reset_index(drop=True)


def _healthy(found: pd.DataFrame, traced: pd.DataFrame, endpoint: str) -> pd.DataFrame:
    """Requests of an endpoint that did not fail and logged no error."""
    ours = found[~found["failed"] & found["request_id"].notna()]
    ours = ours[ours["endpoint"] == endpoint] if endpoint else ours
    return ours[~ours["request_id"].isin(traced.loc[traced["is_error"], "request_id"])]


def _usual(traced: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Id of the first request among the rows that has as many events as most of them; empty where there is none."""
    if rows.empty:
        return ""
    firsts = rows.sort_values(["timestamp", "request_id"]).drop_duplicates("request_id").head(MOST_EVENTS)
    ids = firsts["request_id"].tolist()
    sizes = traced.loc[traced["request_id"].isin(ids), "request_id"].value_counts().reindex(ids).to_numpy()
    values, counts = np.unique(sizes, return_counts=True)
    usual = values[counts == counts.max()].max()
    return str(ids[int(np.argmax(sizes == usual))])


def _endpoint(traced: pd.DataFrame, request_id: str) -> str:
    known = traced.loc[traced["request_id"] == request_id, "endpoint"].dropna()
    return str(known.iloc[0]) if len(known) else ""
