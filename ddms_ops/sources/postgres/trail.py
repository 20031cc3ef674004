"""The questions of a tenant audit, put to the Postgres that holds the trail."""

import datetime as dt
import re
from dataclasses import replace

import pandas as pd
import pyarrow as pa
from psycopg import sql

from ddms_ops.coverage import Status
from ddms_ops.progress import report_progress
from ddms_ops.sources.base import INTERRUPTED, Provenance, Pull
from ddms_ops.sources.postgres.audit_table import NAIVE, Row, bound, check_time, readable_table, text_of
from ddms_ops.sources.postgres.columns import TEXTUAL
from ddms_ops.sources.postgres.faults import DatabaseFault
from ddms_ops.sources.postgres.reader import PostgresReader
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.sources.trail import TrailFault, fetch_trail
from ddms_ops.trail_sql import Field, Kind, Relation, literal, used

WHOLE_NUMBERS = frozenset({20, 21, 23})
COMPARED = TEXTUAL - {114, 3802, 1042}  # types of which equal values print alike
NULLS = {Kind.TIME: "timestamptz", Kind.NUMBER: "int8", Kind.UNREADABLE: "int4"}
DIGITS = "'^[0-9]{1,18}$'"
VIEWS = ("v", "m")
JSON = frozenset({114, 3802})
TEXT_MEMBER = r'{}\s*:\s*"((?:[^"\\]|\\["\\/bfnrt])*)"'
TEXT_LIST = r'{}\s*:\s*(\[\s*(?:"(?:[^"\\]|\\["\\/bfnrt])*"\s*(?:,\s*"(?:[^"\\]|\\["\\/bfnrt])*"\s*)*)?\])'


def fetch_trail_answer(reader: PostgresReader, query: TrailQuery, *, pull: str, source: str = "live") -> Pull:
    """The answer to one question; see `sources.trail.fetch_trail`.

    Args:
        reader: closed afterwards.
    """
    with reader:
        engine = PostgresEngine(reader, source)
        answer = fetch_trail(engine, query, pull=pull, source=source)
    if engine.is_interrupted:
        return replace(answer, is_interrupted=True)
    return answer


class PostgresEngine:
    """A Postgres as the `Engine` of one question of a tenant audit."""

    dialect = "postgres"

    def __init__(self, reader: PostgresReader, source: str) -> None:
        self._reader, self._source = reader, source
        self._bounds: list[dt.datetime] = []
        self._known: dict[Relation, tuple[Row, dict[str, Row]]] = {}
        self._kins: frozenset[str] | None = None
        self._views: set[str] = set()
        self.is_interrupted = False

    def body(self, relation: Relation, query: TrailQuery) -> str:
        """A SELECT of the relation's fields; see `Engine`."""
        try:
            table, columns = self._tables(relation)
            self._kins = self._native(query) if self._kins is None else self._kins
            if table["relkind"] in VIEWS:
                self._views.add(f"{table['name']} is a view: which rows it leaves out cannot be told")
            picked = [
                sql.SQL("{} AS {}").format(_field(field, table, columns, self._kins), sql.Identifier(field.name))
                for field in relation.fields
            ]
        except DatabaseFault as fault:
            raise TrailFault(fault.status, fault.words) from None
        body = sql.SQL("SELECT {} FROM {} AS x{}").format(
            sql.SQL(", ").join(picked), sql.Identifier(table["schema"], table["name"]), _elements(relation, columns)
        )
        if relation.time and query.asked.is_windowed:
            is_naive = columns[relation.time]["type"] in NAIVE
            edge = pd.Timedelta(seconds=query.asked.edge_s)
            self._bounds += [
                bound(moment, is_naive=is_naive) for moment in (query.window.start - edge, query.window.end + edge)
            ]
            places = (sql.SQL(f"${len(self._bounds) - 1}"), sql.SQL(f"${len(self._bounds)}"))
            stamp = sql.Identifier("x", relation.time)
            body += sql.SQL(" WHERE {} >= {} AND {} < {}").format(stamp, places[0], stamp, places[1])
        return body.as_string()

    def _native(self, query: TrailQuery) -> frozenset[str]:
        """Kins whose columns are all of one type, which then need no cast to be compared."""
        types: dict[str, set[int]] = {}
        for relation in used(query.part, query.tenants).values():
            try:
                _, columns = self._tables(relation)
            except DatabaseFault:
                continue
            for field in relation.fields:
                if field.kin and field.columns:
                    types.setdefault(field.kin, set()).add(columns[field.columns[0]]["type"])
        return frozenset(kin for kin, found in types.items() if len(found) == 1 and found <= COMPARED)

    def _tables(self, relation: Relation) -> tuple[Row, dict[str, Row]]:
        if relation not in self._known:
            self._known[relation] = readable_table(self._reader, relation.table, relation.columns)
        return self._known[relation]

    def run(self, sql: str, query: TrailQuery) -> pa.Table:
        """The answer, whole; see `Engine`."""
        report_progress(f"{query.table}: {query.asked.words}")
        try:
            return self._reader.read_arrow(sql, self._bounds)
        except DatabaseFault as fault:
            raise TrailFault(fault.status, fault.words) from None
        except KeyboardInterrupt:
            self.is_interrupted = True
            raise TrailFault(Status.FAILED, INTERRUPTED) from None

    def provenance(self) -> Provenance:
        """The server, and as whom it was asked."""
        try:
            return Provenance(self._source, identity=self._reader.server.words)
        except DatabaseFault as fault:
            raise TrailFault(fault.status, fault.words) from None

    def faults(self) -> tuple[str, ...]:
        """Views among the tables: nobody sees what rows they leave out."""
        return tuple(sorted(self._views))

    def notes(self) -> tuple[str, ...]:
        """None."""
        return ()


def _field(field: Field, table: Row, columns: dict[str, Row], native: frozenset[str]) -> sql.Composable:
    """SQL for one of our fields."""
    if not field.columns:
        return sql.SQL(f"NULL::{NULLS.get(field.kind, 'text')}")
    if field.kind is Kind.TIME:
        times = [_time(table, columns[name], field.name) for name in field.columns]
        return times[0] if len(times) == 1 else sql.SQL("least({})").format(sql.SQL(", ").join(times))
    column = columns[field.columns[0]]
    name = sql.Identifier("x", column["name"])
    if field.kind is Kind.NUMBER:
        text = sql.SQL("CASE WHEN {}::text ~ {} THEN {}::int8 END").format(name, sql.SQL(DIGITS), name)
        return sql.SQL("{}::int8").format(name) if column["type"] in WHOLE_NUMBERS else text
    if field.kind is Kind.ELEMENTS:
        return sql.SQL("e.element")
    if field.kind in (Kind.MEMBER, Kind.UNREADABLE):
        return _of_json(field, table, column)
    return name if field.kin in native else sql.SQL("{}::text").format(text_of(column, "x"))


def _time(table: Row, column: Row, field: str) -> sql.Composable:
    """An instant; a stretch that begins or ends at infinity has no such end."""
    check_time(table, column)
    name = sql.Identifier("x", column["name"])
    time = sql.SQL("({}::timestamp AT TIME ZONE 'UTC')").format(name) if column["type"] in NAIVE else name
    if field not in ("since", "until"):
        return time
    never, unbounded = ("9999-01-01", "-infinity") if field == "since" else ("1900-01-01", "infinity")
    return sql.SQL("CASE WHEN isfinite({}) THEN {} WHEN {} <> {}::timestamptz THEN {}::timestamptz END").format(
        time, time, time, sql.Literal(unbounded), sql.Literal(never)
    )


def _of_json(field: Field, table: Row, column: Row) -> sql.Composable:
    """SQL for a field out of a column of JSON, or of text that may be some."""
    name, member = sql.Identifier("x", column["name"]), sql.Literal(field.member)
    is_json = column["type"] in JSON
    if not is_json and column["type"] not in TEXTUAL:
        words = f"column {column['name']!r} of {table['name']!r} is of type {column['type_name']}, which is no JSON"
        raise DatabaseFault(Status.FAILED, words)
    if field.kind is Kind.MEMBER:
        text = sql.SQL("substring({} from {})").format(name, _pattern(TEXT_MEMBER, field.member))
        return sql.SQL("({}::jsonb ->> {})").format(name, member) if is_json else text
    if not field.member:
        return sql.SQL("0")
    if not is_json:
        listed = sql.SQL("{} ~ {}").format(name, _pattern(TEXT_LIST, field.member))
        named = sql.SQL("position({} in {}) > 0").format(sql.Literal(f'"{field.member}"'), name)
        return sql.SQL("CASE WHEN {} AND NOT {} THEN 1 ELSE 0 END").format(named, listed)
    odd = sql.SQL("{}::jsonb @? {}").format(
        name, sql.Literal(f'$."{_plain(field.member)}"[*] ? (@.type() == "object")')
    )
    kind = sql.SQL("jsonb_typeof({}::jsonb -> {})").format(name, member)
    return sql.SQL("CASE WHEN {} NOT IN ('array', 'null') OR {} THEN 1 ELSE 0 END").format(kind, odd)


def _plain(member: str) -> str:
    return member.replace("\\", "").replace('"', "")


def _pattern(pattern: str, member: str) -> sql.Composable:
    """The pattern for a member as a literal: the strings of a session are standard, a backslash is one."""
    text = literal(pattern.replace("{}", re.escape(f'"{member}"')))
    return sql.SQL(text.replace("{", "{{").replace("}", "}}"))


def _elements(relation: Relation, columns: dict[str, Row]) -> sql.Composable:
    """The join that gives a row for each element of a JSON list; nothing where there is no such field."""
    for field in relation.fields:
        if field.kind is Kind.ELEMENTS:
            name = sql.SQL("x.{}").format(sql.Identifier(field.columns[0]))
            found = sql.SQL("{}::jsonb -> {}").format(name, sql.Literal(field.member))
            if columns[field.columns[0]]["type"] not in JSON:
                found = sql.SQL("substring({} from {})::jsonb").format(name, _pattern(TEXT_LIST, field.member))
            return sql.SQL(
                " CROSS JOIN LATERAL jsonb_array_elements_text("
                "CASE WHEN jsonb_typeof({}) = 'array' THEN {} ELSE '[]'::jsonb END) AS e(element)"
            ).format(found, found)
    return sql.SQL("")
