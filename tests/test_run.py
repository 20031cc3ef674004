"""A whole run of all notebooks over a simulated incident, from export files to a verified report."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders import report_document as document

from ddms_ops.case import open_case
from ddms_ops.checks import CHECKS
from ddms_ops.cli import main
from ddms_ops.report.findings_file import as_text, without_time
from ddms_ops.simulate import write_case

AGAIN = ("error_triage", "slow_queries")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report folder of a small demo."""
    out = tmp_path_factory.mktemp("reports")
    assert main(["demo", "--events", "6000", "--out", str(out)]) == 0
    return out / "demo-dms-bad-deploy"


@pytest.fixture
def report(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be tampered with."""
    return Path(shutil.copytree(made, tmp_path / "report"))


def test_report_folder_holds_what_the_contract_says(made: Path):
    """Every file of the contract is there, and the summary is short."""
    names = {
        "post_mortem.html",
        "error_triage.ipynb",
        "error_triage.html",
        "findings.json",
        "timeline.csv",
        "summary.md",
    }
    assert names <= {path.name for path in made.iterdir()}
    assert (made / "evidence/manifest.json").is_file()
    assert len((made / "summary.md").read_text().splitlines()) <= 15


def test_summary_names_the_planted_cause(made: Path):
    """Error, endpoint, version, start, tenants and the deploy before it, for the chat."""
    said = (made / "summary.md").read_text()
    truth = json.loads((made.parent / "simulated/dms-bad-deploy/truth.json").read_text())
    for word in (
        "TypeError",
        "POST /documents/",
        truth["version"],
        "10:37 UTC",
        "UpdateFunctionCode",
        "dms-api-handler-prod",
    ):
        assert word in said
    assert f"{len(truth['tenants'])} of {truth['tenants_seen']} tenants hit" in said


def test_findings_follow_the_contract(made: Path):
    """Keys, statuses, ranks and evidence are as the contract has them."""
    found = document(made)
    assert found["schema"] == 1
    assert {"incident", "window", "baseline", "source", "generated_at", "tool", "coverage", "checks"} <= found.keys()
    findings = [finding for check in found["checks"] for finding in check["findings"]]
    for notebook in {check["notebook"] for check in found["checks"]}:
        own = [f["rank"] for check in found["checks"] if check["notebook"] == notebook for f in check["findings"]]
        assert sorted(own) == list(range(1, len(own) + 1))
    assert all(len(ref["ids"]) <= 20 for finding in findings for ref in finding["evidence"])
    assert {check["status"] for check in found["checks"]} <= {"found", "clear", "not_checked"}


def test_verify_passes_over_an_untouched_report(report: Path):
    """Nothing changed is exit 0."""
    assert main(["verify", str(report)]) == 0


def flip(report: Path) -> str:
    """One byte of one evidence file changed."""
    path = sorted((report / "evidence").glob("logs*.parquet"))[0]
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(bytes(content))
    return path.name


def drop(report: Path) -> str:
    """One evidence file removed."""
    path = report / "evidence/metrics.parquet"
    path.unlink()
    return path.name


def add(report: Path) -> str:
    """One evidence file added."""
    (report / "evidence/extra.parquet").write_bytes(b"x")
    return "extra.parquet"


def edit(report: Path) -> str:
    """The manifest edited."""
    path = report / "evidence/manifest.json"
    path.write_text(path.read_text().replace('"rows": 2,', '"rows": 3,'))
    return "manifest.json"


@pytest.mark.parametrize("tamper", [flip, drop, add, edit])
def test_verify_names_what_was_tampered_with(report: Path, capsys: pytest.CaptureFixture[str], tamper):
    """Whatever was changed, the exit is not 0 and the file is named; such evidence is not replayed."""
    name = tamper(report)
    assert main(["verify", str(report)]) == 1
    assert name in capsys.readouterr().out
    assert main(["replay", str(report)]) == 2
    assert name in capsys.readouterr().err


BLOCKED = """
import socket, sys
def refuse(*_args, **_kwargs):
    raise OSError("no sockets here")
socket.socket.connect = socket.socket.bind = socket.create_connection = refuse
from ddms_ops.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_replay_without_sockets_gives_the_same_bytes(report: Path, tmp_path: Path):
    """From evidence alone, with sockets blocked and the export gone, findings.json is identical but for its time."""
    (report.parent / "export").mkdir()
    command = [sys.executable, "-c", BLOCKED, "replay", str(report), "--out", str(tmp_path / "again")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "identical" in done.stdout


@pytest.fixture(scope="module")
def again(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The incident's report made again from its own evidence, in the place of the report that holds it."""
    out = tmp_path_factory.mktemp("again")
    case = shutil.copytree(made, out / made.name)
    incident = made.parent / "simulated/dms-bad-deploy/incident.yaml"
    asked = [word for name in AGAIN for word in ("--notebook", name)]
    assert main(["run", str(incident), *asked, "--source", f"case:{case}", "--out", str(out)]) == 0
    return Path(case)


def test_a_run_from_a_case_gives_the_same_findings(made: Path, again: Path):
    """`--source case:` answers what `files:` did."""
    before = [check for check in document(made)["checks"] if check["notebook"] in AGAIN]
    assert document(again)["checks"] == before


def test_every_check_says_the_same_of_a_case(made: Path, tmp_path: Path):
    """All checks of all notebooks, in one process over `case:`, evidence and all."""
    before = without_time(document(made))
    case = open_case(**{**before["incident"], "source": f"case:{made}"}, out=str(tmp_path))
    for check in CHECKS:
        case.result(check.id)
    found = case.document
    for one in (found, before):
        one["source"] = one["incident"]["source"] = ""
    assert json.loads(as_text(found)) == before


def test_a_run_from_the_report_that_it_replaces(made: Path, again: Path):
    """A case may be run again from its own evidence, under its own name; what it was run from is kept."""
    kept = again.with_name(f"{made.name}.1")
    assert (kept / "findings.json").read_bytes() == (made / "findings.json").read_bytes()
    assert document(again)["incident"]["source"] == f"case:{again}"
    assert main(["verify", str(again)]) == 0


def test_an_interrupt_keeps_what_there_is(tmp_path: Path):
    """After Ctrl-C the evidence verifies, the checks not reached say so, and nothing is left behind."""
    case = write_case("dms", "bad_deploy", tmp_path / "case", events=200_000)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    command = [sys.executable, "-m", "ddms_ops.cli", "run", str(case.incident), "--out", str(tmp_path / "reports")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)}
    )
    for line in process.stderr:
        if "/ecs/malware-scan-service" in line:  # the last log group is being read, and no check has been made
            process.send_signal(signal.SIGINT)
            break
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the rest is marked as not checked" in said
    folder = tmp_path / "reports/demo-dms-bad-deploy"
    assert "not_checked" in {check["status"] for check in document(folder)["checks"]}
    assert main(["verify", str(folder)]) == 0
    assert list(scratch.iterdir()) == []
    assert [path.name for path in (tmp_path / "reports").iterdir()] == [folder.name]


def test_replay_does_not_write_into_a_folder_in_use(report: Path, tmp_path: Path):
    """--out is for a new folder."""
    (tmp_path / "used").mkdir()
    (tmp_path / "used/x").write_text("x")
    assert main(["replay", str(report), "--out", str(tmp_path / "used")]) == 2
