"""Masked messages that are JSON objects, or end in one, by what they say of the error."""

import re
from collections.abc import Iterator

SIGNAL = re.compile(
    r".*(?:error|exception|message)|err|exc|msg|errmsg|(?:error|err|status)?_?code|errno|sqlstate|(?:error|exception)?_?type|"
    r"kind|event|reason|cause|details?|title|description|status|state|fault|action|op|operation|result|outcome",
    re.IGNORECASE,
)
CAUSE = re.compile(r"error|err|exception|exc|cause|fault", re.IGNORECASE)
DEEPEST = 3
START = re.compile(r"""[\[{]\s*(?:"[^"]*"\s*:|\{)""")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|(?:<\*>|[^\s{}\[\],:"<]|<)+')


def shortened(text: str) -> str:
    """A masked text with the JSON that it is, or ends in, cut down to its error fields.

    Returns:
        `{"error.type": "TimeoutError", "message": "no answer from <*>"}`: the fields that say what happened, by name,
        of the object and of what it holds one level down. All fields where an object has none of these; `{<*>}` for an
        object without them behind other text. The text itself where it holds no JSON.
    """
    found = START.search(text)
    if not found:
        return text
    before = text[: found.start()]
    fields = dict(_fields(text[found.start() :]))
    if not fields:
        return text
    chosen = {path: value for path, value in fields.items() if _is_signal(path)}
    if not chosen and before.strip():
        return f"{before}{{<*>}}"
    body = ", ".join(f'"{".".join(path)}": {value}' for path, value in sorted((chosen or fields).items()))
    return f"{before}{{{body}}}"


def _is_signal(path: tuple[str, ...]) -> bool:
    """A field that says what happened; a name says it where it is an error's."""
    is_errors_name = path[-1].lower() == "name" and len(path) > 1 and CAUSE.fullmatch(path[-2])
    return bool(is_errors_name or SIGNAL.fullmatch(path[-1]))


def _fields(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Paths and values of an object's plain fields; tolerates an object that is cut off."""
    tokens = TOKEN.findall(text)
    path: list[str] = []
    key = ""
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if token == "{":
            path.append(key)
            key = ""
        elif token == "}":
            del path[-1:]
            if not path:
                return
        elif following == ":":
            key = token.strip('"')
        elif token not in "[],:" and key:
            parts = tuple(part for part in path if part)
            if len(parts) < DEEPEST - 1:
                yield (*parts, key), token
            key = ""
