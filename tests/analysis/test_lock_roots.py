"""What the root of a lock chain did meanwhile."""

import pandas as pd
from builders import at

from ddms_ops.analysis.lock_roots import BUSY, IDLE, NOT_KNOWN, lock_root
from ddms_ops.analysis.lock_waits import Chain

CHAIN = Chain(1, "a", 1, (2,), at("10:00:02"), at("10:00:12"), 10_000.0, 10_000.0, (), (), (), ())
SAMPLES = pd.DataFrame(columns=["captured_at", "state", "statement", "user", "database", "application"])


def log(*calls: tuple[str, float, str]) -> pd.DataFrame:
    """Calls of the root: when it ended, ms, statement."""
    same = {"kind": "statement", "user": "app", "database": "dms", "application": None}
    return pd.DataFrame([same | {"timestamp": at(end), "duration_ms": ms, "id": name} for end, ms, name in calls])


def test_a_root_without_calls_is_idle():
    """What it ran last before the chain is said, not the commit that ended it."""
    root = lock_root(CHAIN, log(("10:00:01", 1.0, "update"), ("10:00:12", 1.0, "commit")), SAMPLES)
    assert (root.who, root.state, root.statement) == ("app@dms", IDLE, "update")
    assert root.idle_ms > 9_900


def test_a_log_of_slow_calls_cannot_show_idleness():
    """The root may have run what was not logged."""
    root = lock_root(CHAIN, log(("10:00:01", 1.0, "a"), ("10:00:12", 1.0, "b")), SAMPLES, is_full=False)
    assert (root.state, root.idle_ms) == (NOT_KNOWN, 0.0)


def test_a_log_of_slow_calls_shows_what_ran():
    """A call over all of the chain is there."""
    root = lock_root(CHAIN, log(("10:00:13", 12_000.0, "update")), SAMPLES, is_full=False)
    assert (root.state, root.statement) == (BUSY, "update")


def test_a_call_without_its_text_is_not_named():
    """The log has its duration only."""
    assert lock_root(CHAIN, log(("10:00:13", 12_000.0, "no-text")), SAMPLES).statement == ""
