"""Space-delimited filter patterns: `[ip, ..., status_code = 4*, bytes > 1000]`."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ddms_ops.sandbox.conditions import Test, Tokens, bad_pattern, comparison, joined

FIELD = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
NAME = re.compile(r"[A-Za-z_]\w*")
ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class _Place:
    """One field of the pattern; no test means any value."""

    name: str
    test: Test | None = None


def delimited_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether the fields of a message satisfy a pattern in brackets.

    Fields are parted by blanks; quotes and brackets hold one together. The last one takes the rest of the message;
    `...` stands for any number of fields.

    Raises:
        Refusal: the pattern is not one.
    """
    tokens = Tokens(pattern)
    tokens.expect("[")
    places: list[_Place] = []
    while not tokens.took("]"):
        places.append(_place(tokens))
        if not tokens.took(","):
            tokens.expect("]")
            break
        if tokens.next.text == "]":
            places.append(_Place(""))
    if tokens.next.kind != "end":
        raise bad_pattern("there is something after its last bracket")
    names = [place.name for place in places if place.name]
    if len(names) != len(set(names)):
        raise bad_pattern("it names a field, or ..., twice")
    return lambda message: _satisfies(message, places)


def _place(tokens: Tokens) -> _Place:
    if tokens.took(ELLIPSIS):
        return _Place(ELLIPSIS)
    if tokens.next.text == ",":
        return _Place("")
    name = tokens.next.text
    if not NAME.fullmatch(name) or tokens.next.kind != "word":
        raise bad_pattern(f"{name or 'the end'!r} is no name of a field")

    def condition(inner: Tokens) -> Test:
        inner.expect(name)
        return comparison(inner)

    if tokens.second.text in (",", "]"):
        tokens.read()
        return _Place(name)
    return _Place(name, joined(tokens, condition))


def _satisfies(message: str, places: list[_Place]) -> bool:
    if not places:
        return True
    found = list(FIELD.finditer(message))
    values = [next((group for group in field.groups() if group is not None), "") for field in found]
    names = [place.name for place in places]
    if ELLIPSIS in names:
        gap = names.index(ELLIPSIS)
        tail = places[gap + 1 :]
        if len(values) < gap + len(tail):
            return False
        pairs = [*zip(places, values[:gap], strict=False), *zip(tail, values[len(values) - len(tail) :], strict=True)]
    else:
        if len(values) < len(places):
            return False
        if len(values) > len(places):
            values = [*values[: len(places) - 1], message[found[len(places) - 1].start() :]]
        pairs = list(zip(places, values, strict=True))
    return all(place.test is None or place.test(value) for place, value in pairs)
