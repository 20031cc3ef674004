"""Each scenario is recorded once a session, on a server of its own, and asked once for each of its variants."""

from collections.abc import Callable

import pytest
from planted import Planted, record
from planted_cases import Answered, answered
from planted_scenarios import SCENARIOS, SETTINGS_OF

from ddms_ops.errors import RunError
from ddms_ops.sandbox.postgres import NOT_FOUND


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


@pytest.fixture(scope="session")
def answer_to(
    recorded: Callable[[str], Planted], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Answered]:
    """The case over a recorded scenario's "logs", "snapshots" or "both", for tests that only look at it."""
    known: dict[tuple[str, str], Answered] = {}

    def answer_to(scenario: str, variant: str) -> Answered:
        if (scenario, variant) not in known:
            folder = tmp_path_factory.mktemp(f"{scenario}-{variant}")
            known[scenario, variant] = answered(recorded(scenario).variant(variant, folder / variant), folder / "out")
        return known[scenario, variant]

    return answer_to
