"""Every claim has its evidence, or the post-mortem is not written."""

from ddms_ops.errors import EvidenceError
from ddms_ops.evidence import Recorded, read_manifest
from ddms_ops.findings import EvidenceRef, Finding
from ddms_ops.report.model import ReportRecord


def check_claims(report: ReportRecord) -> None:
    """Each finding's pulls are in the coverage and, with at least its rows, in the manifest and the evidence folder.

    Args:
        report: of `open_report`.

    Raises:
        EvidenceError: a claim without its evidence; it names the finding and the pull.
    """
    if not report.found:
        return
    evidence = report.folder / "evidence"
    kept = {entry.coverage.pull: entry for entry in read_manifest(evidence)}
    pulled = {row.pull for row in report.coverage}
    present = {path.name for path in evidence.iterdir()}
    for finding in report.found:
        for ref in finding.evidence:
            if fault := _fault(ref, pulled, kept.get(ref.pull), present):
                raise EvidenceError(f"{report.folder}: {_named(finding)} rests on {ref.pull}, {fault}")


def _fault(ref: EvidenceRef, pulled: set[str], entry: Recorded | None, present: set[str]) -> str:
    """What is wrong with one reference; empty where it holds."""
    if ref.pull not in pulled:
        return "which findings.json does not list under coverage"
    if entry is None:
        return "which the evidence manifest does not know"
    if entry.file not in present:
        return f"whose file {entry.file} is missing from the evidence"
    rows = entry.coverage.rows
    if ref.rows > rows:
        return f"which has {rows:,} rows; the finding names {ref.rows:,}"
    for each in ref.ids:
        pull, _, row = each.rpartition(":")
        if pull != ref.pull or not row.isdecimal() or int(row) >= rows:
            return "which has no such row as the finding names"
    return ""


def _named(finding: Finding) -> str:
    return f"the finding {finding.id}"
