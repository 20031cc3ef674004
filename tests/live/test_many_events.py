"""Many events, some seconds much fuller than others, under AWS's quotas: all of them, once each."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from builders import window

from ddms_ops.coverage import Status
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.base import LogQuery
from ddms_ops.sources.live import LiveSource

HOUR = window("10:00", "11:00")
GROUP = "/aws/lambda/dms-api-handler-prod"
EVENTS, IN_ONE_SECOND = 200_000, 30_000


def events() -> pa.Table:
    """Times over the hour with a crowd in one second, and on every border of a second; each with its own text."""
    rng = np.random.default_rng(7)
    first = int(HOUR.start.timestamp() * 1000)
    spread = rng.integers(0, 3_600_000, EVENTS - IN_ONE_SECOND)
    spread[:20_000] = spread[:20_000] // 1000 * 1000
    times = np.concatenate([spread, 1_800_000 + rng.integers(0, 1_000, IN_ONE_SECOND)]) + first
    texts = [f'{{"level":"info","n":{place}}}' for place in range(EVENTS)]
    return pa.table({"timestamp": times, "message": texts})


@pytest.mark.parametrize("route", ["insights", "filter"])
def test_each_event_comes_once_and_in_order(route: str, monkeypatch: pytest.MonkeyPatch):
    """No throttle reaches the user; times never go back."""
    planted = events()
    with Sandbox(quotas=True) as sandbox:
        sandbox.put_events(GROUP, planted)
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        source = LiveSource(load_profile("dms"), "prod", clock=lambda: HOUR.end, route=route)
        pull = source.fetch_log_events(LogQuery(HOUR, GROUP), pull="logs/api")
        table = pull.table
    assert (pull.coverage.status, pull.coverage.rows, pull.coverage.matched) == (Status.COMPLETE, EVENTS, EVENTS)
    assert pc.count_distinct(table["message"]).as_py() == EVENTS
    assert (np.diff(table["timestamp"].cast(pa.int64()).to_numpy()) >= 0).all()
