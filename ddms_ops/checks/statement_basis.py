"""What the comparison of statements rests on: the Postgres log where it tells of all calls, else the counters."""

import numpy as np
import pandas as pd

from ddms_ops.analysis.counters import CounterSpan
from ddms_ops.analysis.statement_log import BEFORE, NOW, StatementLog
from ddms_ops.analysis.time_bridge import time_bridge
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.basis import LOG, SNAPSHOTS, Basis
from ddms_ops.checks.log_limits import is_full, limit_ms, limit_words, unlike_limits
from ddms_ops.coverage import Coverage
from ddms_ops.sql_text import masked, statement_ids

PREPARING = 0.1  # of the calls' time: from there on, time in parse and bind is said
LOGGED = ("database_log", "database_log.baseline")
HOW_TO_LOG = "log_min_duration_statement = 0 (or a limit in ms) makes Postgres log them"
HOW_TO_COUNT = "take snapshots before and after with docs/database-snapshot.sql"
SUMS = ["calls", "total_ms", "rows_returned", "blocks_hit", "blocks_read", "temp_written", "wal_bytes"]


def statement_basis(facts: Facts) -> Basis:
    """The basis for comparing statements of window and baseline.

    Raises:
        CannotTell: neither the log nor the snapshots allow a comparison; the message says why of each.
    """
    from_log, why_no_log = _of_log(facts, facts.statement_log)
    from_counters, why_no_counters = facts.counted_basis
    if from_log is not None and (is_full(facts) or from_counters is None):
        return from_log
    if from_counters is not None:
        return from_counters
    if is_absent(facts, *LOGGED, "statistics"):
        raise CannotTell(f"no Postgres log and no statistics of it; {HOW_TO_LOG}, or {HOW_TO_COUNT}")
    raise CannotTell(f"cannot tell: {why_no_log}; {why_no_counters}")


def _of_log(facts: Facts, log: StatementLog) -> tuple[Basis | None, str]:
    """The basis of the log, or why there is none."""
    now, before = log.stats(NOW), log.stats(BEFORE)
    pulls = [pull for kind in LOGGED for pull in facts.pulls(kind)]
    if is_absent(facts, *LOGGED):
        return None, "there is no Postgres log"
    if now.empty and before.empty:
        entries = sum(pull.rows for pull in pulls)
        return None, f"none of the log's {entries:,} entries has a statement with its duration: {HOW_TO_LOG}"
    if now.empty or before.empty:
        return None, f"the log has no statement with its duration in the {'window' if now.empty else 'baseline'}"
    if unlike := unlike_limits(facts):
        return None, unlike
    partial = [f"{pull.pull} is {_words(pull)}" for pull in pulls if not pull.is_all_there]
    scale = _same_calls(now, before) if partial else facts.window.length / facts.baseline.length
    uncounted = ["calls cannot be compared, only the time of one"] if partial else []
    notes = [note for note in (limit_words(facts), *partial, *uncounted, _preparing(log)) if note]
    seconds = facts.window.length / pd.Timedelta(seconds=1)
    return Basis(
        LOG, now, before, time_bridge(now, before, scale=scale), seconds, log.texts, tuple(notes),
        is_counted=not partial, scale=scale, limit_ms=limit_ms(facts, NOW) or 0.0,
    ), ""  # fmt: skip


def _preparing(log: StatementLog) -> str:
    """Words for time in parse and bind, where it is much."""
    spent, calls = log.preparing_ms(NOW), log.stats(NOW)["total_ms"].sum()
    if spent < PREPARING * calls:
        return ""
    before = log.preparing_ms(BEFORE)
    return f"parse and bind, which plan, took {spent / 1000:,.2f} s besides, {before / 1000:,.2f} s before"


def counted_basis(now: CounterSpan, before: CounterSpan) -> tuple[Basis | None, str]:
    """The basis of the snapshots' counters, whatever the comparison rests on; or why there is none."""
    faults = [*now.faults, *before.faults]
    if not now.is_valid or not before.is_valid:
        return None, "; ".join(faults) or "the snapshots tell nothing of a time before the window"
    sides: list[pd.DataFrame] = []
    texts: dict[str, str] = {}
    for span in (now, before):
        if len(span.deltas) and not np.isfinite(span.deltas["total_ms"]).any():
            return None, "the snapshots have no column of time that can be read (total_exec_time or total_time)"
        ids = statement_ids({masked(text) for text in span.deltas["text"].dropna()})
        texts |= {name: text for text, name in sorted(ids.items(), reverse=True)}
        sides.append(_by_statement(span.deltas, ids))
    is_counted = before.seconds is not None and now.seconds is not None
    scale = now.seconds / before.seconds if is_counted else _same_calls(*sides)  # type: ignore[operator]
    unknown = [] if is_counted else ["how long the counters ran before is not known: calls cannot be compared"]
    notes = (*faults, *unknown)
    bridge = time_bridge(*sides, scale=scale)
    return Basis(
        SNAPSHOTS, sides[0], sides[1], bridge, now.seconds or 0.0, texts, notes,
        is_counted=is_counted, scale=scale, known=_known(now, sides[0]),
    ), ""  # fmt: skip


def _by_statement(deltas: pd.DataFrame, ids: dict[str, str]) -> pd.DataFrame:
    """Counters of each statement that a client sent, whatever user and query id it has.

    What functions ran is in the time of the statement that called them. A hidden text is known by its query id.
    """
    called = deltas[(deltas["calls"] > 0) & deltas["toplevel"] & np.isfinite(deltas["total_ms"])]
    names = [
        f"query id {query_id}" if pd.isna(text) or not text else ids[masked(text)]
        for text, query_id in zip(called["text"], called["query_id"], strict=True)
    ]
    named = called.assign(statement=names, rows_returned=called["rows"])
    found = named.groupby("statement")[SUMS].sum(min_count=1)
    found["mean_ms"] = found["total_ms"] / found["calls"]
    sides = zip(named["pull"], named["row"], named["row_before"], strict=True)
    named["evidence"] = [[(pull, row), (pull, before)] for pull, row, before in sides]
    evidence = named.groupby("statement").agg(evidence=("evidence", "sum"), is_new=("is_new", "all"))
    return found.join(evidence)


def _known(now: CounterSpan, called: pd.DataFrame) -> frozenset[str]:
    """Statements that the counters held before the window, called in the baseline or not."""
    is_known = ~called["is_new"].astype("bool") & now.is_valid
    return frozenset(str(name) for name in called.index[is_known])


def _same_calls(now: pd.DataFrame, before: pd.DataFrame) -> float:
    """The scale that makes the calls of both sides as many, for want of a length of time."""
    return float(now["calls"].sum() / before["calls"].sum()) if before["calls"].sum() else 1.0


def _words(pull: Coverage) -> str:
    return f"{str(pull.status).replace('_', ' ')}{': ' + pull.reason if pull.reason else ''}"
