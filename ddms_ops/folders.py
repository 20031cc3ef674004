"""Report folders: one to work in, which becomes the report; what people added to an earlier one is kept."""

import shutil
import sys
import tempfile
from pathlib import Path

from ddms_ops.errors import BadInput
from ddms_ops.evidence import MANIFEST, read_manifest
from ddms_ops.hops.pins import take_over_pins

PEOPLE = {
    "post_mortem.ipynb": "post_mortem.ipynb",
    "post_mortem.md": "post_mortem.md",
    "timeline.csv": "timeline.people.csv",
}
"""Files that people may have written into, and what they are called beside a new report."""


def work_folder(out: Path) -> Path:
    """A new folder to work in, beside the reports."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    except OSError as fault:
        raise BadInput(f"--out {out}: cannot write there: {fault.strerror}") from None


def settle(work: Path, out: Path) -> Path:
    """Make the work folder the report; an earlier report of that name is kept as <name>.1, .2, …"""
    folder = out / work.name
    if folder.exists():
        _keep_words(_moved(folder), work)
    work.rename(folder)
    work.parent.rmdir()
    return folder


def set_aside(folder: Path, *, source: str) -> None:
    """Keep an earlier report as <name>.1, .2, …, and begin anew with what people wrote and pinned.

    Args:
        folder: the earlier report.
        source: where the new one pulls from.

    Raises:
        BadInput: from the evidence of the earlier one, which would be moved away from under it.
    """
    kind, _, place = source.partition(":")
    if kind == "case" and Path(place).resolve() in (folder.resolve(), (folder / "evidence").resolve()):
        raise BadInput(f"source: {source}: is where this case writes, and of another time; give another out= as well")
    earlier = _moved(folder)
    folder.mkdir()
    _keep_words(earlier, folder)


def drop_unfinished(evidence: Path) -> None:
    """Remove files that a run was stopped in the middle of writing: those the manifest does not know."""
    known = {MANIFEST}
    if (evidence / MANIFEST).exists():
        known |= {entry.file for entry in read_manifest(evidence)}
    for path in evidence.glob("*"):
        if path.is_file() and path.name not in known:
            path.unlink()


def _moved(folder: Path) -> Path:
    """The earlier report, under its new name."""
    numbered = (folder.with_name(f"{folder.name}.{number}") for number in range(1, 10_000))
    earlier = folder.rename(next(place for place in numbered if not place.exists()))
    print(f"an earlier report is kept as {earlier}", file=sys.stderr)
    return earlier


def _keep_words(earlier: Path, folder: Path) -> None:
    """Take over what people wrote into the earlier post-mortem and its timeline and what they pinned.

    Also of a run that was stopped.
    """
    for name, taken in PEOPLE.items():
        found = next((path for path in (earlier / name, earlier / taken) if path.is_file()), None)
        if found:
            shutil.copyfile(found, folder / taken)
    take_over_pins(earlier, folder)
