"""One statement, one identity: the same in a log, in pg_stat_statements, in Performance Insights and in activity.

The parser's fingerprint knows no literals, no lengths of lists, no case of keywords and no names of savepoints and
cursors; the names of the objects that it leaves out are added. What does not parse goes by its letters (another
dialect), or by the one whole statement that begins like it (cut off).
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache

import postgast

from ddms_ops.redact import redact
from ddms_ops.sql_text.names import names_of, without_counts, without_long_numbers

LONGEST = 100_000  # characters given to the parser; beyond, a text goes by its letters
LEAST_CUT = 100  # characters that a text that may be cut must have in common with a whole one
LEAST_BROKEN = 20  # the same for a text that does not parse
DIGITS = 12
REMEMBERED = 100_000
ELISION = " … "
BEFORE_A_SIGN = (
    "select|where|when|then|else|and|or|not|between|limit|offset|returning|in|by|is|case|values|from|for|like|set|to|"
    "distinct|default|on"
)
SIZED = "varchar|char|character|varying|bit|float|time|timestamp|interval|nchar"
LIKE_THE_SERVER = (  # what must be in the text, what is replaced and by what
    # a sign belongs to the literal, as in pg_stat_statements
    ("-", re.compile(rf"([=<>(,+*/%^|!~@#&\[-]|\b(?:{BEFORE_A_SIGN})\b) ?- ?\$1", re.IGNORECASE), r"\1 $1"),
    # the field of extract is a literal there too
    ("extract", re.compile(r"\b(extract ?\() ?\w+ (?=from\b)", re.IGNORECASE), r"\1$1 "),
    # the parser takes no parameter for the length of these types
    ("($1", re.compile(rf"\b({SIZED}) ?\( ?\$1 ?\)", re.IGNORECASE), r"\1(1)"),
)


def statement_id(masked_text: str) -> str:
    """The identity of a statement: 12 hex digits.

    Args:
        masked_text: as `masked` gives it.

    Returns:
        From the parser's fingerprint and the names that it leaves out; from the letters alone, without case and white
        space, where it does not parse.
    """
    return _parsed_id(masked_text) or _hashed(_letters(masked_text))


def statement_ids(texts: Iterable[str]) -> dict[str, str]:
    """The identities of many masked texts, each distinct text once.

    Args:
        texts: as `masked` gives them.

    Returns:
        Identity by text. A text that does not parse has that of the one statement among the others that parses and
        begins like it, for at least 20 characters.
    """
    parsed = {text: _parsed_id(text) for text in dict.fromkeys(texts)}
    broken = [text for text, identity in parsed.items() if identity is None]
    whole = {text: identity for text, identity in parsed.items() if identity} if broken else {}
    matched = match_cut(broken, whole)
    return {text: identity or matched[text] for text, identity in parsed.items()}


def match_cut(cut_texts: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """The identities of texts that may have been cut off at their end.

    Args:
        cut_texts: masked texts, e.g. of pg_stat_activity (cut at 1,024 bytes) or Performance Insights (500 or 4,096).
        known: identity by whole masked text, as `statement_ids` gives them.

    Returns:
        Identity by cut text: that of the one known statement that begins like it, for at least 100 characters (20
        where it does not parse; white space and case do not count); its own where there is none, or more than one.
    """
    letters = sorted((_letters(text), identity) for text, identity in known.items())
    starts = [start for start, _ in letters]
    return {text: _matched(text, letters, starts) or statement_id(text) for text in dict.fromkeys(cut_texts)}


def shown(masked_text: str, chars: int = 200) -> str:
    """A masked statement for a report: one line, without secrets, cut in the middle where it is long.

    Args:
        masked_text: as `masked` gives it.
        chars: the most characters to show.
    """
    text = redact(" ".join(masked_text.split()))
    if len(text) <= chars:
        return text
    kept = max(chars - len(ELISION), 2)
    place = re.search(r"(?i)\bfrom\b|\bwhere\b|\bset\b|\bvalues\b", text[kept // 3 :])
    after = kept // 3 + place.start() if place else len(text)
    tail = text[max(after, len(text) - (kept - kept // 3)) :][: kept - kept // 3]
    return text[: kept - len(tail)] + ELISION + tail


def canonical(masked_text: str) -> str:
    """The masked text as the parser takes it, spelled like the server's own normalised text."""
    lower = masked_text.lower()
    for needed, pattern, by in LIKE_THE_SERVER:
        if needed in lower:
            masked_text = pattern.sub(by, masked_text)
    return without_counts(masked_text)


@lru_cache(maxsize=REMEMBERED)
def _parsed_id(masked_text: str) -> str | None:
    """The identity of a text that the parser takes."""
    text = canonical(masked_text)
    if len(text) > LONGEST:
        return None
    try:
        fingerprint = str(postgast.fingerprint(without_long_numbers(text)).hex)
    except (postgast.PgQueryError, UnicodeEncodeError):
        return None
    names = names_of(text)
    return _hashed("\n".join((fingerprint, *names))) if names else fingerprint[:DIGITS]


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _letters(text: str) -> str:
    """A text by which spellings of one statement are compared."""
    return "".join(canonical(text).split()).casefold()


def _matched(text: str, letters: list[tuple[str, str]], starts: list[str]) -> str | None:
    """The identity of the one known statement that begins like a text."""
    start = _letters(text)
    if len(start) < (LEAST_CUT if _parsed_id(text) else LEAST_BROKEN):
        return None
    found: set[str] = set()
    for place in range(bisect_left(starts, start), len(letters)):
        whole, identity = letters[place]
        if not whole.startswith(start) or len(found) > 1:
            break
        found.add(identity)
    return found.pop() if len(found) == 1 else None
