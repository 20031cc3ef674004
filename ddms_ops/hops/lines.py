"""Log events by what a person asks for, and one of them whole."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ddms_ops.analysis.groups import ERROR_LEVELS
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import unknown_levels
from ddms_ops.checks.refs import counted
from ddms_ops.hops.asked import Asked, checked, log_groups_asked, span_of, times
from ddms_ops.hops.escaped import record_holds
from ddms_ops.hops.naming import names_it
from ddms_ops.hops.reading import (
    BASELINE,
    WINDOW,
    Record,
    is_tenant,
    log_coverage,
    log_notes,
    named_coverage,
    numbered_rows,
    record_text,
    records_at,
    request_id,
)
from ddms_ops.hops.tenant_names import tenant_id
from ddms_ops.hops.views import Ground, Lines

KEPT = (
    "timestamp", "level", "log_group", "message", "error", "tenant", "request_id", "endpoint", "status", "duration_ms",
    "user", "version", "job_type", "action", "log_stream", "is_error", "group",
)  # fmt: skip
SHOWN = ("n", "timestamp", "level", "log_group", "message", "tenant", "request_id", "status", "duration_ms")
PLACE = ("pull", "row")
TEXT_BATCH = 65_536


def lines(case: Ground, given: Asked) -> Lines:
    """Log events of one side that every filter fits, by time.

    Args:
        case: the case.
        given: the filters.

    Returns:
        A view; its frame has n (int64, the row's number), KEPT, the attributes of the events, pull and row. No rows
        mean that there are none only where the view's `is_all_there`.

    Raises:
        BadInput: a filter that is misspelt, or a time outside the side.
    """
    asked = checked(case, given)
    if asked.tenant:
        asked = replace(asked, tenant=tenant_id(case, asked.tenant))
    if asked.request:
        asked = replace(asked, request=request_id(case, asked.request))
    events = case.log_events if asked.side == WINDOW else case.baseline_log_events
    groups = log_groups_asked(case, asked)
    found = _narrowed(case, events, asked, groups)
    frame = numbered(case, found)
    words = f": {asked.words}" if asked.words else ""
    return Lines(
        title=f"Log events of the {asked.side}{words}",
        frame=frame,
        coverage=log_coverage(case, asked.side, log_groups=groups),
        call=asked.call,
        columns=shown_columns(frame),
        notes=(*_fatal(asked, found), *_doubts(case, asked, found), *log_notes(case), *_other_side(case, asked, found)),
        hops=leads(frame, asked.call),
        case=case,
        _raw=lambda n: raw(case, frame.iloc[n], f"{asked.call}.raw({n})"),
    )


def _narrowed(case: Ground, events: pd.DataFrame, asked: Asked, groups: Sequence[str] | None) -> pd.DataFrame:
    """The events that every filter fits; values are only ever compared."""
    if asked.start or asked.end:
        events = between(events, *times(asked.start, asked.end, span_of(case, asked.side), asked.side))
    if asked.group:
        events = events[events["group"] == asked.group]
    if asked.tenant:
        events = events[is_tenant(case, events["tenant"], asked.tenant)]
    if asked.request:
        events = events[(events["request_id"] == asked.request).fillna(value=False).astype(bool)]
    if asked.level:
        events = events[events["level"].isin(ERROR_LEVELS if asked.level == "ERROR" else (asked.level,))]
    if groups is not None:
        events = events[events["log_group"].isin(groups)]
    return events[holding(case, events, asked.contains)] if asked.contains else events


def _fatal(asked: Asked, found: pd.DataFrame) -> tuple[str, ...]:
    """How many of the errors are FATAL, which `level="ERROR"` takes in."""
    fatal = int((found["level"] == "FATAL").sum()) if asked.level == "ERROR" else 0
    return (f"At FATAL: {fatal:,} of these {len(found):,}; level='FATAL' shows them alone.",) if fatal else ()


def _doubts(case: Ground, asked: Asked, found: pd.DataFrame) -> tuple[str, ...]:
    """Why events of a level or a tenant may not be among those found."""
    levels = level_notes(case) if asked.level else ()
    return (*levels, *(damaged_notes(case) if found.empty and (asked.level or asked.tenant) else ()))


def level_notes(case: Ground) -> tuple[str, ...]:
    """That errors may go unnoticed, for the level of some events of the window is not known."""
    words = unknown_levels(case)
    return (f"{words[0].upper()}{words[1:]}.",) if words else ()


def damaged_notes(case: Ground) -> tuple[str, ...]:
    """That some events of the window are damaged JSON, which is of no level and no tenant."""
    damaged = int((~case.log_events["is_parsed"].astype(bool)).sum())
    return (f"Damaged JSON, so of no known level and tenant: {counted(damaged, 'log event')}.",) if damaged else ()


def holding(case: Ground, events: pd.DataFrame, text: str) -> np.ndarray:
    """Which events hold a text, whatever its case (bool).

    It is looked for in their first line and anywhere in the record, as it came and as it reads without JSON's escapes.
    """
    found = events["message"].astype("str").str.lower().str.contains(text.lower(), regex=False)
    is_held = found.fillna(value=False).to_numpy(dtype=bool, copy=True)
    pulls, rows = events["pull"].astype("str").to_numpy(), events["row"].to_numpy()
    for name in pd.unique(pulls):
        is_its = pulls == name
        file = pq.ParquetFile(case.evidence.path_of(str(name)))
        batches = file.iter_batches(TEXT_BATCH, columns=["message"])
        parts = [record_holds(batch["message"], text).to_numpy(zero_copy_only=False) for batch in batches]
        is_held[is_its] |= np.concatenate([*parts, np.zeros(0, dtype=bool)])[rows[is_its]]
    return is_held


def numbered(case: Ground, events: pd.DataFrame) -> pd.DataFrame:
    """Events with the columns of a view of lines, numbered in order of time."""
    named = [name for name in (*KEPT, *case.attributes, *PLACE) if name in events.columns]
    return numbered_rows(events[named].sort_values(["timestamp", *PLACE], kind="stable"))


def shown_columns(frame: pd.DataFrame, names: Sequence[str] = SHOWN) -> tuple[str, ...]:
    """Those of the columns that hold anything in the frame; all of them where it is empty."""
    return tuple(name for name in names if name in frame.columns and (frame.empty or frame[name].notna().any()))


def leads(frame: pd.DataFrame, call: str, *, own: str = "") -> tuple[str, ...]:
    """Calls that go on from some lines, with ids of theirs.

    Args:
        frame: `numbered` events.
        call: what gave them.
        own: a request whose lines they are, which is no hop.
    """
    if frame.empty:
        return ()
    hops = []
    with_id = frame.loc[frame["request_id"].notna() & (frame["request_id"] != own), "request_id"]
    if len(with_id):
        hops += [f"case.request({str(with_id.iloc[0])!r})  # or .request(n) of this view"]
    known = frame["tenant"].dropna().astype("str")
    if len(known) and f"tenant={known.iloc[0]!r}" not in call:
        hops += [f"case.tenant({known.value_counts().sort_index(kind='stable').idxmax()!r})"]
    errors = frame.loc[frame["is_error"].astype(bool), "group"].astype("str")
    if len(errors) and not names_it(call, errors.iloc[0]):
        hops += [f"case.group({errors.iloc[0]!r})"]
    return (*hops, f"{call}.raw(0)  # the record whole")


def _other_side(case: Ground, asked: Asked, found: pd.DataFrame) -> tuple[str, ...]:
    """Where to look when nothing was found: the other side, if the same filters fit there."""
    if len(found) or asked.start or asked.end:
        return ()
    side = BASELINE if asked.side == WINDOW else WINDOW
    other = case.baseline_log_events if side == BASELINE else case.log_events
    there = len(_narrowed(case, other, replace(asked, side=side), log_groups_asked(case, asked)))
    return (f"The {side} has {there:,} such: {replace(asked, side=side).call}",) if there else ()


def raw(case: Ground, event: pd.Series, call: str) -> Record:
    """The record of one event as it came."""
    pull, row = str(event["pull"]), int(event["row"])
    [record] = records_at(case, pull, [row]).to_pylist()
    frame = pd.DataFrame(
        {"timestamp": [event["timestamp"]], "pull": [pull], "row": [row], "record": [record_text(record)]}
    )
    return Record(
        title=_named(record, pull),
        frame=frame,
        coverage=named_coverage(case, [pull]),
        call=call,
        hops=tuple(f"case.request({str(event['request_id'])!r})" for _ in [0] if pd.notna(event.get("request_id"))),
    )


def _named(record: dict[str, object], pull: str) -> str:
    """Where a record stood: its log group and stream, or its name in the pull."""
    if record.get("log_group"):
        return f"The record of {record['log_group']}, stream {record.get('log_stream') or 'unknown'}"
    return f"The record of {record.get('name') or pull}"
