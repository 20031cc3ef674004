"""The same incident through AWS and Postgres, through export files, and through recorded evidence."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ddms_ops.cli import main
from ddms_ops.report.findings_file import read_document
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import SimulatedCase, write_case
from ddms_ops.sources.live import NOW

PLANTED = "Pl4nted-S3cret-Key"
SECRETS = (PLANTED, "password=")


@dataclass(frozen=True)
class Served:
    """An incident and where it is served."""

    case: SimulatedCase
    sandbox: Sandbox
    environment: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The bad deploy of dms, over HTTP."""
    case = write_case("dms", "bad_deploy", tmp_path_factory.mktemp("incident"), seed=7, events=20_000)
    with Sandbox(case.export) as sandbox:
        environment = {**sandbox.environment, "AWS_SECRET_ACCESS_KEY": PLANTED, NOW: "2026-03-05T00:00Z"}
        yield Served(case, sandbox, environment)


@pytest.fixture(scope="module")
def reports(served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Report folders by source: files, live, and a case made of the live one."""
    out = tmp_path_factory.mktemp("reports")
    folders = {name: out / name / "demo-dms-bad-deploy" for name in ("files", "live", "case")}
    incident = str(served.case.incident)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in served.environment.items():
            patch.setenv(name, value)
        for name, source in {
            "files": f"files:{served.case.export}",
            "live": "live",
            "case": f"case:{folders['live']}",
        }.items():
            where = ["--source", source, "--out", str(out / name)]
            assert main(["run", incident, "--notebook", "error_triage", *where]) == 0  # the drill has no Postgres here
    return folders


def checks(folder: Path) -> list[dict]:
    """What the checks found; evidence by what was recorded, since row numbers count what an export has besides."""
    found = read_document(folder)["checks"]
    manifest = json.loads((folder / "evidence/manifest.json").read_text())
    tables = {entry["pull"]: pq.read_table(folder / "evidence" / entry["file"]) for entry in manifest["files"]}
    for evidence in (ref for check in found for finding in check["findings"] for ref in finding["evidence"]):
        table = tables[evidence["pull"]]
        columns = [
            name for name in ("timestamp", "message", "id", "value", "event_id", "alarm") if name in table.schema.names
        ]
        columns = [name for name in columns if not (name == "event_id" and "message" in columns)]
        rows = [int(name.rpartition(":")[2]) for name in evidence["ids"]]
        evidence["ids"] = table.select(columns).take(rows).to_pylist()
    return found


@pytest.mark.parametrize("source", ["live", "case"])
def test_findings_do_not_depend_on_the_source(reports: dict[str, Path], source: str):
    """Ranks, numbers, words, and the records they rest on, are those of the export files."""
    found = checks(reports[source])
    assert found == checks(reports["files"])
    assert len([finding for check in found for finding in check["findings"]]) > 5


def test_rows_of_log_groups_are_numbered_alike(reports: dict[str, Path]):
    """Each declared log group's evidence holds the same events in the same order; live asks for no others."""
    columns = ["timestamp", "message"]
    for name in ("live", "case"):
        paths = sorted((reports[name] / "evidence").glob("logs*.parquet"))
        assert len(paths) == 4
        for path in paths:
            theirs = pq.read_table(reports["files"] / "evidence" / path.name, columns=columns)
            assert pq.read_table(path, columns=columns).equals(theirs)


def test_every_live_pull_is_complete(reports: dict[str, Path]):
    """What was asked is what came."""
    rows = read_document(reports["live"])["coverage"]
    assert {row["source"] for row in rows} == {"live"}
    assert {(row["status"], row["reason"]) for row in rows} <= {("complete", ""), ("empty", "")}


def test_evidence_says_who_asked(reports: dict[str, Path]):
    """Account, region and caller of each pull."""
    manifest = json.loads((reports["live"] / "evidence/manifest.json").read_text())
    assert {(entry["account"], entry["region"]) for entry in manifest["files"]} == {("123456789012", "us-east-1")}
    assert all(entry["identity"].startswith("arn:aws:") for entry in manifest["files"])


def test_a_live_report_replays_without_a_network(reports: dict[str, Path]):
    """From its evidence alone."""
    assert main(["replay", str(reports["live"])]) == 0
    assert main(["verify", str(reports["live"])]) == 0


def test_credentials_are_nowhere_in_a_report(reports: dict[str, Path]):
    """Not in pages, notebooks, manifest or Parquet."""
    for path in reports["live"].rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in content], path


def test_audit_rows_are_the_same_from_the_database_and_from_files(served: Served, tmp_path: Path):
    """Each value of each row, also after replay."""
    from ddms_ops.case import open_case
    from ddms_ops.incident import read_incident

    given = read_incident(served.case.incident)
    with PostgresServer() as server, pytest.MonkeyPatch.context() as patch:
        server.load_scenario(served.case.export)
        for name, value in {**served.environment, "DMS_DATABASE_URL": server.dsn("ddms_ops_ro")}.items():
            patch.setenv(name, value)
        live = open_case(**{**given, "source": "live"}, out=str(tmp_path / "live")).audit("audit_logs")
    files = open_case(**given, out=str(tmp_path / "files")).audit("audit_logs")
    folder = tmp_path / "live" / str(given["incident_id"])
    case = open_case(**{**given, "source": f"case:{folder}"}, out=str(tmp_path / "case")).audit("audit_logs")
    password = server.password.encode()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and password in path.read_bytes()]
    assert files.num_rows > 100
    assert live.equals(files)
    assert case.equals(files)


def test_ctrl_c_stops_the_queries_and_keeps_what_came(served: Served, tmp_path: Path):
    """The run ends with 130; nothing runs on; the evidence is whole and the pull is marked partial."""
    served.sandbox.query_delay_s = 60
    environment = {**os.environ, **served.environment, "DDMS_OPS_LOG_ROUTE": "insights"}
    command = [
        sys.executable,
        "-m",
        "ddms_ops.cli",
        "run",
        str(served.case.incident),
        "--notebook",
        "error_triage",
        "--source",
        "live",
    ]
    run = subprocess.Popen([*command, "--out", str(tmp_path)], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        while not served.sandbox.running_queries and time.monotonic() < until:
            time.sleep(0.1)
        assert served.sandbox.running_queries
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 130
    finally:
        served.sandbox.query_delay_s = 0
        run.kill()
        run.communicate()
    assert served.sandbox.running_queries == []
    folder = tmp_path / "demo-dms-bad-deploy"
    assert main(["verify", str(folder)]) == 0
    statuses = {row["pull"]: (row["status"], row["reason"]) for row in read_document(folder)["coverage"]}
    assert ("failed", "stopped by hand") in statuses.values()
