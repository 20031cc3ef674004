"""JSON filter patterns: `{ $.user.id = 1 && $.items[*].name = "a*" }`."""

import json
import re
from collections.abc import Callable

from ddms_ops.sandbox.conditions import Test, Tokens, bad_pattern, comparison, joined

STEP = re.compile(r"\.([\w@-]+)|\.(\*)|\.?\['([^']*)'\]|\[(\d+)\]|\[(\*)\]")
IS: dict[str, object] = {"NULL": None, "TRUE": True, "FALSE": False}
MOST_WILDCARDS = 3
Step = str | int | None  # None is any member


def json_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a message is JSON that satisfies a pattern in braces; one that is not JSON satisfies none.

    Raises:
        Refusal: the pattern is not one.
    """
    tokens = Tokens(pattern)
    tokens.expect("{")
    holds = joined(tokens, _condition)
    tokens.expect("}")
    if tokens.next.kind != "end":
        raise bad_pattern("there is something after its last brace")
    if len(re.findall(r"\.\*|\[\*\]", re.sub(r'"(?:[^"\\]|\\.)*"', "", pattern))) > MOST_WILDCARDS:
        raise bad_pattern(f"it has more than {MOST_WILDCARDS} wildcards")

    def matches(message: str) -> bool:
        try:
            record = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(record, dict | list) and holds(record)

    return matches


def _condition(tokens: Tokens) -> Test:
    selector = tokens.read()
    if selector.kind != "selector":
        raise bad_pattern(f"a selector such as $.name was expected at {selector.text or 'the end'!r}")
    steps = _steps(selector.text)
    if tokens.took("NOT"):
        tokens.expect("EXISTS")
        return lambda record: not _values(record, steps)
    if tokens.took("IS"):
        word = tokens.read().text
        if word not in IS:
            raise bad_pattern(f"IS is followed by {', '.join(IS)}")
        wanted = IS[word]
        return lambda record: any(value is wanted for value in _values(record, steps))
    holds = comparison(tokens)
    return lambda record: any(holds(value) for value in _values(record, steps))


def _steps(selector: str) -> list[Step]:
    steps: list[Step] = []
    for name, _, quoted, place, _ in STEP.findall(selector):
        steps.append(int(place) if place else name or quoted or None)
    if not steps or steps.count(None) > 1:
        raise bad_pattern("a selector names a field and has at most one wildcard")
    return steps


def _values(record: object, steps: list[Step]) -> list[object]:
    """What stands where the steps lead; several values only after a wildcard."""
    found = [record]
    for step in steps:
        found = [member for value in found for member in _members(value, step)]
    return found


def _members(value: object, step: Step) -> list[object]:
    if step is None:
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if isinstance(step, int):
        return [value[step]] if isinstance(value, list) and step < len(value) else []
    return [value[step]] if isinstance(value, dict) and step in value else []
