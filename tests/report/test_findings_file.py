"""findings.json: its texts are redacted once more."""

from pathlib import Path

from builders import failure, minutes, open_export, report_document, request, write_logs

from ddms_ops.findings import CheckResult, EvidenceRef, Finding, Severity, Verdict
from ddms_ops.incident import Incident
from ddms_ops.report.findings_file import findings_document
from ddms_ops.report.reading import result_of

INCIDENT = Incident("inc-7", "dms", "2026-03-04T10:00:00Z", "2026-03-04T12:00:00Z")


def test_no_text_of_a_finding_holds_a_secret():
    """Statement, subject and next step, whoever wrote them."""
    text = "ask kim@example.com"
    found = Finding("new", Severity.LOW, text, {"actor": text}, (EvidenceRef("logs", 1),), next_step=text)
    result = CheckResult("new", "error_triage", "New?", Verdict.FOUND, text, (found,))
    document = findings_document(INCIDENT, [], [result], tool="ddms-ops 1", digest="")
    assert "kim@example.com" not in str(document)
    assert document["checks"][0]["findings"][0]["next_step"].startswith("ask ")


def test_a_finding_that_is_read_back_keeps_its_id():
    """Its subject is redacted, and another notebook writes it again."""
    found = Finding("new", Severity.LOW, "New", {"actor": "kim@example.com"}, (EvidenceRef("logs", 1),), rank=1)
    result = CheckResult("new", "error_triage", "New?", Verdict.FOUND, "", (found,))
    once = findings_document(INCIDENT, [], [result], tool="ddms-ops 1", digest="")
    again = findings_document(INCIDENT, [], map(result_of, once["checks"]), tool="ddms-ops 1", digest="")
    assert again["checks"][0]["findings"][0]["id"] == found.id
    assert again == once


def test_findings_do_not_hang_on_what_else_was_opened(tmp_path: Path):
    """What another system calls private is taken out at the desk, and stands in the findings as in a fresh process."""
    lines = [request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)[::10]]
    lines += [failure(clock, "no room", error="Report.pdf") for clock in minutes(20, 22)]
    first, second = (
        open_export(write_logs(tmp_path / name, "api", *lines), system="generic") for name in ("before", "after")
    )
    first.result("new_errors")
    private = open_export(write_logs(tmp_path / "dms", "api", *lines))
    assert "Report.pdf" not in repr(private.logs(level="ERROR"))
    second.result("new_errors")
    second.save()
    checks = [report_document(case.folder)["checks"] for case in (first, second)]
    assert checks[0] == checks[1]
    assert "Report.pdf" in str(checks[1])
    assert "Report.pdf" not in repr(private.logs(level="ERROR"))
    assert "Report.pdf" not in repr(first.logs(level="ERROR"))
    private.result("new_errors")
    assert "Report.pdf" not in str(report_document(private.folder))
