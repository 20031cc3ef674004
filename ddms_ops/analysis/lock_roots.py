"""What the root of a lock chain did meanwhile: ran a statement, or held its locks and did nothing."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.lock_waits import Chain
from ddms_ops.analysis.statement_log import NO_TEXT

IDLE, BUSY, NOT_KNOWN = "idle in transaction", "running a statement", ""
IDLE_SHARE = 0.5  # of the chain's time without a statement of the root
WHO = ("user", "database", "application")


@dataclass(frozen=True, slots=True)
class Root:
    """The session at a chain's root.

    `state` is `idle in transaction`, `running a statement`, or empty where nothing tells; `idle_ms` is how long of the
    chain it ran no statement, 0 where that is not known; `statement` is what it ran last before, or ran.
    """

    who: str
    state: str
    idle_ms: float
    statement: str

    @property
    def is_idle(self) -> bool:
        """Whether it held its locks and did nothing."""
        return self.state == IDLE


def lock_root(chain: Chain, events: pd.DataFrame, samples: pd.DataFrame, *, is_full: bool = True) -> Root:
    """The session at the root of a chain.

    Args:
        chain: its chain.
        events: of the root's process in the log, in order, some time before to some time after the chain: timestamp,
            id, duration_ms, kind, user, database, application.
        samples: of its session: captured_at, state, statement, user, database, application.
        is_full: whether the log tells of all calls; else it cannot show that the root did nothing.
    """
    seen = samples[(samples["captured_at"] >= chain.start) & (samples["captured_at"] <= chain.end)]
    calls = events[events["duration_ms"].notna() & (events["kind"] != "plan")]
    begun = calls["timestamp"] - pd.to_timedelta(calls["duration_ms"], unit="ms")
    who = _who(seen if len(seen) else events)
    idle_ms = _idle_ms(chain, calls, begun)
    if len(seen):
        is_idle = bool(seen["state"].astype("str").str.startswith(IDLE).mean() >= IDLE_SHARE)
        state = IDLE if is_idle else BUSY
    else:
        state = _logged_state(chain, events, idle_ms, is_full)
    last = _texts(seen["statement"]) or _texts(
        calls.loc[begun <= (_first(chain) if state == IDLE else chain.end), "id"]
    )
    return Root(who, state, idle_ms if state == IDLE and is_full else 0.0, "".join(last[-1:]))


def _logged_state(chain: Chain, events: pd.DataFrame, idle_ms: float, is_full: bool) -> str:
    if not (events["timestamp"] >= chain.end.floor("s")).any():
        return NOT_KNOWN
    if idle_ms < IDLE_SHARE * (chain.end - chain.start) / pd.Timedelta(milliseconds=1):
        return BUSY
    return IDLE if is_full else NOT_KNOWN


def _first(chain: Chain) -> pd.Timestamp:
    """When its waiting surely had begun; stamps of the log may be whole seconds."""
    return min(chain.end, chain.start.ceil("s"))


def _texts(statements: pd.Series) -> list[str]:
    return [str(name) for name in statements.dropna() if name != NO_TEXT]


def _idle_ms(chain: Chain, calls: pd.DataFrame, begun: pd.Series) -> float:
    """How long of the chain no statement of the root ran."""
    starts, ends = begun.clip(lower=chain.start), calls["timestamp"].clip(upper=chain.end)
    busy = ((ends - starts) / pd.Timedelta(milliseconds=1)).clip(lower=0).sum()
    return max(0.0, (chain.end - chain.start) / pd.Timedelta(milliseconds=1) - float(busy))


def _who(rows: pd.DataFrame) -> str:
    """`user@database (application)` of the last row that says so."""
    names = [rows[name].dropna().astype("str").tolist()[-1:] for name in WHO]
    user, database, application = ("".join(name) for name in names)
    place = f"{user}@{database}" if user and database else user or database
    return f"{place} ({application})" if place and application else place or application
