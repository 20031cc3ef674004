"""Whose database time it is: each statement's tenant, from the setting that its session made before it.

A setting made with LOCAL holds until its transaction ends, another until the session sets it again or ends; one made in
a transaction that is rolled back never held after it. What is not seen is not guessed: those statements are unknown.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from ddms_ops.analysis.statement_log import BEFORE, CALLS, NOW, StatementLog
from ddms_ops.tenant_ids import other_spellings, spelled_alike

UNKNOWN = "unknown"
FAILURES = ("error", "cancelled", "deadlock", "lock_failed")
COLUMNS = ["side", "tenant", "statement", "calls", "total_ms"]
# What says whose a call is, and the calls themselves. `bound` is 1 at a BEGIN, 2 at a COMMIT, 3 at a ROLLBACK, 4 at a
# connection or its end, 5 at an error, after which a transaction can only be rolled back. What failed sets nothing;
# after ROLLBACK TO a savepoint nothing is known of the transaction's own settings.
EVENTS = f"""
SELECT hash(server || if($2, '', side)) AS source, coalesce(pid, -1) AS pid, place, (side = '{NOW}')::TINYINT AS is_now,
    number, if(is_call, duration_ms, NULL) AS duration_ms,
    CASE WHEN kind IN ('connection', 'disconnection') THEN 4 WHEN kind IN {FAILURES} THEN 5 WHEN NOT is_call THEN 0
        WHEN transaction = 'begin' THEN 1 WHEN transaction = 'commit' THEN 2 WHEN transaction = 'rollback' THEN 3
        ELSE 0 END::TINYINT AS bound,
    CASE WHEN NOT is_call THEN NULL WHEN transaction = 'rollback_to' THEN ''
        WHEN list_contains($1, lower(set_name)) OR lower(set_name) = 'all'
        THEN if(upper(set_value) = 'DEFAULT', '', coalesce(set_value, '')) END AS value,
    (coalesce(set_is_local, false) OR coalesce(transaction = 'rollback_to', false))::TINYINT AS is_local
FROM (SELECT *, kind IN {CALLS} AND isfinite(duration_ms) AS is_call FROM named)
WHERE is_call OR kind IN ('connection', 'disconnection') OR kind IN {FAILURES}
"""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Events in the order of log, process and line; where each one's backend, and its stretch between bounds, begin."""

    backend: np.ndarray
    span: np.ndarray
    is_block: np.ndarray
    is_undone: np.ndarray


def tenant_time(log: StatementLog, *, settings: tuple[str, ...], is_joined: bool = True) -> pd.DataFrame:
    """Calls and time of each tenant's statements.

    Args:
        log: the events.
        settings: names of the settings that hold the tenant, e.g. `app.tenant_id`.
        is_joined: whether the baseline ends where the window begins, or the other way round: what a session set in the
            one then holds in the other.

    Returns:
        side (`now`, `before`), tenant (`unknown` where the log does not show it), statement (its id), calls, total_ms
        (float64). The parts of a side add up to all its calls.
    """
    table = log.table_of(EVENTS, [[name.lower() for name in settings], is_joined])
    if not table.num_rows:
        return pd.DataFrame(columns=COLUMNS)
    order = np.lexsort([table[name].to_numpy() for name in ("place", "pid", "source")])
    values = table["value"].combine_chunks().dictionary_encode()

    def ordered(name: str) -> np.ndarray:
        return table[name].to_numpy()[order]

    pid = ordered("pid")
    rows = _rows((pid, ordered("source")), ordered("bound"))
    codes = pc.fill_null(values.indices, -1).to_numpy()[order]
    tenant = np.where(pid < 0, -1, _held(rows, codes, ordered("is_local")))
    names = [*values.dictionary.to_pylist(), ""]
    return _sums(log, names, (ordered("is_now"), tenant % len(names), ordered("number")), ordered("duration_ms"))


def spelled_time(time: pd.DataFrame, *, is_folded: bool) -> pd.DataFrame:
    """The `tenant_time` of tenants whose ids are folded: each by the spelling that most of its calls have."""
    known = time[time["tenant"] != UNKNOWN]
    others = other_spellings(known.groupby("tenant")["calls"].sum(), is_folded=is_folded)
    if not others:
        return time
    spelled = time.assign(tenant=spelled_alike(time["tenant"], others))
    return spelled.groupby(COLUMNS[:3], as_index=False, sort=True)[COLUMNS[3:]].sum()


def _sums(
    log: StatementLog, names: list[str], keys: tuple[np.ndarray, np.ndarray, np.ndarray], duration: np.ndarray
) -> pd.DataFrame:
    """Calls and time by side, tenant and statement."""
    is_call = ~np.isnan(duration)
    shape = (2, len(names), len(log.ids))
    code = np.ravel_multi_index([key[is_call] for key in keys], shape)
    found, place, calls = np.unique(code, return_inverse=True, return_counts=True)
    sides, tenants, statements = np.unravel_index(found, shape)
    table = pd.DataFrame(
        {
            "side": np.where(sides == 1, NOW, BEFORE),
            "tenant": [names[tenant] or UNKNOWN for tenant in tenants],
            "statement": [log.ids[number] for number in statements],
            "calls": calls.astype("float64"),
            "total_ms": np.bincount(place, weights=duration[is_call], minlength=len(found)),
        }
    )
    return table.groupby(COLUMNS[:3], as_index=False, sort=True)[COLUMNS[3:]].sum()


def _rows(process: tuple[np.ndarray, np.ndarray], bound: np.ndarray) -> _Rows:
    """Where backends and the stretches between bounds begin: at a BEGIN, and after a COMMIT or ROLLBACK."""
    places = np.arange(len(bound))
    is_other = np.ones(len(bound), dtype=bool)
    is_other[1:] = (process[0][1:] != process[0][:-1]) | (process[1][1:] != process[1][:-1])
    is_new = is_other | (bound == 4)
    after_end = np.zeros(len(bound), dtype=bool)
    after_end[1:] = (bound[:-1] == 2) | (bound[:-1] == 3)
    begins = is_new | (bound == 1) | after_end
    span = np.maximum.accumulate(np.where(begins, places, 0))
    undone = np.zeros(len(bound), dtype=bool)
    undone[span[(bound == 3) | (bound == 5)]] = True
    backend = np.maximum.accumulate(np.where(is_new, places, 0))
    return _Rows(backend, span, (bound == 1)[span], undone[span])


def _held(rows: _Rows, value: np.ndarray, is_local: np.ndarray) -> np.ndarray:
    """The code of the value that holds at each event, -1 where none is seen."""
    sets = value >= 0
    here = _last(sets & ((is_local == 0) | rows.is_block), rows.span)
    session = _last(sets & (is_local == 0) & ~rows.is_undone, rows.backend)
    last = np.where(here >= 0, here, session)
    return np.where(last >= 0, value[last], -1)


def _last(is_set: np.ndarray, since: np.ndarray) -> np.ndarray:
    """The place of the last True at or before each, not before `since`; -1 where there is none."""
    last = np.maximum.accumulate(np.where(is_set, np.arange(len(is_set)), -1))
    return np.where(last >= since, last, -1)
