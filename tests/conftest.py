"""Fixtures that several test files use."""

import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(Path(__file__).parent))
signal.signal(
    signal.SIGINT, signal.default_int_handler
)  # a shell's background job ignores it, and so would its children


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
