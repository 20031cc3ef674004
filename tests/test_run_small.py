"""Runs over a small export: damage, secrets and faults in it, another system, and reports that stand there already."""

import gzip
import json
import random
import shutil
from pathlib import Path

import pytest
from builders import envelope, failure, minutes, report_document, request, write_logs

from ddms_ops.cli import main


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


SECRETS = [
    "AKIAIOSFODNN7EXAMPLE",
    "hunter2hunter2",
    "kim@example.com",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl",
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report folder of a small export, one notebook, with secrets in messages, tenants and paths."""
    key, password, address, token = SECRETS
    text = f"login of {address} failed: password={password} key {key} token {token}"
    lines = [failure(clock, text, tenant=address, path=f"/u/{address}") for clock in minutes(20, 40)]
    code, folder = run_small(tmp_path_factory.mktemp("small"), *lines)
    assert code == 0
    return folder


@pytest.fixture
def small_report(small: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(small, tmp_path / "small"))


def test_damage_makes_a_report_that_says_so(tmp_path: Path):
    """A cut gzip, junk, a 50 MB line and an empty file: the run goes on, coverage names each, exit 1."""
    lines = "".join(envelope(clock, "x") + "\n" for clock in minutes(0, 60)).encode() * 20
    code, folder = run_small(
        tmp_path,
        cut=gzip.compress(lines + random.Random(1).randbytes(9000).hex().encode())[:-300],
        empty=b"",
        junk=random.Random(2).randbytes(50_000),
        long=b"x" * 50_000_000 + b"\n" + lines,
    )
    assert code == 1
    [row] = [row for row in report_document(folder)["coverage"] if row["pull"].startswith("logs/")]
    assert row["status"] == "partial"
    for words in ("cut gzip data ends early", "empty is empty", "junk is not text", "long 1 line over 4 MiB left out"):
        assert words in row["reason"]
    assert (folder / "post_mortem.html").is_file()


def test_a_failing_section_does_not_stop_the_rest(tmp_path: Path):
    """A query that is not supported is a red box with its reason; the report is there, exit 1; nobody named it."""
    write_logs(tmp_path / "export", "api", *[request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)])
    given = {
        "system": "generic", "start": "2026-03-04T10:00Z", "end": "2026-03-04T11:00Z",
        "source": f"files:{tmp_path / 'export'}", "query": "fields @message | anomaly",
    }  # fmt: skip
    parameters = [part for name, value in given.items() for part in ("-p", f"{name}={value}")]
    assert main(["run", *parameters, "--notebook", "error_triage", "--out", str(tmp_path / "reports")]) == 1
    page = (tmp_path / "reports/generic-20260304T1000/error_triage.html").read_text()
    assert "This section failed" in page
    assert "anomaly" in page
    assert "What to do next?" in page
    assert "Traceback" not in page


def test_replay_tells_findings_that_differ(small_report: Path, capsys: pytest.CaptureFixture[str]):
    """A findings.json that the evidence does not give is exit 1, with the first difference."""
    path = small_report / "findings.json"
    path.write_text(path.read_text().replace("TypeError", "OtherError"))
    assert main(["replay", str(small_report)]) == 1
    assert "findings differ: line" in capsys.readouterr().out


def test_replay_misses_no_check_that_was_taken_out(small_report: Path):
    """A check deleted from findings.json is a difference."""
    path = small_report / "findings.json"
    found = json.loads(path.read_text())
    del found["checks"][0]
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert main(["replay", str(small_report)]) == 1


def test_secrets_are_in_no_page(small: Path):
    """Secrets planted in messages, tenants and paths are in the evidence only."""
    for path in small.iterdir():
        if path.is_file():
            content = path.read_text()
            assert [secret for secret in SECRETS if secret in content] == [], path.name


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


def test_an_earlier_report_is_kept(small: Path, tmp_path: Path):
    """Running an incident again does not take the first report away."""
    shutil.copytree(small, tmp_path / "reports/small")
    run_small(tmp_path)
    again, kept = tmp_path / "reports/small/findings.json", tmp_path / "reports/small.1/findings.json"
    assert kept.read_bytes() == (small / "findings.json").read_bytes() != again.read_bytes()
