"""What log events are asked for: each filter is checked, so that a misspelt one is no empty answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import pandas as pd

from ddms_ops.declaration import LEVELS, log_group_names
from ddms_ops.errors import BadInput, WindowError
from ddms_ops.hops.naming import chosen, optional, short, unknown, whole
from ddms_ops.hops.reading import BASELINE, KINDS, WINDOW
from ddms_ops.hops.views import Ground
from ddms_ops.window import ISO, Window, iso, parse_instant

CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
MOST_TEXT = 1000
MOST_TIME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters of `case.logs`; an empty one filters nothing."""

    group: str = ""
    tenant: str = ""
    request: str = ""
    level: str = ""
    component: str = ""
    log_group: str = ""
    contains: str = ""
    start: str | pd.Timestamp = ""
    end: str | pd.Timestamp = ""
    side: str = WINDOW

    @property
    def call(self) -> str:
        """Python that asks the same."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        kept = (f"{name}={value!r}" for name, value in given.items() if value and (name, value) != ("side", WINDOW))
        return f"case.logs({', '.join(kept)})"

    @property
    def words(self) -> str:
        """The filters in words, for a title."""
        given = [(name, getattr(self, name)) for name in ("group", "tenant", "request", "level", "component")]
        parts = [f"{name} {value}" for name, value in given if value]
        parts += [f"in {self.log_group}"] if self.log_group else []
        parts += [f"containing {self.contains!r}"] if self.contains else []
        parts += [f"from {self.start}"] if self.start else []
        parts += [f"to {self.end}"] if self.end else []
        return ", ".join(parts)


def checked(case: Ground, asked: Asked) -> Asked:
    """The same with every filter as the case has it: levels in capitals, ids whole, instants in ISO 8601.

    Raises:
        BadInput: a filter that can match nothing because it is misspelt, or a time outside the side's window.
    """
    if not isinstance(asked.side, str) or asked.side not in KINDS:
        raise BadInput(f"no side {short(asked.side)}; write {WINDOW!r} or {BASELINE!r}")
    for name in ("group", "tenant", "request", "level", "component", "log_group"):
        optional(name, getattr(asked, name))
    if not isinstance(asked.contains, str) or len(asked.contains) > MOST_TEXT:
        raise BadInput(f"contains: write the text to look for, at most {MOST_TEXT:,} characters")
    start, end = times(asked.start, asked.end, span_of(case, asked.side), asked.side)
    return Asked(
        group=group_id(case, asked.group) if asked.group else "",
        tenant=asked.tenant.strip(),
        request=asked.request.strip(),
        level=_level(asked.level.strip()) if asked.level else "",
        component=_component(case, asked.component.strip()) if asked.component else "",
        log_group=_log_group(case, asked.log_group.strip()) if asked.log_group else "",
        contains=whole("contains", asked.contains),
        start=iso(start) if asked.start else "",
        end=iso(end) if asked.end else "",
        side=asked.side,
    )


def span_of(case: Ground, side: str) -> Window:
    """The window or the baseline."""
    return case.window if side == WINDOW else case.baseline


def group_id(case: Ground, given: object) -> str:
    """The whole id of a group of messages.

    Raises:
        BadInput: none of that id, or several that begin so.
    """
    known = case.groups["group"].astype("str").tolist()
    return chosen("group", given, known, how="case.error_groups lists those of errors, case.groups all")


def log_groups_asked(case: Ground, asked: Asked) -> tuple[str, ...] | None:
    """Log groups that the filters leave; None for all."""
    named = log_group_names(case.profile, case.incident.environment)
    kept = [name for name in case.log_groups if not asked.log_group or name == asked.log_group]
    if asked.component:
        kept = [name for name in kept if name in named and named[name].component == asked.component]
    return tuple(kept) if asked.log_group or asked.component else None


def _level(given: str) -> str:
    if given.upper() not in LEVELS:
        raise unknown("level", given.upper(), LEVELS, how=f"levels: {', '.join(LEVELS)}")
    return given.upper()


def _component(case: Ground, given: str) -> str:
    named = log_group_names(case.profile, case.incident.environment)
    known = sorted({group.component for group in named.values() if group.component})
    if given not in known:
        raise unknown("component", given, known, how=f"the profile names: {', '.join(known) or 'none'}")
    return given


def _log_group(case: Ground, given: str) -> str:
    if given not in case.log_groups:
        raise unknown("log group", given, case.log_groups, how=f"there are: {', '.join(case.log_groups) or 'none'}")
    return given


def times(
    start: str | pd.Timestamp, end: str | pd.Timestamp, span: Window, side: str
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Instants for what a person wrote: ISO 8601 with a zone, or a clock time (UTC) of the span's day; half-open.

    Raises:
        WindowError: no time, outside the span, of several of its days, or an end that is not after the start.
    """
    first, last = (_instant(given, span, name, side) for given, name in ((start, "start"), (end, "end")))
    first, last = span.start if first is None else first, span.end if last is None else last
    if first >= last:
        raise WindowError(f"start {iso(first)} is not before end {iso(last)}; the {side} is {span}")
    return first, last


def _instant(given: object, span: Window, name: str, side: str) -> pd.Timestamp | None:
    """The instant that was written; None where none was."""
    if isinstance(given, str) and given == "":
        return None
    text = str(given).strip() if isinstance(given, str | datetime) else ""
    if not CLOCK.fullmatch(text) and not ISO.match(text) or len(text) > MOST_TIME:
        raise WindowError(f"{name}: {short(given)} is not a time; write e.g. 10:38 (UTC) or {iso(span.start)}")
    found = _of_clock(text, span) if CLOCK.fullmatch(text) else [parse_instant(text, name=name)]
    inside = [stamp for stamp in found if span.start <= stamp <= span.end]
    if not inside:
        raise WindowError(f"{name}: {text[:40]!r} is outside the {side}, which is {span}; nothing was read there")
    if len(inside) > 1:
        raise WindowError(
            f"{name}: {text!r} is in {len(inside)} days of the {side}, {span}; write e.g. {iso(inside[0])}"
        )
    return inside[0]


def _of_clock(text: str, span: Window) -> Sequence[pd.Timestamp]:
    """The instants with a clock time on each day of a span."""
    days = pd.date_range(span.start.normalize(), span.end.normalize(), freq="D")
    clock = pd.Timedelta(text if text.count(":") == 2 else f"{text}:00")
    return [day + clock for day in days]
