"""The rules that every notebook keeps."""

import ast
from pathlib import Path

import nbformat
import pytest

from ddms_ops.incident import NAMES

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    """The code cells of a notebook."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def tagged(path: Path, tag: str) -> list[nbformat.NotebookNode]:
    """The code cells with a tag."""
    return [cell for cell in code_cells(path) if tag in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    """Each notebook."""

    def test_is_valid(self, path: Path):
        """It is a notebook of the current format."""
        nbformat.validate(nbformat.read(path, as_version=4))

    def test_has_at_most_15_code_cells(self, path: Path):
        """It is short enough to be read."""
        assert len(code_cells(path)) <= 15

    def test_has_one_parameters_cell_of_literals(self, path: Path):
        """Exactly one cell is tagged `parameters`, with one annotated literal a line."""
        [cell] = tagged(path, "parameters")
        for node in ast.parse(cell.source).body:
            assert isinstance(node, ast.AnnAssign)
            assert isinstance(ast.literal_eval(node.value), str | int | float | bool)
            assert "|" not in ast.unparse(node.annotation)

    def test_only_calls_and_shows(self, path: Path):
        """No def, loop, lambda, print, or import but of ddms_ops."""
        for cell in code_cells(path):
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.Lambda | ast.ClassDef)
                if isinstance(node, ast.Import):
                    pytest.fail(f"import in {cell.source[:40]!r}")
                if isinstance(node, ast.ImportFrom):
                    assert node.module.split(".")[0] == "ddms_ops"
                if isinstance(node, ast.Call):
                    assert getattr(node.func, "id", "") != "print"

    def test_keeps_no_outputs(self, path: Path):
        """Only a findings table may be kept."""
        for cell in code_cells(path):
            assert not cell.outputs or "nbval-check-output" in cell.metadata.get("tags", [])

    def test_every_section_says_how_to_read_it(self, path: Path):
        """Each heading of a section is a question or a title with words below it, before its code."""
        cells = nbformat.read(path, as_version=4).cells
        for cell in cells:
            if cell.cell_type == "markdown" and cell.source.startswith("## "):
                assert len(cell.source.splitlines()) >= 2, cell.source


def test_error_triage_takes_an_incident_file():
    """Every name of an incident file is a parameter, so that `papermill -f` works with it."""
    [path] = [path for path in NOTEBOOKS if path.stem == "error_triage"]
    [cell] = tagged(path, "parameters")
    names = {node.target.id for node in ast.parse(cell.source).body}
    assert set(NAMES) <= names
