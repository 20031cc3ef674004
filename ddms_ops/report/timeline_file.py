"""timeline.csv: written whole, read back, and what people added to it kept."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ddms_ops.errors import EvidenceError, WindowError
from ddms_ops.incident import INSTANTS
from ddms_ops.redact import redact
from ddms_ops.report.events import PEOPLE, SECOND, SOURCES, Event, events_of, merged_events
from ddms_ops.report.model import ReportRecord
from ddms_ops.window import iso, parse_instant

TIMELINE = "timeline.csv"
OF_PEOPLE = "timeline.people.csv"
COLUMNS = ("time", "source", "event", "detail", "precision", "evidence", "merged")
NEEDED = COLUMNS[:4]
BLANKS = str.maketrans(dict.fromkeys("\t\r\n\u2028\u2029", " "))
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
FORMULA = re.compile(r"([;,|\"])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
CELL_CHARS = 600
MANY = 5
MOST_BYTES = 5_000_000


def spreadsheet_cell(value: str) -> str:
    """Text for a spreadsheet: redacted, no control or bidi characters, nothing that it would read as a formula.

    Also behind a separator or quote that a spreadsheet of another language may split at.
    """
    text = redact(HIDDEN.sub("", value.translate(BLANKS)))
    text = text if len(text) <= CELL_CHARS else f"{text[: CELL_CHARS - 1]}…"
    text = f"'{text}" if text.lstrip()[:1] in FORMULAS else text
    return FORMULA.sub(r"\1'\2", text)


def write_timeline(report: ReportRecord) -> list[str]:
    """Write timeline.csv into the report folder, in the place of an earlier one.

    Rows that somebody added stay, from the earlier timeline.csv and from timeline.people.csv: those of source `people`,
    and in a file of all columns those of a source that is none of ours, which name no evidence. A file that cannot be
    read, or has rows that cannot be, is kept aside under another name.

    Returns:
        What could not be read or was kept aside, one sentence each.
    """
    events, notes = events_of(report)
    for name in (OF_PEOPLE, TIMELINE):
        path = report.folder / name
        if not path.is_file():
            continue
        try:
            rows, bad, columns = _rows(path)
            is_whole = set(COLUMNS) <= set(columns)
            events += [_by_people(event) for event in rows if _is_added(event, is_whole)]
            fault = f"{path.name} has no time that can be read in row {_listed(bad)}" if bad else ""
        except EvidenceError as unread:
            fault = str(unread)
        if fault:
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
    """Events of a timeline.csv, in its order; columns beyond the first four may be absent, `;` may separate them.

    Raises:
        FileNotFoundError: none there.
        EvidenceError: not a CSV of those columns, or a time that is none.
    """
    events, bad, _ = _rows(path)
    if bad:
        raise EvidenceError(f"{path.name} cannot be read: a time in it is none; write e.g. 2026-03-04T10:52Z")
    return events


def _rows(path: Path) -> tuple[list[Event], list[int], list[str]]:
    """Events of a file, the numbers of its rows whose time is none (the header is row 1), and its columns."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise EvidenceError(f"{path.name} cannot be read: it is larger than a timeline can be")
        text = path.read_text(encoding="utf-8-sig")
        head = text.partition("\n")[0]
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
        if lacking := [name for name in NEEDED if name not in (reader.fieldnames or ())]:
            raise EvidenceError(f"{path.name} cannot be read: it has no column {lacking[0]!r}")
        events: list[Event] = []
        bad: list[int] = []
        for number, row in enumerate(reader, start=2):
            try:
                events.append(_event(row))
            except WindowError:
                bad.append(number)
    except (UnicodeDecodeError, csv.Error):
        raise EvidenceError(f"{path.name} cannot be read as CSV in UTF-8") from None
    return events, bad, list(reader.fieldnames or ())


def _listed(numbers: list[int]) -> str:
    more = f" and {len(numbers) - MANY} more" if len(numbers) > MANY else ""
    return ", ".join(str(number) for number in numbers[:MANY]) + more


def kept_aside(path: Path) -> Path:
    """Move a file to `<name>.unreadable-<n><suffix>` beside it, never over another."""
    numbered = (path.with_name(f"{path.stem}.unreadable-{number}{path.suffix}") for number in range(1, 10_000))
    return path.rename(next(place for place in numbered if not place.exists()))


def _is_added(event: Event, is_whole: bool) -> bool:
    """Whether people added a row: the incident's own instants and notes, which name their evidence, are written anew.

    Args:
        event: a row.
        is_whole: whether the file has all columns; error_triage writes one without evidence.
    """
    if not is_whole:
        return _plain(event.source) == PEOPLE and not (event.event in INSTANTS and not event.detail)
    is_ours = _plain(event.source) in SOURCES and _plain(event.source) != PEOPLE
    return not is_ours and not event.evidence


def _by_people(event: Event) -> Event:
    """A row that people added, under their source; who it names as its source stands in the detail."""
    name = "" if _plain(event.source) == PEOPLE else event.source.strip()
    detail = " ".join(part for part in (event.detail, f"({name})" if name else "") if part)
    return replace(event, source=PEOPLE, detail=detail)


def _plain(source: str) -> str:
    return source.strip().casefold()


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
