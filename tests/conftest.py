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


LONG = (
    "test_scenarios", "test_jupyterlab", "test_run", "test_planted_scenes", "test_same_findings", "test_planted_costs",
    "test_nbval", "test_live_incident", "test_run_small", "test_quiet_capacity", "test_planted_causes",
    "test_live_faults", "test_first_investigation", "test_wheel", "test_quiet_costs", "test_simulated_leak",
    "test_planted_statements", "test_planted_waits", "test_slow_endpoints", "test_drill", "test_lab_process",
    "test_end_to_end", "test_renew", "test_control_lines",
)  # fmt: skip
"""Files that take longest, in this order: they begin first, so that no worker has one left when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, each whole; the rest as collected."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


def pytest_xdist_auto_num_workers() -> int:
    """Workers of `-n auto`: one more than there are cores, for a fifth of the time is spent on waiting for servers."""
    return (os.cpu_count() or 1) + 1
