"""Logs Insights: StartQuery, GetQueryResults, StopQuery, DescribeQueries, answered by this package's own engine."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import duckdb

from ddms_ops.errors import QueryError
from ddms_ops.insights import parse
from ddms_ops.insights.compiler import Compiler
from ddms_ops.insights.kinds import Parameters, Value, as_text
from ddms_ops.insights.scope import SYSTEM
from ddms_ops.insights.tree import Command, Fields, Filter, Limit, Parse, Query, Stats
from ddms_ops.sandbox.log_store import LogGroup, LogStore, pointer_sql
from ddms_ops.sandbox.refusal import Refusal, invalid

PAGE = 10_000
MOST_ROWS = 100_000
MOST_GROUPS = 50
MESSAGE_CAP = 262_144
COUNT = "stats count(*) as n"
COMPLETE, FAILED, CANCELLED, RUNNING, SCHEDULED = "Complete", "Failed", "Cancelled", "Running", "Scheduled"
ACTIVE = (SCHEDULED, RUNNING)


@dataclass(frozen=True, slots=True)
class _Statistics:
    matched: int = 0
    scanned: int = 0
    bytes: int = 0


@dataclass(slots=True)
class _Running:
    """A query that was started, and what it came to; `rows` are kept until the last page was given."""

    text: str
    query: Query
    groups: list[LogGroup]
    first_s: int
    last_s: int
    delay_s: float
    end: str
    message_cap: int
    id: str = field(default_factory=lambda: str(uuid4()))
    began: float = field(default_factory=time.monotonic)
    began_at: float = field(default_factory=time.time)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: str = ""
    rows: list[str] | None = None
    statistics: _Statistics = _Statistics()

    @property
    def status(self) -> str:
        elapsed = time.monotonic() - self.began
        if self.stopped or elapsed >= self.delay_s:
            return self.stopped or self.end
        return SCHEDULED if elapsed < self.delay_s / 10 else RUNNING


class LogQueries:
    """The queries of an account; threads may share it.

    `delay_s`, `end` and `message_cap` hold for queries started from then on: how long they run, the status in which
    they end, and the characters of a message that a result shows.
    """

    def __init__(self, store: LogStore, account: str) -> None:
        self._store, self._account = store, account
        self._queries: dict[str, _Running] = {}
        self.delay_s, self.end, self.message_cap = 0.0, COMPLETE, MESSAGE_CAP

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]:
        """What answers each operation."""
        return {
            "StartQuery": self.start,
            "GetQueryResults": self.results,
            "StopQuery": self.stop,
            "DescribeQueries": self.describe,
        }

    @property
    def running(self) -> list[str]:
        """Ids of the queries that are Scheduled or Running."""
        return [query.id for query in list(self._queries.values()) if query.status in ACTIVE]

    def start(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Start a query over whole seconds, both ends inclusive."""
        names = [asked["logGroupName"]] if asked.get("logGroupName") else []
        names += [*asked.get("logGroupNames", []), *asked.get("logGroupIdentifiers", [])]
        if not 1 <= len(names) <= MOST_GROUPS:
            raise invalid(f"give from 1 to {MOST_GROUPS} log groups")
        groups = [self._store.group(name) for name in names]
        first_s, last_s = int(asked["startTime"]), int(asked["endTime"])
        if last_s < first_s:
            raise invalid("the end time is before the start time")
        query = _parsed(asked["queryString"], asked.get("limit"))
        running = _Running(
            asked["queryString"], query, groups, first_s, last_s, self.delay_s, self.end, self.message_cap
        )
        self._queries[running.id] = running
        return {"queryId": running.id}

    def stop(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Stop a query that has not ended."""
        query = self._known(asked)
        with query.lock:
            if query.status not in ACTIVE:
                raise invalid(f"the query has already ended with {query.status} status")
            query.stopped = CANCELLED
        return {"success": True}

    def describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Queries of this sandbox, the newest first."""
        wanted = asked.get("status"), asked.get("logGroupName")
        told = [
            {
                "queryId": query.id,
                "queryString": query.text,
                "status": query.status,
                "createTime": int(query.began_at * 1000),
                "logGroupName": query.groups[0].name,
            }
            for query in reversed(list(self._queries.values()))
        ]
        kept = [row for row in told if wanted[0] in (None, row["status"]) and wanted[1] in (None, row["logGroupName"])]
        return {"queries": kept[: int(asked.get("maxResults", 1000))]}

    def results(self, asked: dict[str, Any]) -> bytes:
        """A page of rows of a query that is complete; none of one that is not."""
        query = self._known(asked)
        size = int(asked.get("maxItems") or PAGE)
        start = _row(asked.get("nextToken"))
        with query.lock:
            if query.status != COMPLETE:
                return _page([], query, query.status)
            try:
                rows = self._rows(query)
            except (QueryError, duckdb.Error):
                query.stopped = FAILED
                return _page([], query, FAILED)
            following = start + min(size, PAGE)
            page = _page(rows[start:following], query, COMPLETE, following if following < len(rows) else None)
            if following >= len(rows):
                query.rows = None
        return page

    def _known(self, asked: dict[str, Any]) -> _Running:
        query = self._queries.get(str(asked.get("queryId")))
        if query is None:
            raise Refusal("ResourceNotFoundException", "there is no query of this id")
        return query

    def _rows(self, query: _Running) -> list[str]:
        """All rows of the answer, each the JSON of a list of fields."""
        if query.rows is None:
            with self._store.cursor() as cursor:
                cursor.execute(f"CREATE TEMP VIEW events AS {self._events(query)}")
                query.statistics = _statistics(cursor, query)
                sql, parameters = _as_json(query)
                query.rows = cursor.sql(sql, params=parameters).to_arrow_table().column(0).to_pylist()
        return query.rows

    def _events(self, query: _Running) -> str:
        """SQL of the events that a query reads, as the engine wants them."""
        return " UNION ALL ".join(
            f"""SELECT make_timestamp(ms * 1000) AS "timestamp", '{self._account}:{group.name}' AS log_group,
            stream AS log_stream, message, {pointer_sql(group)} AS event_id,
            make_timestamp(ingested * 1000) AS ingestion_time, "row"
            FROM "{group.table}" WHERE ms BETWEEN {query.first_s * 1000} AND {query.last_s * 1000}"""
            for group in query.groups
        )


def _parsed(text: str, limit: int | None) -> Query:
    try:
        query = parse(text)
        _compiled(query.commands)
    except QueryError as error:
        raise Refusal("MalformedQueryException", " ".join(str(error).split())) from None
    limits = [command.rows for command in query.commands if isinstance(command, Limit)]
    if limits and limits[-1] > MOST_ROWS:
        raise Refusal("MalformedQueryException", f"limit is at most {MOST_ROWS:,}")
    return Query((*query.commands, Limit(int(limit)))) if limit and not limits else query


def _compiled(commands: tuple[Command, ...]) -> Compiler:
    compiler = Compiler()
    for command in commands:
        compiler.add(command)
    if compiler.scope.has_events:  # every row that is an event ends in its pointer
        default = {name: SYSTEM[name] for name in ("@timestamp", "@message")}
        compiler.scope.shown = {**(compiler.scope.shown or default), "@ptr": SYSTEM["@ptr"]}
    return compiler


def _as_json(query: _Running) -> tuple[str, dict[str, object]]:
    """SQL of each row as the JSON of its fields, all text; a field without a value is left out."""
    sql, parameters, kinds = _compiled(query.query.commands).statement("events")
    cells = []
    names: dict[str, object] = {}
    for place, (label, kind) in enumerate(kinds.items()):
        text = as_text(Value(f'"o{place}"', kind), Parameters())
        if label == "@message":
            text = (
                f"CASE WHEN length({text}) > {query.message_cap} THEN left({text}, {query.message_cap}) ELSE {text} END"
            )
        names[f"label{place}"] = label
        field_json = f"to_json(CAST($label{place} AS VARCHAR))"
        cells.append(f"""'{{"field":' || {field_json} || ',"value":' || to_json({text}) || '}}'""")
    return f"SELECT '[' || concat_ws(',', {', '.join(cells)}) || ']' FROM ({sql})", parameters | names


def _statistics(cursor: duckdb.DuckDBPyConnection, query: _Running) -> _Statistics:
    """What the query read, and how many events its filters let through before any limit."""
    [(scanned, size)] = cursor.execute("SELECT count(*), coalesce(sum(strlen(message)), 0) FROM events").fetchall()
    commands: list[Command] = []
    for command in query.query.commands:
        if isinstance(command, Stats):
            break
        commands += [command] if isinstance(command, Fields | Parse | Filter) else []
    if not any(isinstance(command, Filter) for command in commands):
        return _Statistics(scanned, scanned, int(size))
    sql, parameters, _ = _compiled((*commands, *parse(COUNT).commands)).statement("events")
    [(matched,)] = cursor.execute(sql, parameters).fetchall()
    return _Statistics(matched, scanned, int(size))


def _row(token: str | None) -> int:
    if token is None:
        return 0
    if not token.startswith("row-") or not token[4:].isdigit():
        raise invalid("the token was never given")
    return int(token[4:])


def _page(rows: list[str], query: _Running, status: str, following: int | None = None) -> bytes:
    told = query.statistics
    statistics = (
        f'{{"recordsMatched":{told.matched}.0,"recordsScanned":{told.scanned}.0,"bytesScanned":{told.bytes}.0,'
        f'"estimatedRecordsSkipped":0.0,"estimatedBytesSkipped":0.0,"logGroupsScanned":{len(query.groups)}.0}}'
    )
    more = "" if following is None else f',"nextToken":"row-{following}"'
    text = f'"statistics":{statistics},"status":"{status}","queryLanguage":"CWLI"{more}'
    return f'{{"results":[{",".join(rows)}],{text}}}'.encode()
