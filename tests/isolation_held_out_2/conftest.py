"""A real Postgres with the second set of held-out objects in it, for these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import running_postgres

from ddms_ops.sandbox.postgres import PostgresServer


@pytest.fixture(scope="session")
def held_out_server_2() -> Iterator[PostgresServer]:
    """A running server with objects.sql; tests that need one are skipped where there is none."""
    with running_postgres() as running:
        running.load((Path(__file__).parent / "objects.sql").read_text())
        yield running
