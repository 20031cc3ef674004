"""What a message or the cause of a failure says went wrong, wherever in its JSON that stands.

Lambda's destinations, its dead letters, EventBridge, SNS and programs of one's own name it differently; names are
compared without case, `_`, `-` and `.`. All of it is other people's text.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

NAMES = ("errortype", "errorcode", "errorname", "exception", "exceptiontype", "error")
TEXTS = (
    "errormessage", "errordescription", "failurereason", "stoppedreason", "cause", "reason", "exceptionmessage",
    "error", "message", "detail",
)  # fmt: skip
WRAPPED = ("StringValue", "Value")
DEEPEST = 6
LONGEST = 256_000  # characters: SQS and Step Functions hold no more
CHARS = 1000
FIELDS = 12


def parsed(text: object) -> object:
    """The JSON of a text; the text itself where it is none, or nests too deep or too long to be read."""
    if not isinstance(text, str) or len(text) > LONGEST or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def error_of(values: Sequence[object]) -> tuple[str | None, str | None]:
    """Name and text of the error that some JSON values hold; None each where they hold none.

    Args:
        values: the most telling first; objects are looked through in breadth, texts of JSON within them too.
    """
    fields = [field for value in values for field in _fields(value)]
    return _first(fields, NAMES), _first(fields, TEXTS)


def said(value: object) -> str | None:
    """A text that is not empty, cut; None of anything else."""
    text = value.strip() if isinstance(value, str) else ""
    return text[:CHARS].encode("utf-8", "replace").decode() or None


def fields_of(body: object) -> str:
    """Names of the outermost fields of a body in order, `text` of what is no object."""
    if not isinstance(body, dict):
        return "list" if isinstance(body, list) else "text"
    names = sorted(str(name).encode("utf-8", "replace").decode() for name in body)
    more = f" and {len(names) - FIELDS} more" if len(names) > FIELDS else ""
    return (", ".join(names[:FIELDS]) + more)[:CHARS] or "nothing"


def _fields(value: object) -> Iterator[tuple[str, str]]:
    """Name, without case and marks, and text of each field, the outer ones first."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, list):
                inner += [item for item in each[:FIELDS] if isinstance(item, dict | list)]
            if not isinstance(each, dict):
                continue
            for name, held in each.items():
                held = parsed(_unwrapped(held))
                if isinstance(held, dict | list):
                    inner.append(held)
                elif text := said(held):
                    yield str(name).lower().translate({ord(mark): None for mark in "_-."}), text
        level = inner


def _unwrapped(value: object) -> object:
    """The value of a message attribute, which is wrapped with its type."""
    if isinstance(value, dict) and 0 < len(value) <= 3:
        return next((value[name] for name in WRAPPED if isinstance(value.get(name), str)), value)
    return value


def _first(fields: list[tuple[str, str]], wanted: Sequence[str]) -> str | None:
    """The text of the field whose name is wanted most."""
    return next((text for name in wanted for held, text in fields if held == name), None)
