"""What people wrote is kept; what cannot be read is kept aside under another name."""

import json
from pathlib import Path

import nbformat
import pytest
from report_builders import check, finding, report_folder

from ddms_ops.report import open_report
from ddms_ops.report.people import Kept, is_for_people, with_words_of
from ddms_ops.settings import assets

TEMPLATE = assets("notebooks") / "post_mortem.ipynb"
BLANK = "## Root cause\n\n*To be written by people. Nothing is filled in here by a machine.*"


def kept(folder: Path, *notes: str) -> Kept:
    """The notebook of a report with what people wrote in its folder."""
    report = open_report(report_folder(folder, check("new", finding("new", "X"))))
    return with_words_of(TEMPLATE, folder / "post_mortem.ipynb", report, list(notes))


def words(made: Kept, heading: str) -> str:
    """The section of that heading."""
    [found] = [cell.source for cell in made.notebook.cells if cell.source.startswith(f"## {heading}\n")]
    return found


def write_earlier(folder: Path, root_cause: str) -> None:
    """An earlier post-mortem with that root cause."""
    notebook = nbformat.read(TEMPLATE, as_version=4)
    for cell in notebook.cells:
        cell.source = root_cause if cell.id == "root-cause" else cell.source
    nbformat.write(notebook, folder / "post_mortem.ipynb")


def test_the_sections_for_people_are_blank(tmp_path: Path):
    """Seven of them, and nothing of a machine in six."""
    cells = [cell.source for cell in kept(tmp_path).notebook.cells if is_for_people(cell)]
    assert [source.partition("\n")[0] for source in cells] == [
        "## Runbook steps done", "## Root cause", "## Contributing factors", "## What went well", "## What went wrong",
        "## Where we got lucky", "## Action items",
    ]  # fmt: skip
    assert cells[1] == BLANK


def test_words_of_an_earlier_notebook_are_kept(tmp_path: Path):
    """Before those of the Markdown beside it."""
    write_earlier(tmp_path, "## Root cause\n\nOne connection.")
    (tmp_path / "post_mortem.md").write_text("## Root cause\n\nAnother.\n\n## Other\n")
    assert words(kept(tmp_path), "Root cause") == "## Root cause\n\nOne connection."


def test_words_in_the_markdown_are_kept_where_the_notebook_is_blank(tmp_path: Path):
    """Also where there is no notebook."""
    write_earlier(tmp_path, BLANK)
    (tmp_path / "post_mortem.md").write_text("# P\n\n## Root cause\n\nOne connection.\n\n## What went well\n\nMuch.")
    assert words(kept(tmp_path), "Root cause") == "## Root cause\n\nOne connection."
    (tmp_path / "post_mortem.ipynb").unlink()
    assert words(kept(tmp_path), "What went well") == "## What went well\n\nMuch."


@pytest.mark.parametrize("content", [b"{ half", b"", b"\xff\xfe", b"[]"])
def test_a_damaged_notebook_is_kept_aside(tmp_path: Path, content: bytes):
    """It stays as it is, under a name that is free, and the report says so."""
    (tmp_path / "post_mortem.ipynb").write_bytes(content)
    (tmp_path / "post_mortem.unreadable-1.ipynb").write_text("older")
    made = kept(tmp_path, "timeline.csv cannot be read")
    note = "post_mortem.ipynb could not be read as a post-mortem; it is kept as post_mortem.unreadable-2.ipynb"
    assert made.notes == ("timeline.csv cannot be read", note)
    assert (tmp_path / "post_mortem.unreadable-2.ipynb").read_bytes() == content
    assert (tmp_path / "post_mortem.unreadable-1.ipynb").read_text() == "older"
    assert note in made.notebook.cells[1].source


def test_another_notebook_is_kept_aside(tmp_path: Path):
    """It is not taken for an empty post-mortem."""
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Mine")]), tmp_path / "post_mortem.ipynb"
    )
    assert "kept as post_mortem.unreadable-1.ipynb" in kept(tmp_path).notes[0]


def test_words_in_cells_without_ids_are_kept(tmp_path: Path):
    """Their heading tells what they are, as in a notebook of format 4.4."""
    write_earlier(tmp_path, "## Root cause\n\nOne connection.")
    path = tmp_path / "post_mortem.ipynb"
    document = json.loads(path.read_text()) | {"nbformat_minor": 4}
    document["cells"] = [{key: each[key] for key in each if key != "id"} for each in document["cells"]]
    path.write_text(json.dumps(document))
    assert words(kept(tmp_path), "Root cause") == "## Root cause\n\nOne connection."


def test_a_cell_that_people_added_stays_where_it_stood(tmp_path: Path):
    """Behind the same section, also in a second run."""
    for _ in range(2):
        notebook = nbformat.read(tmp_path / "post_mortem.ipynb" if _ else TEMPLATE, as_version=4)
        sources = [cell.source for cell in notebook.cells]
        if not _:
            place = [cell.id for cell in notebook.cells].index("went-well") + 1
            notebook.cells.insert(place, nbformat.v4.new_markdown_cell("The pager worked."))
        nbformat.write(notebook, tmp_path / "post_mortem.ipynb")
        made = kept(tmp_path)
        sources = [cell.source for cell in made.notebook.cells]
        place = sources.index("The pager worked.")
        assert sources[place - 1].startswith("## What went well")
        assert sources.count("The pager worked.") == 1
        nbformat.write(made.notebook, tmp_path / "post_mortem.ipynb")


def test_an_edit_of_the_markdown_alone_is_taken(tmp_path: Path):
    """One of both keeps the notebook's words, and the Markdown aside."""
    write_earlier(tmp_path, "## Root cause\n\nFirst.")
    nbformat.write(kept(tmp_path).notebook, tmp_path / "post_mortem.ipynb")
    (tmp_path / "post_mortem.md").write_text("## Root cause\n\nSecond.\n")
    made = kept(tmp_path)
    assert (words(made, "Root cause"), made.notes) == ("## Root cause\n\nSecond.", ())
    for cell in made.notebook.cells:
        cell.source = cell.source.replace("Second.", "Third.")
    nbformat.write(made.notebook, tmp_path / "post_mortem.ipynb")
    (tmp_path / "post_mortem.md").write_text("## Root cause\n\nFourth.\n\n## Ours\n\nX\n")
    made = kept(tmp_path)
    assert words(made, "Root cause") == "## Root cause\n\nThird."
    [note] = made.notes
    assert "(Ours, Root cause)" in note.replace("## ", "")
    assert "Fourth." in (tmp_path / "post_mortem.unreadable-1.md").read_text()
