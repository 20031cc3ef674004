"""Messages that Insights cut, fetched whole by their pointer; bounded, those that tell of errors first."""

from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.session import AwsSession

MOST = 200
SHORTEST = 256  # bytes; no shorter message is taken for a cut one
LONGEST = 256 * 1024  # bytes; every message so long is taken for a cut one
TELLING = "rror|xception|FATAL|panic"


class WholeMessages:
    """Recovers at most 200 messages in all; threads may share it."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._left = MOST
        self._lock = Lock()

    def recovered(self, events: pa.Table) -> tuple[pa.Table, int]:
        """The events with their whole messages, and how many may still be cut.

        A message is taken for cut when it is 256 KiB or longer, or begins as a JSON object and does not end as one.
        """
        places = _cut_places(events)
        if not places:
            return events, 0
        messages = events["message"].to_pylist()
        pointers = events["event_id"]
        still_cut = 0
        for place in places:
            whole = self._whole(pointers[place].as_py())
            if whole is None:
                still_cut += 1
            elif whole.startswith(messages[place]):
                messages[place] = whole
            else:
                still_cut += 1
        column = events.schema.get_field_index("message")
        return events.set_column(column, "message", pa.array(messages, pa.string())), still_cut

    def _whole(self, pointer: str | None) -> str | None:
        """The message of a record, None where it cannot be had any more."""
        with self._lock:
            if not pointer or self._left <= 0:
                return None
            self._left -= 1
        try:
            record = self._session.call("logs", "GetLogRecord", logRecordPointer=pointer)
        except AwsFault:
            return None
        message = record.get("logRecord", {}).get("@message")
        return str(message) if message is not None else None


def _cut_places(events: pa.Table) -> list[int]:
    """Rows that may be cut, those that tell of errors first."""
    if not events.num_rows:
        return []  # pyarrow 25 crashes in indices_nonzero over no chunks
    message = events["message"]
    length = pc.binary_length(message)
    is_long = pc.greater_equal(length, LONGEST)
    bare = pc.utf8_trim_whitespace(message)
    is_open = pc.and_(pc.starts_with(bare, "{"), pc.invert(pc.ends_with(bare, "}")))
    is_cut = pc.fill_null(pc.or_(is_long, pc.and_(is_open, pc.greater_equal(length, SHORTEST))), False)
    places = pc.indices_nonzero(is_cut)
    tells = pc.match_substring_regex(message.take(places), TELLING).to_pylist()
    ordered = sorted(zip(places.to_pylist(), tells, strict=True), key=lambda found: (not found[1], found[0]))
    return [place for place, _ in ordered]
