"""The aggregate functions of `stats`: how many arguments each takes and the SQL it becomes."""

from ddms_ops.insights.functions import Build, Function
from ddms_ops.insights.kinds import Kind, Parameters, Value, as_number, as_text, decimal, natural
from ddms_ops.insights.tree import Place, refusal


def _numeric(template: str) -> Build:
    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        return Value(template.format(as_number(given[0], parameters)), Kind.NUMBER)

    return build


def _count(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del parameters, at
    return Value(f"count({given[0].sql if given else '*'})", Kind.COUNT)


def _count_distinct(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    return Value(f"count(DISTINCT {as_text(given[0], parameters)})", Kind.COUNT)


def _extreme(function: str) -> Build:
    """min or max: of numbers if all values are numbers, else of texts."""

    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        value = given[0]
        if value.kind is Kind.BOOLEAN:
            return Value(f"{function}({as_number(value, parameters)})", Kind.NUMBER)
        if not value.is_text:
            return Value(f"{function}({value.sql})", Kind.INTEGER if value.kind is Kind.COUNT else value.kind)
        number = parameters.once(value.sql, decimal)
        by_number = f"arg_{function}({value.sql}, {number})"
        sql = f"CASE WHEN count({value.sql}) = count({number}) THEN {by_number} ELSE {function}({value.sql}) END"
        return Value(sql, Kind.EITHER)

    return build


def _percentile(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    share = given[1].literal
    if not isinstance(share, float) or not 0 <= share <= 100:
        raise refusal(at, "the second argument of pct must be a number from 0 to 100, e.g. pct(duration, 95)")
    return Value(f"quantile_cont({as_number(given[0], parameters)}, {share / 100!r})", Kind.NUMBER)


def _by_time(function: str) -> Build:
    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del parameters, at
        kind = Kind.INTEGER if given[0].kind is Kind.COUNT else given[0].kind
        tie = '"row"' if function == "arg_min" else '-"row"'
        return Value(f'{function}({given[0].sql}, ("time", {tie}))', kind)

    return build


def _by_order(function: str) -> Build:
    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        text = as_text(given[0], parameters)
        number = parameters.once(text, decimal)
        key = f"(({number}) IS NOT NULL, coalesce({number}, 0), {natural(text)}, {text})"
        return Value(f"{function}({text}, {key})", Kind.TEXT)

    return build


AGGREGATES: dict[str, Function] = {
    "count": Function(0, 1, _count),
    "count_distinct": Function(1, 1, _count_distinct),
    "sum": Function(1, 1, _numeric("sum({0})")),
    "avg": Function(1, 1, _numeric("avg({0})")),
    "median": Function(1, 1, _numeric("median({0})")),
    "stddev": Function(1, 1, _numeric("stddev_samp({0})")),
    "min": Function(1, 1, _extreme("min")),
    "max": Function(1, 1, _extreme("max")),
    "pct": Function(2, 2, _percentile),
    "earliest": Function(1, 1, _by_time("arg_min")),
    "latest": Function(1, 1, _by_time("arg_max")),
    "sortsfirst": Function(1, 1, _by_order("arg_min")),
    "sortslast": Function(1, 1, _by_order("arg_max")),
}
