"""One timeline out of changes, alarms, errors' first events and what people said."""

from collections.abc import Mapping

import pandas as pd

COLUMNS = ["time", "source", "event", "detail"]


def merged_timeline(
    changes: pd.DataFrame, alarms: pd.DataFrame, onsets: pd.DataFrame, people: Mapping[str, pd.Timestamp]
) -> pd.DataFrame:
    """Events of all sources in order of time; the same event told twice is one.

    Args:
        changes: `suspect_changes`-like frame with first, calls, resource, actor.
        alarms: ALARMS frame.
        onsets: frame with time, event, detail: when findings began.
        people: what people noted (detected, acknowledged, …), by its name.

    Returns:
        Columns time (UTC), source (change, alarm, error, people), event, detail (str, "" when none), ordered by
        time, source, event.
    """
    alarm_states = alarms["old_state"].fillna("?") + " → " + alarms["new_state"].fillna("?")
    change_details = changes["resource"].fillna("").astype("str") + changes["actor"].map(_by).astype("str")
    parts = [
        _part(changes["first"], "change", changes["calls"], change_details),
        _part(alarms["timestamp"], "alarm", alarms["alarm"], alarm_states),
        _part(onsets["time"], "error", onsets["event"], onsets["detail"]),
        _part(list(people.values()), "people", list(people), ""),
    ]
    events = pd.concat(parts, ignore_index=True)
    return events.drop_duplicates().sort_values(["time", "source", "event", "detail"], ignore_index=True)


def _part(time: object, source: str, event: object, detail: object) -> pd.DataFrame:
    frame = pd.DataFrame({"time": time, "source": source, "event": event, "detail": detail}, columns=COLUMNS)
    return frame.astype({"time": "datetime64[us, UTC]", "source": "str", "event": "str", "detail": "str"})


def _by(actor: object) -> str:
    return f" by {actor}" if isinstance(actor, str) and actor else ""
