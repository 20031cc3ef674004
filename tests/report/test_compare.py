"""Two reports side by side, and all of a folder."""

import json
from pathlib import Path

import pytest

from ddms_ops.cli import main
from ddms_ops.errors import EvidenceError
from ddms_ops.inventory import known_notebooks, notebooks_for
from ddms_ops.profile import load_profile
from ddms_ops.report.compare import difference, recurring, reports_in, reports_lines
from ddms_ops.report.document import open_report

EVIDENCE = [{"pull": "logs/a", "rows": 1, "ids": ["logs/a:0"]}]


def finding(message: str, **changed: object) -> dict:
    """An entry of findings.json."""
    return {
        "id": f"new_errors-{message}", "rank": 1, "severity": "high", "confidence": "high",
        "statement": f"{message} is new",
        "subject": {"message": message}, "first_seen": "2026-03-04T10:10:00Z", "last_seen": None, "observed": 2.0,
        "baseline": None, "unit": "events/min", "evidence": EVIDENCE, "next_step": "", **changed,
    }  # fmt: skip


def write_report(
    out: Path,
    name: str,
    *findings: dict,
    status: str = "found",
    folder: str = "",
    pulled: str = "complete",
    **incident: str,
) -> Path:
    """A report folder with one check of two."""
    asked = {"notebook": "error_triage", "question": "?", "reason": ""}
    checks = [
        {**asked, "id": "new_errors", "status": status, "findings": list(findings)},
        {**asked, "id": "alarms", "status": "clear", "findings": []},
    ]
    span = {"start": "2026-03-04T10:00:00Z", "end": "2026-03-04T12:00:00Z"}
    before = {"start": "2026-03-04T08:00:00Z", "end": "2026-03-04T10:00:00Z"}
    document = {
        "schema": 1, "incident": {"incident_id": name, "system": "dms", **incident}, "window": span, "baseline": before,
        "source": "files:x", "tool": "ddms-ops 0", "coverage": [
            {"pull": "logs/a", "source": "files", "query": "", "asked": span, "got": span, "rows": 9, "matched": 9,
             "status": pulled, "reason": ""}
        ], "checks": checks,
    }  # fmt: skip
    place = out / (folder or name)
    place.mkdir(parents=True)
    (place / "findings.json").write_text(json.dumps(document))
    return place


def test_findings_are_new_gone_or_in_both(tmp_path: Path):
    """By their ids; a change of severity is told."""
    before = open_report(write_report(tmp_path, "a", finding("x"), finding("y")))
    after = open_report(write_report(tmp_path, "b", finding("y", severity="low"), finding("z")))
    told = difference(before, after)
    assert [[f.subject["message"] for f in part] for part in (told.new, told.gone, told.unknown)] == [["z"], ["x"], []]
    assert [(old.severity, new.severity) for old, new in told.both] == [("high", "low")]


def test_a_check_that_was_not_made_hides_what_is_gone(tmp_path: Path):
    """What the second report could not look for is not called gone."""
    before = open_report(write_report(tmp_path, "a", finding("x")))
    after = open_report(write_report(tmp_path, "b", status="not_checked"))
    told = difference(before, after)
    assert (told.gone, len(told.unknown)) == ((), 1)
    assert told.checks == (("new_errors", "found", "not_checked"),)


def test_a_pull_that_failed_hides_what_is_gone(tmp_path: Path):
    """What rests on a pull that the second report has not whole is not called gone."""
    before = open_report(write_report(tmp_path, "a", finding("x"), finding("y")))
    after = open_report(write_report(tmp_path, "b", finding("y"), pulled="failed"))
    told = difference(before, after)
    assert (told.gone, len(told.unknown)) == ((), 1)


def test_contradicting_instants_count_for_nothing(tmp_path: Path):
    """What was acknowledged before it was detected, and what is no instant, has no length; the list goes on."""
    write_report(tmp_path, "a", detected="2026-03-04T10:20:00Z", acknowledged="2026-03-04T10:00:00Z")
    write_report(tmp_path, "b", detected="soon")
    assert "  Time to acknowledge: unknown in all 2" in reports_lines(tmp_path)


def test_diff_prints_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One line a finding, hostile words made visible, exit 0."""
    one, two = (
        write_report(tmp_path, "a"),
        write_report(tmp_path, "b", finding("x\u202e", statement="kim\u202e failed")),
    )
    assert main(["diff", str(one), str(two)]) == 0
    printed = capsys.readouterr().out
    assert "new: 1" in printed
    assert "\u202e" not in printed


def test_reports_are_listed_with_what_recurs(tmp_path: Path):
    """Reports by time, findings that two share, and lengths as median with their number; earlier runs do not count."""
    times = {"detected": "2026-03-04T10:20:00Z", "acknowledged": "2026-03-04T10:25:00Z"}
    write_report(tmp_path, "a", finding("x"), **times)
    write_report(tmp_path, "b", finding("x", id="other"), detected="2026-03-04T10:40:00Z")
    write_report(tmp_path, "a", finding("x"), folder="a.1")
    lines = reports_lines(tmp_path)
    assert len(reports_in(tmp_path)[0]) == 2
    assert [len(where) for _, where in recurring(reports_in(tmp_path)[0])] == [2]
    assert "  Time to detect: 20 min, n = 2" in lines
    assert "  Time to acknowledge: 5 min, n = 1, unknown in 1" in lines


def test_what_is_no_report_is_said(tmp_path: Path):
    """A damaged report is a line, a missing folder an error."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "findings.json").write_text("{")
    assert "cannot be read as JSON" in "\n".join(reports_lines(tmp_path))
    with pytest.raises(EvidenceError, match="no such folder"):
        reports_lines(tmp_path / "none")


def test_notebooks_that_a_profile_is_not_for_are_skipped():
    """With the section that is lacking; error triage is for every system and runs first."""
    names, skipped = notebooks_for(load_profile("generic"))
    assert names[0] == "error_triage"
    assert "section 'tenants'" in skipped["tenant_leakage_audit"]
    assert set(names) | set(skipped) >= set(known_notebooks())
