"""Every notebook in JupyterLab, in a real browser: run, saved, exported, reopened; beside the same without a person."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_cases import INCIDENTS, REPORTS, findings, lay, lay_post_mortem, simulated
from lab_driver import LabPage

from ddms_ops.incident import read_incident
from ddms_ops.report.html import export_html
from ddms_ops.runner import run_notebook
from ddms_ops.simulate import SimulatedCase

ALL = (*INCIDENTS, "post_mortem")
SHOWN = ("text/plain", "image/png")
NO_KERNEL = "error Cannot read properties of null (reading 'kernel')"
"""What ipywidgets' own front end says of a notebook without a kernel (jupyterlab-manager 5.0)."""

Cases = Callable[[str], SimulatedCase]
Run = Callable[[str], "Done"]


@dataclass(frozen=True)
class Done:
    """A notebook that was run: where it was saved, its report folder's findings, what was complained of."""

    saved: Path
    findings: dict[str, Any]
    complaints: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """What our exporter makes of it."""
        target = self.saved.with_suffix(".html")
        export_html(self.saved, target, title="t")
        return target.read_text(encoding="utf-8")

    @property
    def panels(self) -> list[list[dict[str, str]]]:
        """Text and pictures of each code cell's results."""
        cells = [cell for cell in nbformat.read(self.saved, as_version=4).cells if cell.cell_type == "code"]
        results = [[row.data for row in cell.outputs if row.output_type == "execute_result"] for cell in cells]
        return [[{kind: data[kind] for kind in SHOWN if kind in data} for data in cell] for cell in results]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """The incident that each notebook is tried on."""
    folder = tmp_path_factory.mktemp("incidents")
    return cache(lambda notebook: simulated(notebook, folder / notebook))


def report_of(notebook: str, cases: Cases) -> Path:
    """The report folder that a notebook writes or reads, from where its kernel stands."""
    case = cases("error_triage" if notebook == "post_mortem" else notebook)
    return Path(REPORTS) / str(read_incident(case.incident)["incident_id"])


@pytest.fixture(scope="module")
def by_hand(lab: LabPage, desk: Path, cases: Cases) -> Run:
    """Each notebook opened in the lab, run to its end, saved and closed, once."""

    @cache
    def run(notebook: str) -> Done:
        report = report_of(notebook, cases)
        is_about = notebook == "post_mortem"
        path = lay_post_mortem(desk, report) if is_about else lay(desk, notebook, cases(notebook))
        before = len(lab.complaints)
        lab.open_notebook(str(path))
        lab.run_all()
        errors = lab.errors()
        saved = lab.save()
        lab.close_notebook()
        return Done(saved, findings(desk / report), (*errors, *lab.complaints[before:], *lab.outside))

    return run


@pytest.fixture(scope="module")
def headless(by_hand: Run, cases: Cases, desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The notebook that the lab ran, run by `ddms_ops.runner`, once, from a folder of its own.

    The post-mortem reads the lab's report: it shows when that was made.
    """
    folder = tmp_path_factory.mktemp("headless")

    @cache
    def run(notebook: str) -> Done:
        laid, saved = by_hand(notebook).saved, folder / f"{notebook}.ipynb"
        stands = desk if notebook == "post_mortem" else folder
        with contextlib.chdir(stands):
            assert run_notebook(laid, saved, {}).status == "ok"
        return Done(saved, findings(stands / report_of(notebook, cases)))

    return run


@pytest.mark.parametrize("notebook", ALL)
class TestNotebookInTheLab:
    """Each notebook of those that we ship."""

    def test_runs_without_a_complaint(self, by_hand: Run, notebook: str):
        """No cell fails, the browser's console has no error, and nothing is asked of any other place."""
        assert by_hand(notebook).complaints == ()

    def test_finds_what_is_found_without_a_person(self, by_hand: Run, headless: Run, notebook: str):
        """findings.json says the same."""
        found = by_hand(notebook).findings
        assert found["checks"]
        assert found == headless(notebook).findings

    def test_shows_what_is_shown_without_a_person(self, by_hand: Run, headless: Run, notebook: str):
        """Below each cell of the saved notebook stand the same tables and figures."""
        assert by_hand(notebook).panels == headless(notebook).panels

    def test_exports_the_same_page(self, by_hand: Run, headless: Run, notebook: str):
        """Saved by hand it becomes the same HTML file."""
        assert by_hand(notebook).page == headless(notebook).page


@pytest.fixture(scope="module")
def reloaded(lab: LabPage, by_hand: Run, desk: Path) -> Callable[[str], LabPage]:
    """Opens saved notebooks in a page that was loaded anew: no kernel, and no control of before is known."""
    by_hand("error_triage")
    lab.load()
    lab.complaints.clear()

    opened = ""

    def open_only(notebook: str) -> LabPage:
        nonlocal opened
        if opened:
            lab.close_notebook()
        opened = notebook
        lab.open_notebook(str(by_hand(notebook).saved.relative_to(desk)), kernel=False)
        return lab

    return open_only


@pytest.mark.parametrize("notebook", ALL)
def test_a_saved_notebook_is_never_blank(reloaded: Callable[[str], LabPage], by_hand: Run, notebook: str):
    """Reopened without a kernel, each cell shows what was saved below it, and no control that is gone."""
    page, panels = reloaded(notebook), by_hand(notebook).panels
    for text in page.everything_shown([sum("image/png" in panel for panel in each) for each in panels]):
        assert "model not found" not in text
        assert "Error displaying widget" not in text
    assert set(page.complaints) <= {NO_KERNEL}
