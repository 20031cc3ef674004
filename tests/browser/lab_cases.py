"""Simulated incidents on a desk: their notebooks, each with its parameters, as `ddms-ops lab` lays them there."""

import json
from pathlib import Path
from typing import Any

import nbformat

from ddms_ops.commands import ask
from ddms_ops.incident import read_incident
from ddms_ops.lab.opening import case_notebooks
from ddms_ops.notebook import with_parameters
from ddms_ops.simulate import SimulatedCase, write_case

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
REPORTS = "reports"
EVENTS = 2_000
INCIDENTS = {
    "error_triage": ("dms", "bad_deploy"),
    "slow_queries": ("dms", "slow_query"),
    "pipeline_backlog": ("dms", "queue_backlog"),
    "capacity": ("lecture", "ecs_startup"),
    "access_anomalies": ("serverless-reviews", "security_incident"),
    "tenant_leakage_audit": ("dms", "tenant_leak"),
    "cost_spike": ("smart-invoice", "bedrock_prompt"),
}


def simulated(notebook: str, folder: Path) -> SimulatedCase:
    """The incident that a notebook is tried on, written into a folder."""
    return write_case(*INCIDENTS[notebook], folder, events=EVENTS)


def lay(desk: Path, notebook: str, case: SimulatedCase, **overrides: str) -> Path:
    """The notebook of an incident on a desk; where it is, below the desk."""
    given = {**read_incident(case.incident), **overrides}
    [path] = case_notebooks(ask(given, where="test", names=[notebook]), desk)
    return path.relative_to(desk)


def lay_post_mortem(desk: Path, report: Path) -> Path:
    """The notebook that shows a report folder, on a desk; where it is, below the desk."""
    path = desk / "cases" / "post_mortem.ipynb"
    nbformat.write(with_parameters(NOTEBOOKS / path.name, {"report_dir": str(report)}), path)
    return path.relative_to(desk)


def findings(report: Path) -> dict[str, Any]:
    """findings.json of a report folder, apart from the times of the run itself."""
    found: dict[str, Any] = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if name not in ("generated_at", "manifest_digest")}
