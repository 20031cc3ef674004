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
WHERE = ("error_triage", "slow_queries")
CLOCK = pd.Timestamp("2026-03-05T00:00Z")


def investigate(case: SimulatedCase, out: Path, *notebooks: str, **changed: str) -> Case:
    """All checks over a simulated case, or those of some notebooks."""
    opened = open_case(**{**read_incident(case.incident), **changed}, out=str(out), clock=lambda: CLOCK)
    for check in CHECKS:
        if not notebooks or check.notebook in notebooks:
            opened.result(check.id)
    return opened


def first(case: Case, notebook: str = "error_triage") -> Finding:
    """The strongest finding of a notebook."""
    found = [f for result in case.results if result.notebook == notebook for f in result.findings]
    return min(found, key=lambda finding: finding.rank)


@pytest.fixture(scope="module", params=list(SCENARIOS))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, dict]:
    """Each scenario, investigated where one would look, a quiet one in full, and its planted truth."""
    folder = tmp_path_factory.mktemp("case")
    simulated = write_case("dms", request.param, folder, seed=SEED, events=EVENTS)
    truth = json.loads(simulated.truth.read_text())
    asked = () if truth["is_quiet"] else (truth["notebook"],) if "notebook" in truth else WHERE
    return investigate(simulated, folder / "reports", *asked), truth


def test_the_planted_cause_comes_first(played: tuple[Case, dict]):
    """The first finding names the planted error or the traffic, what sets it apart, and its start; quiet is quiet."""
    case, truth = played
    if "notebook" in truth:
        assert_sought(case, truth)
        return
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


def assert_sought(case: Case, truth: dict) -> None:
    """The first finding of the truth's notebook holds its words, and its start is within the bucket."""
    found = first(case, truth["notebook"])
    said = " ".join([found.statement, *map(str, found.subject.values())]).lower()
    assert [word for word in truth["says"] if word.lower() not in said] == [], found.statement
    assert abs(found.first_seen - pd.Timestamp(truth["onset"])) < pd.Timedelta(seconds=truth["bucket_s"] + 60)


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
    asked = "pipeline_changes" if truth.get("notebook") == "pipeline_backlog" else "changes_before"
    suspects = case.result(asked).findings
    assert change["name"].rstrip("0123456789v") in suspects[0].subject["change"]
    began = first(case, truth.get("notebook", "error_triage")).first_seen
    assert all(finding.first_seen < began for finding in suspects)


def test_dead_letters_say_what_the_logs_say(played: tuple[Case, dict]):
    """Jobs that are given up: the messages left of them tell the planted error."""
    case, truth = played
    if truth["shows_as"] != "job" or "notebook" in truth:
        return
    assert truth["message_contains"] in case.result("dead_letters").findings[0].statement


def test_group_counts_add_up(played: tuple[Case, dict]):
    """Groups hold every event that was read, and every event written was read but the few at the window's very end."""
    case, truth = played
    assert case.groups["events"].sum() == len(case.log_events)
    assert case.groups["baseline_events"].sum() == len(case.baseline_log_events)
    assert 0 <= sum(truth["events"].values()) - len(case.log_events) - len(case.baseline_log_events) <= 3


def test_every_pull_is_complete(played: tuple[Case, dict]):
    """A whole export is read whole; it has no bill and no tables of DynamoDB."""
    case, _ = played
    pulls = [coverage for coverage in case.coverage if coverage.pull not in ("costs", "tables")]
    assert {coverage.status for coverage in pulls} <= {"complete", "empty"}


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
