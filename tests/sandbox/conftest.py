"""A sandbox for each test, and one that serves a simulated incident."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.client import BaseClient
from sandbox_builders import client

from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import write_case


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account without anything."""
    with Sandbox() as served:
        yield served


@pytest.fixture
def logs(sandbox: Sandbox) -> BaseClient:
    """Its CloudWatch Logs."""
    return client(sandbox, "logs")


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of the bad deploy of dms."""
    return write_case("dms", "bad_deploy", tmp_path_factory.mktemp("incident"), seed=7, events=2_000).export


@pytest.fixture(scope="session")
def incident(export: Path) -> Iterator[Sandbox]:
    """The bad deploy, served; no test changes it."""
    with Sandbox(export) as served:
        yield served
