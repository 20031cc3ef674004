"""A query as one DuckDB statement: each command is a step that reads the step before."""

from ddms_ops.insights.expressions import Expressions, is_aggregated
from ddms_ops.insights.kinds import Kind, Parameters, Value, order_columns
from ddms_ops.insights.scope import SYSTEM, Scope
from ddms_ops.insights.tree import (
    Command,
    Dedup,
    Display,
    Expression,
    Fields,
    Filter,
    Item,
    Limit,
    Parse,
    Query,
    Sort,
    Stats,
    Text,
    refusal,
)

DEFAULT_LIMIT = 10_000
_NEWEST_FIRST = ('"time" DESC', '"row"', '"grp"', '"pointer"')
_EVENTS = """SELECT make_timestamp(epoch_us("timestamp")) AS "time", CAST(message AS VARCHAR) AS "message",
 CAST(log_stream AS VARCHAR) AS "stream", CAST(log_group AS VARCHAR) AS "grp",
 make_timestamp(epoch_us(CAST(ingestion_time AS TIMESTAMPTZ))) AS "ingested", CAST("row" AS BIGINT) AS "row",
 coalesce(CAST(event_id AS VARCHAR), CAST("row" AS VARCHAR)) AS "pointer"{found} FROM {relation}"""
_FOUND = """,
 CASE WHEN json_valid(message) THEN json_extract_string(message, {pointers}) END AS "found\""""


def quoted(identifier: str) -> str:
    """A SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


class Compiler:
    """Builds the statement of one query, command by command."""

    def __init__(self) -> None:
        """Starts with all log events, newest first."""
        self.parameters = Parameters()
        self.scope = Scope()
        self.steps: list[str] = []
        self._order: tuple[str, ...] = _NEWEST_FIRST
        self._tie: tuple[str, ...] = _NEWEST_FIRST
        self._is_limited = False
        self._pending: dict[str, str] = {}  # columns that the next step adds, by name

    def add(self, command: Command) -> None:
        """Adds one command."""
        match command:
            case Fields(items):
                self._show(items)
            case Display(items):
                self.scope.shown = {}
                self._show(items)
            case Filter(condition):
                self._step(f"SELECT * FROM {self._source} WHERE {self._expressions.condition(condition)}")
            case Parse():
                self._parse(command)
            case Stats():
                self._stats(command)
            case Sort():
                self._sort(command)
            case Limit(rows):
                self._is_limited = True
                self._step(f"SELECT * FROM {self._source} ORDER BY {', '.join(self._order)} LIMIT {rows:d}")
            case Dedup():
                self._dedup(command)

    def statement(self, relation: str) -> tuple[str, dict[str, object], dict[str, Kind]]:
        """The SQL, its parameters, and the result's columns in order with their kinds."""
        shown = self.scope.shown or {name: SYSTEM[name] for name in ("@timestamp", "@message")}
        found = _FOUND.format(pointers=self.parameters.bind(self.scope.pointers, "VARCHAR[]"))
        events = _EVENTS.format(found=found if self.scope.pointers else "", relation=quoted(relation))
        source = self._source
        steps = [f"s{i} AS NOT MATERIALIZED ({sql})" for i, sql in enumerate([events, *self.steps])]
        columns = [f'{_result(value)} AS "o{i}"' for i, value in enumerate(shown.values())]
        limit = "" if self._is_limited or not self.scope.has_events else f" LIMIT {DEFAULT_LIMIT}"
        sql = f"WITH {', '.join(steps)} SELECT {', '.join(columns)} FROM {source}"
        sql += f" ORDER BY {', '.join(self._order)}{limit}"
        return sql, self.parameters.used_in(sql), {name: value.kind for name, value in shown.items()}

    @property
    def _source(self) -> str:
        """The step to read, with every column made so far."""
        if self._pending:
            columns = ", ".join(f"{sql} AS {name}" for name, sql in self._pending.items())
            self._pending = {}
            self.steps.append(f"SELECT *, {columns} FROM {self._source}")
        return f"s{len(self.steps)}"

    @property
    def _expressions(self) -> Expressions:
        return Expressions(self.scope, self.parameters)

    def _step(self, sql: str) -> None:
        self.steps.append(sql)

    def _column(self, value: Value) -> Value:
        """A value as a column of its own, computed once. Columns that do not build on each other share a step."""
        if any(name in value.sql for name in self._pending):
            self._step(f"SELECT * FROM {self._source}")
        name = quoted(self.parameters.fresh("c"))
        self._pending[name] = value.sql
        return Value(name, value.kind)

    def _show(self, items: tuple[Item, ...]) -> None:
        for item in items:
            value = self._expressions.value(item.expression)
            if value.sql not in {known.sql for known in (*SYSTEM.values(), *self.scope.columns.values())}:
                value = self._column(value)
            self.scope.show(item, value)

    def _parse(self, command: Parse) -> None:
        subject = self._expressions.value(command.source) if command.source else SYSTEM["@message"]
        if not subject.is_text:
            raise refusal(command.pattern.at, "parse reads text; this field is not text")
        text = self._column(subject).sql
        regex = self.parameters.bind(command.pattern.regex, "VARCHAR")
        groups = ", ".join(f"'g{i}'" for i in range(len(command.pattern.names)))
        cut = f"CASE WHEN regexp_matches({text}, {regex}) THEN regexp_extract({text}, {regex}, [{groups}]) END"
        struct = self._column(Value(cut, Kind.TEXT)).sql
        for i, name in enumerate(command.pattern.names):
            if name:
                self.scope.columns[name] = self.scope.shown[name] = self._column(Value(f'{struct}."g{i}"', Kind.TEXT))

    def _stats(self, command: Stats) -> None:
        for item in command.items:
            if not is_aggregated(item.expression, {key.expression for key in command.by}):
                raise refusal(item.at, f"{item.label} has no aggregate function; write e.g. max({item.label})")
        keys = [(item, self._column(self._expressions.value(item.expression))) for item in command.by]
        grouped: dict[Expression, Value] = {item.expression: value for item, value in keys}
        inside = Expressions(self.scope, self.parameters, grouped)
        values = [(item, inside.value(item.expression)) for item in command.items]
        made = [(item, Value(quoted(self.parameters.fresh("a")), value.kind)) for item, value in values]
        columns = [value.sql for _, value in keys]
        aggregates = [f"{value.sql} AS {name.sql}" for (_, value), (_, name) in zip(values, made, strict=True)]
        by = f" GROUP BY {', '.join(columns)}" if columns else ""
        self._step(f"SELECT {', '.join(columns + aggregates)} FROM {self._source}{by}")
        self.scope = self.scope.after_stats(keys + made)
        self._is_limited = True
        self._tie = tuple(f"{column} ASC NULLS LAST" for column in columns) or ("1",)
        self._order = tuple(term for _, value in keys for term in self._terms(value, descending=False)) or ("1",)

    def _terms(self, value: Value, *, descending: bool) -> list[str]:
        """ORDER BY terms for a column; missing values come last either way."""
        terms = []
        for place, sql in enumerate(order_columns(value, self.parameters)):
            key = self._column(Value(sql, Kind.TEXT)).sql
            missing_flag = value.is_text and place == 0
            terms.append(f"{key} {'DESC' if descending and not missing_flag else 'ASC'} NULLS LAST")
        return terms

    def _sort(self, command: Sort) -> None:
        terms: list[str] = []
        for key in command.keys:
            if isinstance(key.expression, Text):
                raise refusal(key.expression.at, "sort needs a field, not a string; use `backticks` for a field's name")
            column = self._column(self._expressions.value(key.expression))
            terms += self._terms(column, descending=key.descending)
        self._order = (*terms, *self._tie)

    def _dedup(self, command: Dedup) -> None:
        columns = [self._column(self._expressions.value(each)).sql for each in command.fields]
        has_missing = " OR ".join(f"{column} IS NULL" for column in columns)
        first = f"row_number() OVER (PARTITION BY {', '.join(columns)} ORDER BY {', '.join(self._order)}) = 1"
        self._step(f"SELECT * FROM {self._source} QUALIFY {has_missing} OR {first}")


def _result(value: Value) -> str:
    """SQL of a value as it stands in the result."""
    match value.kind:
        case Kind.BOOLEAN:
            return f"CAST({value.sql} AS BIGINT)"
        case Kind.NUMBER:
            return f"CASE WHEN isfinite({value.sql}) THEN {value.sql} END"
        case _:
            return value.sql


def compile_query(query: Query, relation: str) -> tuple[str, dict[str, object], dict[str, Kind]]:
    """A query as SQL over a relation of log events.

    Args:
        query: a parsed query.
        relation: the relation's name in DuckDB.

    Returns:
        The statement, the parameters to bind by name, and the kind of each column of the result by its label.
        The statement's own columns are named o0, o1, …, so that no text of the query is a SQL identifier.

    Raises:
        QueryError: a part of the query means nothing where it stands.
    """
    compiler = Compiler()
    for command in query.commands:
        compiler.add(command)
    return compiler.statement(relation)
