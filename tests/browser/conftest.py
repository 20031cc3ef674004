"""A lab, opened by `ddms-ops lab`, and a page on it for each file of this room; skipped where there is no Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import chromium
from lab_driver import LabPage, free_port, our_lab, running_lab

from ddms_ops.redact import redact_also


@pytest.fixture(autouse=True)
def of_no_system() -> Iterator[None]:
    """What the profile of a case calls private is not taken out of the next test's."""
    yield
    redact_also({})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that this file's lab works in."""
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def lab_environment() -> dict[str, str]:
    """Variables of the lab and its kernels; a file that needs some has its own."""
    return {}


@pytest.fixture(scope="module")
def lab(desk: Path, lab_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabPage]:
    """A page on the lab over the desk."""
    port, home = free_port(), tmp_path_factory.mktemp("home")
    with (
        chromium() as browser,
        running_lab(desk, home, command=our_lab(desk, port), port=port, env=lab_environment) as server,
    ):
        page = LabPage(browser, server)
        yield page
        page.close()
