"""What people wrote into an earlier post-mortem, kept when it is made again; what cannot be read is kept aside."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from ddms_ops.errors import RunError
from ddms_ops.notebook import read_notebook
from ddms_ops.redact import redact
from ddms_ops.report.markdown_text import escape_markdown
from ddms_ops.report.model import ReportRecord
from ddms_ops.report.runbook import checklist
from ddms_ops.report.timeline_file import kept_aside

FOR_PEOPLE = "for-people"
STEPS_CELL = "runbook-steps-done"
NOTES = "**Not read, or kept aside:**"
SECTION = "\n## "
WRITTEN = "ddms_written"
"""In a cell's metadata the hash of what the Markdown beside it was given, by which an edit of either is seen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The notebook with people's words in it, and what was kept aside, one sentence each."""

    notebook: nbformat.NotebookNode
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Earlier:
    """What an earlier notebook and the Markdown beside it hold; `notes` say what was kept aside."""

    cells: list[nbformat.NotebookNode] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)
    unlike: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def with_words_of(template: Path, earlier: Path, report: ReportRecord, notes: list[str]) -> Kept:
    """The notebook, its cells for people as an earlier one, or the Markdown beside it, has them.

    Of a section that was changed in one of the two only, that one is taken; of one changed in both the notebook, and
    the Markdown is kept aside. Cells that people added stay behind the cell that they stood behind.

    Args:
        template: the notebook to run.
        earlier: post_mortem.ipynb of an earlier run; may be absent. One that cannot be read is moved aside.
        report: whose runbook steps stand in the list that people tick.
        notes: what else is to be said, one sentence each.
    """
    notebook = read_notebook(template)
    found = _read(earlier, notebook)
    for cell in filter(is_for_people, notebook.cells):
        blank = cell.source
        source = _words(cell, found)
        if cell.id == STEPS_CELL:
            source = checklist(report, "" if source.strip() == blank.strip() else source)
        cell.source = source
        cell.metadata[WRITTEN] = _digest(source)
    _add(notebook, found)
    if found.unlike:
        named = ", ".join(found.unlike)
        aside = kept_aside(earlier.with_suffix(".md")).name
        found.notes.append(
            f"post_mortem.md has words that are not in post_mortem.ipynb ({named}); it is kept as {aside}"
        )
    notes = [*notes, *found.notes]
    if notes:
        lines = [f"- {escape_markdown(note)}" for note in notes]
        notebook.cells.insert(1, new_markdown_cell("\n".join([NOTES, "", *lines])))
    return Kept(notebook, tuple(notes))


def is_for_people(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is one that only people write."""
    return FOR_PEOPLE in cell.metadata.get("tags", [])


def _read(earlier: Path, template: nbformat.NotebookNode) -> _Earlier:
    """The Markdown cells of an earlier notebook and the sections of the Markdown; another notebook is kept aside."""
    found = _Earlier()
    if earlier.exists():
        try:
            cells = [cell for cell in read_notebook(earlier).cells if cell.get("cell_type") == "markdown"]
            found.cells = [cell for cell in cells if isinstance(cell.get("source"), str)]
            is_other = not any(_twin(cell, found.cells) for cell in filter(is_for_people, template.cells))
        except (RunError, AttributeError, TypeError):
            is_other = True
        if is_other:
            found.cells = []
            words = f"{earlier.name} could not be read as a post-mortem; it is kept as {kept_aside(earlier).name}"
            found.notes.append(words)
    beside = earlier.with_suffix(".md")
    try:
        text = beside.read_text(encoding="utf-8-sig") if beside.exists() else ""
    except (OSError, UnicodeDecodeError):
        found.notes.append(f"{beside.name} could not be read as UTF-8; it is kept as {kept_aside(beside).name}")
        return found
    parts = f"\n{text}".replace("\r\n", "\n").split(SECTION)[1:]
    found.sections = {_heading(f"## {part}"): f"## {part}".rstrip() for part in parts}
    known = {_heading(cell.source) for cell in template.cells}
    said = "\n".join(cell.source for cell in found.cells)
    found.unlike = [name for name in found.sections if name not in known and name not in said]
    return found


def _twin(cell: nbformat.NotebookNode, cells: list[nbformat.NotebookNode]) -> nbformat.NotebookNode | None:
    """The cell of an earlier notebook that is a cell for people: by its id, else by its heading."""
    by_id = next((each for each in cells if each.get("id") == cell.id), None)
    return by_id or next((each for each in cells if _heading(each.source) == _heading(cell.source)), None)


def _words(cell: nbformat.NotebookNode, found: _Earlier) -> str:
    """What a cell for people is to hold."""
    blank, name = cell.source, _heading(cell.source)
    twin = _twin(cell, found.cells)
    source = twin.source if twin is not None else blank
    beside = found.sections.get(name, "")
    if beside.strip() in ("", blank.strip()) or _section(redact(source)) == _section(beside):
        return str(source)
    if source.strip() in ("", blank.strip()):
        return beside
    last = twin.get("metadata", {}).get(WRITTEN) if twin is not None else None
    if last == _digest(beside):
        return str(source)
    if last == _digest(source) and SECTION not in source and redact(source) == source:
        return beside
    found.unlike.append(name)
    return str(source)


def _add(notebook: nbformat.NotebookNode, found: _Earlier) -> None:
    """Put each Markdown cell that people added behind the cell that it stood behind."""
    own = list(notebook.cells)
    taken = {id(twin) for cell in own if (twin := _twin(cell, found.cells)) is not None}
    place = 0
    for cell in found.cells:
        twin = next((each for each in own if id(_twin(each, found.cells)) == id(cell)), None)
        if twin is not None:
            place = notebook.cells.index(twin)
        elif id(cell) not in taken and cell.source.strip() and not cell.source.startswith(NOTES):
            place += 1
            notebook.cells.insert(place, new_markdown_cell(cell.source, metadata={"tags": [FOR_PEOPLE]}))


def _section(text: str) -> str:
    """A text up to its next heading of the second level."""
    return f"\n{text.strip()}".partition(SECTION)[2].partition(SECTION)[0].rstrip()


def _digest(text: str) -> str:
    return sha256(_section(redact(text)).encode()).hexdigest()


def _heading(source: str) -> str:
    return source.partition("\n")[0].strip()
