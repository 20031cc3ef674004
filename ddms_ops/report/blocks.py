"""What the sections of a post-mortem are made of, as HTML, text and Markdown.

Each row says what it rests on: a fact of pulls (by their number in the ledger), what coincides, words of people, what
the profile declares, or a count of this report's own tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from ddms_ops.checks.tables import NOTHING, Badge, in_lab, visible
from ddms_ops.report.cells import Contact, cell_html, cell_markdown, cell_text, shown_words, text_html
from ddms_ops.report.markdown_text import escape_markdown, fenced

FACT, COINCIDES, PEOPLE, DECLARED, COUNTED, NONE = "fact", "coincides", "people", "declared", "counted", ""
WORDS = {FACT: "fact", COINCIDES: "coincides", PEOPLE: "written by people", DECLARED: "declared", COUNTED: "counted"}
BASIS = "Basis"
STYLE = """<style>
.ddms-table tr.coincides td{border-left:0;font-style:italic}.ddms-table .people{border-left:3px double currentColor}
.ddms-table .template{white-space:pre-wrap;max-width:90ch;padding:8px;border:1px solid var(--jp-border-color2,#d0d7de)}
</style>"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A pull's number in the ledger, and what it was: query, rows and status."""

    number: int
    title: str


Marks = Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Basis:
    """What words rest on: their kind, the pulls, and for a count the anchor of the section that it counts."""

    kind: str = NONE
    pulls: tuple[str, ...] = ()
    anchor: str = ""

    def plain(self, marks: Marks) -> str:
        """As text: `fact [1] [3]`."""
        return " ".join([WORDS.get(self.kind, NOTHING), *(f"[{marks[p].number}]" for p in self.pulls if p in marks)])

    def markdown(self, marks: Marks) -> str:
        """With footnotes that the ledger explains."""
        return " ".join([WORDS.get(self.kind, NOTHING), *(f"[^{marks[p].number}]" for p in self.pulls if p in marks)])

    def html(self, marks: Marks) -> str:
        """The word, and links to the ledger or to the section counted."""
        word = escape(WORDS.get(self.kind, NOTHING))
        if self.anchor:
            word = f'<a href="#{escape(self.anchor, quote=True)}">{word}</a>'
        return f'<span class="kind">{word}</span>{self.links(marks)}'

    def links(self, marks: Marks) -> str:
        """A link to the ledger for each pull."""
        known = [marks[pull] for pull in self.pulls if pull in marks]
        return "".join(
            f' <a href="#pull-{mark.number}" title="{escape(mark.title, quote=True)}">[{mark.number}]</a>'
            for mark in known
        )

    def attributes(self, marks: Marks, *more: str) -> str:
        """Class and title of the element."""
        names = " ".join((*more, *(("claim",) if self.pulls else ()), *((self.kind,) if self.kind else ())))
        titles = "; ".join(marks[pull].title for pull in self.pulls if pull in marks)
        named = f' class="{names}"' if names else ""
        return named + (f' title="{escape(titles, quote=True)}"' if titles else "")


NO_BASIS = Basis()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `anchor` is what links lead to."""

    cells: tuple[object, ...]
    basis: Basis = NO_BASIS
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. `name` is the class; `is_declared` tables say of no row what it rests on."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    name: str = "pm"
    caption: str = ""
    is_declared: bool = False

    def html(self, marks: Marks) -> str:
        """Escaped HTML; the page brings the style."""
        columns = self._columns
        head = "".join(f'<th scope="col">{text_html(column)}</th>' for column in columns)
        body = "".join(self._row_html(row, marks) for row in self.rows)
        if not self.rows:
            body = f'<tr><td colspan="{len(columns)}" class="quiet">nothing to show</td></tr>\n'
        caption = f"<caption>{text_html(self.caption)}</caption>" if self.caption else ""
        name = f"{self.name} declared" if self.is_declared else self.name
        return f'<table class="{name}">{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>'

    def _row_html(self, row: Row, marks: Marks) -> str:
        cells = [
            f'<td data-label="{escape(visible(name), quote=True)}">{cell_html(value)}</td>'
            for name, value in zip(self.columns, row.cells, strict=True)
        ]
        if not self.is_declared:
            cells.append(f'<td class="basis" data-label="{BASIS}">{row.basis.html(marks)}</td>')
        named = f' id="{escape(row.anchor, quote=True)}"' if row.anchor else ""
        return f"<tr{named}{row.basis.attributes(marks)}>{''.join(cells)}</tr>\n"

    def text(self, marks: Marks) -> str:
        """A line a row."""
        lines = [visible(self.caption)] if self.caption else []
        lines.append(" | ".join(visible(column) for column in self._columns))
        lines += [" | ".join(self._cells(row, marks)) for row in self.rows]
        return "\n".join(lines if self.rows else [*lines, "nothing to show"])

    def markdown(self, marks: Marks) -> str:
        """A Markdown table; no cell can leave it."""
        lines = [f"{escape_markdown(self.caption)}\n"] if self.caption else []
        lines += ["| " + " | ".join(map(escape_markdown, self._columns)) + " |", "|" + "---|" * len(self._columns)]
        for row in self.rows:
            cells = [cell_markdown(value) for value in row.cells]
            basis = [] if self.is_declared else [row.basis.markdown(marks)]
            lines.append("| " + " | ".join([*cells, *basis]) + " |")
        return "\n".join(lines if self.rows else [*lines, "| nothing to show" + " |" * len(self._columns)])

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.columns if self.is_declared else (*self.columns, BASIS)

    def _cells(self, row: Row, marks: Marks) -> list[str]:
        return [*(cell_text(value) for value in row.cells), *([] if self.is_declared else [row.basis.plain(marks)])]


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, with a badge before it where it is the first to read; `heading` stands above what follows."""

    words: str
    basis: Basis = NO_BASIS
    badge: Badge | None = None
    is_heading: bool = False

    def html(self, marks: Marks) -> str:
        """A paragraph or a heading."""
        badge = f"{cell_html(self.badge)} " if self.badge else ""
        words = f"{badge}{text_html(self.words)}{self.basis.links(marks)}"
        if self.basis.anchor:
            words += f' <a href="#{escape(self.basis.anchor, quote=True)}" title="where this is counted">↓</a>'
        if self.is_heading:
            return f"<h3{self.basis.attributes(marks)}>{words}</h3>"
        return f"<p{self.basis.attributes(marks, 'lead' if self.badge else 'verdict')}>{words}</p>"

    def text(self, marks: Marks) -> str:
        """The sentence."""
        badge = f"{self.badge.word}: " if self.badge else ""
        marked = " ".join(f"[{marks[pull].number}]" for pull in self.basis.pulls if pull in marks)
        return f"{badge}{visible(self.words)}{' ' if marked else ''}{marked}"

    def markdown(self, marks: Marks) -> str:
        """A paragraph, or a heading of the third level."""
        badge = f"**{escape_markdown(self.badge.word)}**: " if self.badge else ""
        marked = "".join(f"[^{marks[pull].number}]" for pull in self.basis.pulls if pull in marks)
        return f"{'### ' if self.is_heading else ''}{badge}{escape_markdown(self.words)}{marked}"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text that is ready to be copied."""

    words: str | Contact
    basis: Basis

    @property
    def shown(self) -> str:
        """The words, redacted."""
        return shown_words(self.words, limit=4000, keep="\n")


@dataclass(frozen=True, slots=True)
class Letter:
    """A text to copy, as it stands; what stands in it keeps what it rests on."""

    parts: tuple[Part, ...]

    @property
    def words(self) -> str:
        """The whole text, redacted."""
        return "".join(part.shown for part in self.parts)

    def html(self, marks: Marks) -> str:
        """The text in one block, without visible marks: they would be copied along."""
        pieces = "".join(f"<span{part.basis.attributes(marks)}>{escape(part.shown)}</span>" for part in self.parts)
        pulls = dict.fromkeys(pull for part in self.parts for pull in part.basis.pulls)
        links = Basis(FACT, tuple(pulls)).links(marks)
        source = f'<p class="claim quiet">from:{links}</p>' if links else ""
        return f'<pre class="template">{pieces}</pre>{source}'

    def text(self, marks: Marks) -> str:  # noqa: ARG002
        """The text."""
        return self.words

    def markdown(self, marks: Marks) -> str:  # noqa: ARG002
        """The text in a fence."""
        return fenced(self.words)


@dataclass(frozen=True, slots=True)
class Fold:
    """A table that opens below its heading; on paper all are open."""

    heading: Line
    table: Table
    is_open: bool = False

    def html(self, marks: Marks) -> str:
        """Readable without JavaScript, open or not."""
        opened = " open" if self.is_open else ""
        heading = self.heading.html(marks)
        return f"<details{opened}><summary>{heading}</summary>{self.table.html(marks)}</details>"

    def text(self, marks: Marks) -> str:
        """The heading above the table."""
        return f"{self.heading.text(marks)}\n\n{self.table.text(marks)}"

    def markdown(self, marks: Marks) -> str:
        """The heading above the table."""
        return f"{self.heading.markdown(marks)}\n\n{self.table.markdown(marks)}"


Block = Table | Line | Letter | Fold


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """Blocks, one below the other, with the numbers of the pulls that they name."""

    blocks: Sequence[Block]
    marks: Marks = field(default_factory=dict)

    @property
    def html(self) -> str:
        """All blocks as HTML."""
        return f'<div class="ddms-table">{"".join(block.html(self.marks) for block in self.blocks)}</div>'

    @property
    def text(self) -> str:
        """All blocks as text."""
        return "\n\n".join(block.text(self.marks) for block in self.blocks)

    @property
    def markdown(self) -> str:
        """All blocks as Markdown."""
        return "\n\n".join(block.markdown(self.marks) for block in self.blocks)

    def _repr_html_(self) -> str:
        return in_lab(STYLE + self.html)

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.text
