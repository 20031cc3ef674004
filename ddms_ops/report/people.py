"""What people wrote into an earlier post-mortem, kept when it is made again; what cannot be read is kept aside."""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from ddms_ops.errors import RunError
from ddms_ops.notebook import read_notebook
from ddms_ops.report.markdown_text import escape_markdown
from ddms_ops.report.model import ReportRecord
from ddms_ops.report.runbook import checklist
from ddms_ops.report.timeline_file import kept_aside

FOR_PEOPLE = "for-people"
STEPS_CELL = "runbook-steps-done"


@dataclass(frozen=True, slots=True)
class Kept:
    """The notebook with people's words in it, and what was kept aside, one sentence each."""

    notebook: nbformat.NotebookNode
    notes: tuple[str, ...]


def with_words_of(template: Path, earlier: Path, report: ReportRecord, notes: list[str]) -> Kept:
    """The notebook, its cells for people as an earlier one, or the Markdown beside it, has them.

    A section that is still blank in the earlier notebook is taken from the earlier Markdown, where it was written.

    Args:
        template: the notebook to run.
        earlier: post_mortem.ipynb of an earlier run; may be absent. One that cannot be read is moved aside.
        report: whose runbook steps stand in the list that people tick.
        notes: what else is to be said, one sentence each.
    """
    notebook = read_notebook(template)
    written: dict[str, str] = {}
    if earlier.exists():
        try:
            written = {str(cell.get("id")): cell.source for cell in read_notebook(earlier).cells}
        except RunError:
            notes = [*notes, f"{earlier.name} could not be read; it is kept as {kept_aside(earlier).name}"]
    sections = _sections(earlier.with_suffix(".md"))
    for cell in notebook.cells:
        if is_for_people(cell):
            blank = cell.source
            source = written.get(cell.id, blank)
            if source.strip() == blank.strip():
                source = sections.get(_heading(blank), blank)
            if cell.id == STEPS_CELL:
                source = checklist(report, "" if source.strip() == blank.strip() else source)
            cell.source = source
    if notes:
        lines = [f"- {escape_markdown(note)}" for note in notes]
        notebook.cells.insert(1, new_markdown_cell("\n".join(["**Not read, or kept aside:**", "", *lines])))
    return Kept(notebook, tuple(notes))


def is_for_people(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is one that only people write."""
    return FOR_PEOPLE in cell.metadata.get("tags", [])


def _heading(source: str) -> str:
    return source.partition("\n")[0].strip()


def _sections(path: Path) -> dict[str, str]:
    """The sections of a Markdown file by their heading of the second level; none where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    parts = f"\n{text}".split("\n## ")[1:]
    return {_heading(f"## {part}"): f"## {part}".rstrip() for part in parts}
