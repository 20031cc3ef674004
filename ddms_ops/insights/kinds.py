"""SQL values of a known kind, and how Insights' dynamic values turn from one kind into another.

Every piece of user text is a bound parameter; every identifier in the SQL is one that this package made up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a SQL expression yields."""

    TEXT = "text"  # a discovered field or a string: a number if it looks like one
    EITHER = "either"  # text that becomes a number in the result if every value of the column is one
    NUMBER = "number"  # double
    INTEGER = "integer"  # bigint, may be missing
    COUNT = "count"  # bigint, never missing
    BOOLEAN = "boolean"
    TIME = "time"  # timestamp without zone, in UTC


@dataclass(frozen=True, slots=True)
class Value:
    """A SQL expression; `literal` is what it stands for, if it is a string or a number of the query itself."""

    sql: str
    kind: Kind
    literal: str | float | None = None

    @property
    def is_text(self) -> bool:
        """Whether it is dynamic text."""
        return self.kind in (Kind.TEXT, Kind.EITHER)


class Parameters:
    """The values bound to a statement, by name, and other names made up for it."""

    def __init__(self) -> None:
        """Starts with none."""
        self._values: dict[str, object] = {}
        self._names = 0

    def fresh(self, prefix: str) -> str:
        """A name that no other part of the statement has."""
        self._names += 1
        return f"{prefix}{self._names}"

    def bind(self, value: object, sql_type: str) -> str:
        """SQL for a value that is bound, never written out."""
        name = self.fresh("p")
        self._values[name] = value
        return f"CAST(${name} AS {sql_type})"

    def used_in(self, sql: str) -> dict[str, object]:
        """The values that a statement refers to; DuckDB refuses any more."""
        return {name: value for name, value in self._values.items() if f"${name} AS" in sql}

    def once(self, sql: str, template: Callable[[str], str]) -> str:
        """SQL of a template that uses its operand several times, evaluating and writing the operand once.

        This keeps nested functions from growing without bound, and DuckDB from reading a message's JSON once for each
        mention when it moves a filter down.
        """
        name = self.fresh("v")
        return f"list_transform([{sql}], lambda {name}: {template(name)})[1]"


def decimal(text: str) -> str:
    """SQL of a text's value as a finite double, null if it is not the text of a number."""
    cast = f"TRY_CAST({text} AS DOUBLE)"
    return f"CASE WHEN isfinite({cast}) AND NOT contains({text}, '_') THEN {cast} END"


def number_of_text(text: str) -> str:
    """SQL of a text's value as a number, in which the words true and false are 1 and 0; mentions the text often."""
    return f"CASE {text} WHEN 'true' THEN 1.0::DOUBLE WHEN 'false' THEN 0.0::DOUBLE ELSE {decimal(text)} END"


def as_number(value: Value, parameters: Parameters) -> str:
    """SQL of a value as a double: true is 1, a time is its milliseconds, text that is no number is null."""
    if value.is_text:
        return parameters.once(value.sql, number_of_text)
    if value.kind is Kind.TIME:
        return f"CAST(epoch_ms({value.sql}) AS DOUBLE)"
    return value.sql if value.kind is Kind.NUMBER else f"CAST({value.sql} AS DOUBLE)"


def as_text(value: Value, parameters: Parameters) -> str:
    """SQL of a value as text: a boolean is 1 or 0, a whole number has no fraction, a time is as Insights prints it."""
    if value.is_text:
        return value.sql
    if value.kind is Kind.TIME:
        return f"strftime({value.sql}, '%Y-%m-%d %H:%M:%S.%g')"
    if value.kind is Kind.NUMBER:
        return parameters.once(value.sql, _text_of_number)
    return f"CAST(CAST({value.sql} AS BIGINT) AS VARCHAR)"


def _text_of_number(number: str) -> str:
    whole = f"{number} = trunc({number}) AND abs({number}) < 1e15"
    return f"CASE WHEN {whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE CAST({number} AS VARCHAR) END"


def as_boolean(value: Value, parameters: Parameters) -> str:
    """SQL of a value as a condition: the texts true, false, 1 and 0 are conditions, other text is null."""
    if value.kind is Kind.BOOLEAN:
        return value.sql
    return f"({as_number(value, parameters)} <> 0)"


def as_time(value: Value, parameters: Parameters) -> str:
    """SQL of a value as a time: a number is milliseconds since 1970."""
    if value.kind is Kind.TIME:
        return value.sql
    return parameters.once(as_number(value, parameters), _time_of_millis)


def _time_of_millis(millis: str) -> str:
    return f"CASE WHEN abs({millis}) < 2.5e14 THEN make_timestamp(CAST({millis} * 1000 AS BIGINT)) END"


def natural(text: str) -> str:
    """SQL of a text cut in runs of digits and of other characters, digits made to compare by length, then value."""
    padded = "CASE WHEN run BETWEEN '0' AND ':' THEN lpad(CAST(length(run) AS VARCHAR), 6, '0') || run ELSE run END"
    return f"list_transform(regexp_extract_all({text}, '[0-9]+|[^0-9]+'), lambda run: {padded})"


def order_columns(value: Value, parameters: Parameters) -> tuple[str, ...]:
    """SQL of the columns that put a value in Insights' order: text before numbers, text in natural order."""
    if value.kind is Kind.BOOLEAN:
        return (f"CAST({value.sql} AS BIGINT)",)
    if not value.is_text:
        return (value.sql,)
    number = parameters.once(value.sql, decimal)
    return (
        f"({value.sql}) IS NULL",
        f"({number}) IS NOT NULL",
        number,
        parameters.once(value.sql, lambda text: f"CASE WHEN ({decimal(text)}) IS NULL THEN {natural(text)} END"),
    )
