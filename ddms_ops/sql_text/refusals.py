"""What a body in PL/pgSQL refuses before it does anything else."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ddms_ops.sql_text.conditions import CONSTANT, REMEMBERED, Expression, expression_of
from ddms_ops.sql_text.procedures import RAISED, followed, procedure_tree

QUIET = frozenset({"assign", "perform", "raise"})  # statements that may stand before a refusal
GOES_ON = {"PLpgSQL_stmt_return": {"expr": {"PLpgSQL_expr": {"query": "true"}}}}
REFUSES = {"PLpgSQL_stmt_raise": {"elog_level": RAISED}}


@lru_cache(maxsize=REMEMBERED)
def allowed(body: str, arguments: str = "") -> Expression | None:
    """When a body goes on past the refusals that it begins with: a condition over its arguments, true where it does.

    A refusal is an IF that only raises an error or returns a constant. None where there is none, or a handler of
    errors does more than that.
    """
    tree = procedure_tree(body, arguments)
    block = tree[0]["PLpgSQL_function"]["action"].get("PLpgSQL_stmt_block", {}) if tree is not None else {}
    handled = block.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", [])
    if not all(_leaves(one["PLpgSQL_exception"].get("action", [])) for one in handled):
        return None
    first = list(_first(block.get("body", [])))
    is_any = any("PLpgSQL_stmt_if" in statement for statement in first)
    return followed(tree, [*first, GOES_ON], arguments) if is_any else None


@lru_cache(maxsize=REMEMBERED)
def reassigned(body: str, arguments: str = "") -> frozenset[str]:
    """Names of variables that a body gives a value to, or that stand for more than one variable."""
    tree = procedure_tree(body, arguments)
    if tree is None:
        return frozenset()
    function = tree[0]["PLpgSQL_function"]
    names = [datum.get("PLpgSQL_var", {}).get("refname", "") for datum in function.get("datums", [])]
    twice = {name for name in names if names.count(name) > 1}
    return frozenset(twice | set(_targets(function["action"], names)))


def _first(statements: list[Any]) -> Iterator[Any]:
    """The statements up to the first that does more than to refuse; refusals raise an error, whatever they did."""
    for statement in statements:
        key, node = next(iter(statement.items()))
        kind = key.removeprefix("PLpgSQL_stmt_")
        if kind == "if" and _leaves(node.get("then_body", [])) and not {"elsif_list", "else_body"} & node.keys():
            yield {key: {**node, "then_body": [REFUSES]}}
        elif kind == "block" and "exceptions" not in node:
            yield from (inner := list(_first(node.get("body", []))))
            if len(inner) < len(node.get("body", [])):
                return
        elif kind in QUIET and not (kind == "raise" and node.get("elog_level", RAISED) >= RAISED):
            yield statement
        else:
            return


def _leaves(statements: list[Any]) -> bool:
    """Whether statements end the body, and read and write nothing."""
    kinds = [key.removeprefix("PLpgSQL_stmt_") for statement in statements for key in statement]
    texts = [
        node["expr"]["PLpgSQL_expr"]["query"] for statement in statements for key, node in statement.items()
        if key == "PLpgSQL_stmt_return" and node.get("expr")
    ]  # fmt: skip
    trees = [expression_of(text) for text in texts]
    is_last = bool(kinds) and (kinds[-1] == "return" or _raises(statements[-1]))
    return is_last and set(kinds) <= {"raise", "return"} and all(t is not None and t.kind == CONSTANT for t in trees)


def _raises(statement: Any) -> bool:
    node = statement.get("PLpgSQL_stmt_raise")
    return node is not None and node.get("elog_level", RAISED) >= RAISED


def _targets(tree: Any, names: list[str]) -> Iterator[str]:
    """Names that the statements below give a value to; `names` are those of the variables by number, the first of
    which the parser leaves out.
    """
    for child in tree if isinstance(tree, list) else tree.values() if isinstance(tree, dict) else ():
        yield from _targets(child, names)
    for key, node in tree.items() if isinstance(tree, dict) else ():
        if key in ("PLpgSQL_stmt_assign", "PLpgSQL_stmt_foreach_a", "PLpgSQL_diag_item"):
            number = node.get("target" if key == "PLpgSQL_diag_item" else "varno", 0)
            yield from names[number : number + 1]
        elif key in ("PLpgSQL_var", "PLpgSQL_rec"):
            yield node.get("refname", "")
        elif key == "PLpgSQL_row":
            yield from (field.get("name", "") for field in node.get("fields", []))
