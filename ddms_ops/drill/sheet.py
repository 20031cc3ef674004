"""The sheet that a person fills in during a drill."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ddms_ops.errors import BadInput, WindowError, did_you_mean
from ddms_ops.settings import load_mapping
from ddms_ops.window import parse_instant

BLANK = """\
# What happened? Fill in what you know and leave the rest; quotes are needed around text with ": " or " #".
# Then: ddms-ops drill --answer
since:     # when it began, UTC, e.g. {day}T10:05Z; none where nothing happened
failed:    # what failed: component, endpoint, service
hit:       # who is hit: their names, with commas; all; nobody
change:    # which change did it, by the name of its API call or of what it changed; none
cause:     # the cause, in a sentence
"""
NOTHING = frozenset({"none", "nobody", "nothing", "no"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was filled in, as text; empty where it was not."""

    since: str = ""
    failed: str = ""
    hit: str = ""
    change: str = ""
    cause: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was filled in."""
        return self == Sheet()

    @property
    def began(self) -> pd.Timestamp | None:
        """When it began; None where nothing was said, or that nothing happened.

        Raises:
            WindowError: not an instant.
        """
        return parse_instant(self.since, name="since") if self.since and not is_nothing(self.since) else None


def is_nothing(text: str) -> bool:
    """Whether an entry says that there is none."""
    return text.strip().casefold() in NOTHING


def read_sheet(path: Path) -> Sheet:
    """The sheet in a file; a blank one where there is no file.

    Raises:
        BadInput: every fault of the file.
    """
    if not path.exists():
        return Sheet()
    known = list(Sheet.__dataclass_fields__)
    given = load_mapping(path, BadInput) if path.read_bytes().strip() else {}
    faults = [f"{path}: {name}: unknown{did_you_mean(name, known)}; known: {', '.join(known)}"
              for name in given if name not in known]  # fmt: skip
    entries = {name: _text(value) for name, value in given.items() if name in known}
    faults += [f"{path}: {name}: write text" for name, text in entries.items() if text is None]
    if isinstance(given.get("since"), int):  # YAML reads 10:40 as a number
        faults.append(f"{path}: since: write the day too, in UTC, e.g. 2026-03-04T10:40Z")
    if faults:
        raise BadInput(*faults)
    sheet = Sheet(**{name: text or "" for name, text in entries.items()})
    try:
        _ = sheet.began
    except WindowError:
        raise BadInput(f"{path}: since: {sheet.since!r}: write day and time in UTC, e.g. 2026-03-04T10:40Z") from None
    return sheet


def _text(value: object) -> str | None:
    """An entry as text: a list with commas, what YAML takes for no or nothing as that; None where it is neither."""
    if value is None or value is False:
        return "" if value is None else "no"
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(str, value))
    return str(value).strip() if isinstance(value, str | int | float) else None
