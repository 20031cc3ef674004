"""`ddms-ops lab`: an incident's notebooks, each with its parameters, opened in JupyterLab."""

import contextlib
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from ddms_ops.commands import Asked, ask, given_parameters, named, named_values
from ddms_ops.errors import BadInput, RunError
from ddms_ops.lab.folder import lab_folder
from ddms_ops.lab.jupyter import check_lab, serve_lab
from ddms_ops.notebook import parameter_rows, read_notebook, with_parameters

CASES = "cases"
REPORTS = "reports"
MARK = "ddms_ops"
USUAL = {"start": "-2h", "end": "now"}
HERE = "files:."


@dataclass(frozen=True, slots=True)
class LabOptions:
    """Where the lab works and how it opens; see `serve_lab`."""

    folder: Path | None = None
    has_browser: bool = True
    port: int | None = None


def open_lab(
    incident: Path | None, overrides: Sequence[str], notebooks: Sequence[str] | None, options: LabOptions
) -> int:
    """Open JupyterLab: on an incident's notebooks where a file or parameters are given, else on all; its exit code.

    Raises:
        BadInput: every fault of the parameters; nothing was started.
        RunError: JupyterLab is not installed, or did not start.
    """
    check_lab(options.port)
    given = _given(incident, overrides)
    if notebooks and not given:
        raise BadInput("--notebook: is for an incident; give an incident file, or -p system=NAME")
    folder = lab_folder(options.folder)
    opens = "notebooks"
    if given:
        with contextlib.chdir(folder):  # profiles and notebooks to edit are looked up there
            asked = ask(given, where=str(incident or "-p"), names=notebooks or ())
            opens = case_notebooks(asked, folder)[0].relative_to(folder).as_posix()
    print(f"JupyterLab on {folder}; Ctrl-C here ends it and its kernels", file=sys.stderr, flush=True)
    return serve_lab(folder, opens=opens, has_browser=options.has_browser, port=options.port)


def _given(incident: Path | None, overrides: Sequence[str]) -> dict[str, object]:
    """Parameters of a file, or of the command line alone; a relative folder is meant from where one stands."""
    if incident:
        given = given_parameters(incident, source=None, overrides=overrides)
    elif overrides:
        given = named({**USUAL, **named_values(overrides)})
    else:
        return {}
    kind, _, place = str(given.get("source") or HERE).partition(":")
    return given | ({"source": f"{kind}:{Path(place).expanduser().resolve()}"} if place else {})


def case_notebooks(asked: Asked, folder: Path) -> list[Path]:
    """Write the notebooks of an incident into `<folder>/cases/<incident_id>`; their paths.

    One that is there stays as it is where it was edited, or asks the same; else it is renewed.

    Raises:
        BadInput: parameters of a wrong type, or a folder that cannot be written to.
    """
    place = folder / CASES / asked.incident.incident_id
    wanted = {path: with_parameters(path, asked.parameters(path, out=REPORTS)) for path in asked.paths}
    try:
        place.mkdir(parents=True, exist_ok=True)
        return [_settled(place / path.name, notebook) for path, notebook in wanted.items()]
    except OSError as fault:
        raise BadInput(f"{place}: cannot write there: {fault.strerror}") from None


def _settled(target: Path, notebook: nbformat.NotebookNode) -> Path:
    """Write a notebook, unless it is there and is to be kept; say what was kept."""
    digest = _digest(notebook)
    notebook.metadata[MARK] = {"written": digest}
    if target.exists():
        there = _read(target)
        written = there.metadata.get(MARK, {}).get("written") if there else None
        if there is None or written != _digest(there):
            print(f"{target}: kept, somebody edited it{_difference(there, notebook)}", file=sys.stderr)
            return target
        if written == digest:
            return target
        print(f"{target}: renewed, other parameters or a newer notebook", file=sys.stderr)
    nbformat.write(notebook, target)
    return target


def _read(path: Path) -> nbformat.NotebookNode | None:
    try:
        return read_notebook(path)
    except RunError:
        return None


def _difference(there: nbformat.NotebookNode | None, asked: nbformat.NotebookNode) -> str:
    """Which parameters of a kept notebook are not those asked for."""
    old = {name: value for name, value, _ in parameter_rows(there)} if there else {}
    names = [name for name, value, _ in parameter_rows(asked) if name in old and old[name] != value]
    return f"; its own parameters: {', '.join(names)}" if names else ""


def _digest(notebook: nbformat.NotebookNode) -> str:
    """What its cells say, without what they put out."""
    cells = [[cell.cell_type, cell.source, cell.metadata.get("tags", [])] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()
