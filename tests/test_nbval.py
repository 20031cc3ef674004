"""The findings table of a notebook is the same when its cells are run again by nbval."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ddms_ops.incident import read_incident
from ddms_ops.runner import run_notebook
from ddms_ops.simulate import write_case

SCENARIOS = {
    "error_triage": ("dms", "bad_deploy"),
    "slow_queries": ("dms", "bad_deploy"),
    "tenant_leakage_audit": ("dms", "tenant_leak"),
    "cost_spike": ("smart-invoice", "bedrock_prompt"),
}


@pytest.fixture(scope="module", params=list(SCENARIOS))
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook, run once on a simulated case, its findings table the only output kept."""
    folder = tmp_path_factory.mktemp("nbval")
    case = write_case(*SCENARIOS[request.param], folder / "case", events=4_000)
    path = Path(__file__).parent.parent / f"notebooks/{request.param}.ipynb"
    out = folder / path.name
    run_notebook(path, out, {**read_incident(case.incident), "out": str(folder / "reports")})
    notebook = nbformat.read(out, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "nbval-check-output" not in cell.metadata.get("tags", []):
            cell.outputs = []
    nbformat.write(notebook, out)
    return out


def nbval(path: Path) -> subprocess.CompletedProcess[str]:
    """nbval over one notebook, comparing marked cells only."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "-p", "no:cacheprovider", "-W", "ignore", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=path.parent)


def test_a_second_run_shows_the_same_findings_table(executed: Path):
    """The marked output is compared, text for text."""
    done = nbval(executed)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("executed", ["error_triage"], indirect=True)
def test_another_findings_table_fails(executed: Path):
    """The comparison can fail."""
    changed = executed.with_name("changed.ipynb")
    notebook = nbformat.read(executed, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.get("outputs") or not cell.source.startswith("panels.")]
    nbformat.write(notebook, changed)
    text = changed.read_text()
    assert "not checked." in text
    changed.write_text(text.replace("not checked.", "not made."))
    done = nbval(changed)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
