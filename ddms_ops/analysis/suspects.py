"""Changes that were made shortly before an onset: coincident, never "the cause"."""

import re

import numpy as np
import pandas as pd

from ddms_ops.analysis.requests import between
from ddms_ops.schema import CHANGES, conform

# Calls that CloudTrail calls writes and that change nothing an incident could come from.
ROUTINE = frozenset(
    [
        "CreateLogStream",
        "CreateLogGroup",
        "PutLogEvents",
        "PutMetricData",
        "AssumeRole",
        "GetSessionToken",
        "ConsoleLogin",
        "StartQuery",
        "StopQuery",
        "GenerateDataKey",
        "Decrypt",
        "Encrypt",
        "Invoke",
        "StartExecution",
        "SendMessage",
        "ReceiveMessage",
        "DeleteMessage",
        "PutObject",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "SharedSnapshotVolumeCreated",
        "BatchGetImage",
    ]
)
NEARER = 4.0  # a change that names the affected component counts as so many times as near
BESIDE = re.compile(r"Alarm|Dashboard|Tag(?:s|ging|Resource|$)|LoggingConfiguration|RetentionPolicy")
"""Calls on what watches a component or names it: they relate to nothing that it does."""
BURST = pd.Timedelta(minutes=5)
COMMON_WORDS = frozenset(
    [
        "aws",
        "lambda",
        "log",
        "logs",
        "group",
        "arn",
        "prod",
        "staging",
        "the",
        "for",
        "and",
        "not",
        "with",
        "from",
        "error",
        "service",
    ]
)
COLUMNS = ["first", "last", "calls", "service", "resource", "actor", "is_related", "minutes_before", "pull", "rows"]
SEEN, ALARM = "log events", "alarms"
"""The services of what nobody did and that is seen: in the logs, or by an alarm."""


def suspect_changes(
    changes: pd.DataFrame, before: pd.Timestamp, *, lookback_min: int, about: str, system: str = ""
) -> pd.DataFrame:
    """Successful writes in the minutes before an instant, the most telling first.

    Calls on one resource by one actor within 5 minutes of each other are one change. The nearest in time come first,
    where a change that shares a word with `about` counts as four times as near; what nobody did (a new version in the
    logs, an alarm) comes after what somebody did.

    Args:
        changes: CHANGES frame.
        before: first event of what is explained; later changes are never listed.
        lookback_min: how far back to look, minutes.
        about: words of what is explained (log groups, error, endpoint).
        system: the system's name, a word that relates nothing.

    Returns:
        Columns first, last (UTC), calls (names in order, ", "), service, resource, actor, is_related,
        minutes_before (from the first call), pull and rows (positions in its evidence).
    """
    since = before - pd.Timedelta(minutes=lookback_min)
    writes = changes[changes["is_write"] & changes["error"].isna() & ~changes["name"].isin(ROUTINE)]
    writes = between(writes, since, before)
    writes = writes.sort_values(["timestamp", "name", "row"])
    words = _words(about) - _words(system)
    found = [_change(burst, before, words) for burst in _bursts(writes)]
    table = pd.DataFrame(found, columns=COLUMNS)
    distance = table["minutes_before"].astype("float64") / np.where(table["is_related"].astype(bool), NEARER, 1.0)
    order = table.assign(is_seen=table["service"].isin([SEEN, ALARM]), distance=distance)
    order = order.sort_values(["is_seen", "distance", "calls"], kind="stable")
    return order[COLUMNS].reset_index(drop=True)


def first_seen_versions(logs: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """First event of each version that a log group of the baseline did not have, as a CHANGES frame.

    Args:
        logs: LOGS of the window.
        baseline: LOGS of the baseline; log groups without an event there show nothing.
    """
    firsts = logs[logs["version"].notna()].drop_duplicates(["log_group", "version"])
    versions = baseline[["log_group", "version"]].drop_duplicates().astype("str")
    known = set(versions.itertuples(index=False, name=None))
    groups = {group for group, _ in known}
    keys = zip(firsts["log_group"].astype("str"), firsts["version"].astype("str"), strict=True)
    firsts = firsts[np.array([key[0] in groups and key not in known for key in keys], dtype=bool)]
    found = pd.DataFrame(
        {
            "timestamp": firsts["timestamp"],
            "name": "first event of version " + firsts["version"].astype("str"),
            "service": SEEN,
            "resource": firsts["log_group"].astype("str"),
            "is_write": True,
            "pull": firsts["pull"].astype("str"),
            "row": firsts["row"],
        }
    )
    return conform(found, CHANGES)


def alarms_before(alarms: pd.DataFrame) -> pd.DataFrame:
    """Alarms that went to ALARM, as a CHANGES frame: what an onset may follow from.

    Args:
        alarms: ALARMS frame.
    """
    fired = alarms[alarms["new_state"] == "ALARM"]
    kept = fired[["timestamp", "pull", "row"]].assign(resource=fired["alarm"])
    return conform(kept.assign(name="went to ALARM", service=ALARM, is_write=True), CHANGES)


def _bursts(writes: pd.DataFrame) -> list[pd.DataFrame]:
    bursts = []
    keyed = writes.assign(
        key=writes["resource"].fillna("") + "|" + writes["actor"].fillna("") + "|" + writes["service"].fillna("")
    )
    for _, calls in keyed.groupby("key", sort=True):
        number = (calls["timestamp"].diff() > BURST).cumsum()
        bursts += [burst for _, burst in calls.groupby(number)]
    return bursts


def _change(burst: pd.DataFrame, before: pd.Timestamp, words: frozenset[str]) -> dict[str, object]:
    first = burst.iloc[0]
    text = " ".join(str(first[name]) for name in ("service", "resource") if not pd.isna(first[name]))
    return {
        "first": first["timestamp"],
        "last": burst["timestamp"].iloc[-1],
        "calls": ", ".join(dict.fromkeys(burst["name"])),
        "service": first["service"],
        "resource": None if pd.isna(first["resource"]) else first["resource"],
        "actor": None if pd.isna(first["actor"]) else first["actor"],
        "is_related": bool(_words(text) & words) and not burst["name"].str.contains(BESIDE).all(),
        "minutes_before": (before - first["timestamp"]) / pd.Timedelta(minutes=1),
        "pull": str(first["pull"]),
        "rows": tuple(int(row) for row in burst["row"]),
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 2) - COMMON_WORDS
