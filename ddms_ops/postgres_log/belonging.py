"""Which entries belong to the event before them: DETAIL, CONTEXT, STATEMENT and so on of the same pid."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.postgres_log.prefix import FOLLOWERS

NEAR = 1000  # entries within which what belongs to an event follows it
COLUMNS = {"DETAIL": "detail", "CONTEXT": "context", "STATEMENT": "query"}


def owners(levels: pa.ChunkedArray, rows: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The place of the event that each entry belongs to, -1 for an event of its own.

    Args:
        levels: of the entries, null for what is none.
        rows: their positions in the pull.
        keys: a number for each process, -1 where it is unknown: its entries are events of their own.
    """
    is_follower = pc.fill_null(pc.is_in(levels, pa.array(FOLLOWERS)), False).to_numpy()
    found = np.full(len(rows), -1, np.int64)
    order = np.argsort(keys, kind="stable")
    is_event, sorted_keys = ~is_follower[order], keys[order]
    place = np.maximum.accumulate(np.where(is_event, np.arange(len(order)), 0)) if len(order) else order
    owner = order[place]
    fits = ~is_event & (sorted_keys >= 0) & (keys[owner] == sorted_keys) & ~is_follower[owner]
    fits &= rows[order] - rows[owner] <= NEAR
    found[order[fits]] = owner[fits]
    return found


def attached(parts: pa.Table, owner: np.ndarray) -> pa.Table:
    """The entries with detail, context and query of what belongs to them; of several, of the first."""
    levels = parts["level"]
    for level, name in COLUMNS.items():
        rows = np.flatnonzero(pc.fill_null(pc.equal(levels, level), False).to_numpy() & (owner >= 0))[::-1]
        if not len(rows):
            continue
        place = np.full(len(owner), -1, np.int64)
        place[owner[rows]] = rows
        given = parts["message"].take(pa.array(place, mask=place < 0))
        parts = parts.set_column(parts.column_names.index(name), name, pc.coalesce(given, parts[name]))
    return parts
