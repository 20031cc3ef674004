"""findings.json: its texts are redacted once more."""

from ddms_ops.findings import CheckResult, EvidenceRef, Finding, Severity, Verdict
from ddms_ops.incident import Incident
from ddms_ops.report.findings_file import findings_document

INCIDENT = Incident("inc-7", "dms", "2026-03-04T10:00:00Z", "2026-03-04T12:00:00Z")


def test_no_text_of_a_finding_holds_a_secret():
    """Statement, subject and next step, whoever wrote them."""
    text = "ask kim@example.com"
    found = Finding("new", Severity.LOW, text, {"actor": text}, (EvidenceRef("logs", 1),), next_step=text)
    result = CheckResult("new", "error_triage", "New?", Verdict.FOUND, text, (found,))
    document = findings_document(INCIDENT, [], [result], tool="ddms-ops 1", digest="")
    assert "kim@example.com" not in str(document)
    assert document["checks"][0]["findings"][0]["next_step"].startswith("ask ")
