"""Fixtures that several test files use."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddms_ops.private import redact_also

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(Path(__file__).parent))
signal.signal(
    signal.SIGINT, signal.default_int_handler
)  # a shell's background job ignores it, and so would its children


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="module", autouse=True)
def nothing_opened() -> Iterator[None]:
    """What the profiles of cases call private is not taken out in the next test file."""
    yield
    redact_also({})


def pytest_xdist_auto_num_workers() -> int:
    """Workers of `-n auto`: one more than there are cores, for a fifth of the time is spent on waiting for servers."""
    return (os.cpu_count() or 1) + 1
