"""Half-open UTC intervals, and the ways a person writes them.

An instant is ISO 8601 with a zone (`2026-03-04T10:00Z`, `2026-03-04T11:00+01:00`), `now`,
or an offset from now (`-2h`, `-30min`, `-1d`). `now` is always passed in.
"""

import re
from dataclasses import dataclass

import pandas as pd

from ddms_ops.errors import WindowError

UNITS = {"min": "min", "m": "min", "h": "h", "d": "D"}
DURATION = re.compile(r"(\d+)\s*(min|m|h|d)")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}|$)")
LONGEST = pd.Timedelta(days=3660)
BASELINES = "previous, previous:<length> (previous:6h), yesterday, last-week, after, after:<length>, or <start>/<end>"


def parse_duration(text: str) -> pd.Timedelta:
    """Length written as `90min`, `2h` or `1d`.

    Raises:
        WindowError: the text is not a number with one of those units.
    """
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise WindowError(f"{text!r} is not a length; write a number and min, h or d, e.g. 90min")
    if int(match[1]) > LONGEST / pd.Timedelta(1, unit=UNITS[match[2]]):
        raise WindowError(f"{text!r} is longer than ten years")
    return pd.Timedelta(int(match[1]), unit=UNITS[match[2]])


def is_relative(*texts: object) -> bool:
    """Whether one of these written instants counts from now."""
    return any(str(text).strip() == "now" or str(text).strip().startswith("-") for text in texts)


def parse_instant(text: str, *, now: pd.Timestamp | None = None, name: str = "time") -> pd.Timestamp:
    """Aware UTC timestamp for what a person wrote.

    Args:
        text: ISO 8601 with a zone, `now`, or an offset from now such as `-2h`.
        now: the clock to count from; None refuses relative times.
        name: what to call the value in an error.

    Raises:
        WindowError: not a time, no zone, or relative where no clock was given.
    """
    text = str(text).strip()
    if is_relative(text):
        if now is None:
            raise WindowError(f"{name}: {text!r} is relative, which only `start` and `end` may be")
        return now if text == "now" else now - parse_duration(text[1:])
    try:
        stamp = pd.Timestamp(text) if ISO.match(text) else pd.NaT
    except (ValueError, OverflowError):
        stamp = pd.NaT
    if not isinstance(stamp, pd.Timestamp):
        raise WindowError(f"{name}: {text!r} is not a time; write e.g. 2026-03-04T10:00Z, or -2h")
    if stamp.tzinfo is None:
        raise WindowError(f"{name}: {text!r} has no time zone; add 'Z' for UTC, e.g. {text}Z")
    return stamp.tz_convert("UTC")


def iso(stamp: pd.Timestamp) -> str:
    """ISO 8601 in UTC with a Z; fractions of a second only where there are any."""
    stamp = stamp.tz_convert("UTC").tz_localize(None)
    return stamp.isoformat(timespec="auto") + "Z"


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open interval [start, end) in UTC.

    Raises:
        WindowError: an end without a time zone, or no time between start and end.
    """

    start: pd.Timestamp
    end: pd.Timestamp

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            if getattr(self, name).tzinfo is None:
                raise WindowError(f"{name} = {getattr(self, name)} has no time zone; add 'Z' for UTC")
            object.__setattr__(self, name, getattr(self, name).tz_convert("UTC"))
        if self.start >= self.end:
            raise WindowError(f"the window is empty: start {iso(self.start)} is not before end {iso(self.end)}")

    @classmethod
    def of(cls, start: str, end: str, *, now: pd.Timestamp | None = None) -> "Window":
        """Window between two written instants."""
        return cls(parse_instant(start, now=now, name="start"), parse_instant(end, now=now, name="end"))

    @property
    def length(self) -> pd.Timedelta:
        """Time from start to end."""
        return self.end - self.start

    @property
    def minutes(self) -> float:
        """Length in minutes."""
        return self.length / pd.Timedelta(minutes=1)

    def shifted(self, by: pd.Timedelta) -> "Window":
        """The same length, moved by `by`."""
        return Window(self.start + by, self.end + by)

    def contains(self, stamp: pd.Timestamp) -> bool:
        """Whether the instant lies in [start, end)."""
        return self.start <= stamp < self.end

    def as_dict(self) -> dict[str, str]:
        """`{"start": ISO, "end": ISO}`."""
        return {"start": iso(self.start), "end": iso(self.end)}

    def __str__(self) -> str:
        same_day = self.start.date() == self.end.date()
        return f"{self.start:%Y-%m-%d %H:%M}–{self.end.strftime('%H:%M' if same_day else '%Y-%m-%d %H:%M')} UTC"


def baseline_window(window: Window, text: str) -> Window:
    """The comparison window that `text` names.

    Args:
        window: the incident window.
        text: `previous` (same length, just before), `previous:6h` (that length, just before),
            `yesterday`, `last-week` (same hours), `after` and `after:1h` (just after), or `<start>/<end>`.

    Raises:
        WindowError: not one of those, or it overlaps the incident window.
    """
    if text == "previous" or text.startswith("previous:"):
        length = parse_duration(text.partition(":")[2]) if ":" in text else window.length
        return Window(window.start - length, window.start)
    if text == "after" or text.startswith("after:"):
        length = parse_duration(text.partition(":")[2]) if ":" in text else window.length
        return Window(window.end, window.end + length)
    days = {"yesterday": 1, "last-week": 7}.get(text)
    if days is not None:
        found = window.shifted(pd.Timedelta(days=-days))
    elif "/" in text:
        found = Window.of(*text.split("/", 1))
    else:
        raise WindowError(f"baseline: {text!r} is not known; write {BASELINES}")
    if found.start < window.end and window.start < found.end:
        raise WindowError(f"baseline: {text!r} overlaps the incident window {window}; write {BASELINES}")
    return found


EVER = Window.of("1970-01-01T00:00Z", "2200-01-01T00:00Z")
"""All there is: a source asked for this window has no edge to miss."""
