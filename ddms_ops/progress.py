"""Words about long work, for whoever runs the notebook."""

import os
from pathlib import Path

VARIABLE = "DDMS_OPS_PROGRESS"


def report_progress(text: str) -> None:
    """Append one line to the file that the runner watches; does nothing without a runner."""
    path = os.environ.get(VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text.replace("\n", " ") + "\n")
