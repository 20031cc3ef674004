"""One order of records, whatever the source: by time, and records of one time by their other columns."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def in_order(rows: pa.Table, time: str) -> pa.Table:
    """The rows by the column `time` and then by the others, left to right, nulls last.

    Cheap for rows that are ordered by time already: only those of equal times are sorted.
    """
    steps = np.diff(stamps(rows, time))
    if (steps > 0).all():
        return rows
    keys = [(name, "ascending") for name in (time, *(name for name in rows.column_names if name != time))]
    if (steps < 0).any():
        return rows.sort_by(keys)
    same = steps == 0
    tied = np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))
    places = np.arange(rows.num_rows)
    places[tied] = tied[pc.sort_indices(rows.take(tied), sort_keys=keys).to_numpy()]
    return rows.take(places)


def stamps(rows: pa.Table, time: str) -> np.ndarray:
    """The column `time` as whole numbers of its unit."""
    return rows[time].cast(pa.int64()).to_numpy()
