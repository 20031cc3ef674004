"""One simulated incident for all of this room; no test changes it."""

import pytest

from ddms_ops import Case, open_case
from ddms_ops.incident import read_incident
from ddms_ops.simulate import write_case

HOSTILE = 'it\'s $(touch pwned) `touch pwned` "5xx" | & ; é\\'


@pytest.fixture(scope="session")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Of a simulated bad deploy, under a title that no shell should see bare."""
    simulated = write_case("dms", "bad_deploy", tmp_path_factory.mktemp("widgets") / "case", events=2_000)
    return {**read_incident(simulated.incident), "title": HOSTILE}


@pytest.fixture(scope="session")
def case(parameters: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Case:
    """That incident, opened."""
    return open_case(**parameters, out=str(tmp_path_factory.mktemp("widgets") / "my reports"))
