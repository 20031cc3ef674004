"""What is wrong with a query's syntax, in one line of human words."""

import re
from collections.abc import Iterable

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from ddms_ops.errors import QueryError, did_you_mean
from ddms_ops.insights.tree import Place, refusal

SUPPORTED = ("fields", "display", "filter", "parse", "stats", "sort", "limit", "dedup")
# Other commands that Insights has, some of them in capitals.
ELSEWHERE = ("SOURCE", "anomaly", "pattern", "diff", "unnest", "unmask", "filterIndex", "join", "lookup", "addtotals")
_WORDS = {
    "NAME": "a field", "QUOTED_NAME": "a field", "STRING": "a string", "REGEX": "a /regular expression/",
    "NUMBER": "a number", "PERIOD": "a period", "COMPARISON": "a comparison", "_MATCHES": "a comparison",
    "_LIKE": "a comparison", "_IN": "a comparison", "VBAR": "'|'", "COMMA": "','", "LPAR": "'('", "RPAR": "')'",
    "LSQB": "'['", "RSQB": "']'", "$END": "the end of the query", "_AS": "'as'", "_BY": "'by'", "_AND": "'and'",
    "_OR": "'or'", "ASC": "'asc'", "DESC": "'desc'", "MINUS": "an operator", "PLUS": "an operator",
    "STAR": "an operator", "SLASH": "an operator", "PERCENT": "an operator", "CARET": "an operator",
}  # fmt: skip
_OPERATORS = {"an operator", "a comparison", "'and'", "'or'"}
_SHOWN_CHARACTERS = 20


def syntax_error(text: str, error: UnexpectedInput) -> QueryError:
    """The error for text that the grammar does not allow.

    Args:
        text: the query.
        error: what lark found.

    Returns:
        An error with the place, what stands there and what could.
    """
    if isinstance(error, UnexpectedToken):
        expected = set(error.accepts or error.expected)
        position = len(text.rstrip()) if error.token.type == "$END" else error.token.start_pos or 0
    else:
        expected = set(error.allowed) if isinstance(error, UnexpectedCharacters) else set()
        position = error.pos_in_stream or 0
    before = text[:position]
    at = Place(before.count("\n") + 1, position - before.rfind("\n"))
    rest = text[position:]
    word = re.split(r"[\s(|]", rest, maxsplit=1)[0] or rest[:1]
    if "_FIELDS" in expected:
        return _not_a_command(at, word)
    opening = rest[:1]
    if opening in ('"', "'", "`") and opening not in rest[1:]:
        return refusal(at, f"the {opening} that opens here is never closed")
    found = repr(rest.split("\n")[0][:_SHOWN_CHARACTERS].strip()) if rest.strip() else "the end of the query"
    return refusal(at, f"found {found} where {_in_words(expected)} was expected")


def _not_a_command(at: Place, word: str) -> QueryError:
    supported = f"supported: {', '.join(SUPPORTED)}"
    if not word or not word[0].isalpha():
        found = repr(word[:_SHOWN_CHARACTERS]) if word else "the end of the query"
        return refusal(at, f"found {found} where a command was expected; {supported}")
    hint = "" if word.lower() in {name.lower() for name in ELSEWHERE} else did_you_mean(word.lower(), SUPPORTED)
    return refusal(at, f"command {word[:_SHOWN_CHARACTERS]!r} is not supported; {supported}{hint}")


def _in_words(expected: Iterable[str]) -> str:
    """The things expected, values first; operators only where nothing else could stand."""
    names = {_WORDS[name] for name in expected if name in _WORDS}
    if "a field" in names:
        names = {"a field or a value"} if "a string" in names and "a number" in names else {"a field"}
    elif names - _OPERATORS:
        names -= _OPERATORS
    *first, last = sorted(names) or ["something else"]
    return f"{', '.join(first)} or {last}" if first else last
