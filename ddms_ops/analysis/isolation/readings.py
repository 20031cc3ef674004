"""What a policy's expression is about, one question at a time: parts of judging a condition."""

import re
from collections.abc import Callable
from dataclasses import replace

from ddms_ops.analysis.isolation.bodies import ROW, columns_of
from ddms_ops.analysis.isolation.fallbacks import NOBODY, states_none
from ddms_ops.analysis.isolation.identity import ROLE_WORDS, Identities, trees_of
from ddms_ops.analysis.isolation.verdicts import CONDITION, MEANT, Scope
from ddms_ops.normalize.posture import Relation
from ddms_ops.sql_text.conditions import (
    AND,
    BOOLEAN,
    CALL,
    COALESCE,
    COLUMN,
    COMPARE,
    CONSTANT,
    DISTINCT,
    EXISTS,
    NOT,
    NULL,
    OR,
    SAME,
    Expression,
    Query,
    walk,
)  # fmt: skip

PUBLIC_WORDS = re.compile(r"public|shared|visib|publish|template|global|system|demo|everyone|example", re.IGNORECASE)
CUTTING = frozenset({"left", "right", "substr", "substring", "split_part"})
CONTAINS = frozenset({"@>", "<@", "&&", "?", "any="})


def is_picky(identities: Identities, relations: Callable[[str, str], list[Relation]], query: Query) -> bool:
    """Whether a list of callers holds some of them only, such as administrators, and those of no tenant."""
    inner = [found for table in query.tables for found in relations(table.schema, table.name)[:1]]
    if any(set(identities.columns) & found.columns.keys() for found in inner):
        return False
    names = [*(table.name for table in query.tables), *(column.name for column in columns_of(query.where))]
    return any(ROLE_WORDS.search(name) for name in names)


def joins(part: Expression, inner: Scope) -> bool:
    """Whether a comparison ties a column of the query to the row outside."""
    columns = columns_of(part) if part.kind == COMPARE and part.name in ("=", *CONTAINS) else []
    return any(inner.is_outer(column) for column in columns) and len(columns) > 1


def tied_to(query: Query) -> set[str]:
    """Columns of the row outside that the conditions of a sub-select name."""
    inner = {table.alias for table in query.tables}
    columns = [column for tree in trees_of(query) for column in columns_of(tree)]
    return {column.name for column in columns if column.table and column.table.rpartition(".")[2] not in inner}


def of_definer(identities: Identities, call: Expression, scope: Scope) -> Scope:
    """Where the body of a function stands: one that reads as a role without limits finds no table closed."""
    roles = identities.posture.roles
    owners = [roles.get(function.owner) for function in identities.functions(call.name) if function.is_definer]
    is_exempt = any(owner is not None and (owner.is_superuser or owner.bypasses) for owner in owners)
    return replace(scope, is_closed=_none_closed) if is_exempt else scope


def _none_closed(_schema: str, _name: str) -> bool:
    return False


def compares(identities: Identities, tree: Expression) -> bool:
    """Whether a column is compared with who calls, anywhere in a condition."""
    for part in walk(tree):
        below = trees_of(part.query) if part.query is not None else ()
        if any(compares(identities, one) for one in below):
            return True
        if part.kind == COMPARE and columns_of(part) and identities.mentions(part):
            return True
    return False


def looks_at_row(tree: Expression) -> bool:
    """Whether what a function returns names a column that it was given."""
    for part in walk(tree):
        if part.kind == COLUMN and part.table.startswith(ROW):
            return True
        if part.query is not None and any(looks_at_row(below) for below in trees_of(part.query)):
            return True
    return False


def known(identities: Identities, side: Expression) -> Expression:
    """A side of a comparison; of a call that gives back what it was given, that."""
    inlined = identities.inlined(side) if side.kind == CALL else None
    return side if inlined is None or identities.mentions(inlined) or not columns_of(inlined) else inlined


def is_never_unknown(identities: Identities, condition: Expression) -> bool:
    """Whether a condition is true or false even while the session states no tenant."""
    if condition.kind in (NOT, AND, OR):
        return all(is_never_unknown(identities, part) for part in condition.parts)
    is_sure = condition.kind in (NULL, BOOLEAN) or condition.name in (DISTINCT, SAME, EXISTS)
    is_filled = condition.kind == COALESCE and condition.parts[-1].kind == CONSTANT
    return is_sure or is_filled or states_none(identities, condition)


def by_name(columns: list[Expression]) -> str:
    """A condition on columns alone: meant where their names say that the row is for everybody."""
    return MEANT if any(PUBLIC_WORDS.search(column.name) for column in columns) else CONDITION


def of_everybody(columns: list[Expression], sides: tuple[Expression, Expression], scope: Scope) -> str:
    """A comparison of columns with no caller: meant where it picks rows that are for everybody."""
    values = [side.name for side in sides if side.kind == CONSTANT]
    is_for_all = any(PUBLIC_WORDS.search(value) or NOBODY.fullmatch(value) for value in values)
    is_own = any(column.name == scope.column for column in columns)
    return MEANT if is_own and is_for_all else by_name(columns)


def has_constant(tree: Expression) -> bool:
    """Whether a list names a tenant beside the session's."""
    return any(part.kind == CONSTANT and NOBODY.fullmatch(part.name) is None for part in tree.parts)


def holds(operator: str, left: str, right: str) -> bool:
    """Whether a comparison of two constants is true; of an operator that is not known it is taken to be."""
    return {"=": left == right, "<>": left != right, "!=": left != right}.get(operator, True)


def cuts(tree: Expression) -> bool:
    """Whether only a part of a text is compared."""
    return any(part.kind == CALL and part.name.rpartition(".")[2] in CUTTING for part in walk(tree))
