"""The first screen of the leakage audit: the verdict on the window leads, whatever was found."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from builders import open_export
from panel_builders import write_incident

from ddms_ops.case import Case, open_case
from ddms_ops.checks.trail_basis import NO_TRAIL, NOT_DECLARED
from ddms_ops.incident import read_incident
from ddms_ops.panels import answer_panel, unseen_panel
from ddms_ops.report.summary import write_summary
from ddms_ops.simulate.case import SimulatedCase, write_case
from ddms_ops.tenancy import Tenants

NOTEBOOK = "tenant_leakage_audit"
EVENTS = 4_000


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """A cache key that lost its tenant."""
    return write_case("dms", "tenant_leak", tmp_path_factory.mktemp("leak") / "case", events=EVENTS)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """A day without a leak."""
    return write_case("dms", "quiet_day", tmp_path_factory.mktemp("quiet") / "case", events=EVENTS)


def audited(simulated: SimulatedCase, out: Path, export: Path | None = None) -> Case:
    """The case, over another export of the same incident where one is given."""
    given = read_incident(simulated.incident)
    given = {**given, "source": f"files:{export}"} if export else given
    return open_case(**given, out=str(out), clock=lambda: pd.Timestamp("2026-06-01", tz="UTC"))


@pytest.fixture(scope="module")
def leak_case(leak: SimulatedCase, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Its case, for tests that only look at it."""
    return audited(leak, tmp_path_factory.mktemp("leak-case"))


@pytest.fixture(scope="module")
def quiet_case(quiet: SimulatedCase, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The case of the day without a leak, for tests that only look at it."""
    return audited(quiet, tmp_path_factory.mktemp("quiet-case"))


def without_trail(simulated: SimulatedCase, out: Path) -> Case:
    """The case over an export whose audit tables are missing."""
    export = shutil.copytree(simulated.export, out / "export")
    shutil.rmtree(export / "audit")
    return audited(simulated, out, export)


def answer(case: Case) -> list[str]:
    """The lines of the answer."""
    return answer_panel(case, NOTEBOOK).text.splitlines()


def test_a_leak_leads_with_its_verdict_and_what_was_disclosed(leak_case: Case):
    """The checks that are clear say so in words that fit their question."""
    lines = answer(leak_case)
    assert lines[0].startswith("leaked: ")
    assert "tenants got" in lines[0] or "tenant got" in lines[0]
    assert "Whole trail? | yes, over complete evidence" in lines
    assert "Database | no fault found" in lines
    [logs] = [line for line in lines if line.startswith("Logs, objects")]
    assert logs.startswith("Logs, objects | the logs show the same for ")
    assert "behind the disclosures in the trail (token against what was returned)" in logs
    assert len(lines) <= 17


def test_a_quiet_day_is_no_leak_over_complete_evidence(quiet_case: Case):
    """And names how much was seen."""
    lines = answer(quiet_case)
    assert lines[0].startswith("no leak seen over complete evidence: in 20")
    assert lines[0].endswith(" tenants seen in the audit trail")
    assert "Whole trail? | yes, over complete evidence" in lines
    assert not [line for line in lines if line.startswith(("Since", "Next"))]


def test_without_its_tables_it_is_cannot_tell_and_never_nothing_found(quiet: SimulatedCase, tmp_path: Path):
    """With the reason of the pull that is lacking."""
    lines = answer(without_trail(quiet, tmp_path))
    assert lines[0].startswith("cannot tell: ")
    assert "nothing found" not in lines[0]
    assert "yes, over complete evidence" not in "\n".join(lines)


def test_tenants_without_a_declared_trail_say_what_the_logs_show(leak: SimulatedCase, tmp_path: Path):
    """What was returned is a disclosure by itself; more may hide."""
    case = audited(leak, tmp_path)
    logs = case.tenants.logs
    case.profile = case.profile.model_copy(update={"tenants": Tenants(logs=logs)})
    lines = answer(case)
    assert lines[0].startswith("leaked: ")
    assert "responses carried data of another tenant" in lines[0]
    assert "audit row" not in lines[0]
    assert f"More may hide | {NO_TRAIL}." in lines


def test_a_system_without_tenants_says_so_in_one_sentence(tmp_path: Path):
    """No table of what was not asked."""
    case = open_export(write_incident(tmp_path), system="generic")
    assert answer(case) == [f"cannot tell: {NOT_DECLARED}."]


def test_a_change_before_a_leak_brings_no_step_of_an_alert(leak_case: Case):
    """No alert fired; the step is that of containment."""
    found = leak_case.result("leak_changes").findings
    assert found
    assert {finding.next_step for finding in found} == {""}
    [step] = [line for line in answer(leak_case) if line.startswith("Next")]
    assert step == f"Next | {leak_case.tenants.containment[0]}"


def test_an_empty_answer_of_the_trail_is_no_lack(quiet_case: Case):
    """No hole in the sequence is what one hopes for."""
    answer_panel(quiet_case, NOTEBOOK)
    assert "trail/holes" in [row.pull for row in quiet_case.coverage if row.status == "empty"]
    assert "trail/holes" not in unseen_panel(quiet_case).text


def test_the_summary_says_whose_records_were_reached_and_by_whom(leak_case: Case):
    """In words, and what changed before the leak."""
    answer_panel(leak_case, NOTEBOOK)
    write_summary(leak_case.folder)
    lines = (leak_case.folder / "summary.md").read_text().splitlines()
    lead = max(leak_case.result("tenant_leaks").findings, key=lambda finding: finding.strength)
    assert f" · Who: {lead.subject['actors']}, whose: {lead.subject['owners']}" in lines[2]
    assert lines[3].startswith(f"- Who is hit: {lead.subject['owners']}")
    assert lines[4].startswith("- Just before: UpdateFunctionCode")
