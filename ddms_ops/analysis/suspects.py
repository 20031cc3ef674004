"""Changes that were made shortly before an onset: coincident, never "the cause"."""

import re

import pandas as pd

from ddms_ops.analysis.requests import between

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
COLUMNS = ["first", "last", "calls", "service", "resource", "actor", "is_related", "minutes_before", "rows"]


def suspect_changes(
    changes: pd.DataFrame, before: pd.Timestamp, *, lookback_min: int, about: str, system: str = ""
) -> pd.DataFrame:
    """Successful writes in the minutes before an instant, the most telling first.

    Calls on one resource by one actor within 5 minutes of each other are one change. Changes that share
    a word with `about` come first, then the nearest in time.

    Args:
        changes: CHANGES frame.
        before: first event of what is explained; later changes are never listed.
        lookback_min: how far back to look, minutes.
        about: words of what is explained (log groups, error, endpoint).
        system: the system's name, a word that relates nothing.

    Returns:
        Columns first, last (UTC), calls (names in order, ", "), service, resource, actor, is_related,
        minutes_before (from the first call), rows (positions in the evidence).
    """
    since = before - pd.Timedelta(minutes=lookback_min)
    writes = changes[changes["is_write"] & changes["error"].isna() & ~changes["name"].isin(ROUTINE)]
    writes = between(writes, since, before)
    writes = writes.sort_values(["timestamp", "name", "row"])
    words = _words(about) - _words(system)
    found = [_change(burst, before, words) for burst in _bursts(writes)]
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.sort_values(
        ["is_related", "minutes_before", "calls"], ascending=[False, True, True], ignore_index=True, kind="stable"
    )


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
        "is_related": bool(_words(text) & words),
        "minutes_before": (before - first["timestamp"]) / pd.Timedelta(minutes=1),
        "rows": tuple(int(row) for row in burst["row"]),
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 2) - COMMON_WORDS
