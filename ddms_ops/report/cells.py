"""Values in the cells of a post-mortem's tables, as HTML and as Markdown; each is taken for hostile."""

import re
from dataclasses import dataclass
from html import escape

import pandas as pd

from ddms_ops.checks.tables import LONG_WORD, PIECE, TONES, Badge, Quiet, plain, visible
from ddms_ops.redact import KINDS, redact
from ddms_ops.report.markdown_text import CHARS, escape_shown


@dataclass(frozen=True, slots=True)
class Contact:
    """Words of the profile on whom to call; the addresses in them are shown, for no record holds them."""

    words: str


def shown_words(value: str | Contact, *, limit: int = 600, keep: str = "") -> str:
    """Words as `visible` shows them, of a contact with its addresses."""
    if isinstance(value, str):
        return visible(value, limit=limit, keep=keep)
    shown = visible(value.words, limit=limit, keep=keep)
    for address in KINDS["email"].pattern.findall(value.words):
        shown = shown.replace(redact(address), address)
    return shown


def cell_text(value: object) -> str:
    """A cell's value as text."""
    return shown_words(value) if isinstance(value, Contact) else plain(value)


def text_html(text: str | Contact, *, limit: int = 600) -> str:
    """Escaped text, with places to break a line in long words."""
    return "".join(
        "<wbr>".join(escape(piece, quote=True) for piece in PIECE.findall(word))
        if len(word) > LONG_WORD
        else escape(word, quote=True)
        for word in re.split(r"(\s+)", shown_words(text, limit=limit))
    )


def cell_html(value: object) -> str:
    """A cell's value, escaped; a tuple stands in lines."""
    if isinstance(value, tuple):
        return "<br>".join(cell_html(line) for line in value)
    if isinstance(value, Quiet):
        return f'<span class="quiet">{cell_html(value.value)}</span>'
    if isinstance(value, Badge):
        tone = value.tone if value.tone in TONES else "info"
        return f'<span class="ddms-badge ddms-{tone}">{text_html(value.word)}</span>'
    shown = text_html(value if isinstance(value, Contact) else plain(value))
    if isinstance(value, int):
        return f'<span class="when">{shown}</span>'
    if isinstance(value, pd.Timestamp):
        date, _, clock = shown.partition(" ")
        return f'<span class="when">{date}</span> <span class="when">{clock}</span>'
    return shown


def cell_markdown(value: object) -> str:
    """A cell's value on one line, nothing in it Markdown."""
    if isinstance(value, tuple):
        return " · ".join(cell_markdown(line) for line in value)
    if isinstance(value, Quiet):
        return cell_markdown(value.value)
    return escape_shown(shown_words(value if isinstance(value, Contact) else plain(value), limit=CHARS))
