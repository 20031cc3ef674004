"""The small systems' incidents: what was planted is the first finding of the notebook that asks, and quiet is quiet."""

import json

import pandas as pd
import pytest

from ddms_ops.case import Case, open_case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import BROKEN
from ddms_ops.findings import Finding
from ddms_ops.incident import read_incident
from ddms_ops.simulate import SYSTEMS, write_case
from ddms_ops.simulate.scene import Scene

EVENTS, SEED = 4_000, 11
CLOCK = pd.Timestamp("2026-12-01T00:00Z")
GRADUAL = pd.Timedelta(minutes=15)
SCENES = {
    f"{system}-{name}": (system, name, scenario)
    for system, simulated in SYSTEMS.items()
    for name, scenario in simulated.scenarios.items()
    if isinstance(scenario, Scene)
}
PLANTED = [each for each, (_, _, scene) in SCENES.items() if scene.expected]
QUIET = [each for each in SCENES if each not in PLANTED]
Played = tuple[Case, dict]


def investigated(scene: str, factory: pytest.TempPathFactory) -> Played:
    """A scene and its truth, with the checks of the notebook that asks made on it; of a quiet one those of all."""
    system, name, declared = SCENES[scene]
    asks = declared.expected.notebook if declared.expected else None
    folder = factory.mktemp(scene)
    simulated = write_case(system, name, folder, seed=SEED, events=EVENTS)
    case = open_case(**read_incident(simulated.incident), out=str(folder / "reports"), clock=lambda: CLOCK)
    for check in CHECKS:
        if asks in (None, check.notebook):
            case.result(check.id)
    return case, json.loads(simulated.truth.read_text())


@pytest.fixture(scope="module", params=PLANTED)
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Each scene in which something goes wrong."""
    return investigated(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=QUIET)
def quiet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Each scene in which nothing does."""
    return investigated(request.param, tmp_path_factory)


def first(case: Case, notebook: str) -> Finding:
    """The strongest finding of a notebook."""
    found = [f for result in case.results if result.notebook == notebook for f in result.findings]
    assert found, [f"{r.id}: {r.status} {r.reason}" for r in case.results if r.notebook == notebook]
    return min(found, key=lambda finding: finding.rank)


def test_the_planted_cause_comes_first(planted: Played):
    """The first finding of the notebook that asks says what was planted, in its sentence or its subject."""
    case, truth = planted
    found = first(case, truth["notebook"])
    said = " ".join((found.statement, *found.subject.values())).casefold()
    assert [words for words in truth["says"] if words.casefold() not in said] == [], said


def test_its_start_is_right_to_the_bucket(planted: Played):
    """It begins when the planted incident does; of what grows slowly within a quarter of an hour."""
    case, truth = planted
    found = first(case, truth["notebook"])
    limit = GRADUAL if truth["gradual"] else pd.Timedelta(seconds=truth["bucket_s"])
    assert found.first_seen is not None
    assert abs(found.first_seen.floor("min") - pd.Timestamp(truth["onset"])) <= limit, found.statement


def test_the_planted_change_is_the_first_suspect(planted: Played):
    """Of the changes before it the planted one stands first."""
    case, truth = planted
    if truth["change"] is None:
        return
    asked = [check.id for check in CHECKS if check.notebook == truth["notebook"] and "changes" in check.id]
    suspects = [finding for check in asked for finding in case.result(check).findings]
    assert suspects, [case.result(check).reason for check in asked]
    assert truth["change"]["name"] in suspects[0].subject["change"]


def test_every_check_of_a_planted_scene_says_something(planted: Played):
    """None breaks, whatever a system does not have."""
    case, _ = planted
    assert [result.reason for result in case.results if BROKEN in result.reason] == []


def test_quiet_is_quiet(quiet: Played):
    """No notebook has a finding above low, and no check breaks."""
    case, _ = quiet
    assert [f.statement for result in case.results for f in result.findings if f.severity.is_above_low] == []
    assert [result.reason for result in case.results if BROKEN in result.reason] == []
