"""Every claim has its evidence, or the post-mortem is not written."""

from dataclasses import replace

from ddms_ops.coverage import Coverage
from ddms_ops.errors import EvidenceError
from ddms_ops.evidence import MANIFEST, Recorded, intact, manifest_digest, read_manifest
from ddms_ops.findings import EvidenceRef, Finding, Verdict
from ddms_ops.redact import redact
from ddms_ops.report.model import ReportRecord


def check_claims(report: ReportRecord) -> None:
    """Each finding's pulls are in the coverage and, with at least its rows, in the manifest and the evidence folder.

    The coverage is the manifest's, the manifest the one that the report was made of, and no file that a finding rests
    on was changed.

    Args:
        report: of `open_report`.

    Raises:
        EvidenceError: a claim without its evidence; it names the finding and the pull.
    """
    _check_shape(report)
    evidence = report.folder / "evidence"
    if not report.found and not (evidence / MANIFEST).exists():
        return
    kept = {entry.coverage.pull: entry for entry in read_manifest(evidence)}
    pulled = {row.pull for row in report.coverage}
    present = {path.name for path in evidence.iterdir()}
    for finding in report.found:
        for ref in finding.evidence:
            if fault := _fault(ref, pulled, kept.get(ref.pull), present):
                raise EvidenceError(f"{report.folder}: {_named(finding)} rests on {ref.pull}, {fault}")
    for name in sorted({ref.pull for finding in report.found for ref in finding.evidence}):
        intact(evidence, kept[name])
    said = {row.pull: _rendered(row) for row in report.coverage}
    recorded = {name: _rendered(entry.coverage) for name, entry in kept.items()}
    unlike = sorted(name for name in {*said, *recorded} if said.get(name) != recorded.get(name))
    if unlike:
        raise EvidenceError(f"{report.folder}: the coverage of {unlike[0]} is not what the evidence manifest says")
    if report.digest and manifest_digest(evidence) != report.digest:
        raise EvidenceError(f"{report.folder}: the evidence manifest is not the one that findings.json was made of")


def _rendered(coverage: Coverage) -> Coverage:
    """As findings.json says it: its reason may name a record's content, which the evidence keeps."""
    return replace(coverage, reason=redact(coverage.reason))


def _check_shape(report: ReportRecord) -> None:
    """A check has one result, and one that is clear has no findings."""
    names = [(result.notebook, result.id) for result in report.results]
    for result in report.results:
        if names.count((result.notebook, result.id)) > 1:
            raise EvidenceError(f"{report.folder}: findings.json holds the check {result.id} more than once")
        if bool(result.findings) != (result.status is Verdict.FOUND):
            raise EvidenceError(f"{report.folder}: the check {result.id} is {result.status} and its findings say not")


def _fault(ref: EvidenceRef, pulled: set[str], entry: Recorded | None, present: set[str]) -> str:
    """What is wrong with one reference; empty where it holds."""
    if ref.pull not in pulled:
        return "which findings.json does not list under coverage"
    if entry is None:
        return "which the evidence manifest does not know"
    if entry.file not in present:
        return f"whose file {entry.file} is missing from the evidence"
    rows = entry.coverage.rows
    if ref.rows < 0:
        return "of which it names fewer rows than none"
    if ref.rows > rows:
        return f"which has {rows:,} rows; the finding names {ref.rows:,}"
    for each in ref.ids:
        pull, _, row = each.rpartition(":")
        if pull != ref.pull or not row.isdecimal() or int(row) >= rows:
            return "which has no such row as the finding names"
    return ""


def _named(finding: Finding) -> str:
    return f"the finding {finding.id}"
