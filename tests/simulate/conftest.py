"""Simulated cases, written once for all tests."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
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


@pytest.fixture(scope="session")
def play(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Played]:
    """Gives a scenario by name, written once."""

    @cache
    def written(name: str) -> Played:
        case = write_case("dms", name, tmp_path_factory.mktemp(name), seed=3, events=EVENTS)
        return Played(name, case, json.loads(case.truth.read_text()))

    return written


@pytest.fixture(scope="session", params=list(SCENARIOS))
def played(request: pytest.FixtureRequest, play: Callable[[str], Played]) -> Played:
    """Each scenario."""
    return play(request.param)
