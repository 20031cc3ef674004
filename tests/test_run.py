"""A whole run, from export files to a verified report, as a user has it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders import envelope, failure, minutes, request, write_logs

from ddms_ops.cli import main
from ddms_ops.report.findings_file import without_time
from ddms_ops.simulate import write_case


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


def document(folder: Path) -> dict:
    """The findings.json of a report folder."""
    return json.loads((folder / "findings.json").read_text())


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


def test_replay_tells_findings_that_differ(report: Path, capsys: pytest.CaptureFixture[str]):
    """A findings.json that the evidence does not give is exit 1, with the first difference."""
    path = report / "findings.json"
    path.write_text(path.read_text().replace("27 of 40 tenants", "1 of 40 tenants").replace("TypeError", "OtherError"))
    assert main(["replay", str(report)]) == 1
    assert "findings differ: line" in capsys.readouterr().out


def test_a_run_from_a_case_gives_the_same_findings(made: Path, tmp_path: Path):
    """`--source case:` answers what `files:` did, evidence and all."""
    incident = made.parent / "simulated/dms-bad-deploy/incident.yaml"
    assert main(["run", str(incident), "--source", f"case:{made}", "--out", str(tmp_path)]) == 0
    again, before = document(tmp_path / made.name), document(made)
    for found in (again, before):
        found["source"] = found["incident"]["source"] = ""
    assert without_time(again) == without_time(before)


def run_small(tmp_path: Path, *lines: str, **files: bytes) -> tuple[int, Path]:
    """A run over a small export, 10:00 to 11:00 against the hour before; exit code and report folder."""
    healthy = [request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)]
    write_logs(tmp_path / "export", "/aws/lambda/dms-api-handler-prod", *healthy, *lines)
    folder = tmp_path / "export/logs/__aws__lambda__dms-api-handler-prod"
    for name, content in files.items():
        (folder / name).write_bytes(content)
    incident = tmp_path / "small.yaml"
    incident.write_text(
        'incident_id: small\nsystem: generic\nstart: "2026-03-04T10:00Z"\nend: "2026-03-04T11:00Z"\n'
        f"source: files:{tmp_path / 'export'}\n"
    )
    asked = ["run", str(incident), "--notebook", "error_triage", "--out", str(tmp_path / "reports")]
    return main(asked), tmp_path / "reports/small"


def test_damage_makes_a_report_that_says_so(tmp_path: Path):
    """A cut gzip, junk, a 50 MB line and an empty file: the run goes on, coverage names each, exit 1."""
    import gzip
    import random

    lines = "".join(envelope(clock, "x") + "\n" for clock in minutes(0, 60)).encode() * 20
    code, folder = run_small(
        tmp_path,
        cut=gzip.compress(lines + random.Random(1).randbytes(9000).hex().encode())[:-300],
        empty=b"",
        junk=random.Random(2).randbytes(50_000),
        long=b"x" * 50_000_000 + b"\n" + lines,
    )
    assert code == 1
    [row] = [row for row in document(folder)["coverage"] if row["pull"].startswith("logs/")]
    assert row["status"] == "partial"
    for words in ("cut gzip data ends early", "empty is empty", "junk is not text", "long 1 line over 4 MiB left out"):
        assert words in row["reason"]
    assert (folder / "post_mortem.html").is_file()


def test_hostile_text_stays_text_in_the_reports(tmp_path: Path):
    """A script, an image and a link in messages, tenants and paths are shown as they are."""
    hostile = ["<script>alert(1)</script>", "![x](http://127.0.0.1:9/x.png)", "<img src=x onerror=alert(1)>"]
    lines = [failure(clock, hostile[0], tenant=hostile[1], path=hostile[2]) for clock in minutes(20, 40)]
    code, folder = run_small(tmp_path, *lines)
    assert code == 0
    for name in ("post_mortem.html", "error_triage.html"):
        page = (folder / name).read_text()
        assert "&lt;script&gt;alert(" in page
        assert "<script" not in page
        assert "<img src=x" not in page
        assert 'src="http' not in page


def test_a_failing_section_does_not_stop_the_rest(tmp_path: Path):
    """A query that is not supported is a red box with its reason; the report is there, exit 1."""
    write_logs(tmp_path / "export", "api", *[request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)])
    incident = tmp_path / "i.yaml"
    incident.write_text(
        'incident_id: small\nsystem: generic\nstart: "2026-03-04T10:00Z"\nend: "2026-03-04T11:00Z"\n'
        f"source: files:{tmp_path / 'export'}\nquery: fields @message | anomaly\n"
    )
    assert main(["run", str(incident), "--notebook", "error_triage", "--out", str(tmp_path / "reports")]) == 1
    page = (tmp_path / "reports/small/error_triage.html").read_text()
    assert "This section failed" in page
    assert "anomaly" in page
    assert "What to do next?" in page
    assert "Traceback" not in page


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


def test_a_run_from_the_report_that_it_replaces(made: Path, tmp_path: Path):
    """A case may be run again from its own evidence, under its own name."""
    out = tmp_path / "reports"
    shutil.copytree(made, out / made.name)
    incident = made.parent / "simulated/dms-bad-deploy/incident.yaml"
    asked = [
        "run",
        str(incident),
        "--notebook",
        "error_triage",
        "--source",
        f"case:{out / made.name}",
        "--out",
        str(out),
    ]
    assert main(asked) == 0
    again, before = ({c["id"]: c["findings"] for c in document(folder)["checks"]} for folder in (out / made.name, made))
    assert again == {name: before[name] for name in again}


def test_replay_does_not_write_into_a_folder_in_use(report: Path, tmp_path: Path):
    """--out is for a new folder."""
    (tmp_path / "used").mkdir()
    (tmp_path / "used/x").write_text("x")
    assert main(["replay", str(report), "--out", str(tmp_path / "used")]) == 2


def test_replay_misses_no_check_that_was_taken_out(report: Path):
    """A check deleted from findings.json is a difference."""
    path = report / "findings.json"
    found = json.loads(path.read_text())
    del found["checks"][0]
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert main(["replay", str(report)]) == 1


def test_secrets_are_in_no_page(tmp_path: Path):
    """Secrets planted in messages, tenants, paths and alarm names are in the evidence only."""
    secrets = [
        "AKIAIOSFODNN7EXAMPLE",
        "hunter2hunter2",
        "kim@example.com",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl",
    ]
    text = f"login of {secrets[2]} failed: password={secrets[1]} key {secrets[0]} token {secrets[3]}"
    lines = [failure(clock, text, tenant=secrets[2], path=f"/u/{secrets[2]}") for clock in minutes(20, 40)]
    _, folder = run_small(tmp_path, *lines)
    for path in folder.iterdir():
        if path.is_file():
            content = path.read_text()
            assert [secret for secret in secrets if secret in content] == [], path.name


SIXTH = """
system: sixth
title: A system nobody here knew
environments: {live: {region: eu-central-1}}
logs:
  fields: {level: sev, message: msg, error: kind, request_id: cid, tenant: org, path: url, status: code,
    duration_s: secs}
  levels: {ERROR: [bad], INFO: [fine]}
triage: {min_events: 10, significance: 0.0001, rise: 2.0, drop: 0.5, surge: 2.0, high_share: 0.2,
  change_lookback_min: 60}
severities: {P1: {description: All down, response_min: 5}}
"""


def test_a_sixth_system_is_one_yaml_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Other field names, levels and units: a profile where one stands, and no code."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parameters/systems").mkdir(parents=True)
    (tmp_path / "parameters/systems/sixth.yaml").write_text(SIXTH.replace("logs:", "logs:\n  groups: {app: {}}", 1))
    fine = {"sev": "fine", "msg": "served", "org": "o1", "url": "/a", "code": 200, "secs": 0.2}
    bad = {"sev": "bad", "msg": "no seat left", "kind": "SeatError", "org": "o1", "url": "/a", "cid": "x"}
    lines = [envelope(clock, fine) for hour in (9, 10) for clock in minutes(0, 60, hour)]
    write_logs(tmp_path / "export", "app", *lines, *[envelope(clock, bad) for clock in minutes(20, 40)])
    (tmp_path / "i.yaml").write_text(
        'incident_id: sixth\nsystem: sixth\nstart: "2026-03-04T10:00Z"\n'
        'end: "2026-03-04T11:00Z"\nsource: files:export\n'
    )
    assert main(["run", "i.yaml"]) == 0
    said = (tmp_path / "reports/sixth/summary.md").read_text()
    assert "New error SeatError" in said
    assert "10:20 UTC" in said
    assert main(["replay", "reports/sixth"]) == 0


def test_an_earlier_report_is_kept(tmp_path: Path):
    """Running an incident again does not take the first report away."""
    run_small(tmp_path)
    run_small(tmp_path)
    assert (tmp_path / "reports/small.1/findings.json").is_file()
    assert (tmp_path / "reports/small/findings.json").is_file()
