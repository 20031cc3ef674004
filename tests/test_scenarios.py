"""The simulated incidents: the planted cause is the first finding, and quiet is quiet."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.case import Case, open_case
from ddms_ops.checks import CHECKS
from ddms_ops.findings import Finding, Severity
from ddms_ops.incident import read_incident
from ddms_ops.simulate import SCENARIOS, SimulatedCase, write_case

EVENTS = 10_000
SEED = 11
CLOCK = pd.Timestamp("2026-03-05T00:00Z")


def investigate(case: SimulatedCase, out: Path, **changed: str) -> Case:
    """All checks over a simulated case."""
    opened = open_case(**{**read_incident(case.incident), **changed}, out=str(out), clock=lambda: CLOCK)
    for check in CHECKS:
        opened.result(check.id)
    return opened


def first(case: Case) -> Finding:
    """The finding of rank 1."""
    return min((f for result in case.results for f in result.findings), key=lambda finding: finding.rank)


@pytest.fixture(scope="module", params=list(SCENARIOS))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, dict]:
    """Each scenario, investigated, and its planted truth."""
    folder = tmp_path_factory.mktemp("case")
    simulated = write_case("dms", request.param, folder, seed=SEED, events=EVENTS)
    return investigate(simulated, folder / "reports"), json.loads(simulated.truth.read_text())


def test_the_planted_cause_comes_first(played: tuple[Case, dict]):
    """The first finding names the planted error or the traffic, what sets it apart, and its start; quiet is quiet."""
    case, truth = played
    if truth["is_quiet"]:
        assert all(f.severity.order >= Severity.LOW.order for result in case.results for f in result.findings)
        return
    if truth["kind"] == "leak":
        others = [result for result in case.results if result.notebook in ("error_triage", "slow_queries")]
        assert all(f.severity.order >= Severity.LOW.order for result in others for f in result.findings)
        return
    found, cause = first(case), (truth["causes"] or [truth])[0]
    if truth["kind"] == "latency":
        slow, told = case.result("slow_statements").findings[0], truth["database"]["slow"]
        assert (found.check, slow.subject["change"]) == ("latency", told["change"])
        assert told["table"] in slow.statement
        assert case.result("slow_endpoints").findings[0].subject["endpoint"] == told["endpoint"]
        return
    distance = abs(found.first_seen.floor("min") - pd.Timestamp(cause["onset"]))
    assert distance <= pd.Timedelta(minutes=15 if truth["gradual"] else 1)
    if truth["kind"] == "traffic":
        assert found.check == "traffic"
        return
    assert cause["message_contains"] in found.statement
    marks = {cause["mark"]["value"]} if cause["mark"] else set()
    assert marks | ({truth["version"]} if truth["version"] else set()) <= set(found.subject.values())


def test_every_cause_is_told(played: tuple[Case, dict]):
    """Of two unrelated errors both are findings above low."""
    case, truth = played
    said = " ".join(f.statement for result in case.results for f in result.findings if f.severity.is_above_low)
    assert all(cause["message_contains"] in said for cause in truth["causes"])


def test_the_tenants_hit_are_counted(played: tuple[Case, dict]):
    """Who is hit is what was generated, be it requests, answers or jobs that fail."""
    case, truth = played
    if truth["shows_as"] in (None, "slow") or truth["causes"]:
        return
    [finding] = case.result("who_is_hit").findings
    assert re.search(rf"\b{len(truth['tenants'])} of \d+ tenants hit", finding.statement)


def test_the_planted_change_is_the_first_suspect(played: tuple[Case, dict]):
    """The change just before is named first; none after the onset is."""
    case, truth = played
    change = (truth["causes"] or [truth])[0]["change"]
    if truth["is_quiet"] or truth["kind"] == "leak" or not change:
        return
    suspects = case.result("changes_before").findings
    assert change["name"].rstrip("0123456789v") in suspects[0].subject["change"]
    assert all(finding.first_seen < first(case).first_seen for finding in suspects)


def test_group_counts_add_up(played: tuple[Case, dict]):
    """Groups hold every event that was read, and every event written was read but the few at the window's very end."""
    case, truth = played
    assert case.groups["events"].sum() == len(case.logs)
    assert case.groups["baseline_events"].sum() == len(case.baseline_logs)
    assert 0 <= sum(truth["events"].values()) - len(case.logs) - len(case.baseline_logs) <= 3


def test_every_pull_is_complete(played: tuple[Case, dict]):
    """A whole export is read whole; it has no bill."""
    case, _ = played
    assert {coverage.status for coverage in case.coverage if coverage.pull != "costs"} <= {"complete", "empty"}


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """The bad deploy."""
    return write_case("dms", "bad_deploy", tmp_path_factory.mktemp("deploy"), events=EVENTS)


def test_analysis_does_not_read_the_truth(deploy: SimulatedCase, tmp_path: Path):
    """Without the planted truth, and with a false one, findings are the same."""
    before = investigate(deploy, tmp_path / "one").document
    text = deploy.truth.read_text()
    deploy.truth.write_text('{"error": "OtherError"}')
    after = investigate(deploy, tmp_path / "two").document
    deploy.truth.write_text(text)
    assert {**before, "manifest_digest": ""} == {**after, "manifest_digest": ""}


def test_the_generic_profile_finds_the_same_error(deploy: SimulatedCase, tmp_path: Path):
    """A folder that nobody declared gives the same first finding."""
    case = investigate(deploy, tmp_path, system="generic", environment="", incident_id="generic", severity="")
    truth = json.loads(deploy.truth.read_text())
    assert truth["message_contains"] in first(case).statement
    assert first(case).subject["version"] == truth["version"]
