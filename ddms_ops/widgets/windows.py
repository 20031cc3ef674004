"""What a window picker offers: lengths until now, around alarms and findings, before and after; as times to read."""

from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from ddms_ops.case import Case
from ddms_ops.widgets.control import words
from ddms_ops.window import Window

BEFORE, AFTER = pd.Timedelta(minutes=15), pd.Timedelta(minutes=30)
LENGTHS = {"15 min": 15, "30 min": 30, "60 min": 60, "3 h": 180, "24 h": 1440}
BASELINES = ("previous", "previous:6h", "yesterday", "last-week", "after")
MOST = 50
NAME_CHARS = 80


def usual_windows(window: Window, now: pd.Timestamp) -> dict[str, Window]:
    """Windows by label that need nothing looked up: the one given, those beside it, and lengths until now."""
    found = {
        f"as given: {window}": window,
        f"previous: {window.shifted(-window.length)}": window.shifted(-window.length),
        f"next: {window.shifted(window.length)}": window.shifted(window.length),
    }
    now = now.floor("min")
    for label, minutes in LENGTHS.items():
        found[f"last {label}, until {now:%H:%M} UTC"] = Window(now - pd.Timedelta(minutes=minutes), now)
    return found


def around(events: Iterable[tuple[str, pd.Timestamp]]) -> dict[str, Window]:
    """Windows from 15 min before to 30 min after, by label; the first 50 of those named."""
    found: dict[str, Window] = {}
    for name, time in events:
        minute = time.floor("min")
        label = f"around {words(name, limit=NAME_CHARS)}, {time:%Y-%m-%d %H:%M:%S} UTC"
        found.setdefault(label, Window(minute - BEFORE, minute + AFTER))
        if len(found) == MOST:
            break
    return found


def events_of(case: Case) -> list[tuple[str, pd.Timestamp]]:
    """Alarms that went off in the window, then findings above low by rank; alarms are pulled if need be."""
    alarms = case.alarms[case.alarms["new_state"] == "ALARM"].sort_values("timestamp")
    found = [(f"alarm {row.alarm}", row.timestamp) for row in alarms.itertuples()]
    findings = [finding for result in case.results for finding in result.findings if finding.severity.is_above_low]
    ranked = sorted(findings, key=lambda finding: finding.rank)
    return [*found, *((f"finding {f.check}", f.first_seen) for f in ranked if f.first_seen is not None)]


def local(stamp: pd.Timestamp) -> str:
    """The time in the zone of this machine, with the zone's name: `2026-03-04 11:00 CET`."""
    return f"{_here(stamp):%Y-%m-%d %H:%M %Z}"


def in_both_zones(window: Window) -> str:
    """A window in UTC and, where this machine has another zone, in that."""
    here = f"{local(window.start)} to {local(window.end)}"
    offset = _here(window.start).utcoffset()
    same = "the zone of this machine is UTC" if offset is not None and not offset else f"here {here}"
    return f"{window}; {same}"


def _here(stamp: pd.Timestamp) -> datetime:
    return stamp.to_pydatetime(warn=False).astimezone()
