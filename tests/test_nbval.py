"""nbval over every notebook, on recorded cases: its cells run, and the findings table is the one that needs no kernel.

What is kept in a notebook to compare with is computed here, in this process, on the export; nbval's kernel computes it
on the evidence that this recorded.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from ddms_ops import Case, open_case, panels
from ddms_ops.checks import CHECKS
from ddms_ops.checks.tables import Shown
from ddms_ops.incident import read_incident
from ddms_ops.notebook import check_parameters
from ddms_ops.report import open_report
from ddms_ops.simulate import write_case

NOTEBOOKS = {path.stem: path for path in sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))}
TAG = "nbval-check-output"
OF_BILLS = "cost_spike"
OF_REPORTS = "post_mortem"
RECORDED = {  # a case of each kind of source, and the notebooks that have something to find in it
    ("dms", "queue_backlog"): tuple(name for name in NOTEBOOKS if name not in (OF_BILLS, OF_REPORTS)),
    ("smart-invoice", "bedrock_prompt"): (OF_BILLS,),
}
CHANGED = "changed"


def record(system: str, scenario: str, folder: Path, notebooks: tuple[str, ...]) -> Case:
    """A simulated case, its pulls recorded and the checks of the notebooks run, in this process."""
    incident = read_incident(write_case(system, scenario, folder / "simulated", events=2_000).incident)
    case = open_case(**incident, out=str(folder / "reports"))
    for check in CHECKS:
        if check.notebook in notebooks:
            case.result(check.id)
    return case


def kept(name: str, parameters: Mapping[str, object], table: object) -> nbformat.NotebookNode:
    """The notebook with its parameters, and the findings table as the only output that it keeps."""
    check_parameters(NOTEBOOKS[name], parameters)
    notebook = load_notebook_node(str(NOTEBOOKS[name]))
    notebook = parameterize_notebook(notebook, dict(parameters), kernel_name="python3", language="python")
    [cell] = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    data, _ = DisplayFormatter().format(table)
    cell.execution_count = 1
    cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    return notebook


def changed(parameters: Mapping[str, object], table: Shown) -> nbformat.NotebookNode:
    """A notebook that opens the case and keeps a findings table with one word changed."""
    assert "not checked." in table.text
    notebook = kept("error_triage", parameters, Shown(table.html, table.text.replace("not checked.", "not made.")))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [cell for cell in code if cell.outputs or not cell.source.startswith(("panels.", "widgets."))]
    return notebook


def notebooks_of(case: Case, names: tuple[str, ...], out: Path) -> dict[str, nbformat.NotebookNode]:
    """The notebooks on a recorded case, by name; each with a report folder of its own."""
    given = {**case.incident.as_dict(), "source": f"case:{case.folder}"}
    made = {name: kept(name, {**given, "out": f"{out}/{name}"}, panels.findings_panel(case, name)) for name in names}
    if OF_BILLS not in names:
        made[OF_REPORTS] = kept(OF_REPORTS, {"report_dir": str(case.folder)}, open_report(case.folder).findings())
        made[CHANGED] = changed({**given, "out": f"{out}/{CHANGED}"}, panels.findings_panel(case))
    return made


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What failed in each cell of each notebook, by one run of nbval over all of them."""
    root, folder = tmp_path_factory.mktemp("recorded"), tmp_path_factory.mktemp("notebooks")
    for (system, scenario), names in RECORDED.items():
        case = record(system, scenario, root / system, names)
        assert {result.notebook for result in case.results if result.findings} == set(names)
        for name, notebook in notebooks_of(case, names, root / "again").items():
            nbformat.write(notebook, folder / f"{name}.ipynb")
    return nbval(folder)


def nbval(folder: Path) -> dict[str, list[str]]:
    """nbval over the notebooks of a folder, in one process: for each cell of each what failed, empty where nothing."""
    options = ["-q", "--nbval-lax", "--nbval-current-env", "--nbval-kernel-startup-timeout=180"]
    options += ["-p", "no:cacheprovider", "-W", "ignore"]
    written = folder / "outcomes.xml"
    command = [sys.executable, "-m", "pytest", *options, f"--junitxml={written}", str(folder)]
    env = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)
    assert written.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, list[str]] = {}
    for cell in ElementTree.parse(written).iter("testcase"):
        said = "".join(f"{child.tag}: {child.text}" for child in cell)
        found.setdefault(cell.get("classname", "").removesuffix(".ipynb"), []).append(said)
    return found


@pytest.mark.parametrize("name", list(NOTEBOOKS))
def test_every_cell_runs_and_the_findings_table_is_the_same(name: str, outcomes: dict[str, list[str]]):
    """A cell that fails, and a table that differs in a character, are failures."""
    cells = [cell for cell in nbformat.read(NOTEBOOKS[name], as_version=4).cells if cell.cell_type == "code"]
    assert outcomes[name] == [""] * (len(cells) + 1)  # one more: the injected parameters


def test_another_findings_table_fails(outcomes: dict[str, list[str]]):
    """The comparison can fail, for its cell and no other."""
    *before, last = outcomes[CHANGED]
    assert before == [""] * 3
    assert "not made." in last
