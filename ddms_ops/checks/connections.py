"""Did the database run short of connections?"""

import re

import pandas as pd

from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

ALL_TAKEN = "too many clients|connection slots are reserved|too many connections"
OWN_LIMIT = re.compile(r"too many connections for (role|database)")
RESTARTING = "the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)"
NO_LOG = "refused connections stand in the Postgres log only, and there is none"
FEWEST = 3
HOLDERS = 3


def check_connections(facts: Facts) -> list[Finding]:
    """Connections refused because all were taken, or as many open as `limits.connections_share` of the limit."""
    if is_absent(facts, "database_log", "statistics"):
        raise CannotTell("no Postgres log and no samples of its sessions")
    return [*_refused(facts), *_restarting(facts), *_near_limit(facts)]


def unlogged_refusals(facts: Facts) -> str:
    """Why no refusal may not mean that none was: there is no log to tell of it."""
    return NO_LOG if is_absent(facts, "database_log") else ""


def _refused(facts: Facts) -> list[Finding]:
    events = facts.statement_log.failures_like(ALL_TAKEN)
    ours, before = events[events["side"] == NOW], int((events["side"] == BEFORE).sum())
    if ours.empty:
        return []
    usual = before * (facts.window.length / facts.baseline.length)
    first, last = ours["timestamp"].min(), ours["timestamp"].max()
    who = ours["user"].dropna().astype("str").value_counts()
    roles = f"; asked for by {', '.join(redact(name) for name in who.index[:HOLDERS])}" if len(who) else ""
    is_new = len(ours) > 2 * usual + FEWEST or not before
    return [
        Finding(
            check="connections",
            severity=Severity.LOW if not is_new else Severity.HIGH if len(ours) >= FEWEST else Severity.MEDIUM,
            statement=(
                f"Postgres refused {counted(len(ours), 'connection')} because {_why(ours)},"
                f" {first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC; {usual:.3g} expected by the"
                f" baseline{_limit(facts)}{roles}{_held_by(facts)}"
            ),
            subject={"kind": "exhausted"},
            evidence=log_refs(ours),
            strength=float(len(ours)),
            first_seen=first,
            last_seen=last,
            observed=float(len(ours)),
            baseline=usual,
            unit="connections refused",
            next_step=next_step(facts.profile, "too many clients", fails=False)
            or "Find who holds the connections (below), close what is idle, and pool them (RDS Proxy, PgBouncer)",
        )
    ]


def _why(refused: pd.DataFrame) -> str:
    """What was at its limit: the server, or a role or database of its own."""
    own = [OWN_LIMIT.search(str(text)) for text in refused["message"]]
    kinds = sorted({found[1] for found in own if found is not None})
    return f"a {' and a '.join(kinds)} had as many as it may have" if kinds and all(own) else "all were taken"


def _restarting(facts: Facts) -> list[Finding]:
    """Connections refused because the server was stopping, starting or recovering."""
    events = facts.statement_log.failures_like(RESTARTING)
    ours = events[events["side"] == NOW]
    if ours.empty:
        return []
    first, last = ours["timestamp"].min(), ours["timestamp"].max()
    return [
        Finding(
            check="connections",
            severity=Severity.HIGH if len(ours) >= FEWEST else Severity.MEDIUM,
            statement=(
                f"Postgres refused {counted(len(ours), 'connection')} while it stopped, started or recovered,"
                f" {first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC"
            ),
            subject={"kind": "restart"},
            evidence=log_refs(ours),
            strength=float(len(ours)),
            first_seen=first,
            last_seen=last,
            observed=float(len(ours)),
            unit="connections refused",
            next_step="Read the log just before for what ended the server: a crash, a failover, memory, a deployment",
        )
    ]


def _near_limit(facts: Facts) -> list[Finding]:
    """The sample with most sessions, where these are nearly as many as the limit allows."""
    limit, rows = _max_connections(facts), _fullest_sample(facts)
    most = rows["pid"].nunique()
    if limit is None or rows.empty or most < facts.database.limits.connections_share * limit:
        return []
    at = rows["captured_at"].iloc[0]
    return [
        Finding(
            check="connections",
            severity=Severity.MEDIUM,
            statement=(f"{most:,} of {limit:,} connections were taken at {at:%Y-%m-%d %H:%M:%S} UTC{_held_by(facts)}"),
            subject={"kind": "near_limit"},
            evidence=log_refs(rows),
            strength=most / limit,
            first_seen=at,
            last_seen=at,
            observed=float(most),
            baseline=float(limit),
            unit="connections",
            next_step="Close what is idle in transaction first; then pool connections, or raise max_connections",
        )
    ]


def _max_connections(facts: Facts) -> int | None:
    """How many connections the server gives to ordinary users, by its settings; None where these are not known."""
    stated = facts.statistics.setting("max_connections")
    if stated is None or not stated.isdigit():
        return None
    kept = [facts.statistics.setting(name) for name in ("superuser_reserved_connections", "reserved_connections")]
    return max(1, int(stated) - sum(int(number) for number in kept if number and number.isdigit()))


def _limit(facts: Facts) -> str:
    limit = _max_connections(facts)
    return f" ({limit:,} are for ordinary users)" if limit is not None else ""


def _fullest_sample(facts: Facts) -> pd.DataFrame:
    """Clients in the sample of the window with most of them, the first of several; empty without samples."""
    sessions = facts.sampled_sessions(NOW)
    clients = sessions[sessions["state"].notna()]
    counts = clients.groupby("captured_at")["pid"].nunique()
    return clients if counts.empty else clients[clients["captured_at"] == counts.idxmax()]


def _held_by(facts: Facts) -> str:
    """Who held most connections in the fullest sample, and in which state."""
    rows = _fullest_sample(facts)
    if rows.empty:
        return ""
    names = rows["application"].fillna("").where(rows["application"].fillna("") != "", rows["user"].fillna("unknown"))
    held = pd.Series(1, index=[names, rows["state"]]).groupby(level=[0, 1]).sum().sort_values(ascending=False)
    words = [f"{number:,} by {redact(str(name))} ({state})" for (name, state), number in held.head(HOLDERS).items()]
    return f"; held {', '.join(words)}"
