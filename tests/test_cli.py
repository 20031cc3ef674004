"""Bad input: one line each, exit 2, nothing written."""

from pathlib import Path

import pytest
from builders import envelope, write_logs

from ddms_ops.cli import main

GOOD = {
    "incident_id": "i1",
    "system": "dms",
    "start": "2026-03-04T10:00Z",
    "end": "2026-03-04T11:00Z",
    "source": "files:export",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with a small export."""
    monkeypatch.chdir(tmp_path)
    write_logs(tmp_path / "export", "/aws/lambda/dms-api-handler-prod", envelope("10:01", "hello"))
    return tmp_path


def incident(here: Path, **changed: str) -> str:
    """An incident file with some values changed."""
    path = here / "incident.yaml"
    path.write_text("".join(f'{name}: "{value}"\n' for name, value in {**GOOD, **changed}.items()))
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What is said when a command is refused with exit 2."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"system": "dmz"}, "no profile named 'dmz'; did you mean 'dms'?"),
        ({"enviroment": "prod"}, "enviroment: unknown parameter; did you mean 'environment'?"),
        ({"start": "2026-03-04T10:00"}, "start: '2026-03-04T10:00' has no time zone; add 'Z' for UTC"),
        ({"end": "2026-03-04T09:00Z"}, "is not before end"),
        ({"source": "files:nowhere"}, "no such folder"),
        ({"source": "files:empty"}, "it is empty"),
        ({"source": "files:incident.yaml"}, "is a file; give files:<folder of exports>"),
        ({"source": "s3:bucket"}, "is not known; write live, files:<folder of exports> or case:<report folder>"),
        ({"source": "case:export"}, "holds no evidence/manifest.json"),
        ({"incident_id": "../up"}, "cannot name a folder"),
    ],
)
def test_a_bad_incident_is_refused_in_one_line(here: Path, capsys: pytest.CaptureFixture[str], changed, words):
    """Each fault is one line that says what would work, and no report folder is made."""
    (here / "empty").mkdir()
    [line] = refused(capsys, "run", incident(here, **changed))
    assert words in line
    assert not (here / "reports").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere.yaml"], "no such file"),
        (["run", "export"], "is a directory; give a YAML file"),
        (["run", "incident.yaml", "--notebook", "error_triag"], "did you mean 'error_triage'?"),
        (["run", "incident.yaml", "-p", "qery=x"], "did you mean 'query'?"),
        (["run", "incident.yaml", "-p", "query"], "write NAME=VALUE"),
        (["run"], "the following arguments are required: incident"),
        (["rnu"], "invalid choice: 'rnu'"),
        (["demo", "dmz"], "did you mean 'dms'?"),
        (["demo", "--scenario", "bad_deplo"], "did you mean 'bad_deploy'?"),
        (["demo", "--events", "7"], "give 1,000 to 100,000,000"),
        (["doctor", "dmz"], "did you mean 'dms'?"),
        (["verify", "export"], "no such file; give a report folder"),
        (["replay", "export"], "no such file; give a report folder"),
    ],
)
def test_a_bad_command_is_refused_in_one_line(here: Path, capsys: pytest.CaptureFixture[str], arguments, words):
    """Commands that cannot be carried out say why in one line."""
    incident(here)
    [line] = refused(capsys, *arguments)
    assert words in line
    assert "Traceback" not in line
    assert not (here / "reports").exists()


def test_three_faults_are_three_lines(here: Path, capsys: pytest.CaptureFixture[str]):
    """All faults come at once."""
    lines = refused(capsys, "run", incident(here, system="dmz", start="2026-03-04T10:00", incident_id="a/b"))
    assert len(lines) == 3


@pytest.mark.usefixtures("here")
def test_doctor_says_what_an_export_lacks(capsys: pytest.CaptureFixture[str]):
    """A declared log group that is absent is lacking, and the exit code is 1."""
    assert main(["doctor", "dms", "--source", "files:export"]) == 1
    said = capsys.readouterr().out
    assert "lacking      log group /aws/lambda/dms-processing-worker-prod: the profile declares it" in said
    assert "ok           log group /aws/lambda/dms-api-handler-prod: 1 records from 2026-03-04 10:01" in said


def test_list_names_systems_notebooks_checks_and_scenarios(capsys: pytest.CaptureFixture[str]):
    """What can be asked for is listed."""
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    for word in ("dms", "generic", "error_triage", "new_errors", "bad_deploy", "quiet_day"):
        assert word in said
