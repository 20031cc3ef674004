"""A real Postgres for tests; they are skipped, with a word, where none is installed."""

import contextlib
from collections.abc import Iterator

import pytest

from ddms_ops.errors import RunError
from ddms_ops.sandbox.postgres import NOT_FOUND, PostgresServer


@contextlib.contextmanager
def running_postgres(settings: dict[str, str] | None = None) -> Iterator[PostgresServer]:
    """A running server, ended with the block; whoever asks is skipped where there is none."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(PostgresServer(settings=settings))
        except RunError as lack:
            if str(lack) != NOT_FOUND:
                raise
            pytest.skip(str(lack))
        yield running
