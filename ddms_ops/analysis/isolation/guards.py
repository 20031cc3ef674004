"""Arguments of a function that its body ties to the session's tenant before it reads."""

from collections.abc import Callable

from ddms_ops.analysis.isolation.bodies import ROW, in_own_names, named
from ddms_ops.analysis.isolation.identity import BOUND
from ddms_ops.normalize.posture import Function
from ddms_ops.sql_text.conditions import CALL, COLUMN, Expression
from ddms_ops.sql_text.procedures import Values, with_values
from ddms_ops.sql_text.refusals import allowed, reassigned

ANOTHER = Expression(COLUMN, "\0argument", ROW)  # no column is called so


def bound_arguments(function: Function, column: str, ties: Callable[[Expression], bool]) -> Values:
    """Arguments that can only be the session's tenant where a body goes on past its refusals.

    Args:
        function: whose body may refuse.
        column: what a tenant column is called.
        ties: whether a condition on a row keeps the row to the session's tenant.

    Returns:
        By name and by number, a value that stands for the session's tenant; empty where nothing is tied.
    """
    condition = allowed(function.source, function.arguments) if function.language == "plpgsql" else None
    if condition is None:
        return {}
    condition = in_own_names(condition, function.name)
    changed, found, names = reassigned(function.source, function.arguments), Values(), named(function)
    for at, name in enumerate(names, 1):
        others = {key: ANOTHER for other, key in _keys(names) if other != at}
        row = {key: Expression(COLUMN, column, ROW) for other, key in _keys(names) if other == at}
        if name not in changed and ties(with_values(condition, {**others, **row})):
            found |= dict.fromkeys(row, Expression(CALL, BOUND))
    return found


def _keys(names: tuple[str, ...]) -> list[tuple[int, str]]:
    """What each argument may be called, with its number."""
    return [(at, key) for at, name in enumerate(names, 1) for key in (name, f"${at}") if key]
