"""Filters and groups of GetCostAndUsage as SQL over a bill's lines; values travel beside it."""

from typing import Any

from ddms_ops.sandbox.bill import DIMENSIONS
from ddms_ops.sandbox.refusal import Refusal

Condition = tuple[str, list[str]]  # SQL with a ? for each value, and the values
NOTHING: Condition = ("TRUE", [])
TAG_PREFIXES = ("", "user_", "user:", "aws_", "aws:")  # before a tag's name in resource_tags


def refused(words: str) -> Refusal:
    """The refusal of a request that Cost Explorer does not take."""
    return Refusal("ValidationException", words)


def condition(expression: dict[str, Any] | None) -> Condition:
    """Whether a line is meant.

    Raises:
        Refusal: the expression is none, or is one that is not known here.
    """
    if expression is None:
        return NOTHING
    if len(expression) != 1:
        raise refused("Expression must have only one operator for root level")
    [(operator, operand)] = expression.items()
    if operator in ("And", "Or"):
        if len(operand) < 2:
            raise refused(f"{operator} must have at least 2 operands")
        return _joined([condition(part) for part in operand], f" {operator.upper()} ")
    if operator == "Not":
        sql, values = condition(operand)
        return f"NOT coalesce({sql}, FALSE)", values
    if operator == "Dimensions":
        return _is_one_of(dimension(operand.get("Key")), [], operand)
    if operator == "Tags":
        sql, names = tag(str(operand.get("Key", "")))
        return _is_one_of(sql, names, operand)
    raise refused(f"{operator} is not supported here")


def dimension(key: object) -> str:
    """The column of a dimension.

    Raises:
        Refusal: it is none of those known here.
    """
    if key not in DIMENSIONS:
        raise refused(f"Dimension {key} is not supported here; known: {', '.join(DIMENSIONS)}")
    return DIMENSIONS[str(key)]


def tag(key: str) -> Condition:
    """The value of a tag, "" where a line has none."""
    found = ["tags ->> ?"] * len(TAG_PREFIXES)
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f"coalesce({', '.join(found)}, '')", [f'$."{prefix}{escaped}"' for prefix in TAG_PREFIXES]


def _is_one_of(sql: str, before: list[str], operand: dict[str, Any]) -> Condition:
    options, values = operand.get("MatchOptions", ["EQUALS"]), list(map(str, operand.get("Values", [])))
    if options == ["ABSENT"]:
        return f"{sql} = ''", before
    if set(options) - {"EQUALS", "CASE_SENSITIVE"}:
        raise refused(f"MatchOptions {', '.join(options)} are not supported here")
    if not values:
        raise refused("Values must not be empty")
    return f"{sql} IN ({', '.join('?' * len(values))})", [*before, *values]


def _joined(parts: list[Condition], sign: str) -> Condition:
    return f"({sign.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]
