"""timeline.csv: written whole, read back, and what people added to it kept."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from ddms_ops.errors import EvidenceError, WindowError
from ddms_ops.incident import INSTANTS
from ddms_ops.redact import redact
from ddms_ops.report.events import OWN, PEOPLE, SECOND, Event, events_of, merged_events
from ddms_ops.report.model import ReportRecord
from ddms_ops.window import iso, parse_instant

TIMELINE = "timeline.csv"
OF_PEOPLE = "timeline.people.csv"
COLUMNS = ("time", "source", "event", "detail", "precision", "evidence", "merged")
NEEDED = COLUMNS[:4]
BLANKS = str.maketrans(dict.fromkeys("\t\r\n\u2028\u2029", " "))
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CELL_CHARS = 600
MOST_BYTES = 5_000_000


def spreadsheet_cell(value: str) -> str:
    """Text for a spreadsheet: redacted, no control or bidi characters, nothing that it would read as a formula."""
    text = redact(HIDDEN.sub("", value.translate(BLANKS)))[:CELL_CHARS]
    return f"'{text}" if text.lstrip()[:1] in FORMULAS else text


def write_timeline(report: ReportRecord) -> list[str]:
    """Write timeline.csv into the report folder, in the place of an earlier one.

    Rows of source `people` that somebody added stay, from the earlier timeline.csv and from timeline.people.csv. A
    file that cannot be read is kept aside under another name.

    Returns:
        What could not be read or was kept aside, one sentence each.
    """
    events, notes = events_of(report)
    for name in (OF_PEOPLE, TIMELINE):
        path = report.folder / name
        if not path.is_file():
            continue
        try:
            events += [event for event in read_timeline(path) if _is_added(event)]
        except EvidenceError as fault:
            notes.append(f"{fault}; it is kept as {kept_aside(path).name}")
    partial = report.folder / "timeline.part"
    partial.write_text(timeline_text(merged_events(events)), encoding="utf-8", newline="")
    partial.replace(report.folder / TIMELINE)
    return notes


def timeline_text(events: Iterable[Event]) -> str:
    """The file: a header, then a row an event."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for event in events:
        texts = (event.source, event.event, event.detail, event.precision, " ".join(event.evidence))
        writer.writerow([iso(event.time), *(spreadsheet_cell(text) for text in texts), event.merged])
    return stream.getvalue()


def read_timeline(path: Path) -> list[Event]:
    """Events of a timeline.csv, in its order; columns beyond the first four may be absent.

    Raises:
        FileNotFoundError: none there.
        EvidenceError: not a CSV of those columns, or a time that is none.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise EvidenceError(f"{path.name} cannot be read: it is larger than a timeline can be")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if lacking := [name for name in NEEDED if name not in (reader.fieldnames or ())]:
                raise EvidenceError(f"{path.name} cannot be read: it has no column {lacking[0]!r}")
            return [_event(row) for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise EvidenceError(f"{path.name} cannot be read as CSV in UTF-8") from None
    except WindowError:
        raise EvidenceError(f"{path.name} cannot be read: a time in it is none; write e.g. 2026-03-04T10:52Z") from None


def kept_aside(path: Path) -> Path:
    """Move a file to `<name>.unreadable-<n><suffix>` beside it, never over another."""
    numbered = (path.with_name(f"{path.stem}.unreadable-{number}{path.suffix}") for number in range(1, 10_000))
    return path.rename(next(place for place in numbered if not place.exists()))


def _is_added(event: Event) -> bool:
    """Whether people added a row: the incident's own instants and notes are written anew."""
    is_own = event.evidence == (OWN,) or (event.event in INSTANTS and not event.detail)
    return event.source == PEOPLE and not is_own


def _event(row: dict[str, str | None]) -> Event:
    merged = row.get("merged") or ""
    return Event(
        parse_instant(row["time"] or ""),
        row["source"] or "",
        row["event"] or "",
        row["detail"] or "",
        row.get("precision") or SECOND,
        tuple((row.get("evidence") or "").split()),
        int(merged) if merged.isdecimal() else 0,
    )
