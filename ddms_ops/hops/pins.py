"""Pinning: rows that a person finds worth keeping are frozen in `<report>/pins/` as evidence is, with the reason.

A pin is a person's choice and no pull: it is not in the digest that findings.json states, and a replay does not make
it again. Its name comes of its rows and of all that it says of them, but when, so the same pinned twice is one pin.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.checks.tables import visible
from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import BadInput, EvidenceError
from ddms_ops.evidence import MANIFEST, EvidenceFolder, intact, read_manifest
from ddms_ops.files import CELL_AGAIN, refused
from ddms_ops.hops.frozen import frozen_table, writable
from ddms_ops.hops.naming import short
from ddms_ops.hops.pinned import FOLDER, Pin, Pins, read_pins
from ddms_ops.hops.view import View
from ddms_ops.interrupts import whole_step
from ddms_ops.sources.base import Provenance, Pull
from ddms_ops.verify import verify_evidence
from ddms_ops.window import Window

BY_HAND = "given by hand; which pulls it came from is not known"
WORST = (
    Status.FAILED, Status.NO_PERMISSION, Status.PARTIAL, Status.TRUNCATED, Status.NOT_CONFIGURED, Status.COMPLETE,
    Status.EMPTY,
)  # fmt: skip
"""From the worst; a pin is as complete as the worst of the pulls that its rows came from."""


class Pinning(Protocol):
    """What of a case is needed to pin."""

    folder: Path
    window: Window
    baseline: Window
    evidence: EvidenceFolder

    def now(self) -> pd.Timestamp:
        """The clock, UTC."""


def pin(case: Pinning, view_or_frame: View | pd.DataFrame | pd.Series, why: str) -> Pin:
    """Freeze rows into the report's pins; `ddms-ops report DIR` then shows them in the post-mortem.

    Args:
        case: whose report.
        view_or_frame: a view, or a frame of one's own, of any number of rows; what Parquet cannot hold is kept as text.
        why: the reason, in the person's words; shown as text, whatever stands in it.

    Returns:
        The pin; the same view pinned again with the same reason is the pin that is there, unless its file is not:
        then its rows are frozen anew. `case.pins` lists them, `case.unpin(name)` takes one out.

    Raises:
        BadInput: no reason, something that has no rows and columns, or a view of other records than the case's.
        EvidenceError: the manifest of the pins was changed by another hand, the report is another case's now, or the
            pins cannot be written.
    """
    if not isinstance(why, str) or not why.strip():
        how = 'pin: say why, in your words: case.pin(view, "why it matters")'
        raise BadInput(visible(f"{how}; got {short(why)}"))
    view = view_or_frame if isinstance(view_or_frame, View) else _by_hand(view_or_frame)
    why = writable(why.strip())
    table, as_text = frozen_table(view.frame)
    if table.num_rows != len(view.frame):
        raise BadInput(f"pin: {len(view.frame):,} rows and no column; give a frame with columns")
    case.evidence.check()
    _check_its_own(case, view)
    rows = pa.BufferOutputStream()
    pq.write_table(table, rows, compression="zstd", compression_level=1)
    coverage, parameters = _coverage(view, case.window), _parameters(case, view, why, as_text)
    name = _name(rows.getvalue(), coverage, parameters)
    known = {each.name: each for each in read_pins(case.folder)}
    if name in known and _is_intact(known[name]):
        return known[name]
    return _frozen(case, rows.getvalue(), replace(coverage, pull=name), parameters)


def pins(case: Pinning) -> Pins:
    """The pins of a case's report, the first pinned first.

    Raises:
        EvidenceError: the manifest of the pins is missing or damaged, or the report is another case's now.
    """
    case.evidence.check()
    return read_pins(case.folder)


def unpin(case: Pinning, name: str) -> Pins:
    """Take a pin out, its rows and its entry; what is left.

    Raises:
        BadInput: no pin of that name; it says which there are.
        EvidenceError: the manifest of the pins was changed by another hand, the report is another case's now, or the
            pins cannot be written.
    """
    found = pins(case).named(name)
    path = case.folder / FOLDER / Path(found.entry.file).name
    with _writing(path), _set_aside(path):
        EvidenceFolder(path.parent, tool=case.evidence.tool).remove(found.name)
    return read_pins(case.folder)


def pin_faults(report: Path) -> list[str]:
    """What is wrong with the pins of a report folder, one line a file; empty where nothing is, or no pins are there."""
    folder = report / FOLDER
    if not folder.is_dir():
        return [f"{FOLDER}: is no folder"] if folder.exists() or folder.is_symlink() else []
    try:
        return [f"{FOLDER}/{fault}" for fault in verify_evidence(folder)]
    except EvidenceError as fault:
        return [str(fault)]


def take_over_pins(earlier: Path, folder: Path) -> None:
    """Take the pins of an earlier report over into one that was made again, as they are, faults and all.

    Pins that were made in the new one stay; of a damaged folder of pins nothing is mixed into those.
    """
    if not (earlier / FOLDER).is_dir():
        return
    if not (folder / FOLDER).exists():
        shutil.copytree(earlier / FOLDER, folder / FOLDER, symlinks=True)
    elif not pin_faults(earlier):
        ours = EvidenceFolder(folder / FOLDER, tool="")
        for known in read_pins(earlier):
            if known.name not in {entry.coverage.pull for entry in ours.entries}:
                shutil.copyfile(known.folder / known.entry.file, ours.folder / known.entry.file)
                ours.adopt(known.entry)


def _name(rows: pa.Buffer, coverage: Coverage, parameters: Mapping[str, object]) -> str:
    """The name of a pin: of its rows, what they answer, how whole they are and why they were pinned."""
    said = [hashlib.sha256(rows).hexdigest(), coverage.query, str(coverage.status), coverage.reason, parameters]
    return f"pin-{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]}"


def _is_intact(pin: Pin) -> bool:
    """Whether its file is what was pinned; one that cannot be read is not known to be another."""
    try:
        return bool(intact(pin.folder, pin.entry))
    except OSError:
        return True
    except EvidenceError:
        return False


def _frozen(case: Pinning, rows: pa.Buffer, coverage: Coverage, parameters: Mapping[str, object]) -> Pin:
    """Rows written into the folder of pins, with their entry."""
    now = case.now()
    place = case.folder / FOLDER / f"{coverage.pull}.parquet"
    with _writing(place), tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / place.name
        path.write_bytes(rows)
        pull = Pull(path, coverage, Provenance("people")).timed(now, now)
        folder = EvidenceFolder(place.parent, tool=case.evidence.tool)
        return Pin(folder.record(pull, {**parameters, "pinned_at": pull.provenance.clock_start}), folder.folder)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """The file of a pin is written, or taken out, with its entry, or neither is.

    Raises:
        EvidenceError: no permission, no room; no file is left that the manifest does not know.
    """
    folder = path.parent
    try:
        with whole_step(), refused(f"{folder}: cannot be written", way_out=CELL_AGAIN):
            yield
    except EvidenceError:
        with suppress(OSError, EvidenceError):
            entries = read_manifest(folder) if (folder / MANIFEST).exists() else []
            if path.name not in {entry.file for entry in entries}:
                path.unlink(missing_ok=True)
            folder.rmdir()  # where it is empty
        raise


@contextmanager
def _set_aside(path: Path) -> Iterator[None]:
    """A file is gone at the end of the block, and there as before where it fails."""
    aside = path.with_suffix(".part")
    with suppress(FileNotFoundError):
        path.replace(aside)
    try:
        yield
    except BaseException:
        with suppress(FileNotFoundError):
            aside.replace(path)
        raise
    aside.unlink(missing_ok=True)


def _check_its_own(case: Pinning, view: View) -> None:
    """Refuse a view of another case, or of this one before it was opened anew: its pulls only have the same names.

    Raises:
        BadInput: it says which pull is not the case's, and what works.
    """
    ours = {entry.coverage.pull: entry for entry in case.evidence.entries}
    maker = getattr(view, "case", case).evidence
    digests = {entry.coverage.pull: entry.sha256 for entry in maker.entries}
    for row in view.coverage:
        if row.pull in ours:
            entry = ours[row.pull]
            is_ours = _extent(row) == _extent(entry.coverage) and digests.get(row.pull) == entry.sha256
        else:  # a pull that the case could not make; another case's says another window, or has rows
            is_ours = not row.rows and row.asked in (case.window, case.baseline)
        if not is_ours:
            what = f"{row.pull} of it is not what this case read"
            how = "run the cell that made the view again, or give view.frame to pin its rows as given by hand"
            raise BadInput(
                visible(f"pin: the view is of another case, or of this one before it was opened anew: {what}; {how}")
            )


def _extent(row: Coverage) -> tuple[object, ...]:
    """What tells a pull from another of its name, however whole a view calls it."""
    return row.query, row.asked, row.got, row.rows


def _by_hand(given: object) -> View:
    """A view of a frame that a person made."""
    frame = given.to_frame(given.name or "value") if isinstance(given, pd.Series) else given
    if not isinstance(frame, pd.DataFrame):
        raise BadInput(f"pin: give a view of the case or a DataFrame; got {type(given).__name__}")
    return View("Rows of a frame", frame, (), "")


def _coverage(view: View, window: Window) -> Coverage:
    """The account of a pin: as complete as the worst of the pulls that its rows came from; not yet named."""
    lacking = [f"{row.pull}: {row.reason or str(row.status)}" for row in view.coverage if not row.is_all_there]
    reason = "; ".join(lacking) if view.coverage else BY_HAND if not view.call else "nothing was pulled for it"
    rows = len(view.frame)
    if not lacking and view.coverage:
        status = Status.COMPLETE if rows else Status.EMPTY
    else:
        status = min((row.status for row in view.coverage), key=WORST.index, default=Status.PARTIAL)
    return Coverage("", "people", writable(view.call), window, None, rows, None, status, writable(reason))


def _parameters(case: Pinning, view: View, why: str, as_text: Sequence[str]) -> dict[str, object]:
    """What the manifest says of a pin, beside its coverage."""
    known = {entry.coverage.pull: entry.sha256 for entry in case.evidence.entries}
    kept = [f"Kept as text, for Parquet cannot hold the values: {', '.join(as_text)}."] if as_text else []
    return {
        "why": why,
        "title": writable(view.title),
        "pulls": {name: known.get(name, "") for name in view.pulls},
        "columns": [writable(name) for name in view.columns],
        "notes": [writable(note) for note in (*view.notes, *kept)],
    }
