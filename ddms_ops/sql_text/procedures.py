"""Bodies in PL/pgSQL: their queries, what they return as one expression, and the texts that they run as SQL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import postgast
from google.protobuf.message import DecodeError

from ddms_ops.sql_text.conditions import (
    AND,
    CASE,
    COALESCE,
    COLUMN,
    COMPARE,
    CONSTANT,
    DISTINCT,
    EXISTS,
    HAS_ELSE,
    LIST,
    NOT,
    OR,
    QUERY,
    REMEMBERED,
    VALUE,
    Expression,
    Query,
    expression_of,
    queries_of,
)  # fmt: skip

NOTHING = Expression(CONSTANT, "null")
MOST_STEPS = 400  # a body of many branches is not followed
RETURNED = re.compile(r"\breturn\s+(?!next\s*;)([a-z_]\w*|\"[^\"]+\")\s*;", re.IGNORECASE)
RAISED = 21  # RAISE EXCEPTION; lower levels only say something
PASSED_OVER = frozenset({"execsql", "dynexecute", "getdiag", "call", "close", "commit", "rollback", "assert", "open"})
Values = dict[str, Expression]


@dataclass(frozen=True, slots=True)
class Run:
    """A text that EXECUTE runs, and what its $1 … stand for."""

    text: Expression
    given: tuple[Expression, ...] = ()


class _Unclear(Exception):
    """The body's result is no expression: it loops, returns rows, or branches too often."""


@lru_cache(maxsize=REMEMBERED)
def procedure_queries(body: str, arguments: str = "") -> tuple[tuple[Query, ...], dict[str, Expression]] | None:
    """A body's queries, and the values of its variables; None: does not parse."""
    tree = procedure_tree(body, arguments)
    if tree is None:
        return None
    queries, values = list[Query](), dict[str, Expression]()
    for kind, asked, name in _embedded(tree, "", ""):
        target, is_assigned, value = asked.partition(":=") if kind == "PLpgSQL_stmt_assign" else ("", "", "")
        read = queries_of(f"SELECT {value}" if is_assigned else asked)
        queries += read if read is not None else queries_of(f"SELECT {asked}") or ()
        name = target.strip() or name
        if name and (given := expression_of(value or (asked if kind == "default" else f"({asked})"))) is not None:
            values[name] = with_values(given, values) if name in values else given
    return tuple(queries), values


@lru_cache(maxsize=REMEMBERED)
def texts_run(body: str, arguments: str = "") -> tuple[Run, ...]:
    """What EXECUTE runs in a body, wherever it stands; variables as they stand."""
    tree = procedure_tree(body, arguments)
    return tuple(_runs(tree)) if tree is not None else ()


@lru_cache(maxsize=REMEMBERED)
def result_of(body: str, arguments: str = "") -> Expression | None:
    """What a body returns, as one expression over its arguments: branches are CASE, handlers of errors COALESCE.

    None where it does not parse, loops, returns rows or branches too often; null where it raises an error.
    """
    tree = procedure_tree(body, arguments)
    return None if tree is None else followed(tree, [tree[0]["PLpgSQL_function"]["action"]], arguments)


def followed(tree: Any, statements: list[Any], arguments: str) -> Expression | None:
    """What some statements of a body return; `tree` is that of the body. None as of `result_of`."""
    function = tree[0]["PLpgSQL_function"]
    names = {name.split()[0] for name in arguments.split(",") if name.strip()}
    values: Values = {"found": Expression(CONSTANT, "false")}
    try:
        for variable in (datum.get("PLpgSQL_var", {}) for datum in function.get("datums", ())):
            if variable and variable["refname"] not in names | {"found"} and variable["refname"][0] != "$":
                values[variable["refname"]] = _value(variable.get("default_val"), values)
        return _Flow(function.get("datums", [])).of(statements, values)
    except (_Unclear, RecursionError):
        return None


@lru_cache(maxsize=REMEMBERED)
def choices(body: str, arguments: str = "") -> Values:
    """Variables that a body lets be one of several constants only, else it raises an error: each as a CASE of them."""
    tree, found = procedure_tree(body, arguments), Values()
    for node in _nodes(tree, "PLpgSQL_stmt_if") if tree is not None else ():
        first = (node.get("then_body") or [{}])[0].get("PLpgSQL_stmt_raise")
        if first is None or first.get("elog_level", RAISED) < RAISED:
            continue
        condition = expression_of(node["cond"]["PLpgSQL_expr"]["query"])
        if condition is not None and (chosen := _choice(condition)):
            found[chosen[0]] = chosen[1]
    return found


def _choice(condition: Expression) -> tuple[str, Expression] | None:
    """The variable that must not be outside of a list of constants, and the list as a CASE."""
    if condition.kind == OR:
        return next((found for found in map(_choice, condition.parts) if found), None)
    is_negated = condition.kind == NOT
    tree = condition.parts[0] if is_negated else condition
    if tree.kind != COMPARE or len(tree.parts) != 2 or tree.parts[0].kind != COLUMN:
        return None
    if tree.name not in (("=", "any=") if is_negated else ("<>", "all", DISTINCT)):
        return None
    values = tree.parts[1].parts if tree.parts[1].kind == LIST else tree.parts[1:]
    if not values or any(value.kind != CONSTANT for value in values):
        return None
    arms = tuple(Expression(AND, parts=(tree, value)) for value in values[:-1])
    return tree.parts[0].name, Expression(CASE, HAS_ELSE, parts=(*arms, values[-1]))


def _nodes(tree: Any, name: str) -> Iterator[Any]:
    """Each node of a kind in the tree of a procedure."""
    for child in tree if isinstance(tree, list) else tree.values() if isinstance(tree, dict) else ():
        yield from _nodes(child, name)
    if isinstance(tree, dict) and name in tree:
        yield tree[name]


def with_values(tree: Expression, values: Values) -> Expression:
    """The expression with values in place of the names of variables, in its sub-selects too.

    A name may be qualified; a record's field is a query for that field, or a column of the row that it stands for.
    """
    if tree.kind == COLUMN:
        given = values.get(tree.name) if tree.table in ("", "$") else None
        if given is not None:
            return given
        record = values.get(tree.table)
        if record is not None and record.query is not None:
            return replace(record, query=replace(record.query, targets=(replace(tree, table=""),)))
        if record is not None and record.name == "*":
            return replace(tree, table=f"^{record.table.strip('^')}")
        return tree
    inner = None if tree.query is None else query_with_values(tree.query, values)
    return replace(tree, parts=tuple(with_values(part, values) for part in tree.parts), query=inner)


def query_with_values(query: Query, values: Values) -> Query:
    """The same of a query."""
    of = lambda trees: tuple(with_values(tree, values) for tree in trees)  # noqa: E731
    return replace(
        query, where=with_values(query.where, values), targets=of(query.targets), calls=of(query.calls),
        inner=tuple(query_with_values(part, values) for part in query.inner),
    )  # fmt: skip


class _Flow:
    """Follows the statements of one body; `datums` are its variables by number."""

    def __init__(self, datums: list[Any]) -> None:
        self._datums, self._steps = datums, 0

    def of(self, statements: list[Any], values: Values) -> Expression:
        """What the statements return; null where they end without a RETURN."""
        for at, statement in enumerate(statements):
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise _Unclear
            key, node = next(iter(statement.items()))
            kind, rest = key.removeprefix("PLpgSQL_stmt_"), statements[at + 1 :]
            if kind == "return":
                return _value(node.get("expr"), values)
            if kind == "raise" and node.get("elog_level", RAISED) >= RAISED:
                return NOTHING
            if kind == "block":
                return self._block(node, rest, values)
            if kind in ("if", "case"):
                return self._branches(node, rest, values)
            if kind not in PASSED_OVER | {"assign", "perform", "raise"} or (kind == "dynexecute" and node.get("into")):
                raise _Unclear
            values = self._after(kind, node, values)
        return NOTHING

    def _block(self, node: Any, rest: list[Any], values: Values) -> Expression:
        """A block; what its handlers return takes the place of what failed."""
        handled = node.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", [])
        result = self.of([*node.get("body", []), *rest], values)
        others = [self.of([*one["PLpgSQL_exception"].get("action", []), *rest], values) for one in handled]
        others = [other for other in others if other != NOTHING]
        return Expression(COALESCE, parts=(result, *others)) if others else result

    def _branches(self, node: Any, rest: list[Any], values: Values) -> Expression:
        """IF and CASE; each branch goes on with what follows."""
        if "t_expr" in node:
            name = self._datums[node["t_varno"]]["PLpgSQL_var"]["refname"]
            values = {**values, name: _value(node["t_expr"], values)}
        arms = [(node["cond"], node.get("then_body", []))] if "cond" in node else []
        more = [next(iter(one.values())) for one in (*node.get("elsif_list", ()), *node.get("case_when_list", ()))]
        arms += [(one.get("cond") or one["expr"], one.get("stmts", [])) for one in more]
        last = node.get("else_body") or node.get("else_stmts") or []
        parts = [
            Expression(AND, parts=(_value(condition, values), self.of([*body, *rest], values)))
            for condition, body in arms
        ]
        return Expression(CASE, HAS_ELSE, parts=(*parts, self.of([*last, *rest], values)))

    def _after(self, kind: str, node: Any, values: Values) -> Values:
        """The variables after a statement."""
        if kind == "assign":
            target, _, value = node["expr"]["PLpgSQL_expr"]["query"].partition(":=")
            return {**values, target.strip(): _expression(value, values)}
        text = node.get("sqlstmt" if kind == "execsql" else "expr", {}).get("PLpgSQL_expr", {}).get("query", "")
        queries = queries_of(text) if kind in ("execsql", "perform") else None
        if not queries:
            return values
        query = query_with_values(queries[0], values)
        found = {"found": Expression(QUERY, EXISTS, query=query)}
        target = node.get("target", {})
        for field, picked in zip(target.get("PLpgSQL_row", {}).get("fields", ()), query.targets, strict=False):
            found[field["name"]] = _one(replace(query, targets=(picked,)))
        if record := target.get("PLpgSQL_rec"):
            found[record["refname"]] = _one(query)
        return {**values, **found}


def _one(query: Query) -> Expression:
    """The value of a query; of one that reads no table what it picks."""
    is_plain = not query.tables and not query.inner and not query.calls and len(query.targets) == 1
    return query.targets[0] if is_plain else Expression(QUERY, VALUE, query=query)


def _value(node: Any, values: Values) -> Expression:
    return _expression(node["PLpgSQL_expr"]["query"], values) if node else NOTHING


def _expression(text: str, values: Values) -> Expression:
    found = expression_of(text)
    if found is None:
        raise _Unclear
    return with_values(found, values)


def procedure_tree(body: str, arguments: str) -> Any:
    """The parser's tree of a body; None: does not parse."""
    if "$ddms_ops$" in body:
        return None
    body = RETURNED.sub(r"RETURN (\1);", body)  # the parser does not tell which bare variable is returned
    for given in dict.fromkeys((arguments, "")):
        for kind in ("text", "SETOF record", "void"):
            head = f"CREATE FUNCTION f({given}) RETURNS {kind} LANGUAGE plpgsql AS"
            try:
                return postgast.parse_plpgsql(f"{head} $ddms_ops${body}$ddms_ops$")
            except (postgast.PgQueryError, UnicodeEncodeError, DecodeError, ValueError):
                continue
    return None


def _runs(tree: Any) -> Iterator[Run]:
    """Each text that is run, in the tree of a procedure."""
    if isinstance(tree, list):
        for item in tree:
            yield from _runs(item)
    elif isinstance(tree, dict):
        for key, node in tree.items():
            is_dynamic = key in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")
            asked = node.get("query" if is_dynamic else "dynquery") if isinstance(node, dict) else None
            text = expression_of(asked["PLpgSQL_expr"]["query"]) if asked and "PLpgSQL_expr" in asked else None
            if text is not None and (is_dynamic or "dynquery" in node):
                given = [expression_of(one["PLpgSQL_expr"]["query"]) for one in node.get("params", ())]
                yield Run(text, tuple(one or NOTHING for one in given))
            yield from _runs(node)


def _embedded(tree: Any, kind: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Each SQL text in the tree of a procedure, the kind of statement it is of, and the variable that it gives."""
    if isinstance(tree, list):
        for item in tree:
            yield from _embedded(item, kind, name)
    elif isinstance(tree, dict):
        fields = tree.get("target", {}).get("PLpgSQL_row", {}).get("fields", []) if tree.get("into") else []
        name = fields[0].get("name", "") if len(fields) == 1 else name
        for key, value in tree.items():
            if key == "PLpgSQL_expr" and isinstance(value.get("query"), str):
                yield kind, value["query"], name
            elif isinstance(value, dict | list):
                is_default = key == "default_val"
                below = key if key.startswith("PLpgSQL_stmt") else "default" if is_default else kind
                yield from _embedded(value, below, tree.get("refname", "") if is_default else name if fields else "")
