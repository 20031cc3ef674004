"""One Logs Insights query, from its start to its last page; stopped when nobody waits for it any more."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any

import pyarrow as pa

from ddms_ops.coverage import Status
from ddms_ops.interrupts import whole_step
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.log_pages import ROWS
from ddms_ops.sources.aws.log_windows import Slice
from ddms_ops.sources.aws.session import AwsSession

WAITING = frozenset({"Scheduled", "Running"})
FIRST_POLL_S = 0.05
LONGEST_POLL_S = 5.0
LONGEST_S = 900.0
LIMIT = 100_000


class QueryTimedOut(Exception):
    """The query ran into a time limit, AWS's or ours; a smaller window may do."""


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """Rows of a finished query as text columns, and what it read.

    `matched` counts the events that the query's filters let through, before any limit. `fault` says why not all
    pages came.
    """

    rows: pa.Table
    matched: int
    bytes_scanned: int
    fault: AwsFault | None = None


class InsightsQueries:
    """Runs queries on one log group; threads may share it.

    Args:
        stopping: set when nothing more is wanted; running queries then end in an AwsFault.
        longest_s: a query that runs longer is stopped.
    """

    def __init__(self, session: AwsSession, log_group: str, *, stopping: Event, longest_s: float = LONGEST_S) -> None:
        self._session, self._log_group, self._stopping = session, log_group, stopping
        self._longest_s = longest_s

    def run(self, text: str, piece: Slice) -> QueryAnswer:
        """The answer over [start, end], both whole seconds inclusive, as AWS takes them.

        Raises:
            QueryTimedOut: it took too long.
            AwsFault: it failed, was cancelled, or could not be asked.
        """
        self._check_wanted()
        query, pages, fault = "", list[dict[str, Any]](), None
        try:
            with whole_step():  # a query that was started can be stopped only by its id
                query = self._start(text, piece)
            for page in self._pages(query):
                pages.append(page)
        except (AwsFault, QueryTimedOut) as raised:
            self._stop(query)
            if not pages or isinstance(raised, QueryTimedOut):
                raise
            fault = raised
        except KeyboardInterrupt:
            self._stop(query)
            raise
        statistics = {name: max(page["statistics"][name] for page in pages) for name in pages[0]["statistics"]}
        tables = [page[ROWS] for page in pages if page[ROWS].num_rows]
        rows = pa.concat_tables(tables, promote_options="default") if tables else pa.table({})
        return QueryAnswer(rows, statistics["recordsMatched"], statistics["bytesScanned"], fault)

    def _start(self, text: str, piece: Slice) -> str:
        answer = self._session.call(
            "logs", "StartQuery", logGroupName=self._log_group, queryString=text,
            startTime=piece.start_s, endTime=piece.end_s,
        )  # fmt: skip
        return str(answer["queryId"])

    def _stop(self, query: str) -> None:
        """Stop a query that nobody waits for; one that has ended by itself, or never began, is no fault."""
        if not query:
            return
        with contextlib.suppress(AwsFault):
            self._session.call("logs", "StopQuery", queryId=query)

    def _pages(self, query: str) -> Iterator[dict[str, Any]]:
        page = self._finished(query)
        yield page
        seen: set[str] = set()
        while token := page["nextToken"]:
            if token in seen:
                raise AwsFault(Status.PARTIAL, "logs GetQueryResults gave the same page token twice")
            seen.add(token)
            self._check_wanted()
            page = self._session.call("logs", "GetQueryResults", queryId=query, nextToken=token)
            yield page

    def _finished(self, query: str) -> dict[str, Any]:
        """The first page, once the query is complete."""
        until, pause = time.monotonic() + self._longest_s, FIRST_POLL_S
        while True:
            page = self._session.call("logs", "GetQueryResults", queryId=query)
            status = page["status"]
            if status == "Complete":
                return page
            if status == "Timeout" or time.monotonic() > until:
                raise QueryTimedOut
            if status not in WAITING:
                raise AwsFault(Status.FAILED, f"the Insights query ended as {status}", code=status)
            self._check_wanted()
            self._stopping.wait(pause)
            pause = min(pause * 1.6, LONGEST_POLL_S)

    def _check_wanted(self) -> None:
        if self._stopping.is_set():
            raise AwsFault(Status.PARTIAL, "stopped")
