"""What lies beside findings.json in a report folder: the timeline and the evidence manifest, as sections."""

import json
from pathlib import Path

from ddms_ops.checks.tables import Badge, Quiet
from ddms_ops.coverage import Coverage
from ddms_ops.errors import EvidenceError, WindowError
from ddms_ops.report.blocks import COINCIDES, COUNTED, DECLARED, FACT, PEOPLE, Basis, Block, Line, Row, Table
from ddms_ops.report.events import CHANGE, DEPLOY, SCALING, Event
from ddms_ops.report.events import PEOPLE as BY_PEOPLE
from ddms_ops.report.markdown_text import escape_markdown
from ddms_ops.report.model import UNKNOWN, ReportRecord
from ddms_ops.report.pins import pin_files
from ddms_ops.report.timeline_file import TIMELINE, read_timeline
from ddms_ops.window import parse_instant

TIMELINE_ROWS = 400
HASH_CHARS = 16
PLAIN = {DEPLOY: 1, SCALING: 1, CHANGE: 2}
TIMELINE_SECTION = "what-happened-in-which-order"


def timeline_blocks(report: ReportRecord) -> list[Block]:
    """The events of timeline.csv in order of time; or why there is no such table."""
    try:
        events = sorted(read_timeline(report.folder / TIMELINE), key=lambda event: event.time)
    except FileNotFoundError:
        return [Line(f"No {TIMELINE} in this report: no notebook of this run wrote one.")]
    except EvidenceError as fault:
        return [Line(f"{fault}; its columns are time, source, event, detail.")]
    merged = sum(event.merged for event in events)
    shown = shown_events(events)
    words = f"{len(shown):,} of {len(events):,} events, {merged:,} more tellings of the same merged"
    words += f", {len(events) - len(shown):,} left out that are in the file, changes first" if shown != events else ""
    rows = tuple(_row(report, event) for event in shown)
    columns = ("Time", "Known to the", "Source", "Event", "Detail")
    note = Line(f"{words}; they coincide, no more is said.", Basis(COUNTED, anchor=TIMELINE_SECTION))
    return [note, Table(columns, rows, "pm timeline")]


def shown_events(events: list[Event]) -> list[Event]:
    """At most TIMELINE_ROWS of them in their order: plain changes are left out first, then deploys and scaling."""
    order = sorted(range(len(events)), key=lambda place: PLAIN.get(events[place].source, 0))
    return [events[place] for place in sorted(order[:TIMELINE_ROWS])]


def _row(report: ReportRecord, event: Event) -> Row:
    pulls = tuple(dict.fromkeys(name for each in event.evidence if (name := each.rpartition(":")[0]) in report.marks))
    times = event.merged + 1 if event.source != BY_PEOPLE else 1
    event_words = (event.event, Quiet(f"told {times} times")) if times > 1 else event.event
    cells = (event.time, event.precision, event.source, event_words, event.detail or None)
    if event.source == BY_PEOPLE:
        return Row(cells, Basis(PEOPLE))
    kind = COINCIDES if event.source in (CHANGE, DEPLOY, SCALING) else FACT
    return Row(cells, Basis(kind, pulls) if pulls else Basis(COUNTED, anchor=TIMELINE_SECTION))


def coverage_blocks(report: ReportRecord) -> list[Block]:
    """What each pull asked for and got, what is not complete first, and which notebooks were not run."""
    if not report.coverage:
        return [Line("Nothing was pulled, so nothing can be said."), *_skipped(report)]
    marks = report.marks
    pulls = sorted(report.coverage, key=lambda row: (row.is_all_there, row.status == "not_configured", row.pull))
    rows = tuple(
        Row(
            (
                marks[row.pull].number, row.pull, _status(row), row.rows, row.matched,
                row.asked, row.got, row.source,
            ),
        )
        for row in pulls
    )  # fmt: skip
    missing, total = len(report.missing), len(pulls)
    words = f"{missing} of {total} pulls not complete; no check may call them clear." if missing else (
        f"Every pull is complete ({total} of {total})."
    )  # fmt: skip
    columns = ("No.", "Pull", "Status", "Rows", "Matched", "Asked", "Got", "Source")
    table = Table(columns, rows, "pm coverage", is_declared=True)
    return [Line(words, Basis(COUNTED, anchor="what-was-read")), table, *_skipped(report)]


def _status(row: Coverage) -> tuple[object, ...]:
    return (Badge.of(row.status), *((Quiet(row.reason),) if row.reason else ()))


def _skipped(report: ReportRecord) -> list[Block]:
    rows = tuple(Row((name.replace("_", " "), reason), Basis(DECLARED)) for name, reason in report.skipped.items())
    return [Table(("Notebook that was not run", "Why"), rows)] if rows else []


def ledger_blocks(report: ReportRecord) -> list[Block]:
    """Every file of the evidence manifest with its number, rows, source, query and hash."""
    manifest = _manifest(report.folder)
    files = [entry for entry in _list(manifest.get("files")) if isinstance(entry, dict)]
    files.sort(key=lambda entry: str(entry.get("pull")))
    marks = report.marks
    rows = []
    for entry in files:
        mark = marks.get(str(entry.get("pull")))
        shown = (
            mark.number if mark else None, _plain(entry.get("pull")), _plain(entry.get("file")), entry.get("rows"),
            _plain(entry.get("source")), _plain(entry.get("query")), _when(entry.get("clock_start")),
            Quiet(str(entry.get("sha256") or UNKNOWN)[:HASH_CHARS]),
        )  # fmt: skip
        rows.append(Row(shown, anchor=f"pull-{mark.number}" if mark else ""))
    if not rows:
        none = Line("No evidence manifest in this report: no statement can be walked back to records.")
        return [none, *pin_files(report)]
    digest = report.digest or manifest.get("digest") or UNKNOWN
    columns = ("No.", "Pull", "File", "Rows", "Source", "Query", "Read at", "SHA-256 (first 16)")
    words = f"{len(rows)} evidence files. Manifest digest {digest}"
    note = Line(words, Basis(COUNTED, anchor="which-evidence-is-this-based-on"))
    return [note, Table(columns, tuple(rows), "pm ledger", is_declared=True), *pin_files(report)]


def _manifest(folder: Path) -> dict[str, object]:
    try:
        loaded = json.loads((folder / "evidence" / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _plain(value: object) -> str | None:
    return None if value is None else str(value)


def _when(value: object) -> object:
    """The second of a written instant; what is none stays as it is."""
    try:
        return parse_instant(str(value)).floor("s")
    except WindowError:
        return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def footnotes(report: ReportRecord) -> str:
    """For Markdown: what each number in brackets is, with query, rows and status."""
    return "\n".join(f"[^{mark.number}]: {escape_markdown(mark.title)}" for mark in report.marks.values())
