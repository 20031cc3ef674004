"""What a statement touches, from the parser's tree: its kind, its tables, and the columns that it finds rows by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import postgast
from google.protobuf.message import DecodeError

from ddms_ops.sql_text.identity import LONGEST, canonical
from ddms_ops.sql_text.masks import masked

REMEMBERED = 10_000
KINDS = {
    "SelectStmt": "select", "InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete",
    "MergeStmt": "update",
}  # fmt: skip
DDL = (
    "Create",
    "Alter",
    "Drop",
    "Rename",
    "Comment",
    "Index",
    "Reindex",
    "View",
    "Define",
    "Grant",
    "Truncate",
    "Rule",
)
EQUAL, IN, RANGE, LIKE, NULL, JOIN, SORT = "equal", "in", "range", "like", "null", "join", "sort"
COMPARISONS = {"=": EQUAL, "<": RANGE, ">": RANGE, "<=": RANGE, ">=": RANGE, "~~": LIKE}
Scope = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A column by which a statement finds rows.

    `kind` is "equal", "in", "range", "like", "null", "join" (equal to a column of another table) or "sort".
    """

    table: str
    column: str
    kind: str


def kind_of(text: str) -> str:
    """What a statement does.

    Args:
        text: SQL, masked or not.

    Returns:
        "select", "insert", "update" (MERGE too), "delete", "ddl" or "utility"; "" where the text does not parse.
    """
    statement = _statement(masked(text))
    if statement is None:
        return ""
    name = type(statement).__name__
    if name in KINDS:
        return KINDS[name]
    return "ddl" if name.startswith(DDL) else "utility"


def tables_of(text: str) -> tuple[str, ...]:
    """The tables that a statement names, in their order, each once; schema and table where it says both.

    Args:
        text: SQL, masked or not.

    Returns:
        Names as the server folds them, unquoted; without names of WITH. Empty where the text does not parse.
    """
    statement = _statement(masked(text))
    if statement is None:
        return ()
    named = {query.ctename for query in _of_type(statement, "CommonTableExpr")}
    found = (
        _name(table) for table in _of_type(statement, "RangeVar") if table.schemaname or table.relname not in named
    )
    return tuple(dict.fromkeys(found))


def predicates_of(text: str) -> tuple[Predicate, ...]:
    """The columns by which a statement finds or sorts rows, as far as the text alone says whose they are.

    Conditions joined by AND count; those under OR or NOT, on expressions, or on a column without a table's name where
    there are several tables do not.

    Args:
        text: SQL, masked or not.

    Returns:
        Each once, in the order of the text. Empty where it does not parse.
    """
    statement = _statement(masked(text))
    return () if statement is None else tuple(dict.fromkeys(_predicates(statement, {})))


@lru_cache(maxsize=REMEMBERED)
def _statement(masked_text: str) -> Any:
    """The first statement's tree, None where the text does not parse."""
    text = canonical(masked_text)
    if len(text) > LONGEST:
        return None
    try:
        statements = postgast.parse(text).stmts
    except (postgast.PgQueryError, UnicodeEncodeError, DecodeError):  # the latter where it is nested too deep
        return None
    return postgast.unwrap_node(statements[0].stmt) if statements else None


def _of_type(tree: Any, name: str) -> Iterator[Any]:
    return (node for _, node in postgast.walk(tree) if _is(node, name))


def _is(node: Any, name: str) -> bool:
    return type(node).__name__ == name


def _name(table: Any) -> str:
    return f"{table.schemaname}.{table.relname}" if table.schemaname else str(table.relname)


def _predicates(query: Any, outer: Scope) -> Iterator[Predicate]:
    """Predicates of a query and of the queries in it, each in the scope of its own tables."""
    kind = type(query).__name__
    scope = {**outer, **_scope(query)} if kind in KINDS else outer
    if kind in KINDS:
        for condition in _conditions(query):
            yield from _compared(condition, scope)
        for sort in getattr(query, "sort_clause", ()):
            yield from _column(postgast.unwrap_node(sort).node, SORT, scope)
    for _, value in query.ListFields():
        for child in value if hasattr(value, "__len__") and not isinstance(value, (str, bytes)) else (value,):
            if hasattr(child, "ListFields"):
                yield from _predicates(child, scope)


def _scope(query: Any) -> dict[str, str]:
    """Table by the name that columns are qualified with; under "" the only table there is."""
    with_names = {query.ctename for query in _of_type(query, "CommonTableExpr")}
    sources = [postgast.unwrap_node(source) for source in _sources(query)]
    if (
        getattr(query, "HasField", None)
        and "relation" in query.DESCRIPTOR.fields_by_name
        and query.HasField("relation")
    ):
        sources.append(query.relation)
    while any(_is(source, "JoinExpr") for source in sources):
        sources = [side for source in sources for side in _sides(source)]
    tables = [source for source in sources if _is(source, "RangeVar") and source.relname not in with_names]
    named = {(table.alias.aliasname or table.relname): _name(table) for table in tables}
    return {**named, "": _name(tables[0]) if len(sources) == 1 and tables else ""}


def _sources(query: Any) -> list[Any]:
    fields = query.DESCRIPTOR.fields_by_name
    return [
        *(query.from_clause if "from_clause" in fields else ()),
        *(query.using_clause if "using_clause" in fields else ()),
    ]


def _sides(source: Any) -> list[Any]:
    if not _is(source, "JoinExpr"):
        return [source]
    return [postgast.unwrap_node(source.larg), postgast.unwrap_node(source.rarg)]


def _conditions(query: Any) -> Iterator[Any]:
    """Conditions of WHERE and of the joins that must all be true."""
    sources = [postgast.unwrap_node(source) for source in _sources(query)]
    conditions = [query.where_clause] if "where_clause" in query.DESCRIPTOR.fields_by_name else []
    while sources:
        source = sources.pop()
        if _is(source, "JoinExpr"):
            conditions.append(source.quals)
            sources += _sides(source)
    while conditions:
        condition = postgast.unwrap_node(conditions.pop())
        if _is(condition, "BoolExpr") and condition.boolop == 1:  # AND
            conditions += reversed(condition.args)
        else:
            yield condition


def _compared(condition: Any, scope: Scope) -> Iterator[Predicate]:
    """Predicates of one condition."""
    if _is(condition, "NullTest") and condition.nulltesttype == 1:  # IS NULL
        yield from _column(condition.arg, NULL, scope)
    if not _is(condition, "A_Expr"):
        return
    kind = _comparison(condition)
    left, right = _owner(condition.lexpr, scope), _owner(condition.rexpr, scope)
    if kind == EQUAL and left and right:
        kind = JOIN if left[0] != right[0] else ""
    for own, other in ((left, condition.rexpr), (right, condition.lexpr)):
        is_free = kind == JOIN or not own or own[0] not in {table for table, _ in _owners(other, scope)}
        if kind and own and is_free:
            yield Predicate(*own, kind)


def _comparison(condition: Any) -> str:
    """Kind of a comparison by its operator; "" for one that no b-tree answers."""
    forms = postgast.pg_query_pb2
    operator = condition.name[-1].string.sval if condition.name else ""
    if condition.kind in (forms.AEXPR_BETWEEN, forms.AEXPR_BETWEEN_SYM):
        return RANGE
    if condition.kind in (forms.AEXPR_IN, forms.AEXPR_OP_ANY):
        return IN if operator == "=" else ""
    return COMPARISONS.get(operator, "") if condition.kind in (forms.AEXPR_OP, forms.AEXPR_LIKE) else ""


def _column(node: Any, kind: str, scope: Scope) -> Iterator[Predicate]:
    if own := _owner(node, scope):
        yield Predicate(*own, kind)


def _owner(node: Any, scope: Scope) -> tuple[str, str] | None:
    """Table and column of a bare column; None for everything else, and where the table is not known."""
    column = postgast.unwrap_node(node)
    if not _is(column, "ColumnRef"):
        return None
    names = [field.string.sval for field in column.fields]
    table = scope.get(names[-2] if len(names) > 1 else "", "")
    return (table, names[-1]) if table and names[-1] else None


def _owners(node: Any, scope: Scope) -> list[tuple[str, str]]:
    if _is(postgast.unwrap_node(node), "SubLink"):  # its columns are its own tables
        return []
    return [own for column in _of_type(node, "ColumnRef") if (own := _owner(column, scope))]
