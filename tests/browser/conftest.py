"""One lab, opened by `ddms-ops lab`, and one page on it for this room; skipped where there is no Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import chromium
from lab_cases import REPORTS, simulated
from lab_driver import LabPage
from lab_server import running_lab

from ddms_ops.incident import read_incident
from ddms_ops.private import redact_also
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import SimulatedCase
from ddms_ops.sources.live import NOW


@pytest.fixture(autouse=True)
def of_no_system() -> Iterator[None]:
    """What the profile of a case calls private is not taken out of the next test's."""
    yield
    redact_also({})


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """The incident of error triage."""
    return simulated("error_triage", tmp_path_factory.mktemp("incident") / "case")


@pytest.fixture(scope="module")
def report(case: SimulatedCase, desk: Path) -> Path:
    """Its report folder."""
    return desk / REPORTS / str(read_incident(case.incident)["incident_id"])


@pytest.fixture(scope="module")
def sandbox(case: SimulatedCase) -> Iterator[Sandbox]:
    """The same incident as AWS would serve it: the only AWS that the lab knows."""
    with Sandbox(case.export) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the lab works in."""
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def lab(desk: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabPage]:
    """A page on the lab over the desk."""
    environment = {**sandbox.environment, NOW: "2026-03-05T00:00Z"}
    home = tmp_path_factory.mktemp("home")
    with (
        chromium() as browser,
        running_lab("lab", "--dir", ".", folder=desk, home=home, environment=environment) as server,
    ):
        page = LabPage(browser, server)
        yield page
        page.close()
