"""Log events by FilterLogEvents: free of charge, exact to the millisecond, slow for large groups."""

from threading import Event

import pyarrow as pa

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.log_answer import SliceAnswer, joined, trimmed
from ddms_ops.sources.aws.log_pages import EVENTS
from ddms_ops.sources.aws.log_windows import Slice
from ddms_ops.sources.aws.session import AwsSession

PAGE = 10_000


class FilterEvents:
    """FilterLogEvents over one log group.

    Args:
        stopping: set when nothing more is wanted; asking ends after the page at hand.
    """

    def __init__(self, session: AwsSession, log_group: str, *, stopping: Event) -> None:
        self._session, self._log_group, self._stopping = session, log_group, stopping

    def fetch(self, piece: Slice) -> SliceAnswer:
        """Events of one slice; what came before a fault is kept."""
        pages: list[pa.Table] = []
        asked = {
            "logGroupName": self._log_group,
            "startTime": piece.start_s * 1000,
            "endTime": piece.end_s * 1000 - 1,  # both ends inclusive
            "limit": PAGE,
        }
        fault = None
        try:
            for page in self._session.pages("logs", "FilterLogEvents", ask="nextToken", answer="nextToken", **asked):
                pages.append(page[EVENTS])
                if self._stopping.is_set() and page["nextToken"]:
                    fault = AwsFault(Status.PARTIAL, "stopped")
                    break
        except AwsFault as raised:
            fault = raised
        missing = (f"{piece}: {fault.words}",) if fault else ()
        is_of_this_slice = fault is not None and fault.status is Status.PARTIAL
        return SliceAnswer(trimmed(joined(pages), piece), missing, None if is_of_this_slice else fault)
