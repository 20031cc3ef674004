"""Log events by Logs Insights: fast for large groups, billed by the bytes it reads.

A query gives at most 100,000 rows, so the window is cut beforehand by a count per bin, and again where a piece still
fills or times out. Each answer is compared with the number of records that the service says it matched.
"""

from threading import Event

import pyarrow as pa

from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.filter_events import FilterEvents
from ddms_ops.sources.aws.insights_query import LIMIT, LONGEST_S, InsightsQueries, QueryAnswer, QueryTimedOut
from ddms_ops.sources.aws.log_answer import SliceAnswer, each_once, joined, trimmed
from ddms_ops.sources.aws.log_pages import COLUMNS, FIELDS, events_of_rows
from ddms_ops.sources.aws.log_windows import Slice, bin_counts, bin_s, evenly, planned
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.aws.whole_messages import WholeMessages

CAP = 20_000  # events planned into one query: two pages, far from what it may give, since more may arrive
BLIND_SLICES = 32
PLAIN = '"\\\n'


class InsightsEvents:
    """Logs Insights over one log group.

    Args:
        contains: keep messages with this text only.
        stopping: set when nothing more is wanted.
        limit: rows a query may give; AWS's 100,000.
    """

    def __init__(
        self,
        session: AwsSession,
        log_group: str,
        *,
        contains: str = "",
        stopping: Event,
        limit: int = LIMIT,
        longest_s: float = LONGEST_S,
    ) -> None:
        self.queries = InsightsQueries(session, log_group, stopping=stopping, longest_s=longest_s)
        self._exact = FilterEvents(session, log_group, stopping=stopping)
        self._whole = WholeMessages(session)
        self._limit = limit
        # A text that would need escaping is looked for here, not there.
        like = f' | filter @message like "{contains}"' if contains and not set(contains) & set(PLAIN) else ""
        self._filter = like
        shown = ", ".join(name for name in FIELDS if name != "@ptr")  # @ptr comes by itself
        self._text = f"fields {shown}{like} | limit {limit}"

    def plan(self, whole: Slice) -> tuple[list[Slice], int]:
        """Slices that fit a query each, and the bytes that counting read.

        Raises:
            AwsFault: queries cannot be asked at all.
        """
        width = bin_s(whole)
        text = f"stats count(*) as n by bin({width}s)"
        text = f"fields @timestamp{self._filter} | {text} | limit 10000"
        try:
            answer = self._ask(text, whole)
        except QueryTimedOut:
            return evenly(whole, BLIND_SLICES), 0
        cap = min(CAP, self._limit)
        return planned(whole, bin_counts(answer.rows), bin_s=width, cap=cap), answer.bytes_scanned

    def fetch(self, piece: Slice) -> SliceAnswer:
        """Events of one slice; asked again in halves where one query cannot give all."""
        try:
            answer = self._ask(self._text, piece)
        except QueryTimedOut:
            return self._halves(piece, "the query timed out, also for a second")
        except AwsFault as fault:
            return SliceAnswer(COLUMNS.empty_table(), (f"{piece}: {fault.words}",), fault)
        if answer.fault is None and max(answer.rows.num_rows, answer.matched - 1) >= self._limit:
            return self._halves(piece, f"{answer.matched:,} events, {self._limit:,} at most are given", answer)
        events, cut = self._whole.recovered(_events(answer, piece))
        missing = _shortfall(piece, answer)
        missing += (f"{piece}: {cut:,} long messages are cut",) if cut else ()
        return SliceAnswer(events, missing, answer.fault, answer.bytes_scanned)

    def _ask(self, text: str, piece: Slice) -> QueryAnswer:
        """The answer; a query that failed is asked once more."""
        try:
            return self.queries.run(text, piece)
        except AwsFault as fault:
            if fault.code != "Failed":
                raise
            return self.queries.run(text, piece)

    def _halves(self, piece: Slice, why: str, answer: QueryAnswer | None = None) -> SliceAnswer:
        if piece.seconds == 1:
            return self._one_second(piece, why, answer)
        parts = [self.fetch(half) for half in piece.halves()]
        return SliceAnswer(
            joined([part.events for part in parts]),
            tuple(words for part in parts for words in part.missing),
            next((part.fault for part in parts if part.fault), None),
            sum(part.bytes_scanned for part in parts) + (answer.bytes_scanned if answer else 0),
        )

    def _one_second(self, piece: Slice, why: str, answer: QueryAnswer | None) -> SliceAnswer:
        """A second too full for a query, from FilterLogEvents, which has no such limit."""
        exact = self._exact.fetch(piece)
        if exact.fault is None:
            return exact
        given = _events(answer, piece) if answer else COLUMNS.empty_table()
        events = max((exact.events, given), key=lambda table: table.num_rows)
        return SliceAnswer(events, (f"{piece}: {events.num_rows:,} taken; {why}",), None)


def _events(answer: QueryAnswer, piece: Slice) -> pa.Table:
    return trimmed(events_of_rows(answer.rows), piece) if answer.rows.num_rows else COLUMNS.empty_table()


def _shortfall(piece: Slice, answer: QueryAnswer) -> tuple[str, ...]:
    if answer.fault is not None:
        return (f"{piece}: {answer.rows.num_rows:,} of {answer.matched:,} matched events came; {answer.fault.words}",)
    came = each_once(events_of_rows(answer.rows)).num_rows if answer.rows.num_rows else 0
    lacking = answer.matched - came
    return (f"{piece}: {lacking:,} of {answer.matched:,} matched events did not come",) if lacking > 0 else ()
