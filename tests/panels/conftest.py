"""Cases that several tests only look at."""

from pathlib import Path

import pytest
from panel_builders import incident, sampled, write_incident

from ddms_ops.case import Case
from ddms_ops.sources.files import FilesSource


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Every request of one of four tenants fails for 20 minutes."""
    return incident(tmp_path_factory.mktemp("usual"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The same, of which 1 in 4 events is read; one log group could not be counted."""
    root: Path = tmp_path_factory.mktemp("sample")
    return sampled(root, FilesSource(write_incident(root)), most=400)
