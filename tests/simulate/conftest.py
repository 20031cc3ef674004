"""Simulated cases, written once for all tests."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ddms_ops.simulate import SCENARIOS, SimulatedCase, write_case

sys.path.insert(0, str(Path(__file__).parent))

EVENTS = 10_000


@dataclass(frozen=True)
class Played:
    """A written case and its truth."""

    name: str
    case: SimulatedCase
    truth: dict

    @property
    def export(self) -> Path:
        return self.case.export


@pytest.fixture(scope="session", params=list(SCENARIOS))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Each scenario."""
    case = write_case("dms", request.param, tmp_path_factory.mktemp(request.param), seed=3, events=EVENTS)
    return Played(request.param, case, json.loads(case.truth.read_text()))
