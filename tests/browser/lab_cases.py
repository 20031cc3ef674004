"""Simulated incidents on a desk: their notebooks, each with its parameters, as `ddms-ops lab` lays them there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from builders import failure, minutes, write_logs

from ddms_ops.commands import ask
from ddms_ops.incident import read_incident
from ddms_ops.lab.opening import case_notebooks
from ddms_ops.notebook import with_parameters
from ddms_ops.report.html import export_html
from ddms_ops.simulate import SimulatedCase, write_case

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
REPORTS = "reports"
EVENTS = 2_000
BACKLOG = ("dms", "queue_backlog")  # as tests/test_nbval.py has it: there is something to find for each
INCIDENTS = {
    "error_triage": ("dms", "bad_deploy"),
    "slow_queries": BACKLOG,
    "pipeline_backlog": BACKLOG,
    "capacity": BACKLOG,
    "access_anomalies": BACKLOG,
    "tenant_leakage_audit": BACKLOG,
    "cost_spike": ("smart-invoice", "bedrock_prompt"),
}
GROUP = "/aws/lambda/dms-api-handler-prod"
HOSTILE = "<script>alert('x')</script> ![x](http://127.0.0.1:9/a.png) <img src=x onerror=alert('y')>"
HOSTILE_LINES = 40
SHOWN = ("text/plain", "image/png")


def simulated(notebook: str, folder: Path) -> SimulatedCase:
    """The incident that a notebook is tried on, written into a folder; in error triage, failures say hostile things."""
    case = write_case(*INCIDENTS[notebook], folder, events=EVENTS)
    if notebook == "error_triage":
        lines = [failure(clock, HOSTILE, tenant=HOSTILE, path="/" + HOSTILE) for clock in minutes(20, 24, hour=11)]
        assert len(lines) == HOSTILE_LINES
        write_logs(case.export, GROUP, *lines, name="hostile.jsonl")
    return case


def lay(desk: Path, notebook: str, case: SimulatedCase, **overrides: str) -> Path:
    """The notebook of an incident on a desk; where it is, below the desk."""
    given = {**read_incident(case.incident), **overrides}
    [path] = case_notebooks(ask(given, where="test", names=[notebook]), desk)
    return path.relative_to(desk)


def lay_post_mortem(desk: Path, report: Path) -> Path:
    """The notebook that shows a report folder, on a desk; where it is, below the desk."""
    path = desk / "cases" / "post_mortem.ipynb"
    nbformat.write(with_parameters(NOTEBOOKS / path.name, {"report_dir": str(report.relative_to(desk))}), path)
    return path.relative_to(desk)


def findings(report: Path) -> dict[str, Any]:
    """findings.json of a report folder, apart from the times of the run itself."""
    found: dict[str, Any] = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if name not in ("generated_at", "manifest_digest")}


@dataclass(frozen=True)
class Done:
    """A notebook that was run: where it was saved, and its report folder's findings."""

    saved: Path
    findings: dict[str, Any]

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
