"""Names in a statement: those that make another statement of it, and those that a driver counted up.

The parser's fingerprint leaves out schemas, two digits and more in a table's name, temporary tables, and the names of
CALL, EXECUTE, PREPARE, LISTEN and NOTIFY. Names that it does know may be given once more: that changes nothing.
"""

import re
from functools import lru_cache

from ddms_ops.sql_text.masks import QUOTED, WORD

NAME = rf"(?:{QUOTED}|{WORD})"
PATH = re.compile(rf"{NAME}(?:\.{NAME})*")
PART = re.compile(NAME)
CALLED = {"call", "execute", "prepare", "listen", "unlisten", "notify", "temp", "temporary"}
BEFORE_A_TABLE = {
    ",", "(", "from", "join", "into", "update", "only", "table", "using", "on", "truncate", "vacuum", "full", "freeze",
    "verbose", "analyze", "copy", "lock", "cluster", "index", "view", "sequence", "if", "not", "exists",
    "concurrently", "references",
}  # fmt: skip
QUOTED_NAME = re.compile(QUOTED)
SEPARATE = str.maketrans({sign: f" {sign} " for sign in ",();"})
SPACES = str.maketrans(dict.fromkeys(" ,();", "\x01"))
REMEMBERED = 10_000
TWO_DIGITS = re.compile(r"[0-9]{2}")
# A partition's date is part of what one looks for, a number of four digits and more that is none was counted up
LONG_NUMBER = re.compile(r"[0-9]{4,}")
DATE = re.compile(r"(?:19|20)[0-9]{2}(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])?)?")
SESSION_SCHEMA = re.compile(r"^(pg_(?:toast_)?temp)_[0-9]+$")
COUNTED = re.compile(r"(?<![0-9a-z])[0-9a-f]*[0-9][0-9a-f]*(?![0-9a-z])|[0-9]+", re.IGNORECASE)
DIRECTION = r"next|prior|first|last|absolute|relative|forward|backward|all"
OF_A_SESSION = re.compile(
    rf"^((?:(?:fetch|move)(?: (?:{DIRECTION}))?(?: ?\$1)?(?: (?:from|in)\b)?|close|declare|execute|prepare|"
    rf"deallocate(?: prepare)?|savepoint|release(?: savepoint)?|rollback(?: work| transaction)? to(?: savepoint)?|"
    rf"(?:un)?listen|notify) ?)({NAME})",
    re.IGNORECASE,
)
PARAMETER_OF_FETCH = re.compile(r"^((?:fetch|move)\b[a-z ]*)\$1", re.IGNORECASE)  # the parser takes none there


def names_of(text: str) -> tuple[str, ...]:
    """The names that tell a statement from one with the same fingerprint.

    Args:
        text: masked SQL.

    Returns:
        Qualified names and those of two digits and more where a table may stand, what is called, prepared, listened to
        or temporary; as the server folds them, sorted, each once. Numbers of four digits and more that are no
        date (2024, 202401, 20240131) and numbers of temporary schemas are folded, so that generated names are one.
    """
    found = set()
    is_called = is_placed = False
    for word in _words(text):
        lower = word.lower()
        if lower in CALLED:
            is_called = True
        elif lower in BEFORE_A_TABLE:
            is_placed = True
        else:
            if is_called or (is_placed and ("." in word or TWO_DIGITS.search(word))):
                found.add(word)
            is_called = is_placed = False
    return tuple(sorted({_folded_path(word) for word in found} - {""}))


def without_counts(text: str) -> str:
    """A masked statement with the numbers in the names of a session's own things folded.

    That is cursors, portals, prepared statements, savepoints and channels.

    Args:
        text: masked SQL.
    """
    text = OF_A_SESSION.sub(_counted, text, count=1)
    return PARAMETER_OF_FETCH.sub(r"\g<1>1", text, count=1)


def without_long_numbers(text: str) -> str:
    """A masked DROP with the generated numbers in the names of its objects folded; other statements as they are.

    Args:
        text: masked SQL.
    """
    return LONG_NUMBER.sub(_number, text) if text[:5].lower() == "drop " else text


def _words(text: str) -> list[str]:
    """What stands between white space, commas and brackets; a quoted name is in one piece."""
    if '"' in text:
        text = QUOTED_NAME.sub(lambda name: name[0].translate(SPACES), text)
    return text.translate(SEPARATE).replace(" .", ".").replace(". ", ".").split()


def _counted(match: re.Match[str]) -> str:
    name = match[2]
    if not any(sign.isdecimal() for sign in name):
        return match[0]
    return f'{match[1]}"{COUNTED.sub("0", _unquoted(name))}"'


@lru_cache(maxsize=REMEMBERED)
def _folded_path(word: str) -> str:
    """The name at the beginning of a word, "" where there is none."""
    path = PATH.match(word)
    return ".".join(_folded(part) for part in PART.findall(path[0])) if path else ""


def _folded(part: str) -> str:
    return SESSION_SCHEMA.sub(r"\1", LONG_NUMBER.sub(_number, _unquoted(part)))


def _number(match: re.Match[str]) -> str:
    return match[0] if DATE.fullmatch(match[0]) else "0"


def _unquoted(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()
