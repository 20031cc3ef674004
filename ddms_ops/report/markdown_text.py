"""Text that Markdown shows as it is: records' words in it become no link, picture, heading or mention."""

import re

from ddms_ops.checks.tables import visible

CHARS = 400
SPECIAL = re.compile(r"[\\`*\[\]<>~|$&]|(?<!\w)_|_(?!\w)|(?<=:)//|(?<=www)\.|@", re.IGNORECASE)


def escape_markdown(text: str, *, limit: int = CHARS) -> str:
    """Text that Markdown shows as it is, on one line: no links, pictures, HTML, mentions or mathematics."""
    return escape_shown(visible(text, limit=limit))


def escape_shown(text: str) -> str:
    """The same of text that is redacted and visible already."""
    return SPECIAL.sub(lambda match: f"\\{match[0]}", text)


def code(text: str) -> str:
    """A code span, also around backticks."""
    ticks = _ticks(text, 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{visible(text)}{pad}{ticks}"


def fenced(text: str) -> str:
    """A block of text as it stands, whatever backticks it holds."""
    ticks = _ticks(text, 3)
    return f"{ticks}text\n{text.rstrip()}\n{ticks}"


def _ticks(text: str, least: int) -> str:
    """Backticks, more than the text has in a row."""
    return "`" * max(least, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
