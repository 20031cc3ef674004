"""Expressions of the tree as SQL.

Values are dynamic, as in Insights. A comparison is between numbers if either side is a number (a literal, or the
result of arithmetic or of an aggregate), and text that is no number is unequal to every number; between texts, with
regard to case, if either side is a string literal. Two fields compare as numbers where both look like numbers, else as
texts. JSON's true and false are the texts "true" and "false" and the numbers 1 and 0.

A field that does not exist is null, and null is neither equal nor unequal nor like anything: `filter level != "info"`
does not keep an event without a level, and `not` does not change that. Ask `not ispresent(level)` for those.
"""

from dataclasses import fields
from datetime import UTC, datetime

from ddms_ops.insights.aggregates import AGGREGATES
from ddms_ops.insights.functions import FUNCTIONS
from ddms_ops.insights.kinds import (
    Kind,
    Parameters,
    Value,
    as_boolean,
    as_number,
    as_text,
    as_time,
    decimal,
    number_of_text,
)
from ddms_ops.insights.periods import floored, interval
from ddms_ops.insights.scope import SYSTEM, Scope
from ddms_ops.insights.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Boolean,
    Call,
    Compare,
    Expression,
    Field,
    Like,
    Not,
    Number,
    OneOf,
    Pattern,
    Period,
    Text,
    refusal,
)

_SQL_OPERATOR = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def is_aggregated(node: Expression, keys: set[Expression]) -> bool:
    """Whether an aggregate function, or a group's key, stands anywhere in an expression."""
    if node in keys or (isinstance(node, Call) and node.function in AGGREGATES):
        return True
    parts = [getattr(node, each.name) for each in fields(node)]
    inner = [part for each in parts for part in (each if isinstance(each, tuple) else (each,))]
    return any(is_aggregated(part, keys) for part in inner if isinstance(part, Expression))


class Expressions:
    """Turns expressions into SQL within a scope."""

    def __init__(self, scope: Scope, parameters: Parameters, grouped: dict[Expression, Value] | None = None) -> None:
        """Takes what names mean and where values are bound.

        Args:
            scope: what names mean.
            parameters: takes the values to bind.
            grouped: inside `stats`, the group keys by what they compute; only there aggregates are allowed.
        """
        self._scope = scope
        self._parameters = parameters
        self._grouped = grouped

    def value(self, node: Expression) -> Value:
        """SQL of an expression.

        Raises:
            QueryError: the expression means nothing here.
        """
        known = self._scope.outcomes if self._grouped is None else self._grouped
        if node in known:
            return known[node]
        match node:
            case Text(value):
                return Value(self._parameters.bind(value, "VARCHAR"), Kind.TEXT, literal=value)
            case Number(value):
                return Value(self._parameters.bind(value, "DOUBLE"), Kind.NUMBER, literal=value)
            case Boolean(value):
                return Value("true" if value else "false", Kind.BOOLEAN)
            case Field():
                return self._field(node)
            case Call():
                return self._call(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Period():
                raise refusal(node.at, f"period {node.count}{node.unit} belongs in bin, datefloor or dateceil")
            case _:
                return Value(self._condition(node), Kind.BOOLEAN)

    def condition(self, node: Expression) -> str:
        """SQL of an expression as a condition."""
        return as_boolean(self.value(node), self._parameters)

    def _field(self, node: Field) -> Value:
        if self._grouped is None:
            return self._scope.value_of(node)
        raise refusal(node.at, f"field {node.name!r} stands outside an aggregate function; add it after 'by'")

    def _condition(self, node: Expression) -> str:
        match node:
            case AllOf(conditions):
                return "(" + " AND ".join(self.condition(each) for each in conditions) + ")"
            case AnyOf(conditions):
                return "(" + " OR ".join(self.condition(each) for each in conditions) + ")"
            case Not(condition):
                return f"(NOT {self.condition(condition)})"
            case OneOf(subject, options):
                return "(" + " OR ".join(self._compare("=", subject, each) for each in options) + ")"
            case Compare(operator, left, right):
                return self._compare(_SQL_OPERATOR[operator], left, right)
            case Like(subject, pattern):
                text = as_text(self.value(subject), self._parameters)
                if isinstance(pattern, Pattern):
                    return f"regexp_matches({text}, {self._parameters.bind(pattern.regex, 'VARCHAR')})"
                return f"contains({text}, {self._parameters.bind(pattern.value, 'VARCHAR')})"
            case _:
                raise TypeError(f"not an expression: {type(node).__name__}")

    def _compare(self, operator: str, left_node: Expression, right_node: Expression) -> str:
        left, right = self.value(left_node), self.value(right_node)
        bound = self._parameters
        if Kind.TIME in (left.kind, right.kind):
            left, right = self._as_instant(left_node, left), self._as_instant(right_node, right)
        if left.kind is right.kind is Kind.TIME:
            return f"({left.sql} {operator} {right.sql})"
        if left.is_text != right.is_text:
            return self._compare_mixed(operator, left, right)
        if not left.is_text:
            return f"({as_number(left, bound)} {operator} {as_number(right, bound)})"
        if left.literal is not None or right.literal is not None:
            return f"({left.sql} {operator} {right.sql})"
        pair = bound.fresh("v")
        numbers = f"({decimal(f'{pair}[1]')}) {operator} ({decimal(f'{pair}[2]')})"
        texts = f"{pair}[1] {operator} {pair}[2]"
        return f"list_transform([[{left.sql}, {right.sql}]], lambda {pair}: coalesce({numbers}, {texts}))[1]"

    def _compare_mixed(self, operator: str, left: Value, right: Value) -> str:
        """Text with a number: text that is no number is unequal to every number, and neither less nor greater."""
        text, number = (left, right) if left.is_text else (right, left)
        pair = self._parameters.fresh("v")
        as_numbers = number_of_text(f"{pair}.t")
        sides = (as_numbers, f"{pair}.n") if left.is_text else (f"{pair}.n", as_numbers)
        compared = f"coalesce({sides[0]} {operator} {sides[1]}, {str(operator == '<>').lower()})"
        present = f"{pair}.t IS NOT NULL AND {pair}.n IS NOT NULL"
        struct = f"{{'t': {text.sql}, 'n': {as_number(number, self._parameters)}}}"
        return f"list_transform([{struct}], lambda {pair}: CASE WHEN {present} THEN {compared} END)[1]"

    def _as_instant(self, node: Expression, value: Value) -> Value:
        """A string that a time is compared with, as a time; without a zone it is UTC."""
        if not isinstance(node, Text):
            return value
        try:
            moment = datetime.fromisoformat(node.value)
        except ValueError:
            raise refusal(node.at, "the text compared with a time is not one, e.g. 2024-05-01T10:00:00Z") from None
        naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        return Value(self._parameters.bind(naive.isoformat(), "TIMESTAMP"), Kind.TIME)

    def _arithmetic(self, node: Arithmetic) -> Value:
        bound = self._parameters
        left, right = (as_number(self.value(side), bound) for side in (node.left, node.right))
        match node.operator:
            case "/":
                sql = f"({left} / nullif({right}, 0))"
            case "%":
                sql = f"fmod({left}, nullif({right}, 0))"
            case "^":
                sql = bound.once(f"pow({left}, {right})", lambda power: f"CASE WHEN isfinite({power}) THEN {power} END")
            case operator:
                sql = f"({left} {operator} {right})"
        return Value(sql, Kind.NUMBER)

    def _call(self, node: Call) -> Value:
        if node.function in ("bin", "datefloor", "dateceil"):
            return self._floored(node)
        if node.function in FUNCTIONS:
            given = tuple(self.value(each) for each in node.arguments)
            return FUNCTIONS[node.function].build(self._parameters, given, node.at)
        if self._grouped is None:
            raise refusal(node.at, f"{node.function} is an aggregate; it belongs in stats, outside another one")
        if node.function in ("earliest", "latest") and not self._scope.has_events:
            raise refusal(node.at, f"{node.function} needs log events; an earlier stats has left none")
        rows = Expressions(self._scope, self._parameters)
        given = tuple(rows.value(each) for each in node.arguments)
        return AGGREGATES[node.function].build(self._parameters, given, node.at)

    def _floored(self, node: Call) -> Value:
        *times, period = node.arguments
        if not isinstance(period, Period) or len(times) != (node.function != "bin"):
            usage = "bin(5m)" if node.function == "bin" else f"{node.function}(@timestamp, 5m)"
            raise refusal(node.at, f"{node.function} takes a period, as in {usage}")
        if node.function == "bin" and not self._scope.has_events:
            raise refusal(node.at, "bin needs @timestamp; an earlier stats has left none")
        value = self.value(times[0]) if times else SYSTEM["@timestamp"]
        if not times and self._grouped is not None:
            raise refusal(node.at, "bin stands outside an aggregate function; add it after 'by'")
        time = as_time(value, self._parameters)
        if node.function != "dateceil":
            return Value(floored(time, period), Kind.TIME)
        start = self._parameters.fresh("v")
        sql = f"CASE WHEN {start}[1] = {start}[2] THEN {start}[1] ELSE {start}[2] + {interval(period)} END"
        pairs = self._parameters.once(time, lambda each: f"[{each}, {floored(each, period)}]")
        return Value(f"list_transform([{pairs}], lambda {start}: {sql})[1]", Kind.TIME)
