"""What people pinned, as a section and as a part of the ledger; rows that were changed since are not shown."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.checks.tables import Quiet
from ddms_ops.errors import EvidenceError
from ddms_ops.evidence import MANIFEST, manifest_digest, read_manifest
from ddms_ops.hops.pinned import FOLDER, HOW, Pin, one_line, read_pins, told_columns
from ddms_ops.hops.view import FIRST, rows_told, shown_rows
from ddms_ops.report.blocks import COUNTED, FACT, PEOPLE, Basis, Block, Line, Row, Table
from ddms_ops.report.model import ReportRecord

SECTION = "what-did-people-pin"
COLUMNS = 8
HASH_CHARS = 16
LEDGER_NOTE = "Pinned by people, beside the evidence"


def pin_blocks(report: ReportRecord) -> list[Block]:
    """For each pin the reason, the first rows, the call, the pulls that they came from, and the file."""
    try:
        found = read_pins(report.folder)
    except EvidenceError as fault:
        return [Line(f"What people pinned cannot be shown: {fault}", Basis(COUNTED, anchor=SECTION))]
    if not found:
        return [Line(f"Nothing was pinned. {HOW}")]
    words = "1 view was pinned" if len(found) == 1 else f"{len(found)} views were pinned, the first pinned first"
    note = Line(
        f"{words}; at most {FIRST} rows of each stand here, all are in its file.", Basis(COUNTED, anchor=SECTION)
    )
    now = _digests(report)
    return [note, *(block for pin in found for block in _blocks(pin, report, now))]


def _blocks(pin: Pin, report: ReportRecord, now: Mapping[str, str]) -> list[Block]:
    """One pin."""
    changed = [name for name, digest in pin.pulls.items() if name not in report.marks or now.get(name) != digest]
    is_fact = bool(pin.pulls) and not changed
    basis = Basis(FACT, tuple(pin.pulls)) if is_fact else Basis(PEOPLE)
    heading = Line(one_line(pin.why), Basis(PEOPLE), is_heading=True)
    title = Line(f"{pin.title}: {rows_told(len(pin), FIRST)}; {pin.state}.", basis)
    notes = [Line(note, basis) for note in pin.notes]
    if changed:
        since = f"As it was when it was pinned; read again, or not read, since: {', '.join(changed)}."
        notes.append(Line(since, Basis(PEOPLE)))
    called = f"{pin.call} · " if pin.call else ""
    lies = f"{called}{FOLDER}/{pin.entry.file}, SHA-256 {pin.entry.sha256} · pinned {pin.pinned_at}"
    return [heading, title, *_rows(pin, basis), *notes, Line(lies, Basis(PEOPLE))]


def _rows(pin: Pin, basis: Basis) -> list[Block]:
    """The first rows of a pin; why not, where its file is not what was pinned."""
    try:
        frame = pin.first_rows(FIRST)
    except (EvidenceError, pa.ArrowException, OSError) as fault:
        words = str(fault) if isinstance(fault, EvidenceError) else f"{pin.entry.file} cannot be read as Parquet"
        return [Line(f"Its rows are not shown: {words}", Basis(PEOPLE))]
    names = told_columns(frame, pin.columns)
    bases = _bases(frame, basis)
    rows = tuple(Row(*row) for row in zip(shown_rows(frame[names[:COLUMNS]]), bases, strict=True))
    table = Table(tuple(names[:COLUMNS]), rows, "pm pinned")
    left = len(frame.columns) - len(names[:COLUMNS])
    return [table, *([Line(f"Columns that are in the file only: {left}.", Basis(PEOPLE))] if left else [])]


def _bases(frame: pd.DataFrame, basis: Basis) -> list[Basis]:
    """What each row rests on: its own pull where the row names it, else all."""
    named = frame["pull"] if "pull" in frame.columns else [""] * len(frame)
    return [replace(basis, pulls=(str(pull),)) if pull in basis.pulls else basis for pull in named]


def _digests(report: ReportRecord) -> dict[str, str]:
    """SHA-256 of each pull as it lies in the evidence now."""
    evidence = report.folder / "evidence"
    try:
        entries = read_manifest(evidence) if (evidence / MANIFEST).exists() else []
    except EvidenceError:
        return {}
    return {entry.coverage.pull: entry.sha256 for entry in entries}


def pin_files(report: ReportRecord) -> list[Block]:
    """The files of the pins, for the ledger; nothing where there are none."""
    try:
        found = read_pins(report.folder)
        digest = manifest_digest(report.folder / FOLDER) if found else ""
    except EvidenceError:
        return []
    if not found:
        return []
    rows = tuple(_file_row(pin) for pin in found)
    columns = ("Pin", "File", "Rows", "Call", "From pulls", "Pinned at", "SHA-256 (first 16)")
    note = Line(f"{LEDGER_NOTE}: {len(rows)} files. Manifest digest {digest}", Basis(COUNTED, anchor=SECTION))
    return [note, Table(columns, rows, "pm ledger", is_declared=True)]


def _file_row(pin: Pin) -> Row:
    pulls = ", ".join(pin.pulls) or None
    digest = Quiet(pin.entry.sha256[:HASH_CHARS])
    return Row((pin.name, f"{FOLDER}/{pin.entry.file}", len(pin), pin.call or None, pulls, pin.pinned_at, digest))


def missing_pins(folder: Path) -> list[str]:
    """That the folder of pins is gone, where the post-mortem shows what was in it; else nothing."""
    text = folder / "post_mortem.md"
    if (folder / FOLDER).exists() or not text.is_file():
        return []
    is_shown = LEDGER_NOTE in text.read_text(encoding="utf-8", errors="replace")
    return [f"{FOLDER}: is missing: the post-mortem shows pins"] if is_shown else []


def pins_line(report: ReportRecord) -> str:
    """For the summary: the first pin's reason and how many more there are, as text; empty where there are none."""
    try:
        found = read_pins(report.folder)
    except EvidenceError:
        return "Pinned by people: cannot be read, or was changed; see ddms-ops verify"
    if not found:
        return ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"Pinned by people: {one_line(found[0].why)}{more}"
