"""Conditions and queries as small trees that do not know the parser: what policies, views and functions go by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import postgast
from google.protobuf.message import DecodeError

from ddms_ops.sql_text.identity import LONGEST

REMEMBERED = 10_000
AND, OR, NOT, COMPARE, NULL, BOOLEAN, COLUMN, CONSTANT, CALL, CASE, COALESCE, QUERY, LIST, OTHER = (
    "and", "or", "not", "compare", "null", "boolean", "column", "constant", "call", "case", "coalesce", "query",
    "list", "other",
)  # fmt: skip
EXISTS, ANY, VALUE = "exists", "any", "value"  # how a sub-select is used
DISTINCT, SAME = "is distinct", "is not distinct"  # comparisons that are never unknown
HAS_ELSE = "else"  # names a CASE that has one
FORMS = postgast.pg_query_pb2
OPERATORS = {
    FORMS.AEXPR_DISTINCT: DISTINCT, FORMS.AEXPR_NOT_DISTINCT: SAME, FORMS.AEXPR_OP_ALL: "all",
    FORMS.AEXPR_BETWEEN: "between", FORMS.AEXPR_BETWEEN_SYM: "between",
}  # fmt: skip
LOGIC = {FORMS.AND_EXPR: AND, FORMS.OR_EXPR: OR}
USERS = (FORMS.SVFOP_CURRENT_ROLE, FORMS.SVFOP_CURRENT_USER, FORMS.SVFOP_USER, FORMS.SVFOP_SESSION_USER)
STATEMENTS = ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a query names, and what its columns are qualified with."""

    schema: str
    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A node of a condition.

    `kind` is one of this module's words. `name` is the operator of a comparison ("=", "<>", "~~", …; "null" or "not
    null" of a null test; "is true" … of a truth test; "else" of a CASE whose last part is one, the others being AND of
    condition and result), the column, the function ("schema.name"), the text of a
    constant (lower case true and false, "null"), or how a sub-select is used. `table` is what a column is qualified
    with. A cast is left out, but `cast` keeps the type of the outermost one.
    """

    kind: str
    name: str = ""
    table: str = ""
    parts: tuple["Expression", ...] = ()
    query: "Query | None" = None
    cast: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT, INSERT, UPDATE or DELETE.

    `where` holds what must be true of every row, joins included; `inner` are the queries that it reads from (WITH,
    sub-selects of FROM, the sides of UNION). `written` is the table that it writes.
    """

    kind: str
    tables: tuple[Table, ...] = ()
    where: Expression = Expression(CONSTANT, "true")
    targets: tuple[Expression, ...] = ()
    calls: tuple[Expression, ...] = ()
    inner: tuple["Query", ...] = ()
    written: Table | None = None


@lru_cache(maxsize=REMEMBERED)
def expression_of(text: str) -> Expression | None:
    """The tree of a condition as pg_get_expr prints it; None where it does not parse."""
    statements: list[Any] = _parsed(f"SELECT ({text}\n)")
    targets = list(statements[0].target_list) if [_type(one) for one in statements] == ["SelectStmt"] else []
    return _expression(postgast.unwrap_node(targets[0]).val) if len(targets) == 1 else None


@lru_cache(maxsize=REMEMBERED)
def queries_of(text: str) -> tuple[Query, ...] | None:
    """The statements of a view's definition or of a function's body in SQL, BEGIN ATOMIC too; None: does not parse."""
    statements = _parsed(text)
    if not statements:
        return None
    found: list[Any] = []
    for statement in statements:
        found += _statements_in(statement.sql_body) if _type(statement) == "CreateFunctionStmt" else [statement]
    return tuple(_query(statement) for statement in found if _type(statement) in STATEMENTS)


def walk(tree: Expression) -> Iterator[Expression]:
    """The node and all below it, those of sub-selects left out."""
    yield tree
    for part in tree.parts:
        yield from walk(part)


def _parsed(text: str) -> list[Any]:
    try:
        return [postgast.unwrap_node(raw.stmt) for raw in postgast.parse(text[:LONGEST]).stmts]
    except (postgast.PgQueryError, UnicodeEncodeError, DecodeError, RecursionError):
        return []


def _type(node: Any) -> str:
    return type(node).__name__


def _statements_in(body: Any) -> list[Any]:
    node = postgast.unwrap_node(body)
    if _type(node) == "List":
        return [found for item in node.items for found in _statements_in(item)]
    if _type(node) == "ReturnStmt":
        statement = postgast.unwrap_node(postgast.parse("SELECT 1").stmts[0].stmt)
        del statement.target_list[:]
        statement.target_list.add().res_target.val.CopyFrom(node.returnval)
        return [statement]
    return [node]


def _query(node: Any) -> Query:
    """A statement; sides of UNION and of WITH are its inner queries."""
    fields = node.DESCRIPTOR.fields_by_name
    inner = [_query(postgast.unwrap_node(postgast.unwrap_node(cte).ctequery)) for cte in node.with_clause.ctes]
    named = {postgast.unwrap_node(cte).ctename for cte in node.with_clause.ctes}
    if "larg" in fields and node.HasField("larg"):
        return Query("select", inner=(*inner, _query(node.larg), _query(node.rarg)))
    if "select_stmt" in fields and node.HasField("select_stmt"):
        inner.append(_query(postgast.unwrap_node(node.select_stmt)))
    written = _range(node.relation) if "relation" in fields and node.HasField("relation") else None
    tables, calls, conditions = [], [], []
    if written is not None and _type(node) != "InsertStmt":
        tables.append(written)
    sources = [s for name in ("from_clause", "using_clause") if name in fields for s in getattr(node, name)]
    while sources:
        source = postgast.unwrap_node(sources.pop(0))
        if _type(source) == "JoinExpr":
            sources += [source.larg, source.rarg]
            is_inner = source.jointype == FORMS.JOIN_INNER and source.HasField("quals")
            conditions += [_expression(source.quals)] if is_inner else []
        elif _type(source) == "RangeVar" and (source.schemaname or source.relname not in named):
            tables.append(_range(source))
        elif _type(source) == "RangeSubselect":
            inner.append(_query(postgast.unwrap_node(source.subquery)))
        elif _type(source) == "RangeFunction":
            calls += [_expression(item) for call in source.functions for item in postgast.unwrap_node(call).items[:1]]
    if "where_clause" in fields and node.HasField("where_clause"):
        conditions.append(_expression(node.where_clause))
    return Query(
        _type(node).removesuffix("Stmt").lower(), tuple(tables),
        Expression(AND, parts=tuple(conditions)) if conditions else Expression(CONSTANT, "true"),
        _all(postgast.unwrap_node(item).val for item in getattr(node, "target_list", ())), tuple(calls),
        tuple(inner), written,
    )  # fmt: skip


def _expression(wrapped: Any) -> Expression:
    node = postgast.unwrap_node(wrapped)
    reader = READERS.get(_type(node))
    return reader(node) if reader else Expression(OTHER, _type(node), parts=_below(node))


def _below(node: Any) -> tuple[Expression, ...]:
    """What a node of no kind of ours holds: expressions one level down."""
    many = (value if hasattr(value, "append") else (value,) for _, value in node.ListFields())
    return _all(child for children in many for child in children if _type(child) == "Node")


def _range(node: Any) -> Table:
    return Table(node.schemaname, node.relname, node.alias.aliasname or node.relname)


def _all(nodes: Any) -> tuple[Expression, ...]:
    return tuple(_expression(node) for node in nodes)


def _compared(node: Any) -> Expression:
    if node.kind == FORMS.AEXPR_NULLIF:
        return Expression(CALL, "nullif", parts=_all((node.lexpr, node.rexpr)))
    name = OPERATORS.get(node.kind) or (node.name[-1].string.sval if node.name else "")
    sides = [getattr(node, side) for side in ("lexpr", "rexpr") if node.HasField(side)]
    kind = COMPARE if len(sides) == 2 else OTHER
    name = "any=" if node.kind == FORMS.AEXPR_OP_ANY and name == "=" else name
    found = Expression(kind, name, parts=_all(sides))
    return Expression(NOT, parts=(found,)) if node.kind == FORMS.AEXPR_NOT_BETWEEN else found


def _column(node: Any) -> Expression:
    names = [postgast.unwrap_node(part) for part in node.fields]
    texts = [part.sval if _type(part) == "String" else "*" for part in names]
    return Expression(COLUMN, texts[-1], ".".join(texts[:-1]))


def _constant(node: Any) -> Expression:
    if node.isnull:
        return Expression(CONSTANT, "null")
    kind = node.WhichOneof("val")
    if kind == "boolval":
        return Expression(CONSTANT, str(node.boolval.boolval).lower())
    value = getattr(node, kind) if kind else ""
    return Expression(CONSTANT, str(getattr(value, kind)) if kind else "")


def _cast(node: Any) -> Expression:
    found = _expression(node.arg)
    to = node.type_name.names[-1].string.sval
    if found.kind == CONSTANT and to == "bool":
        return Expression(CONSTANT, "true" if found.name.lower() in ("t", "true") else "false")
    return Expression(found.kind, found.name, found.table, found.parts, found.query, to)


def _sublink(node: Any) -> Expression:
    query = _query(postgast.unwrap_node(node.subselect))
    use = {FORMS.EXISTS_SUBLINK: EXISTS, FORMS.ANY_SUBLINK: ANY}.get(node.sub_link_type, VALUE)
    is_plain = not node.oper_name or node.oper_name[-1].string.sval == "="
    tested = (_expression(node.testexpr),) if node.HasField("testexpr") else ()
    return Expression(QUERY, use if is_plain else "other", parts=tested, query=query)


def _case(node: Any) -> Expression:
    arms = []
    for wrapped in node.args:
        when = postgast.unwrap_node(wrapped)
        condition = _expression(when.expr)
        if node.HasField("arg"):
            condition = Expression(COMPARE, "=", parts=(_expression(node.arg), condition))
        arms.append(Expression(AND, parts=(condition, _expression(when.result))))
    default = (_expression(node.defresult),) if node.HasField("defresult") else ()
    return Expression(CASE, HAS_ELSE if default else "", parts=(*arms, *default))


def _member(node: Any) -> Expression:
    """A field of a row, (row).field, is a column of that row."""
    base, field_name = _expression(node.arg), postgast.unwrap_node(node.indirection[-1])
    if base.kind == COLUMN and len(node.indirection) == 1 and _type(field_name) == "String":
        return Expression(COLUMN, field_name.sval, base.name)
    return Expression(OTHER, "A_Indirection", parts=(base,))


def _null_test(node: Any) -> Expression:
    return Expression(NULL, "null" if node.nulltesttype == FORMS.IS_NULL else "not null", parts=_all([node.arg]))


def _truth_test(node: Any) -> Expression:
    name = FORMS.BoolTestType.Name(node.booltesttype).lower().replace("_", " ")
    return Expression(BOOLEAN, name, parts=_all([node.arg]))


READERS = {
    "A_Expr": _compared, "ColumnRef": _column, "A_Const": _constant, "TypeCast": _cast, "SubLink": _sublink,
    "CaseExpr": _case, "NullTest": _null_test, "BooleanTest": _truth_test,
    "A_Indirection": _member,
    "BoolExpr": lambda node: Expression(LOGIC.get(node.boolop, NOT), parts=_all(node.args)),
    "FuncCall": lambda node: Expression(CALL, ".".join(n.string.sval for n in node.funcname), parts=_all(node.args)),
    "CoalesceExpr": lambda node: Expression(COALESCE, parts=_all(node.args)),
    "SQLValueFunction": lambda node: Expression(CALL, "current_user" if node.op in USERS else "clock"),
    "A_ArrayExpr": lambda node: Expression(LIST, parts=_all(node.elements)),
    "List": lambda node: Expression(LIST, parts=_all(node.items)),
    "ParamRef": lambda node: Expression(COLUMN, f"${node.number}", "$"),
}  # fmt: skip
