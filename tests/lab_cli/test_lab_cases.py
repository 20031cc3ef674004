"""Notebooks of an incident in the lab: its parameters, checked as a run checks them, and nobody's edits lost."""

from pathlib import Path

import nbformat
import pytest
from builders import envelope, write_logs

from ddms_ops.cli import main
from ddms_ops.commands import ask
from ddms_ops.lab.opening import case_notebooks
from ddms_ops.notebook import parameter_rows

GIVEN = {
    "incident_id": "i1",
    "system": "dms",
    "start": "2026-03-04T10:00Z",
    "end": "2026-03-04T11:00Z",
    "source": "files:export",
}
HOSTILE = 'A title"); import os; os.abort()  # {{ \\ \n "'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a small export."""
    monkeypatch.chdir(tmp_path)
    write_logs(tmp_path / "export", "/aws/lambda/dms-api-handler-prod", envelope("10:01", "hello"))
    return tmp_path


def opened(here: Path, **changed: str) -> nbformat.NotebookNode:
    """The error triage notebook of the incident, as it lies in the lab."""
    asked = ask(GIVEN | changed, where="incident", names=["error_triage"])
    [path] = case_notebooks(asked, here)
    assert path == here / "cases" / "i1" / "error_triage.ipynb"
    return nbformat.read(path, as_version=4)


def values(notebook: nbformat.NotebookNode) -> dict[str, object]:
    """Its parameters by name; injected ones win."""
    return {name: value for name, value, _ in parameter_rows(notebook)}


OUTPUT = "said by a cell"


def edit(here: Path, text: str, output: str = "") -> None:
    """Add a line to the last code cell of the notebook in the lab, and an output."""
    path = here / "cases" / "i1" / "error_triage.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    cell.source += text
    cell.outputs = [nbformat.v4.new_output("stream", text=output)] if output else []
    nbformat.write(notebook, path)


def test_a_notebook_gets_the_incidents_parameters(here: Path):
    """Absolute times and folders; reports stay in the folder where the lab works."""
    found = values(opened(here))
    assert found["start"] == "2026-03-04T10:00:00Z"
    assert found["source"] == f"files:{here / 'export'}"
    assert (found["out"], found["environment"]) == ("reports", "prod")


def test_a_hostile_title_stays_text(here: Path):
    """Whatever stands in a parameter is written as a literal."""
    assert values(opened(here, title=HOSTILE))["title"] == HOSTILE.strip()


def test_outputs_are_kept_while_the_parameters_stay(here: Path):
    """Opening an incident again does not throw away what was run."""
    opened(here)
    edit(here, "", output=OUTPUT)
    assert OUTPUT in nbformat.writes(opened(here))


def test_other_parameters_renew_what_nobody_edited(here: Path, capsys: pytest.CaptureFixture[str]):
    """And it is said."""
    opened(here)
    edit(here, "", output=OUTPUT)
    renewed = opened(here, end="2026-03-04T10:30Z")
    assert values(renewed)["end"] == "2026-03-04T10:30:00Z"
    assert OUTPUT not in nbformat.writes(renewed)
    assert "renewed, other parameters" in capsys.readouterr().err


def test_what_somebody_edited_is_kept(here: Path, capsys: pytest.CaptureFixture[str]):
    """With its own parameters, which are named."""
    opened(here)
    edit(here, "\ncase.log_events")
    kept = opened(here, end="2026-03-04T10:30Z")
    assert "case.log_events" in nbformat.writes(kept)
    assert values(kept)["end"] == "2026-03-04T11:00:00Z"
    assert "kept, somebody edited it; its own parameters: end" in capsys.readouterr().err


def test_a_file_that_is_no_notebook_is_kept(here: Path):
    """Nothing is overwritten that we did not write."""
    path = here / "cases" / "i1" / "error_triage.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("notes")
    asked = ask(GIVEN, where="incident", names=["error_triage"])
    assert case_notebooks(asked, here) == [path]
    assert path.read_text() == "notes"


def test_a_notebook_of_ones_own_goes_before_the_shipped_one(here: Path):
    """What stands in notebooks/ where one stands is what is opened, and run."""
    assert main(["init", "."]) == 0
    own = here / "notebooks" / "error_triage.ipynb"
    own.write_text(own.read_text().replace("# Error triage", "# Our triage"))
    assert "# Our triage" in nbformat.writes(opened(here))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-p", "system=dmz"], "did you mean 'dms'?"),
        (["-p", "start=2026-03-04T10:00Z"], "system: is missing"),
        (["-p", "system=dms", "-p", "qery=x"], "did you mean 'query'?"),
        (["-p", "system"], "write NAME=VALUE"),
        (["-p", "system=dms", "-p", "incident_id=../up"], "cannot name a folder"),
        (["-p", "system=dms", "-p", "source=files:nowhere"], "no such folder"),
        (["-p", "system=dms", "--notebook", "error_triag"], "did you mean 'error_triage'?"),
        (["--notebook", "error_triage"], "--notebook: is for an incident"),
        (["nowhere.yaml"], "no such file"),
        (["--port", "70000"], "give 0 to 65535"),
        (["--dir", "/dev/null"], "is a file; give a folder"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_bad_lab_is_refused_in_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str):
    """Before anything is started, and no case is written."""
    assert main(["lab", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line
    assert not list(Path().rglob("cases"))
