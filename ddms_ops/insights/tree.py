"""Syntax tree of a Logs Insights query: frozen, and equal whatever its layout was."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from ddms_ops.errors import QueryError

Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the query's text something stands, both from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        """The place in words."""
        return f"line {self.line}, column {self.column}"


def refusal(at: Place, reason: str) -> QueryError:
    """The error for something in the query, naming its place."""
    return QueryError(f"query {at}: {reason}")


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal, unescaped."""

    value: str
    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Boolean:
    """The word true or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time such as 5m."""

    count: int
    unit: str
    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in RE2 syntax; `names` holds the name of each capturing group, empty where it has none."""

    regex: str
    names: tuple[str, ...]
    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name as Insights prints it, and the keys that the name spells."""

    name: str
    path: tuple[str, ...]
    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; count(*) has none."""

    function: str
    arguments: tuple["Expression", ...]
    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """One of + - * / % ^ between two numbers."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Compare:
    """One of = != < <= > >= between two values."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Like:
    """Whether a text holds another text, or matches a pattern."""

    subject: "Expression"
    pattern: Text | Pattern


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a value equals one of several."""

    subject: "Expression"
    options: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    condition: "Expression"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Several conditions joined by and."""

    conditions: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Several conditions joined by or."""

    conditions: tuple["Expression", ...]


Expression = Text | Number | Boolean | Period | Field | Call | Arithmetic | Compare | Like | OneOf | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Item:
    """An expression and the column it becomes: its alias, or else its text as written."""

    expression: Expression
    label: str
    aliased: bool
    at: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields`: adds columns."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Display:
    """`display`: the columns to show, in place of any before."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter`: keeps the rows for which a condition is true."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    """`parse`: cuts fields out of a text; `names` stand for the pattern's groups, empty for a group left out."""

    source: Field | None
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Stats:
    """`stats`: one row for each group."""

    items: tuple[Item, ...]
    by: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of `sort`."""

    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort`: the order of rows from here on."""

    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """`limit`: the first rows only."""

    rows: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """`dedup`: the first row for each combination of values."""

    fields: tuple[Field, ...]


Command = Fields | Display | Filter | Parse | Stats | Sort | Limit | Dedup


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query."""

    commands: tuple[Command, ...]


def with_values(query: Query, values: Mapping[str, str]) -> Query:
    """The same query with placeholders filled in.

    A string literal that equals a key of `values` as a whole becomes the value. The tree is changed, not a text, so
    that a value cannot become a part of the query whatever quotes or pipes it holds. Patterns (`/…/` and the text of
    `parse`), field names and column labels stay as written.

    Args:
        query: a parsed query.
        values: the value by placeholder, e.g. {"TENANT_ID_HERE": "acme"}.

    Returns:
        A new query; `query` itself is not changed.
    """
    return _filled(query, values)


def _filled(node: Node, values: Mapping[str, str]) -> Node:
    filled: Any = node
    if isinstance(node, Text):
        filled = replace(node, value=values.get(node.value, node.value))
    elif isinstance(node, tuple):
        filled = tuple(_filled(part, values) for part in node)
    elif is_dataclass(node) and not isinstance(node, Place | Pattern | type):
        filled = replace(node, **{each.name: _filled(getattr(node, each.name), values) for each in fields(node)})
    return filled
