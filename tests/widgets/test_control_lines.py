"""The lines that a control prints give the same view: they are run here."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders import report_document
from by_hand import at_the_desk

from ddms_ops import Case, open_case, widgets
from ddms_ops.incident import NAMES, Incident
from ddms_ops.report.findings_file import as_text
from ddms_ops.report.html import WIDGET
from ddms_ops.widgets.equivalent import call_of, open_call, run_line

HOSTILE = 'it\'s $(touch pwned) `touch pwned` "5xx" | & ; é\\'
HOSTILE = "'; import os; \"\n\\"
INCIDENT = Incident("i-1", "dms", "2026-03-04T10:00:00Z", "2026-03-04T12:00:00Z", environment="prod", title="it's")


def test_the_command_finds_what_a_person_sees(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A shell runs the line as it is printed, and nothing else: the same incident, the same findings."""
    with at_the_desk(monkeypatch):
        for control in (widgets.incident, widgets.groups, widgets.tenants, widgets.lines, widgets.checks):
            control(case)._repr_mimebundle_()
    assert capsys.readouterr().out.count(WIDGET) == 5
    line = run_line(case.incident, str(tmp_path / "my reports"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")  # where the command is installed
    done = subprocess.run(f"{line} --notebook error_triage", shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    document = report_document(tmp_path / "my reports" / case.incident.incident_id)
    assert [path.name for path in tmp_path.iterdir()] == ["my reports"]
    assert {name: document["incident"][name] for name in NAMES} == case.incident.as_dict()
    seen = {check["id"]: check for check in json.loads(as_text(case.document))["checks"]}
    assert document["checks"] == [seen[check["id"]] for check in document["checks"]]
    assert len(document["checks"]) > 10


def test_the_call_opens_the_same_case(case: Case):
    """Evaluated it gives the incident and the folder of reports."""
    line = open_call(case.incident, str(case.folder.parent))
    opened = eval(line.removeprefix("case = "), {"open_case": open_case})
    assert opened.incident == case.incident
    assert opened.folder == case.folder


def test_a_file_says_what_it_says():
    """What a file gives already is not given again; other instants of the same moment are the same."""
    given = {**INCIDENT.as_dict(), "start": "2026-03-04T11:00+01:00", "notes": None}
    assert run_line(INCIDENT, "reports", file=Path("a b.yaml"), given=given) == "ddms-ops run 'a b.yaml'"
    moved = replace(INCIDENT, end="2026-03-04T11:00:00Z")
    line = run_line(moved, "reports", file=Path("i.yaml"), given=given)
    assert shlex.split(line) == ["ddms-ops", "run", "i.yaml", "-p", "end=2026-03-04T11:00:00Z"]


def test_a_file_that_counts_from_now_is_pinned():
    """`-2h` is another window tomorrow, so the instant is given."""
    given = {**INCIDENT.as_dict(), "start": "-2h"}
    assert run_line(INCIDENT, "reports", file=Path("i.yaml"), given=given).endswith("-p start=2026-03-04T10:00:00Z")


def test_what_a_file_sets_can_be_taken_back():
    """An empty value is said where the file has one."""
    line = run_line(INCIDENT, "reports", file=Path("i.yaml"), given={**INCIDENT.as_dict(), "severity": "P1"})
    assert shlex.split(line)[-1] == "severity="


@pytest.mark.parametrize("line", [open_call, run_line])
def test_lines_are_redacted(line):
    """A secret in a parameter is not printed again."""
    said = line(replace(INCIDENT, notes="2026-03-04T10:52Z key AKIAIOSFODNN7EXAMPLE of kim@example.com"), "reports")
    assert "AKIA" not in said
    assert "kim@example.com" not in said
    assert "2026-03-04T10:52Z key" in said


def test_notes_keep_their_lines():
    """What people noted, a line each, stays so in a shell."""
    notes = "2026-03-04T10:52Z rolled back\n2026-03-04T11:05Z quiet"
    assert shlex.split(run_line(replace(INCIDENT, notes=notes), "reports"))[-1] == f"notes={notes}"


def test_a_call_quotes_what_it_is_given():
    """Quotes end no text, what is empty is left out."""
    assert call_of("case.logs", contains="'; import os", level="") == 'case.logs(contains="\'; import os")'
    assert eval(call_of("str", HOSTILE)) == HOSTILE
