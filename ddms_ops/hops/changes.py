"""Changes around the incident, in order of time, and one of them."""

from numbers import Integral

import pandas as pd

from ddms_ops.analysis.suspects import ALARM, SEEN, alarms_before, first_seen_versions, suspect_changes
from ddms_ops.coverage import Coverage
from ddms_ops.errors import BadInput
from ddms_ops.evidence import read_table
from ddms_ops.hops.lines import raw
from ddms_ops.hops.moved import moved
from ddms_ops.hops.naming import short, typed, unknown
from ddms_ops.hops.reading import BASELINE, WINDOW, doubt, log_coverage, log_notes, numbered_rows
from ddms_ops.hops.view import View
from ddms_ops.hops.views import Change, Ground

COLUMNS = ("n", "first", "last", "calls", "service", "resource", "actor")
CHANGES = "changes"


def changes_seen(case: Ground) -> View:
    """What changed in the window and in the minutes before it, by time: `case.change(n)` opens a row.

    Changes are successful writes, but for routine ones; calls on one resource by one actor within 5 minutes are one
    row. Beside them stand versions first seen in the logs (service `log events`) and alarms that fired (`alarms`).

    Returns:
        A view; its frame has n (int64), first and last (UTC), calls, service, resource, actor (str, null where the
        record does not say), pull and rows (positions in its evidence).
    """
    frame = _table(case)
    return View(
        title=f"Changes, new versions and alarms from {_since(case):%Y-%m-%d %H:%M} to {case.window.end:%H:%M} UTC",
        frame=frame,
        coverage=_coverage(case),
        call="case.changes_seen",
        columns=COLUMNS,
        notes=(
            "Read and routine calls, and calls that failed, are not listed; case.changes has them.",
            *log_notes(case),
        ),
        hops=tuple(f"case.change({int(n)}).moved()" for n in frame.loc[frame["actor"].notna(), "n"].tail(3)),
    )


def _since(case: Ground) -> pd.Timestamp:
    return case.window.start - pd.Timedelta(minutes=case.profile.triage.change_lookback_min)


def _coverage(case: Ground) -> tuple[Coverage, ...]:
    return (*case.pulls(CHANGES), *case.pulls("alarms"), *log_coverage(case, WINDOW, BASELINE))


def _table(case: Ground) -> pd.DataFrame:
    seen = [first_seen_versions(case.log_events, case.baseline_log_events), alarms_before(case.alarms)]
    every = pd.concat([case.changes, *(part for part in seen if len(part))], ignore_index=True)
    minutes = int(case.window.minutes) + 1 + case.profile.triage.change_lookback_min
    found = suspect_changes(every, case.window.end, lookback_min=minutes, about="")
    found = found.sort_values(["first", "calls"], kind="stable", ignore_index=True)
    found = found.drop(columns=["is_related", "minutes_before"])
    for name in ("first", "last"):
        found[name] = pd.to_datetime(found[name], utc=True).astype("datetime64[us, UTC]")
    found["rows"] = [list(rows) for rows in found["rows"]]
    return numbered_rows(found)


def change(case: Ground, given: object) -> Change:
    """One change: its calls, each a row.

    Args:
        case: the case.
        given: its number in `case.changes_seen`, or the event id that CloudTrail gave one of its calls.

    Returns:
        A view; its frame has timestamp, name, service, resource, actor, error, pull and row.

    Raises:
        BadInput: no change of that number, or no listed change with such an event.
    """
    table = _table(case)
    is_number = isinstance(given, Integral) and not isinstance(given, bool)
    place = int(given) if is_number else _of_event(case, table, given)  # type: ignore[call-overload]
    if not 0 <= place < len(table):
        there = f"they are numbered 0 to {len(table) - 1}" if len(table) else "none was seen"
        raise BadInput(f"no change {place}; {there}, as case.changes_seen lists them{doubt(_coverage(case))}")
    row = table.iloc[place]
    what = row["calls"] + ("" if pd.isna(row["resource"]) else f" on {row['resource']}")
    who = "" if pd.isna(row["actor"]) else f" by {row['actor']}"
    call, calls = f"case.change({place})", _calls(case, row)
    return Change(
        title=f"{what}{who} at {row['first']:%Y-%m-%d %H:%M:%S} UTC",
        frame=calls,
        coverage=_coverage(case),
        call=call,
        hops=(f"{call}.raw()", f"{call}.moved()"),
        _after=lambda minutes: moved(case, row, what, minutes=minutes, call=call),
        _raw=lambda n: _recorded(case, calls, n, call),
    )


def _recorded(case: Ground, calls: pd.DataFrame, n: object, call: str) -> View:
    if isinstance(n, bool) or not isinstance(n, Integral) or not 0 <= int(n) < len(calls):
        raise BadInput(f"no call {short(n)} of this change; they are numbered 0 to {len(calls) - 1}")
    return raw(case, calls.iloc[int(n)], f"{call}.raw({int(n)})")


def _of_event(case: Ground, table: pd.DataFrame, given: object) -> int:
    """The number of the change that an event id is of."""
    name = typed("change", given)
    case.pulls(CHANGES)
    ids = read_table(case.evidence.path_of(CHANGES))["event_id"].to_pylist()
    rows = {row for row, event in enumerate(ids) if event == name}
    found = [n for n, row in enumerate(table.itertuples()) if row.pull == CHANGES and rows & set(row.rows)]
    if found:
        return found[0]
    why = "that event is a read, routine or failed call; see case.changes" if rows else "case.changes_seen lists them"
    raise unknown("change of event", name, (), how=why)


def _calls(case: Ground, row: pd.Series) -> pd.DataFrame:
    """The calls of a change as the frames have them."""
    columns = ["timestamp", "name", "service", "resource", "actor", "error", "pull", "row"]
    if row["service"] in (SEEN, ALARM):
        found = pd.DataFrame([{"timestamp": row["first"], "name": row["calls"], "pull": row["pull"]}])
        return found.assign(
            service=row["service"], resource=row["resource"], actor=None, error=None, row=row["rows"][0]
        )[columns]
    of_it = case.changes["row"].isin(row["rows"]) & (case.changes["pull"].astype("str") == row["pull"])
    return case.changes.loc[of_it, columns].reset_index(drop=True)
