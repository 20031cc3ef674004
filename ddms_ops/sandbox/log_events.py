"""Log groups, their streams and events: DescribeLogGroups, DescribeLogStreams, FilterLogEvents, GetLogRecord."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ddms_ops.sandbox.filter_patterns import filter_pattern
from ddms_ops.sandbox.log_store import OVERHEAD, LogGroup, LogStore
from ddms_ops.sandbox.refusal import Refusal, invalid

PAGE = 10_000
PAGE_BYTES = 1_048_576
LISTED = 50
LATEST_MS = 1 << 52
TOKEN = re.compile(r"page-(\d+)-row-(\d+)")
SELECT = """SELECT "row", strlen(message) AS size, {message} AS message, concat('{{"logStreamName":',
    to_json(stream), ',"timestamp":', ms, ',"message":', to_json(message), ',"ingestionTime":', ingested,
    ',"eventId":', to_json(event_id), '}}') AS event FROM "{table}"
    WHERE "row" >= ? AND "row" < ? {only} ORDER BY "row" """


@dataclass(slots=True)
class LogEvents:
    """The operations on groups, streams and events.

    Every `empty_page_every`-th page of FilterLogEvents is empty and has a token, as AWS's may be; 0 for none.
    """

    store: LogStore
    account: str
    region: str
    empty_page_every: int = 4

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]:
        """What answers each operation."""
        return {
            "DescribeLogGroups": self.describe_groups,
            "DescribeLogStreams": self.describe_streams,
            "FilterLogEvents": self.filter,
            "GetLogRecord": lambda asked: {"logRecord": self.store.record(str(asked.get("logRecordPointer", "")))},
        }

    def describe_groups(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Groups by name, at most 50 a page."""
        prefix, part = asked.get("logGroupNamePrefix", ""), asked.get("logGroupNamePattern", "")
        if prefix and part:
            raise invalid("give logGroupNamePrefix or logGroupNamePattern, not both")
        groups = [
            {
                "logGroupName": group.name,
                "creationTime": group.first_ms,
                "metricFilterCount": 0,
                "arn": f"{self._arn(group)}:*",
                "logGroupArn": self._arn(group),
                "storedBytes": group.bytes,
                "logGroupClass": "STANDARD",
            }
            for group in self.store.groups
            if group.name.startswith(prefix) and part.lower() in group.name.lower()
        ]
        return listed("logGroups", groups, asked)

    def describe_streams(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Streams of a group, at most 50 a page."""
        group = self.store.group(_one_group(asked))
        order = "last DESC, stream" if asked.get("descending") else "last, stream"
        if asked.get("orderBy", "LogStreamName") == "LogStreamName":
            order = "stream DESC" if asked.get("descending") else "stream"
        with self.store.cursor() as cursor:
            rows = cursor.execute(
                f"""SELECT stream, min(ms), max(ms) AS last, max(ingested) FROM "{group.table}"
                WHERE starts_with(stream, ?) GROUP BY stream ORDER BY {order}""",
                [asked.get("logStreamNamePrefix", "")],
            ).fetchall()
        streams = [
            {
                "logStreamName": stream,
                "creationTime": first,
                "firstEventTimestamp": first,
                "lastEventTimestamp": last,
                "lastIngestionTime": ingested,
                "arn": f"{self._arn(group)}:log-stream:{stream}",
                "storedBytes": 0,
            }
            for stream, first, last, ingested in rows
        ]
        return listed("logStreams", streams, asked)

    def filter(self, asked: dict[str, Any]) -> bytes:
        """A page of events in order of time: at most 10,000, and 1 MB; a pattern looks through 10,000."""
        group = self.store.group(_one_group(asked))
        matches = filter_pattern(asked.get("filterPattern", ""))
        limit = int(asked.get("limit", PAGE))
        if not 1 <= limit <= PAGE:
            raise invalid(f"limit is from 1 to {PAGE:,}")
        first, last = int(asked.get("startTime", 0)), int(asked.get("endTime", LATEST_MS))
        start, stop = self.store.rows_between(group, first, last)
        page, row = _place(asked.get("nextToken"), start)
        if self.empty_page_every and page % self.empty_page_every == self.empty_page_every - 1 and row < stop:
            return _event_page([], page, row)
        following = min(row + (PAGE if matches else _reach(group)), stop)
        events = self._rows(group, row, following, asked, with_messages=matches is not None)
        if matches is not None:
            events = events.filter(
                pa.array([matches(message) for message in events["message"].to_pylist()], pa.bool_())
            )
        taken = min(limit, _within_bytes(events["size"].to_numpy()))
        if taken < events.num_rows:
            following = events["row"][taken - 1].as_py() + 1
        texts = events["event"].slice(0, taken).to_pylist()
        return _event_page(texts, page, following if following < stop else None)

    def _rows(self, group: LogGroup, start: int, stop: int, asked: dict[str, Any], *, with_messages: bool) -> pa.Table:
        """Rows of a group, from the streams that are asked for."""
        streams, prefix = asked.get("logStreamNames"), asked.get("logStreamNamePrefix")
        if streams and prefix:
            raise invalid("give logStreamNames or logStreamNamePrefix, not both")
        values: list[object] = [start, stop]
        only = ""
        if streams or prefix:
            only = "AND list_contains(?, stream)" if streams else "AND starts_with(stream, ?)"
            values.append(streams or prefix)
        message = "message" if with_messages else "NULL"
        with self.store.cursor() as cursor:
            select = SELECT.format(table=group.table, message=message, only=only)
            return cursor.sql(select, params=values).to_arrow_table()

    def _arn(self, group: LogGroup) -> str:
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{group.name}"


def listed(name: str, items: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    """A page of a list by `limit` and `nextToken`.

    Raises:
        Refusal: a token that was never given.
    """
    limit = int(asked.get("limit", LISTED))
    if not 1 <= limit <= LISTED:
        raise invalid(f"limit is from 1 to {LISTED}")
    _, start = _place(asked.get("nextToken"), 0)
    following = start + limit
    more = {"nextToken": f"page-0-row-{following}"} if following < len(items) else {}
    return {name: items[start:following], **more}


def _one_group(asked: dict[str, Any]) -> str:
    given = [asked[name] for name in ("logGroupName", "logGroupIdentifier") if asked.get(name)]
    if len(given) != 1:
        raise invalid("give either logGroupName or logGroupIdentifier")
    return str(given[0])


def _place(token: str | None, start: int) -> tuple[int, int]:
    """Number of the page and its first row."""
    if token is None:
        return 0, start
    found = TOKEN.fullmatch(token)
    if found is None:
        raise Refusal("InvalidParameterException", "The specified nextToken is invalid.")
    return int(found[1]), int(found[2])


def _reach(group: LogGroup) -> int:
    """Rows that are worth reading for a page: a few more than its bytes hold of the group's usual events."""
    return min(PAGE, PAGE_BYTES * group.events * 5 // (4 * max(group.bytes, 1)) + 50)


def _within_bytes(sizes: np.ndarray) -> int:
    """How many events fit a page by their bytes; one always does."""
    return max(1, int(np.searchsorted(np.cumsum(sizes + OVERHEAD), PAGE_BYTES, side="right")))


def _event_page(events: list[str], page: int, following: int | None) -> bytes:
    more = "" if following is None else f',"nextToken":"page-{page + 1}-row-{following}"'
    return f'{{"events":[{",".join(events)}],"searchedLogStreams":[]{more}}}'.encode()
