"""Filter patterns of FilterLogEvents, after "Filter pattern syntax" in the CloudWatch Logs user guide.

`ERROR ARGUMENTS` wants every term, case-sensitive, anywhere in the message; `"a phrase"` is one term; `-term` must not
be there; of `?this ?that` one must, and next to other terms they have no effect. `%…%` is a regular expression.
Patterns in braces are in `json_patterns`, those in brackets in `delimited_patterns`.
"""

import re
from collections.abc import Callable

from ddms_ops.sandbox.conditions import bad_pattern, regular_expression
from ddms_ops.sandbox.delimited_patterns import delimited_pattern
from ddms_ops.sandbox.json_patterns import json_pattern

TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)')


def filter_pattern(pattern: str) -> Callable[[str], bool] | None:
    """Whether a message matches a pattern; None where every message does.

    Raises:
        Refusal: InvalidParameterException, the pattern is not one.
    """
    text = pattern.strip()
    if not text:
        return None
    if text.startswith("{"):
        return json_pattern(text)
    if text.startswith("["):
        return delimited_pattern(text)
    if text.startswith("%"):
        if len(text) < 2 or not text.endswith("%"):
            raise bad_pattern("its regular expression does not end in %")
        found = regular_expression(text)
        return lambda message: found.search(message) is not None
    return _terms(text)


def _terms(text: str) -> Callable[[str], bool]:
    every: list[str] = []
    none: list[str] = []
    either: list[str] = []
    place = 0
    while place < len(text):
        found = TERM.match(text, place)
        if found is None:
            raise bad_pattern(f"it cannot be read from character {place + 1}")
        sign, phrase, word = found.groups()
        if word is not None and not word.replace("_", "a").isalnum():
            raise bad_pattern("a term with other characters than letters, digits and _ needs double quotes")
        term = word if phrase is None else re.sub(r"\\(.)", r"\1", phrase)
        {"": every, "-": none, "?": either}[sign].append(term if term.strip() else "")
        place = found.end()
    if every or none:
        either = []

    def matches(message: str) -> bool:
        is_wanted = all(term in message for term in every) and not any(term in message for term in none)
        return is_wanted and (not either or any(term in message for term in either))

    return matches
