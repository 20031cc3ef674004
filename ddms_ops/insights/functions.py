"""The scalar functions: how many arguments each takes and the SQL it becomes."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from ddms_ops.insights.kinds import Kind, Parameters, Value, as_number, as_text, as_time
from ddms_ops.insights.tree import Place, refusal

Build = Callable[[Parameters, tuple[Value, ...], Place], Value]
MANY = 100
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and its SQL."""

    least: int
    most: int
    build: Build


def _text(template: str, kind: Kind = Kind.TEXT) -> Build:
    """A function of texts; the template names them {0}, {1} … once each."""

    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        return Value(template.format(*(as_text(value, parameters) for value in given)), kind)

    return build


def _number(template: str) -> Build:
    """A function of numbers; {all} stands for the whole list."""

    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        numbers = [as_number(value, parameters) for value in given]
        return Value(template.format(*numbers, all=", ".join(numbers)), Kind.NUMBER)

    return build


def _guarded(condition: str, template: str) -> Build:
    """A function of one number that has no value unless a condition holds."""

    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        number = as_number(given[0], parameters)
        guarded = f"CASE WHEN {condition} THEN {template} END"
        return Value(parameters.once(number, lambda name: guarded.format(name)), Kind.NUMBER)

    return build


def _is_present(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del parameters, at
    return Value(f"({given[0].sql}) IS NOT NULL", Kind.BOOLEAN)


def _coalesce(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    if len({value.kind for value in given}) == 1:
        return Value(f"coalesce({', '.join(value.sql for value in given)})", given[0].kind)
    return Value(f"coalesce({', '.join(as_text(value, parameters) for value in given)})", Kind.TEXT)


def _concat(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    return Value(f"concat({', '.join(as_text(value, parameters) for value in given)})", Kind.TEXT)


def _trim(function: str) -> Build:
    def build(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
        del at
        subject = as_text(given[0], parameters)
        characters = as_text(given[1], parameters) if len(given) > 1 else r"E' \t\r\n'"
        return Value(f"{function}({subject}, {characters})", Kind.TEXT)

    return build


def _substr(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    text, start, *length = given
    bounds = [as_number(each, parameters) for each in (start, *length)]
    first, *rest = (f"CAST(trunc(least(greatest({bound}, 0), 1e9)) AS BIGINT)" for bound in bounds)
    return Value(f"substring({', '.join([as_text(text, parameters), first + ' + 1', *rest])})", Kind.TEXT)


def _replace(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    return Value(f"replace({', '.join(as_text(value, parameters) for value in given)})", Kind.TEXT)


def _from_millis(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    return Value(as_time(given[0], parameters), Kind.TIME)


def _to_millis(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    del at
    return Value(f"epoch_ms({as_time(given[0], parameters)})", Kind.INTEGER)


def _in_subnet(parameters: Parameters, given: tuple[Value, ...], at: Place) -> Value:
    try:
        subnet = ipaddress.IPv4Network(str(given[1].literal), strict=False)
    except ValueError:
        raise refusal(at, 'isIpv4InSubnet needs a subnet as a string, e.g. "10.0.0.0/8"') from None
    first, last = int(subnet.network_address), int(subnet.broadcast_address)

    def test(text: str) -> str:
        octets = " + ".join(f"CAST(split_part({text}, '.', {i}) AS BIGINT) * {256 ** (4 - i)}" for i in range(1, 5))
        return (
            f"CASE WHEN {text} IS NULL THEN NULL WHEN regexp_full_match({text}, '{_IPV4}') "
            f"THEN {octets} BETWEEN {first} AND {last} ELSE false END"
        )

    return Value(parameters.once(as_text(given[0], parameters), test), Kind.BOOLEAN)


FUNCTIONS: dict[str, Function] = {
    "strlen": Function(1, 1, _text("length({0})", Kind.INTEGER)),
    "toupper": Function(1, 1, _text("upper({0})")),
    "tolower": Function(1, 1, _text("lower({0})")),
    "trim": Function(1, 2, _trim("trim")),
    "ltrim": Function(1, 2, _trim("ltrim")),
    "rtrim": Function(1, 2, _trim("rtrim")),
    "concat": Function(1, MANY, _concat),
    "strcontains": Function(2, 2, _text("contains({0}, {1})", Kind.BOOLEAN)),
    "replace": Function(3, 3, _replace),
    "substr": Function(2, 3, _substr),
    "isempty": Function(1, 1, _text("(coalesce({0}, '') = '')", Kind.BOOLEAN)),
    "isblank": Function(1, 1, _text(r"(trim(coalesce({0}, ''), E' \t\r\n') = '')", Kind.BOOLEAN)),
    "ispresent": Function(1, 1, _is_present),
    "coalesce": Function(1, MANY, _coalesce),
    "isvalidipv4": Function(
        1, 1, _text(f"regexp_full_match({{0}}, '{_IPV4.replace('{', '{{').replace('}', '}}')}')", Kind.BOOLEAN)
    ),
    "isipv4insubnet": Function(2, 2, _in_subnet),
    "abs": Function(1, 1, _number("abs({0})")),
    "ceil": Function(1, 1, _number("ceil({0})")),
    "floor": Function(1, 1, _number("floor({0})")),
    "greatest": Function(1, MANY, _number("greatest({all})")),
    "least": Function(1, MANY, _number("least({all})")),
    "log": Function(1, 1, _guarded("{0} > 0", "ln({0})")),
    "sqrt": Function(1, 1, _guarded("{0} >= 0", "sqrt({0})")),
    "frommillis": Function(1, 1, _from_millis),
    "tomillis": Function(1, 1, _to_millis),
}
