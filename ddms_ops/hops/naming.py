"""What a person typed against what there is: one match, or a line that says what would work."""

import re
from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd

from ddms_ops.checks.tables import visible
from ddms_ops.errors import BadInput, did_you_mean
from ddms_ops.redact import redact

LEAST_CHARS = 4
MOST_CHARS = 256
GIVEN_CHARS = 60
LISTED = 5


def chosen(noun: str, given: object, known: Collection[str], *, how: str) -> str:
    """The name that was given, or the only one that begins with four or more characters of it.

    Args:
        noun: what is named.
        given: as typed.
        known: all names.
        how: how to list them, for the error.

    Raises:
        BadInput: none of that name, or several that begin so.
    """
    name = typed(noun, given)
    if name in known:
        return name
    begun = [each for each in known if each.startswith(name)] if len(name) >= LEAST_CHARS else []
    if len(begun) == 1:
        return begun[0]
    if begun:
        named = ", ".join(sorted(begun)[:LISTED])
        more = f" and {len(begun) - LISTED} more" if len(begun) > LISTED else ""
        raise BadInput(
            visible(f"{noun} {short(name)} is the beginning of {len(begun)}: {named}{more}; write one whole")
        )
    is_begun = any(each.startswith(name) for each in known)
    raise unknown(
        noun, name, known, how=f"a beginning has {LEAST_CHARS} or more characters; {how}" if is_begun else how
    )


def meant(given: str, known: Collection[str]) -> str:
    """The only name that is shown as this, by its pseudonym; else what was given."""
    first, last = given.partition("[")[0], given.rpartition("]")[2]
    if given in (first, last) or given in known:
        return given
    found = [each for each in known if each.startswith(first) and each.endswith(last) and redact(each) == given]
    return found[0] if len(found) == 1 else given


def unknown(noun: str, given: str, known: Collection[str], *, how: str) -> BadInput:
    """The error for a name that is not there."""
    return BadInput(visible(f"no {noun} {short(given)}{did_you_mean(given, known)}; {how}"))


def typed(noun: str, given: object) -> str:
    """A name as typed, without space around.

    Raises:
        BadInput: it is no text, empty, over 256 characters, or no UTF-8.
    """
    if not isinstance(given, str) or not given.strip():
        raise BadInput(f"{noun}: {short(given)} is no name; write it as text")
    if len(given) > MOST_CHARS:
        raise BadInput(f"{noun}: a name of {len(given):,} characters; give at most {MOST_CHARS}")
    return whole(noun, given).strip()


def optional(noun: str, given: object) -> str:
    """A filter's name as typed; empty only where the filter was left out. None, a null or a list is no filter.

    Raises:
        BadInput: as `typed`.
    """
    return "" if isinstance(given, str) and given == "" else typed(noun, given)


def is_chosen(noun: str, given: object) -> bool:
    """A choice as a bool.

    Raises:
        BadInput: it is neither True nor False.
    """
    if isinstance(given, bool | np.bool_):
        return bool(given)
    raise BadInput(f"{noun}: {short(given)} is neither True nor False")


def whole(noun: str, given: str) -> str:
    """The text, which a record can hold.

    Raises:
        BadInput: it has half a character, which no UTF-8 text has.
    """
    try:
        given.encode()
    except UnicodeEncodeError:
        raise BadInput(
            f"{noun}: {short(given)} is no text: it has half a character, which no record can hold"
        ) from None
    return given


def short(given: object) -> str:
    """What was given in quotes, redacted, cut where it is long; a collection or a frame by its type alone."""
    if not isinstance(given, str | int | float | date | None) and given is not pd.NA:
        return f"'<{type(given).__name__}>'"
    text = redact(str(given)[:MOST_CHARS])
    return repr(text if len(text) <= GIVEN_CHARS else f"{text[:GIVEN_CHARS]}…")


def names_it(text: str, name: str) -> bool:
    """Whether a text has a name as a word of its own, not as a part of a longer one."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
