"""Pinning: rows that a person finds worth keeping are frozen in `<report>/pins/` as evidence is, with the reason.

A pin is a person's choice and no pull: it is not in the digest that findings.json states, and a replay does not make
it again. Its name comes of its rows and its reason, so the same pinned twice is one pin.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow.parquet as pq

from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import BadInput, EvidenceError
from ddms_ops.evidence import EvidenceFolder, file_digest
from ddms_ops.hops.frozen import frozen_table, writable
from ddms_ops.hops.pinned import FOLDER, Pin, Pins, read_pins
from ddms_ops.hops.view import View
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
        The pin; the same rows pinned again with the same reason are the pin that is there. `case.pins` lists them,
        `case.unpin(name)` takes one out.

    Raises:
        BadInput: no reason, or something that has no rows and columns.
        EvidenceError: the manifest of the pins was changed by another hand, or the report is another case's now.
    """
    if not isinstance(why, str) or not why.strip():
        raise BadInput(f'pin: say why, in your words: case.pin(view, "why it matters"); got {str(why)[:60]!r}')
    view = view_or_frame if isinstance(view_or_frame, View) else _by_hand(view_or_frame)
    why = writable(why.strip())
    table, as_text = frozen_table(view.frame)
    if table.num_rows != len(view.frame):
        raise BadInput(f"pin: {len(view.frame):,} rows and no column; give a frame with columns")
    case.evidence.check()
    folder = _open(case)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.parquet"
        pq.write_table(table, path, compression="zstd", compression_level=1)
        name = f"pin-{hashlib.sha256(f'{file_digest(path)} {why}'.encode()).hexdigest()[:8]}"
        known = next((entry for entry in folder.entries if entry.coverage.pull == name), None)
        if known is not None:
            return Pin(known, folder.folder)
        now = case.now()
        pull = Pull(path, _coverage(name, view, case.window), Provenance("people")).timed(now, now)
        parameters = _parameters(case, view, why, as_text) | {"pinned_at": pull.provenance.clock_start}
        return Pin(folder.record(pull, parameters), folder.folder)


def pins(case: Pinning) -> Pins:
    """The pins of a case's report, the first pinned first.

    Raises:
        EvidenceError: the manifest of the pins is missing or damaged.
    """
    return read_pins(case.folder)


def unpin(case: Pinning, name: str) -> Pins:
    """Take a pin out, its rows and its entry; what is left.

    Raises:
        BadInput: no pin of that name; it says which there are.
        EvidenceError: the manifest of the pins was changed by another hand.
    """
    read_pins(case.folder)[str(name)]
    _open(case).remove(str(name))
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


def _open(case: Pinning) -> EvidenceFolder:
    """The folder of pins, to write into; one whose manifest was edited is not signed again."""
    read_pins(case.folder)
    return EvidenceFolder(case.folder / FOLDER, tool=case.evidence.tool)


def _by_hand(given: object) -> View:
    """A view of a frame that a person made."""
    frame = given.to_frame(given.name or "value") if isinstance(given, pd.Series) else given
    if not isinstance(frame, pd.DataFrame):
        raise BadInput(f"pin: give a view of the case or a DataFrame; got {type(given).__name__}")
    return View("Rows of a frame", frame, (), "")


def _coverage(name: str, view: View, window: Window) -> Coverage:
    """The account of a pin: as complete as the worst of the pulls that its rows came from."""
    lacking = [f"{row.pull}: {row.reason or str(row.status)}" for row in view.coverage if not row.is_all_there]
    reason = "; ".join(lacking) if view.coverage else BY_HAND if not view.call else "nothing was pulled for it"
    rows = len(view.frame)
    if not lacking and view.coverage:
        status = Status.COMPLETE if rows else Status.EMPTY
    else:
        status = min((row.status for row in view.coverage), key=WORST.index, default=Status.PARTIAL)
    return Coverage(name, "people", writable(view.call), window, None, rows, None, status, writable(reason))


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
