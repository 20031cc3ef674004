"""The check over a case: findings with their object, CLEAR only over all of it, and what is lacking is said."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest
from builders import open_export
from clean_schemas import PLAIN
from database_builders import call, write_log

from ddms_ops.findings import CheckResult, Severity, Verdict
from ddms_ops.sandbox.postgres import PostgresServer

CHECK = "isolation_posture"


def export(root: Path, table: pa.Table) -> Path:
    """An export with that posture."""
    (root / "database").mkdir(exist_ok=True)
    with (root / "database" / "posture.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("kind", "id", "record"))
        writer.writerows(zip(*(table[name].to_pylist() for name in ("kind", "id", "record")), strict=True))
    return root


def result(root: Path) -> CheckResult:
    """The check's answer for the dms profile."""
    return open_export(root).result(CHECK)


@pytest.fixture
def scenario(empty_server: PostgresServer, tmp_path: Path) -> PostgresServer:
    """The document management system's own schema."""
    empty_server.load_scenario(tmp_path / "nothing")
    return empty_server


@pytest.mark.usefixtures("scenario")
def test_the_scenarios_schema_is_clear(fetch, tmp_path: Path):
    """Nothing is found in it, over a complete pull."""
    found = result(export(tmp_path, fetch().table))
    assert (found.status, found.reason, found.findings) == (Verdict.CLEAR, "", ())


def test_a_fault_is_a_finding(scenario: PostgresServer, fetch, tmp_path: Path):
    """With its object, what follows, evidence, and SQL to review."""
    scenario.load("ALTER TABLE documents DISABLE ROW LEVEL SECURITY")
    [finding] = result(export(tmp_path, fetch().table)).findings
    assert finding.statement.startswith("public.documents: dms_app reaches the rows of all tenants")
    assert finding.subject == {"rule": "T2", "object": "public.documents"}
    assert (finding.severity, finding.evidence[0].kind, finding.evidence[0].rows) == (Severity.HIGH, "posture", 2)
    assert 'ALTER TABLE "public"."documents" ENABLE ROW LEVEL SECURITY;' in finding.next_step
    assert finding.next_step.startswith("To review")


@pytest.mark.usefixtures("scenario")
def test_the_log_shows_a_setting_that_is_kept(fetch, tmp_path: Path):
    """SET without LOCAL, with the log's entries as evidence."""
    write_log(
        tmp_path, call("10:01:00", 1, "SET app.tenant_id = 't1'"), call("10:02:00", 1, "SET LOCAL app.tenant_id = 't2'")
    )
    [finding] = result(export(tmp_path, fetch().table)).findings
    assert finding.subject == {"rule": "G1", "object": "app.tenant_id", "part": "statements"}
    assert (finding.evidence[0].kind, finding.evidence[0].rows) == ("database_log", 1)


def test_without_posture_it_is_not_checked(tmp_path: Path):
    """And says how to get one."""
    found = result(write_log(tmp_path, call("10:01:00", 1, "SELECT 1")))
    assert (found.status, "docs/database-posture.sql" in found.reason) == (Verdict.NOT_CHECKED, True)


def test_the_profiles_role_is_not_there(empty_server: PostgresServer, fetch, tmp_path: Path):
    """Another database's posture is not judged."""
    empty_server.load(PLAIN)
    found = result(export(tmp_path, fetch().table))
    assert (found.status, found.reason) == (
        Verdict.NOT_CHECKED, "there is no role dms_app; roles that log in: app, postgres, support",
    )  # fmt: skip


@pytest.mark.usefixtures("scenario")
def test_half_a_posture_is_never_clear(fetch, tmp_path: Path):
    """A file that breaks off is a fault of the pull."""
    path = export(tmp_path, fetch().table) / "database" / "posture.csv"
    path.write_text(path.read_text(encoding="utf-8").rpartition('"role')[0] + '\nrole,x,"{', encoding="utf-8")
    assert result(tmp_path).status is Verdict.NOT_CHECKED
