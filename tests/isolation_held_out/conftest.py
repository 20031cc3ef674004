"""A real Postgres with the held-out objects in it, for these tests."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddms_ops.errors import RunError
from ddms_ops.sandbox.postgres import NOT_FOUND, PostgresServer


@pytest.fixture(scope="session")
def held_out_server() -> Iterator[PostgresServer]:
    """A running server with objects.sql; tests that need one are skipped where there is none."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(PostgresServer())
        except RunError as lack:
            if str(lack) != NOT_FOUND:
                raise
            pytest.skip(str(lack))
        running.load((Path(__file__).parent / "objects.sql").read_text())
        yield running
