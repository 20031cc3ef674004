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
    parts = [
        pd.DataFrame(
            {
                "time": changes["first"],
                "source": "change",
                "event": changes["calls"],
                "detail": changes["resource"].fillna("").astype("str") + changes["actor"].map(_by),
            }
        ),
        pd.DataFrame(
            {
                "time": alarms["timestamp"],
                "source": "alarm",
                "event": alarms["alarm"],
                "detail": alarms["old_state"].fillna("?") + " → " + alarms["new_state"].fillna("?"),
            }
        ),
        onsets.assign(source="error"),
        pd.DataFrame({"time": list(people.values()), "source": "people", "event": list(people), "detail": ""}),
    ]
    kept = [part[COLUMNS] for part in parts if len(part)]
    if not kept:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).assign(time=pd.Series(dtype="datetime64[us, UTC]"))
    events = pd.concat(kept, ignore_index=True).astype({"time": "datetime64[us, UTC]"})
    return events.drop_duplicates().sort_values(["time", "source", "event", "detail"], ignore_index=True)


def _by(actor: object) -> str:
    return f" by {actor}" if isinstance(actor, str) and actor else ""
