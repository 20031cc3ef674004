"""Reading a notebook: its parameters cell and its sections."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat

from ddms_ops.errors import IncidentError, RunError, did_you_mean
from ddms_ops.redact import redact

MAX_GIVEN = 60
MAX_ERROR = 300
BEFORE_ANY = "Start"
PARAMETER_TAGS = ("parameters", "injected-parameters")
HEADING = re.compile(r"#{1,6}\s+(.+)")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def notebook_parameters(path: Path) -> dict[str, object]:
    """Names and literal defaults of the one cell tagged `parameters`.

    Raises:
        RunError: not a notebook, no such cell or several, or a value that is not a literal.
    """
    tagged = [cell for cell in read_notebook(path).cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise RunError(f"{path}: has {len(tagged)} cells tagged 'parameters'; tag exactly one")
    try:
        statements = ast.parse(tagged[0].source).body
        return dict(_literal(statement) for statement in statements)
    except (SyntaxError, ValueError):
        raise RunError(f"{path}: the cell tagged 'parameters' may hold `name = literal` lines only") from None


def check_parameters(path: Path, given: Mapping[str, object]) -> None:
    """Refuse parameters that the notebook does not have or that differ in type from its default.

    Raises:
        IncidentError: one line for each fault.
        RunError: see `notebook_parameters`.
    """
    known = notebook_parameters(path)
    faults = [
        f"{path.name}: {name}: unknown parameter{did_you_mean(name, known)}; known: {', '.join(known) or 'none'}"
        for name in given
        if name not in known
    ]
    faults += [
        f"{path.name}: {name}: {repr(value)[:MAX_GIVEN]} is {type(value).__name__};"
        f" give {type(known[name]).__name__}, e.g. {known[name]!r}"
        for name, value in given.items()
        if name in known and not _fits(value, known[name])
    ]
    if faults:
        raise IncidentError(*faults)


def with_parameters(path: Path, parameters: Mapping[str, object]) -> nbformat.NotebookNode:
    """The notebook in a file with the cell of injected parameters that papermill would write, and no outputs.

    Both cells of parameters are folded in JupyterLab: what they say stands in the control below them.

    Raises:
        RunError: not there, or not a notebook.
    """
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    read_notebook(path)
    notebook = load_notebook_node(str(path))
    notebook = parameterize_notebook(notebook, dict(parameters), kernel_name="python3", language="python")
    for part in (notebook, *notebook.cells):
        part.metadata.pop("papermill", None)
    for cell in notebook.cells:
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if any(tag in PARAMETER_TAGS for tag in cell.metadata.get("tags", [])):
            cell.metadata["jupyter"] = {"source_hidden": True}
    return notebook


def parameter_rows(notebook: nbformat.NotebookNode) -> list[tuple[str, object, str]]:
    """Name, value and comment of each parameter of an executed notebook; injected values win."""
    rows: dict[str, tuple[str, object, str]] = {}
    for tag in PARAMETER_TAGS:
        for cell in notebook.cells:
            if tag in cell.metadata.get("tags", []):
                for name, value, note in _noted(cell.source):
                    rows[name] = (name, value, note or rows.get(name, ("", "", ""))[2])
    return list(rows.values())


def headings(notebook: nbformat.NotebookNode) -> list[str]:
    """For each cell the Markdown heading it stands under."""
    above, current = [], BEFORE_ANY
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = [match[1].strip() for line in cell.source.splitlines() if (match := HEADING.match(line))]
            current = found[-1] if found else current
        above.append(current)
    return above


def one_line(name: str, message: str) -> str:
    """`ErrorName: first line of its message`, redacted and cut."""
    lines = ANSI.sub("", message).strip().splitlines()
    text = redact(f"{name}: {lines[0]}" if lines else name)
    return text if len(text) <= MAX_ERROR else text[: MAX_ERROR - 1] + "…"


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook in a file.

    Raises:
        RunError: not there, or not a notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise RunError(f"{path}: no such file; give a notebook") from None
    except (OSError, ValueError, nbformat.ValidationError, AttributeError):
        raise RunError(f"{path}: cannot be read as a notebook") from None


def _literal(statement: ast.stmt) -> tuple[str, object]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if (
        len(targets) != 1
        or not isinstance(targets[0], ast.Name)
        or value is None
        or isinstance(statement, ast.AugAssign)
    ):
        raise ValueError(ast.dump(statement))
    return targets[0].id, ast.literal_eval(value)


def _noted(source: str) -> list[tuple[str, object, str]]:
    lines = source.encode().split(b"\n")
    try:
        nodes = ast.parse(source).body
        return [
            (*_literal(node), lines[(node.end_lineno or 1) - 1][node.end_col_offset or 0 :].decode().strip("# "))
            for node in nodes
        ]
    except (SyntaxError, ValueError):
        return []


def _fits(value: object, default: object) -> bool:
    if default is None or type(value) is type(default):
        return True
    return isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool)
