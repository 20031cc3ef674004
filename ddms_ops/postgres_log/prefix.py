"""A log_line_prefix as a regular expression, and which one a log was written with.

The patterns are read by Python and by RE2 alike. A prefix is a template of Postgres's manual, or GENERIC.
"""

import re
from collections.abc import Sequence
from functools import cache

RDS = "%t:%r:%u@%d:[%p]:"
GENERIC = "*"
"""Stands for any prefix that has a time: only time and level are read of it."""
COMMON = (
    RDS,
    "%m [%p] %q%u@%d ",
    "%m [%p] ",
    "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: db=%d,user=%u,app=%a,client=%h ",
    "%t [%p]: [%l-1] db=%d,user=%u ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%t [%p]: [%l-1] %q%u@%d ",
    "%t [%p]: [%l-1] ",
    "%t [%p-%l] %q%u@%d ",
    "%t [%p] %q%u@%d %a ",
    "%t [%p]: ",
    "%t-%c-",
    "%t-%c-user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] %c %x %d %u %a %h ",
    "%h %m [%p] %q%u@%d ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%m [%p] %q%u@%d/%a ",
    "%m [%p] user=%u,db=%d,app=%a,client=%h ",
    "< %m > ",
    "< %m >",
    "[%m] [%p] %q%u@%d ",
    "%m %u@%d [%p] ",
    "%t:%r:%u@%d:[%p]: ",
    "%n [%p] %q%u@%d ",
    "%n [%p] ",
    "user=%u,db=%d,time=%t ",
    "%t ",
    "%m ",
)
LEVELS = "DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC"
FOLLOWERS = ("DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "BACKTRACE", "STATEMENT")
LEVEL = rf"(?P<level>{LEVELS}|{'|'.join(FOLLOWERS)}):(?:  ?|\s|$)"
LEAD = r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z[ \t])?"
"""The time that CloudWatch puts before a line."""
CLOCK = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?"
ZONE = r"(?: ?(?:[A-Za-z]{1,6}|<?[+-]\d\d(?::?\d\d)?>?)(?:[+-]\d{1,2})?)?"
STAMP = f"{CLOCK}{ZONE}"
EPOCH = r"\d{9,11}\.\d{3}"
NUMBER = r"\d*"
ESCAPES = {
    "a": ("application", r"[^\n]*?"),
    "u": ("user", None),
    "d": ("database", None),
    "r": ("host", r"(?:\[local\]|[^\s,()\[\]]*(?:\(\d*\))?)"),
    "h": ("host", r"(?:\[local\]|[^\s,()\[\]]*)"),
    "b": ("", r"[^\n]*?"),
    "L": ("", r"[^\s,()]*"),
    "p": ("pid", NUMBER),
    "P": ("", NUMBER),
    "t": ("stamp", STAMP),
    "m": ("stamp", STAMP),
    "n": ("epoch", EPOCH),
    "s": ("", f"(?:{STAMP})?"),
    "i": ("", r"[A-Za-z ]*"),
    "e": ("sqlstate", "[0-9A-Z]{5}"),
    "c": ("session", r"[0-9a-f]+\.[0-9a-f]+"),
    "l": ("", NUMBER),
    "v": ("", r"[0-9/]*"),
    "x": ("", NUMBER),
    "Q": ("query_id", r"-?\d*"),
}
PARTS = re.compile(r"%(-?\d*)([a-zA-Z%])|([^%]+|%)")
ENOUGH = 0.5
LONGEST_HEAD = 120


def compiled(template: str) -> re.Pattern[str]:
    """The beginning of an entry: CloudWatch's time or none, the prefix, the level, a colon and its spaces.

    Args:
        template: a log_line_prefix as in postgresql.conf, or GENERIC.

    Returns:
        A pattern to match at an entry's beginning. It has the group `level`, and of `stamp`, `epoch`, `pid`, `user`,
        `database`, `application`, `host`, `session`, `sqlstate` and `query_id` what the template names. Without a
        time in the template, `stamp` is CloudWatch's time.
    """
    return _compiled(template)


@cache
def _compiled(template: str) -> re.Pattern[str]:
    if template == GENERIC:
        return re.compile(f"{LEAD}(?:[^\\s][^\\n]{{0,40}}?)?(?P<stamp>{CLOCK}{ZONE})[^\\n]{{0,200}}?{LEVEL}")
    body, seen = _body(template)
    if not {"stamp", "epoch"} & seen:
        lead = r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)[ \t]"
        return re.compile(f"{lead}{body}{LEVEL}")
    return re.compile(f"{LEAD}{body}{LEVEL}")


def plain_pattern(template: str) -> str:
    """The same pattern without groups, for engines that only say whether it fits."""
    return re.sub(r"\(\?P<\w+>", "(?:", compiled(template).pattern)


def _body(template: str) -> tuple[str, set[str]]:
    """The pattern of a template, and the names of its groups."""
    parts = [(found[1], found[2], found[3]) for found in PARTS.finditer(template)]
    pattern, seen, is_optional = "", set[str](), False
    is_after_user = False
    for place, (padding, letter, literal) in enumerate(parts):
        following = next((part[2][0] for part in parts[place + 1 :] if part[2]), ":")
        if literal or letter == "%":
            pattern += re.escape(literal or "%")
        elif letter == "q":
            pattern, is_optional = pattern + "(?:", True
        elif letter in ESCAPES:
            name, inner = ESCAPES[letter]
            text = inner or _name_pattern(following, no_at=letter == "d" and is_after_user)
            is_after_user = letter == "u" and following == "@"
            text = f"(?P<{name}>{text})" if name and name not in seen else f"(?:{text})"
            seen.add(name)
            pattern += rf" *{text} *" if padding else text
    return pattern + (")?" if is_optional else ""), seen


def _name_pattern(following: str, *, no_at: bool) -> str:
    """A user or a database: a user before an @ may hold others, the database after it then none."""
    if following == "@":
        return r"[^\n]*?"
    no = "@" * no_at
    return rf"[^\n{no}]*?" if following == " " else rf"[^\n{no}{re.escape(following)}]*"


def has_time(template: str) -> bool:
    """Whether the prefix itself says when an entry was written."""
    return template == GENERIC or bool({"stamp", "epoch"} & _body(template)[1])


def detect(lines: Sequence[str], stated: str = "") -> str:
    """The log_line_prefix that lines were written with.

    Args:
        lines: some lines of a log, continuation lines among them.
        stated: the prefix that the profile states; taken if it fits half the lines that have a level.

    Returns:
        The stated prefix, else the one of COMMON that fits most lines that have a level, else GENERIC where these have
        a time at least. Empty where nothing fits.
    """
    headed = [line for line in lines if not line[:1].isspace() and LEVELLED.search(line)]
    for templates in ((stated,) if stated else (), COMMON, (GENERIC,)):
        counts = {template: _fitting(template, headed) for template in templates}
        best = max(counts, key=lambda template: counts[template], default="")
        if best and counts[best] and counts[best] >= ENOUGH * len(headed):
            return best
    return ""


LEVELLED = re.compile(rf"(?:{LEVELS}|STATEMENT|DETAIL|CONTEXT|HINT):(?:  ?|\s|$)")


def _fitting(template: str, lines: Sequence[str]) -> int:
    pattern = compiled(template)
    return sum(pattern.match(line) is not None for line in lines)


def head_words(lines: Sequence[str], stated: str = "") -> str:
    """Words for coverage on lines that no prefix fits: which head they have and what to set; never a message.

    Digits, names and addresses of the head are left out, as it may hold any.
    """
    wanted = f"database.log_prefix {stated!r} does not fit" if stated else "no known log_line_prefix fits"
    for line in lines:
        if found := LEVELLED.search(line):
            head = re.sub(r"[^\W\d_]+", "x", re.sub(r"\d+", "9", line[: found.start()]))[:LONGEST_HEAD]
            level = found[0].rstrip(" :")
            return f"{wanted} lines that begin {head!r} before {level}: set database.log_prefix to SHOW log_line_prefix"
    return f"{wanted} its lines, and none has a level such as LOG: or ERROR: it may be no Postgres log"
