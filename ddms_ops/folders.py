"""Report folders: one to work in, which becomes the report; what people wrote into an earlier one is taken over."""

import shutil
import sys
import tempfile
from pathlib import Path

from ddms_ops.errors import BadInput

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
        number = next(n for n in range(1, 10_000) if not (out / f"{work.name}.{n}").exists())
        earlier = folder.rename(out / f"{work.name}.{number}")
        print(f"an earlier report is kept as {earlier}", file=sys.stderr)
        _keep_words(earlier, work)
    work.rename(folder)
    work.parent.rmdir()
    return folder


def _keep_words(earlier: Path, folder: Path) -> None:
    """Take over what people wrote into the earlier post-mortem and its timeline, also of a run that was stopped."""
    for name, taken in PEOPLE.items():
        found = next((path for path in (earlier / name, earlier / taken) if path.is_file()), None)
        if found:
            shutil.copyfile(found, folder / taken)
