"""Escaped HTML tables, the same in JupyterLab and in the report, each with a plain-text twin.

Every value is taken for hostile: it is escaped, its control characters are made visible, and
what is very long is cut with its length said. Nothing here is Markdown.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import CheckResult, Finding, Severity, Verdict
from ddms_ops.redact import redact
from ddms_ops.window import Window

MAX_CHARS = 600
LONG_WORD = 24
PIECE = re.compile(r"[^/_.,:;=-]{0,24}[/_.,:;=-]|[^/_.,:;=-]{1,24}")
NOTHING = "–"
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
JOINERS = frozenset("\u200c\u200d")  # Persian, Hindi and emoji are written with them
TONE_OF = {
    Status.COMPLETE: "good", Status.EMPTY: "good", Status.PARTIAL: "medium", Status.TRUNCATED: "medium",
    Status.FAILED: "critical", Status.NO_PERMISSION: "critical", Status.NOT_CONFIGURED: "info",
    Verdict.CLEAR: "good", Verdict.NOT_CHECKED: "medium", Verdict.FOUND: "high",
}  # fmt: skip
TONES = ("critical", "high", "medium", "low", "info", "good")

# For JupyterLab, light and dark; the last two rules stand for a control whose kernel is gone. The report strips it and
# brings its own sheet for the same classes.
LAB_STYLE = """<style>
.ddms-table{max-width:100%;overflow-x:auto}
.ddms-table table{border-collapse:collapse;color:inherit;font-size:inherit;
font-variant-numeric:tabular-nums;margin:4px 0}
.ddms-table caption{text-align:left;font-weight:600;padding:4px 0;caption-side:top}
.ddms-table th,.ddms-table td{text-align:left!important;vertical-align:top;padding:5px 10px!important;max-width:64ch;
overflow-wrap:break-word;white-space:normal!important;border-bottom:1px solid var(--jp-border-color2,#d0d7de)!important}
.ddms-table th.num,.ddms-table td.num{text-align:right!important;white-space:nowrap!important}
.ddms-table .quiet{opacity:.75}.ddms-table .when{white-space:nowrap}
.ddms-table .verdict{margin:4px 0 8px}.ddms-table .lead{font-size:1.15em;margin:4px 0 8px;max-width:90ch}
.ddms-badge{display:inline-block;padding:0 8px;border-radius:9px;font-size:.86em;font-weight:600;line-height:1.6;
white-space:nowrap;color:#fff;background:#57606a}
.ddms-critical{background:#a40e26}.ddms-high{background:#b3400a}.ddms-medium{background:#866000}
.ddms-low{background:#0969da}.ddms-info{background:#57606a}.ddms-good{background:#1a7f37}
.jp-OutputArea-child:has(>.jp-OutputArea-output.lm-Panel):not(:has(>.lm-Panel>*))>.jp-OutputArea-output{display:none}
.jp-OutputArea-child:has(>.jp-OutputArea-output.lm-Panel):not(:has(>.lm-Panel>*))::after{
content:"Run this cell for its controls.";opacity:.75;padding:4px 0}
</style>"""


def in_lab(html: str) -> str:
    """HTML as JupyterLab is to show it: with our sheet, and with `$` and `\\(` as they stand, not as formulas."""
    return f'{LAB_STYLE}<div class="mathjax_ignore">{html}</div>'


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """Something to look at: HTML for who can show it, text for who cannot."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return in_lab(self.html)

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Badge:
    """A word on a coloured ground; `tone` is one of TONES."""

    word: str
    tone: str

    @classmethod
    def of(cls, word: Severity | Status | Verdict) -> "Badge":
        """The badge of a severity, a coverage status or a check's verdict."""
        tone = TONE_OF.get(word, "info") if isinstance(word, Status | Verdict) else str(word)
        return cls(str(word).replace("_", " "), tone)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A value said more quietly than its neighbours."""

    value: object


def html_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "", align: str = "", name: str = ""
) -> Shown:
    """An escaped table.

    Args:
        columns: headings.
        rows: values; text, numbers, times, windows, badges, None, or a tuple of those for lines in one cell.
        caption: shown above.
        align: one letter a column, `l` or `r`; a column of numbers is `r` by itself.
        name: class of the table, for a style sheet; not from records.
    """
    rows = list(rows)
    sides = [align[place] if place < len(align) else _side(rows, place) for place in range(len(columns))]
    classes = [' class="num"' if side == "r" else "" for side in sides]
    head = "".join(
        f'<th scope="col"{name}>{_text_html(column)}</th>' for column, name in zip(columns, classes, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{name}>{_cell_html(value)}</td>' for value, name in zip(row, classes, strict=True))}</tr>\n"
        for row in rows
    )
    title = f"<caption>{_text_html(caption)}</caption>" if caption else ""
    if not rows:
        body = f'<tr><td colspan="{len(columns)}" class="quiet">nothing to show</td></tr>\n'
    named = f' class="{name}"' if name else ""
    table = f"<table{named}>{title}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"
    return Shown(f'<div class="ddms-table">{table}</div>', _text_table(columns, rows, caption))


def findings_table(results: Iterable[CheckResult]) -> Shown:
    """Findings by rank, and below them which checks are clear and which could not be made.

    Args:
        results: ranked results; see `ddms_ops.findings.ranked`.
    """
    results = list(results)
    found = sorted((finding for result in results for finding in result.findings), key=lambda finding: finding.rank)
    columns = ("#", "Severity", "Finding", "First seen", "Confidence", "Evidence")
    listed = [_finding_row(finding) for finding in found]
    parts = [html_table(columns, listed, align="rlllll", name="findings")] if found else []
    silent = [result for result in results if result.status is not Verdict.FOUND]
    silent.sort(key=lambda result: result.status is Verdict.CLEAR)
    rows = [(Badge.of(result.status), result.question, Quiet(result.reason or NOTHING)) for result in silent]
    if rows:
        parts.append(html_table(("Answer", "Question", "Why"), rows))
    clear = sum(result.status is Verdict.CLEAR for result in results)
    counts = f"{_count(len(found), 'finding')}; {_count(clear, 'check')} clear; {len(silent) - clear} not checked."
    return joined(verdict(counts), *parts)


def coverage_table(coverages: Iterable[Coverage]) -> Shown:
    """What each pull asked for and got, what is not complete first, under a verdict in one sentence."""
    pulls = sorted(coverages, key=lambda pull: (pull.is_all_there, pull.status is Status.NOT_CONFIGURED, pull.pull))
    table = _coverage_rows(pulls)
    missing = sum(not pull.is_all_there for pull in pulls)
    if not pulls:
        words = "Nothing was pulled, so nothing can be said."
    elif missing:
        words = f"{missing} of {_count(len(pulls), 'pull')} not complete; no check may call them clear."
    else:
        words = f"Every pull is complete ({len(pulls)} of {len(pulls)})."
    return joined(verdict(words), table) if pulls else verdict(words)


def verdict(words: str) -> Shown:
    """One sentence that stands above a table."""
    return Shown(f'<p class="verdict">{_text_html(words)}</p>', visible(words))


def lead_line(badge: Badge, words: str) -> Shown:
    """The one sentence to read first."""
    return Shown(f'<p class="lead">{_cell_html(badge)} {_text_html(words)}</p>', f"{badge.word}: {visible(words)}")


def joined(*parts: Shown) -> Shown:
    """Several things, one below the other."""
    html = "".join(part.html for part in parts)
    return Shown(f'<div class="ddms-table">{html}</div>', "\n\n".join(part.text for part in parts))


def visible(text: str, *, limit: int = MAX_CHARS, keep: str = "") -> str:
    """The text redacted, control characters written out, except those to keep, and cut where it is very long."""
    text = redact(text)
    known = JOINERS | frozenset(keep)
    shown = "".join(
        character if character in known or unicodedata.category(character) not in HIDDEN else _escape(character)
        for character in text[:limit]
    )
    return shown if len(text) <= limit else f"{shown}… ({len(text):,} characters)"


def plain(value: object) -> str:
    """How a value is written in a table, unescaped."""
    if isinstance(value, tuple):
        return " | ".join(plain(line) for line in value)
    if isinstance(value, Quiet):
        return plain(value.value)
    if isinstance(value, Badge):
        return visible(value.word)
    if isinstance(value, Window):
        return str(value)
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return NOTHING
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC" if value.tzinfo else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return visible(f"{value:,.4g}" if isinstance(value, float) else str(value))


def _coverage_rows(pulls: list[Coverage]) -> Shown:
    with_reasons = any(pull.reason for pull in pulls)
    reasons = {pull.pull: [Quiet(pull.reason or None)] if with_reasons else [] for pull in pulls}
    rows = [
        [
            pull.pull,
            Badge.of(pull.status),
            *reasons[pull.pull],
            pull.rows,
            pull.matched,
            pull.asked,
            pull.got,
            pull.source,
        ]
        for pull in pulls
    ]
    columns = ["Pull", "Status", *(["Reason"] if with_reasons else []), "Rows", "Matched", "Asked", "Got", "Source"]
    return html_table(columns, rows, align="lllrrlll" if with_reasons else "llrrlll")


def _finding_row(finding: Finding) -> tuple[object, ...]:
    lines = (finding.statement, Quiet(f"next: {finding.next_step}")) if finding.next_step else (finding.statement,)
    evidence = tuple(Quiet(f"{ref.pull}: {_count(ref.rows, 'row')}") for ref in finding.evidence)
    return (
        finding.rank,
        Badge.of(finding.severity),
        (*lines, Quiet(finding.id)),
        finding.first_seen,
        finding.confidence or NOTHING,
        evidence,
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _escape(character: str) -> str:
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return known.get(character) or f"\\u{ord(character):04x}"


def _text_html(text: str) -> str:
    """Escaped, with places to break a line in long words."""
    return "".join(
        "<wbr>".join(escape(piece, quote=True) for piece in PIECE.findall(word))
        if len(word) > LONG_WORD
        else escape(word, quote=True)
        for word in re.split(r"(\s+)", visible(text))
    )


def _cell_html(value: object) -> str:
    if isinstance(value, tuple):
        return "<br>".join(_cell_html(line) for line in value)
    if isinstance(value, Quiet):
        return f'<span class="quiet">{_cell_html(value.value)}</span>'
    if isinstance(value, Badge):
        tone = value.tone if value.tone in TONES else "info"
        return f'<span class="ddms-badge ddms-{tone}">{_text_html(value.word)}</span>'
    if isinstance(value, pd.Timestamp | Window) and value is not pd.NaT:
        date, _, clock = plain(value).partition(" ")
        return f'<span class="when">{date}</span> <span class="when">{clock}</span>'
    return _text_html(plain(value))


def _side(rows: list[Sequence[object]], place: int) -> str:
    values = [row[place] for row in rows if row[place] is not None]
    return "r" if values and all(isinstance(value, int | float) for value in values) else "l"


def _text_table(columns: Sequence[str], rows: list[Sequence[object]], caption: str) -> str:
    lines = [" | ".join(visible(column) for column in columns)]
    lines += [" | ".join(plain(value) for value in row) for row in rows]
    if not rows:
        lines.append("nothing to show")
    return "\n".join([visible(caption), *lines] if caption else lines)
