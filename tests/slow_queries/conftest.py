"""Each scenario is recorded once a session, on a server of its own."""

from collections.abc import Callable

import pytest
from planted import Planted, record
from planted_scenarios import SCENARIOS, SETTINGS_OF

from ddms_ops.errors import RunError
from ddms_ops.sandbox.postgres import NOT_FOUND

PlantedOf = Callable[..., Planted]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Planted]:
    """A scenario as it was recorded; tests are skipped where there is no server."""
    known: dict[str, Planted] = {}

    def recorded(scenario: str) -> Planted:
        if scenario not in known:
            folder = tmp_path_factory.mktemp(scenario) / "export"
            try:
                known[scenario] = record(SCENARIOS[scenario], folder, SETTINGS_OF.get(scenario))
            except RunError as lack:
                if str(lack) != NOT_FOUND:
                    raise
                pytest.skip(str(lack))
        return known[scenario]

    return recorded


@pytest.fixture
def planted_of(recorded: Callable[[str], Planted], tmp_path: pytest.TempPathFactory) -> PlantedOf:
    """A copy of a recorded scenario, of its "logs", its "snapshots" or "both"."""

    def planted_of(scenario: str, variant: str = "both") -> Planted:
        return recorded(scenario).variant(variant, tmp_path / variant)

    return planted_of
