"""Regular expressions and glob patterns of a query, as RE2 reads them."""

import re
from collections.abc import Iterator
from functools import cache

import duckdb

from ddms_ops.engine import offline_engine
from ddms_ops.insights.tree import Pattern, Place, refusal

# One step through a pattern: an escape, a quoted stretch, a class, an opening that may capture, anything else.
_STEP = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\(\?P?<(?![=!])(\w*)>|\(\?|\(|.", re.DOTALL
)
_GLOB_STEP = re.compile(r"\\\*|\*|[^*\\]+|\\", re.DOTALL)


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return offline_engine(enable_external_access=False)


def _steps(regex: str) -> Iterator[tuple[str, str | None]]:
    """Each step of a pattern in RE2 syntax, with the group's name ("" if it has none) where it opens a group."""
    for step in _STEP.finditer(regex):
        if step[1] is not None:
            yield f"(?P<{step[1]}>", step[1]
        else:
            yield step[0], "" if step[0] == "(" else None


def to_pattern(regex: str, at: Place) -> Pattern:
    """A regular expression as Insights writes it, made ready for RE2.

    `(?<name>…)` becomes `(?P<name>…)`, but not inside a class, after a backslash or as a look-behind.

    Args:
        regex: the expression without its slashes.
        at: its place in the query.

    Returns:
        The pattern, known to compile.

    Raises:
        QueryError: RE2 refuses the expression (look-arounds and back-references among others).
    """
    steps = list(_steps(regex))
    pattern = Pattern("".join(text for text, _ in steps), tuple(name for _, name in steps if name is not None), at)
    try:
        _engine().cursor().execute("SELECT regexp_matches('', $regex)", {"regex": pattern.regex}).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].split(": ", 1)[-1]
        raise refusal(at, f"the regular expression is not valid: {reason[:100]}") from None
    return pattern


def glob_pattern(glob: str, names: tuple[str, ...], at: Place) -> Pattern:
    r"""The text of `parse`: each `*` is a field, as short as it can be, and the last one at the end takes the rest.

    Args:
        glob: the text; `\*` is an asterisk itself.
        names: the fields, one for each `*`.
        at: its place in the query.

    Returns:
        A pattern with one named group for each `*`.

    Raises:
        QueryError: there are more or fewer names than asterisks.
    """
    steps = _GLOB_STEP.findall(glob)
    if steps.count("*") != len(names):
        raise refusal(at, f"parse has {steps.count('*')} '*' but {len(names)} names after 'as'; give one name for each")
    pieces = ["(.*?)" if step == "*" else r"\*" if step == r"\*" else re.escape(step) for step in steps]
    if steps and steps[-1] == "*":
        pieces[-1] = "(.*)"
    return Pattern("(?s)" + "".join(pieces), names, at)
