"""Who waited for whom, and who stood at the root?"""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.lock_chains import MOST, joined_waits, lock_chains
from ddms_ops.analysis.lock_roots import Root, lock_root
from ddms_ops.analysis.lock_waits import PREPARED, UNKNOWN, Chain, logged_waits, sampled_waits, waiting_ms
from ddms_ops.analysis.statement_log import BEFORE, NO_TEXT, NOW
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.log_limits import is_full
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact
from ddms_ops.window import Window

WAITS = ("lock_wait", "lock_acquired", "lock_failed", "cancelled", "deadlock", "terminated", "server")
RISE = 2.0
SHOWN = 5
FEWEST_SAMPLES = 3
FAR = pd.Timedelta(minutes=10)  # how far around a chain its root is looked at
STEP = (
    "End the transaction at the root: ask who runs it, then pg_terminate_backend(its pid); set {setting} for its role"
)
STEPS = {
    PREPARED: "Find it in pg_prepared_xacts: ask who prepared it, then COMMIT PREPARED or ROLLBACK PREPARED its gid",
    UNKNOWN: "Set log_error_verbosity = default, so that the log names the holder; now ask pg_blocking_pids for it",
}
NAMES = {PREPARED: "A prepared transaction", UNKNOWN: "An unknown process (the log names no holder)"}


@dataclass(frozen=True, slots=True)
class _Told:
    """An event of the log that is counted: its kind of event and of finding, how its message begins, what to do."""

    event: str
    kind: str
    begins: str
    noun: str
    step: str
    severity: Severity = Severity.MEDIUM


DEADLOCK = _Told(
    "deadlock",
    "deadlock",
    "deadlock detected",
    "deadlock",
    "Take the locks in one order in every transaction, and try again the one that was cancelled",
)
TIMEOUTS = (
    _Told(
        "lock_failed",
        "lock_timeout",
        "canceling statement due to lock timeout",
        "lock timeout",
        "Find who holds the lock (the roots of the waits, pg_blocking_pids), and try again what was cancelled",
        Severity.HIGH,
    ),
    _Told(
        "idle_timeout",
        "idle_timeout",
        "terminating connection due to idle-in-transaction timeout",
        "idle-in-transaction timeout",
        "Find what the application does between its statements (calls of other services, a lost commit), and do it"
        " outside of the transaction",
    ),
)
NO_WAITS_LOGGED = (
    "lock waits are logged with log_lock_waits = on only, and whether it is on is not known;"
    f" nor are there {FEWEST_SAMPLES} samples of the sessions"
)


def check_blocking(facts: Facts) -> list[Finding]:
    """Roots of lock waits, and deadlocks and timeouts.

    A root is told of where a wait for it lasted `limits.wait_s` or more, or where all of them come to
    `limits.medium_load`. It is LOW where all waiting of the window is less than twice that of the baseline, else HIGH,
    MEDIUM or LOW by its load, the root of most waiting by the load of all.
    """
    if is_absent(facts, "database_log") and is_absent(facts, "statistics"):
        raise CannotTell("no Postgres log and no samples of its sessions")
    return [*_roots(facts), *_counted_events(facts)]


def all_waits(facts: Facts) -> pd.DataFrame:
    """Lock waits of window and baseline, of log and samples: `lock_waits.COLUMNS`.

    One without an end lasts to the end of its side; where the two touch, to the end of both.
    """
    events = facts.statement_log.of(*WAITS)
    ends = {NOW: facts.window.end, BEFORE: facts.baseline.end}
    if facts.is_joined:
        logged = logged_waits(events, max(ends.values()))
    else:
        parts = [logged_waits(events[events["side"] == side], end) for side, end in ends.items()]
        logged = pd.concat(parts, ignore_index=True)
    samples = pd.concat([facts.sampled_sessions(BEFORE), facts.sampled_sessions(NOW)], ignore_index=True)
    return joined_waits(logged, sampled_waits(samples))


def all_chains(facts: Facts) -> list[Chain]:
    """Chains of lock waits of window and baseline, those that cost most waiting first."""
    return lock_chains(facts.lock_waits)


def chains_of(facts: Facts, side: str) -> list[Chain]:
    """Chains of one side: `now` those that overlap the window, `before` those that overlap the baseline only."""
    is_now = [_overlaps(chain, facts.window) for chain in facts.lock_chains]
    if side == NOW:
        return [chain for chain, ours in zip(facts.lock_chains, is_now, strict=True) if ours]
    others = [chain for chain, ours in zip(facts.lock_chains, is_now, strict=True) if not ours]
    return [chain for chain in others if _overlaps(chain, facts.baseline)]


def unlogged_waits(facts: Facts) -> str:
    """Why no wait may not mean that none was: waits are not logged, and nobody sampled the sessions."""
    is_on = facts.statistics.setting("log_lock_waits") == "on" or len(facts.statement_log.of("lock_wait"))
    if is_on and not is_absent(facts, "database_log"):
        return ""
    return "" if facts.sampled_sessions(NOW)["captured_at"].nunique() >= FEWEST_SAMPLES else NO_WAITS_LOGGED


def root_of(facts: Facts, chain: Chain) -> Root:
    """The session at a chain's root, from the log and from samples; nothing of it where no process is known."""
    samples = pd.concat([facts.sampled_sessions(BEFORE), facts.sampled_sessions(NOW)], ignore_index=True)
    events = facts.statement_log.of_process(chain.server, chain.root, chain.start - FAR, chain.end + FAR)
    if chain.root in NAMES:
        samples, events = samples.iloc[:0], events.iloc[:0]
    return lock_root(chain, events, samples[samples["pid"] == chain.root], is_full=is_full(facts))


def _overlaps(chain: Chain, window: Window) -> bool:
    return chain.start < window.end and (chain.end > window.start or chain.start >= window.start)


def _roots(facts: Facts) -> list[Finding]:
    """One finding for each root, the root of most waiting first."""
    limits, window = facts.database.limits, facts.window
    by_root: dict[tuple[str, int], list[Chain]] = {}
    for chain in chains_of(facts, NOW):
        by_root.setdefault((chain.server, chain.root), []).append(chain)
    waited = {key: sum(chain.waited_ms_in(window.start, window.end) for chain in part) for key, part in by_root.items()}
    every = facts.lock_waits
    if not by_root or every.empty:
        return []
    total = waiting_ms(every, window.start, window.end)
    usual = waiting_ms(every, facts.baseline.start, facts.baseline.end) * (window.length / facts.baseline.length)
    found: list[Finding] = []
    for key in sorted(by_root, key=lambda key: (-waited[key], key))[:SHOWN]:
        load = _load(facts, waited[key])
        if max(chain.longest_ms for chain in by_root[key]) < limits.wait_s * 1000 and load < limits.medium_load:
            continue
        severity = Severity.LOW if total < RISE * usual else _severity(facts, load if found else _load(facts, total))
        found.append(_finding(facts, by_root[key], severity, usual, _all_words(total, usual, len(every))))
    return found


def _all_words(total_ms: float, usual_ms: float, number: int) -> str:
    cut = f" (chains are made of the longest {MOST:,} of {number:,} waits)" if number > MOST else ""
    return f"; all lock waits of the window come to {_s(total_ms)}, {_s(usual_ms)} expected by the baseline{cut}"


def _load(facts: Facts, waited_ms: float) -> float:
    """How many sessions waited on average."""
    return waited_ms / (facts.window.length / pd.Timedelta(milliseconds=1))


def _severity(facts: Facts, load: float) -> Severity:
    limits = facts.database.limits
    if load >= limits.high_load:
        return Severity.HIGH
    return Severity.MEDIUM if load >= limits.medium_load else Severity.LOW


def _finding(facts: Facts, chains: list[Chain], severity: Severity, usual_ms: float, of_all: str) -> Finding:
    longest = max(chains, key=lambda chain: (chain.longest_ms, chain.waited_ms))
    root = root_of(facts, longest)
    waited, depth = sum(chain.waited_ms for chain in chains), max(chain.depth for chain in chains)
    waiters = {pid for chain in chains for pid in chain.waiters}
    first, last = min(chain.start for chain in chains), max(chain.end for chain in chains)
    bursts = f" in {counted(len(chains), 'burst')}" if len(chains) > 1 else ""
    text = _most_of(facts, chains)
    return Finding(
        check="blocking",
        severity=severity,
        statement=(
            f"{NAMES.get(longest.root, f'Process {longest.root}')}{_did(facts, root)} held up"
            f" {counted(len(waiters), 'session')}, {counted(depth, 'wait')} deep, from {first:%Y-%m-%d %H:%M:%S} to"
            f" {last:{'%H:%M:%S' if last.date() == first.date() else '%Y-%m-%d %H:%M:%S'}} UTC{bursts}:"
            f" {_s(waited)} waited in all, {_s(longest.longest_ms)} at the longest"
            f"{f'; most of it in {text}' if text else ''}{of_all}"
        ),
        subject={
            "kind": "idle_in_transaction" if root.is_idle else "lock_chain" if depth > 1 else "lock_wait",
            "root": {PREPARED: "prepared transaction", UNKNOWN: "unknown"}.get(longest.root, str(longest.root)),
            "root_state": root.state or "unknown",
            "start": f"{first:%Y-%m-%dT%H:%M:%SZ}",
        },
        evidence=log_refs(_evidence(chains)),
        strength=waited,
        first_seen=first,
        last_seen=last,
        observed=waited / 1000,
        baseline=usual_ms / 1000,
        unit="s waited",
        next_step=STEPS.get(longest.root)
        or STEP.format(setting="idle_in_transaction_session_timeout" if root.is_idle else "lock_timeout"),
    )


def _evidence(chains: list[Chain]) -> pd.DataFrame:
    rows = dict.fromkeys(row for chain in chains for row in chain.rows)
    return pd.DataFrame(list(rows), columns=["pull", "row"])


def _most_of(facts: Facts, chains: list[Chain]) -> str:
    """The statement that waited most, empty where none is known."""
    spent: dict[str, float] = {}
    for name, length_ms in (each for chain in chains for each in chain.statement_ms):
        spent[name] = spent.get(name, 0.0) + length_ms
    return facts.statement_text(min(spent, key=lambda name: (-spent[name], name))) if spent else ""


def _did(facts: Facts, root: Root) -> str:
    """` of app@dms, idle in transaction for 12 s after UPDATE …,`."""
    who = f" of {redact(root.who)}" if root.who else ""
    idle = f" for {_s(root.idle_ms)}" if root.is_idle and root.idle_ms else ""
    text = facts.statement_text(root.statement) if root.statement else ""
    ran = f"{' after ' if root.is_idle else ': '}{text}" if text else ""
    doing = f", {root.state}{idle}{ran}," if root.state and (text or root.is_idle) else ""
    return f"{who}{doing}"


def _counted_events(facts: Facts) -> list[Finding]:
    """Deadlocks, and timeouts where there are `triage.min_events` of them and twice as many as before."""
    least = facts.profile.triage.min_events
    rises = [
        found
        for told in TIMEOUTS
        for found in _told(facts, told)
        if found.strength >= least and found.severity.is_above_low
    ]
    return [*_told(facts, DEADLOCK), *rises]


def _told(facts: Facts, told: _Told) -> list[Finding]:
    """One finding for all such events of the window, LOW where the baseline has half as many or more."""
    events = facts.statement_log.of(told.event)
    events = events[events["message"].fillna("").astype("str").str.startswith(told.begins)]
    ours, before = events[events["side"] == NOW], int((events["side"] == BEFORE).sum())
    if ours.empty:
        return []
    usual = before * (facts.window.length / facts.baseline.length)
    names = ours.loc[ours["id"] != NO_TEXT, "id"].value_counts()
    text = facts.statement_text(str(min(names.index[names == names.max()]))) if len(names) else ""
    first, last = ours["timestamp"].min(), ours["timestamp"].max()
    return [
        Finding(
            check="blocking",
            severity=told.severity if len(ours) >= RISE * usual else Severity.LOW,
            statement=(
                f"{counted(len(ours), told.noun)} from {first:%Y-%m-%d %H:%M:%S} UTC, {usual:.3g} expected by the"
                f" baseline{f'; most often in {text}' if text else ''}"
            ),
            subject={"kind": told.kind},
            evidence=log_refs(ours),
            strength=float(len(ours)),
            first_seen=first,
            last_seen=last,
            observed=float(len(ours)),
            baseline=usual,
            unit=f"{told.noun}s",
            next_step=told.step,
        )
    ]


def _s(length_ms: float) -> str:
    return f"{length_ms / 1000:,.1f} s"
