"""What one slice of a log pull came to."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.log_pages import COLUMNS, MILLISECONDS
from ddms_ops.sources.aws.log_windows import Slice


@dataclass(frozen=True, slots=True)
class SliceAnswer:
    """Events of one slice, trimmed to it.

    `missing` says in words what did not come, empty when all did; `fault` is set where asking on is of no use.
    """

    events: pa.Table
    missing: tuple[str, ...] = ()
    fault: AwsFault | None = None
    bytes_scanned: int = 0


def trimmed(events: pa.Table, piece: Slice) -> pa.Table:
    """Events of a slice, half-open, each pointer or event id once."""
    stamps = events["timestamp"]
    start, end = (pa.scalar(second * 1000, pa.int64()).cast(MILLISECONDS) for second in (piece.start_s, piece.end_s))
    inside = events.filter(pc.and_(pc.greater_equal(stamps, start), pc.less(stamps, end)))
    return each_once(inside)


def each_once(events: pa.Table) -> pa.Table:
    """Events without those whose id came before; events without an id are all kept."""
    ids = events["event_id"]
    known = len(ids) - ids.null_count
    if known == pc.count_distinct(ids).as_py():
        return events
    first: dict[str, int] = {}
    places = [
        place for place, name in enumerate(ids.to_pylist()) if name is None or first.setdefault(name, place) == place
    ]
    return events.take(pa.array(places))


def joined(pages: list[pa.Table]) -> pa.Table:
    """Pages as one table, empty with its columns where there are none."""
    return pa.concat_tables(pages) if pages else COLUMNS.empty_table()
