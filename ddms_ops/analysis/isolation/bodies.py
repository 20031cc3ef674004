"""What a function's body asks and returns, in SQL and in PL/pgSQL."""

from dataclasses import replace

from ddms_ops.normalize.posture import Function
from ddms_ops.sql_text.conditions import COLUMN, QUERY, VALUE, Expression, Query, queries_of, walk
from ddms_ops.sql_text.procedures import procedure_queries, query_with_values, result_of, with_values

ROW = "^"  # qualifies columns that a function was given as arguments


def bodies(function: Function) -> tuple[tuple[Query, ...], bool]:
    """A function's queries, and whether its body could be read."""
    if function.language == "sql":
        queries = queries_of(function.source)
        return queries or (), queries is not None
    read = procedure_queries(function.source, function.arguments) if function.language == "plpgsql" else None
    if read is None:
        return (), False
    queries, values = read
    return tuple(query_with_values(query, values) for query in queries), True


def named(function: Function) -> tuple[str, ...]:
    """The names of a function's arguments, by position; empty for those without."""
    parts = [part.split() for part in function.arguments.split(",") if part.strip()]
    words = [part[1:] if part[0] in ("IN", "INOUT", "VARIADIC") else part for part in parts if part[0] != "OUT"]
    return tuple(part[0].strip('"') if len(part) > 1 else "" for part in words)


def called_with(function: Function, given: tuple[Expression, ...]) -> Expression | None:
    """What a function returns when called; columns that it was given are qualified with ROW. None: it does not tell."""
    result = _result(function)
    if result is None or not given:
        return result
    return with_values(in_own_names(result, function.name), _values(function, given))


def queries_given(function: Function, given: tuple[Expression, ...]) -> tuple[Query, ...]:
    """A function's queries with its arguments in place."""
    values = _values(function, given)
    return tuple(query_with_values(query, values) for query in bodies(function)[0])


def _values(function: Function, given: tuple[Expression, ...]) -> dict[str, Expression]:
    """What a function's arguments stand for, by number and by name."""
    outside = [_outside(part) for part in given]
    values = dict(zip((f"${at}" for at in range(1, len(given) + 1)), outside, strict=True))
    return values | {name: part for name, part in zip(named(function), outside, strict=False) if name}


def _result(function: Function) -> Expression | None:
    """What a body returns, in terms of its arguments."""
    if function.language == "plpgsql":
        return result_of(function.source, function.arguments)
    queries = (queries_of(function.source) if function.language == "sql" else None) or ()
    if len(queries) != 1 or queries[0].kind != "select":
        return None
    query = queries[0]
    is_plain = not query.tables and not query.inner and not query.calls and len(query.targets) == 1
    return query.targets[0] if is_plain else Expression(QUERY, VALUE, query=query)


def _outside(tree: Expression) -> Expression:
    """An argument's expression, its columns marked as not of the function's own tables."""
    if tree.kind == COLUMN and tree.table != "$":
        return replace(tree, table=ROW + tree.table.removeprefix(ROW))
    return replace(tree, parts=tuple(map(_outside, tree.parts)))


def unmarked(tree: Expression) -> Expression:
    """The expression as it was before columns were marked and qualified."""
    if tree.kind == COLUMN:
        return replace(tree, table="")
    return replace(tree, parts=tuple(map(unmarked, tree.parts)))


def in_own_names(tree: Expression, function: str) -> Expression:
    """An expression whose arguments are qualified with the function's name, without that."""
    if tree.kind == COLUMN and tree.table == function:
        return replace(tree, table="")
    parts = tuple(in_own_names(part, function) for part in tree.parts)
    return replace(tree, parts=parts, query=None if tree.query is None else _in_query(tree.query, function))


def _in_query(query: Query, function: str) -> Query:
    return replace(
        query, where=in_own_names(query.where, function),
        targets=tuple(in_own_names(target, function) for target in query.targets),
        inner=tuple(_in_query(part, function) for part in query.inner),
    )  # fmt: skip


def columns_of(tree: Expression) -> list[Expression]:
    """Columns that an expression names, sub-selects left out."""
    return [part for part in walk(tree) if part.kind == COLUMN and part.table != "$"]
