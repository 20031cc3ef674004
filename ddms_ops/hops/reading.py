"""Which pulls a hop looked at, what to know of them, and rows as they were recorded."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.checks.tables import Shown, joined, verdict, visible
from ddms_ops.coverage import Coverage, Status
from ddms_ops.hops.naming import meant, typed
from ddms_ops.hops.view import View
from ddms_ops.hops.views import Ground
from ddms_ops.redact import redact
from ddms_ops.tenancy import is_folded
from ddms_ops.tenant_ids import folded_tenants
from ddms_ops.window import Window

WINDOW, BASELINE = "window", "baseline"
KINDS = {WINDOW: "logs", BASELINE: "logs.baseline"}
RECORD_CHARS = 20_000
NO_GROUP = "the profile declares no log group, and the source has none"


def log_coverage(case: Ground, *sides: str, log_groups: Sequence[str] | None = None) -> tuple[Coverage, ...]:
    """Coverage of the log pulls of some sides, of some log groups or of all; without any, that there is none."""
    rows = [row for side in sides for row in case.pulls(KINDS[side])]
    if not rows:
        spans = {WINDOW: case.window, BASELINE: case.baseline}
        return tuple(not_configured(KINDS[side], spans[side], NO_GROUP) for side in sides)
    return tuple(_by_clock(case, row) for row in rows if log_groups is None or is_of(row, log_groups))


def is_of(row: Coverage, log_groups: Sequence[str]) -> bool:
    """Whether a log pull is of one of some log groups."""
    return row.pull.partition("/")[2].strip("/") in {group.strip("/") for group in log_groups}


def _by_clock(case: Ground, row: Coverage) -> Coverage:
    """The coverage of a log pull, PARTIAL where a stream's clock was off: others of its minutes were read."""
    unread = [words for group, words in _unread(case, row.asked) if row.rows and is_of(row, [group])]
    if not unread:
        return row
    status = Status.PARTIAL if row.is_all_there else row.status
    return replace(row, status=status, reason="; ".join(part for part in (row.reason, *unread) if part))


def _unread(case: Ground, asked: Window) -> list[tuple[str, str]]:
    """Log group and words for what was not read of each stream whose clock was off: it was asked for by that clock."""
    found = []
    for (group, stream), seconds in (case.clock_offsets["offset_s"] if len(case.clock_offsets) else {}).items():
        off = min(pd.Timedelta(seconds=abs(round(seconds))), asked.length)
        span = Window(asked.start, asked.start + off) if seconds > 0 else Window(asked.end - off, asked.end)
        way = "behind" if seconds > 0 else "ahead"
        carried = span.shifted(-pd.Timedelta(seconds=round(seconds)))
        if not any(side.start <= carried.start and carried.end <= side.end for side in (case.window, case.baseline)):
            found.append((group, f"{stream}'s clock was {way}: {span} of it was not read"))
    return found


def log_notes(case: Ground, *, is_recorded: bool = False) -> tuple[str, ...]:
    """What to know of all log events of a case: a sample, corrected clocks; nothing where they are as they came.

    Args:
        case: the case.
        is_recorded: whether they are read as they were recorded, their times too.
    """
    notes = []
    if case.sample is not None:
        notes.append(f"A sample: 1 in {case.sample[0]} log events by time was read; what is not here may still exist.")
    offsets = case.clock_offsets
    unread = [f"{words} ({group})" for side in (case.window, case.baseline) for group, words in _unread(case, side)]
    if len(offsets):
        streams = ", ".join(f"{stream} of {group}" for group, stream in list(offsets.index)[:3])
        more = f" and {len(offsets) - 3} more" if len(offsets) > 3 else ""
        stands = "times here are as recorded, wrong for" if is_recorded else "events stand at their corrected time,"
        notes.append(f"Clocks were off; {stands} those of {streams}{more}.")
    if unread:
        more = f" and {len(unread) - 3} more" if len(unread) > 3 else ""
        notes.append(f"Not all there: {'; '.join(unread[:3])}{more}.")
    return tuple(notes)


def doubt(coverage: Sequence[Coverage]) -> str:
    """`; 2 of 7 pulls are not complete (changes: failed), so it may still exist`; nothing where all are."""
    lacking = [row for row in coverage if not row.is_all_there]
    if not lacking:
        return ""
    first = f"{lacking[0].pull}: {str(lacking[0].status).replace('_', ' ')}"
    return f"; {len(lacking)} of {len(coverage)} pulls are not complete ({first}), so it may still exist"


def not_configured(pull: str, window: Window, reason: str) -> Coverage:
    """Coverage of what the profile does not declare, so that it could not be asked for."""
    return Coverage(pull, "profile", pull, window, None, 0, None, Status.NOT_CONFIGURED, reason)


def named_coverage(case: Ground, pulls: Iterable[str]) -> tuple[Coverage, ...]:
    """Coverage of the pulls of these names, by name; those that were not made are absent."""
    names = set(pulls)
    return tuple(row for row in case.coverage if row.pull in names)


def recorded_coverage(case: Ground, pulls: Iterable[str]) -> tuple[Coverage, ...]:
    """Coverage of the pulls of these names as the evidence has it, whichever notebook of the case made them."""
    known = {entry.coverage.pull: entry.coverage for entry in case.evidence.entries}
    return tuple(known[name] for name in dict.fromkeys(pulls) if name in known)


def is_tenant(case: Ground, ids: pd.Series, tenant: str) -> pd.Series:
    """Which of the ids are a tenant's, compared as the system compares them (bool).

    Args:
        case: whose profile says whether case, hyphens and space around matter; they do where it declares no tenants.
        ids: str or category; null is nobody's.
        tenant: one id.
    """
    distinct = ids.astype("category")
    names = pd.Series(distinct.cat.categories, dtype="str")
    wanted = pd.Series([tenant], dtype="str")
    if is_folded(case.profile.tenants):
        names, wanted = folded_tenants(names), folded_tenants(wanted)
    codes = {code for code, name in enumerate(names) if name == wanted.iloc[0]}
    return distinct.cat.codes.isin(codes)


def request_id(case: Ground, given: object) -> str:
    """The id of a request as it was given, or the one of the logs that is shown so.

    Raises:
        BadInput: it is no text, or empty.
    """
    name = typed("request", given)
    if "[" not in name:
        return name
    both = (case.log_events["request_id"], case.baseline_log_events["request_id"])
    return meant(name, {str(each) for ids in both for each in ids.dropna().unique()})


def numbered_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its rows' numbers, from 0, as its first column `n` (int64)."""
    numbered = frame.reset_index(drop=True)
    numbered.insert(0, "n", pd.RangeIndex(len(numbered)).astype("int64"))
    return numbered


def records_at(case: Ground, pull: str, rows: Sequence[int]) -> pa.Table:
    """Raw records of a pull at some positions, in their order; only the parts of the file that hold them are read."""
    file = pq.ParquetFile(case.evidence.path_of(pull))
    wanted, parts, start = sorted(set(rows)), [file.schema_arrow.empty_table()], 0
    for number in range(file.num_row_groups):
        end = start + file.metadata.row_group(number).num_rows
        inside = [row - start for row in wanted if start <= row < end]
        if inside:
            parts.append(file.read_row_group(number).take(inside))
        start = end
    return pa.concat_tables(parts)


def record_text(record: dict[str, object]) -> str:
    """A raw record in one line: its message, entry or JSON, else its columns that are not null."""
    for name in ("message", "entry", "record"):
        if record.get(name):
            return str(record[name])
    return ", ".join(f"{name}={value}" for name, value in record.items() if value is not None and name != "timestamp")


class Record(View):
    """One raw record with its text whole; JSON is set out on lines of its own."""

    @property
    def shown(self) -> Shown:
        """Every column and the text, redacted."""
        row = self.frame.iloc[0]
        text = visible(_laid_out(redact(str(row["record"]))), limit=RECORD_CHARS, keep="\n")
        where = verdict(f"{self.title}, {row['timestamp']} (evidence {row['pull']}:{row['row']})")
        lines = Shown(f'<pre style="white-space:pre-wrap">{escape(text)}</pre>', text)
        return joined(where, lines, *(verdict(note) for note in self.notes), self._read, self._calls)


def _laid_out(text: str) -> str:
    """JSON on lines of its own; what is none, also because something was taken out of it, as it is."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(found, dict | list):
        return text
    return json.dumps(found, indent=1, ensure_ascii=False).replace("\\n", "\n    ")  # a stack trace, line by line
