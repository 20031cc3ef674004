"""What the text of a log event says of itself, as SQL for DuckDB: its level, its request, the JSON that it wraps.

The expressions read the columns `message` (as it came), `text` (of plain text, without a leading time), `head` (the
first characters of all that does not begin as JSON, without a leading time) and `access` (of an access log's line).
"""

from collections.abc import Mapping, Sequence

HEAD_CHARS = 200
LOOKED_AT_CHARS = 2000
LEADING_TIME = (
    r"^[\[<(]?(\d{4}-\d{2}-\d{2}[T ][\d:.,]+(?: ?(?:Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2})\b)?"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:.]+ \d{4}|\d{2}/[A-Z][a-z]{2}/\d{4}:[\d:]+ [+-]\d{4})[\])>]?\s*"
)
LEVEL_PAIR = r'(?i:\b(?:level|lvl|severity|loglevel)["\']?\s*[=:]\s*["\']?[a-z]+)'
LEVEL_BRACKET = (
    r"(?i:[\[<(](?:trace|debug|info|notice|warn|warning|error|err|severe|critical|crit|fatal|alert|emerg|panic)[\])>])"
)
LEVEL_WORD = (
    r"\b(?:TRACE|FINEST|DEBUG|FINE|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|EMERG|PANIC|LOG:"
    r"|STATEMENT:)(?:\b|$|\s)"
)
LEVEL = f"{LEVEL_PAIR}|{LEVEL_BRACKET}|{LEVEL_WORD}"  # whichever comes first in the line
LAST_WORD = r"([A-Za-z]+)[^A-Za-z]*$"
FRAMES = r'\n\s+at \S|\n\s+File "|Traceback \(most recent call last\)|\ngoroutine \d+ \['
FAILURE = (
    rf"{FRAMES}|^Exception in thread |(?i:^(?:uncaught|unhandled)\b)"
    r"|(?:^|: |\] )(?i:(?:fatal )?error|fatal|panic): |^[\w.$]*(?:Error|Exception): "
    r"|\bTask timed out after [\d.]+ seconds|^RequestId: \S+ (?:Error:|Process exited|Runtime exited)"
    r"|^REPORT RequestId: .*\bStatus: (?:error|timeout)"
)
"""How text without a level says that something failed: a stack trace, an unhandled exception, a runtime that died."""
UNTOLD = r"^(?:Traceback \(most recent call last\)|\S+:\d+\n)"
NAMED = r"(?m)^([\w.$]*(?:Error|Exception|Exit|Interrupt)\b.*)$"
"""The line that names the error, in a stack trace that begins with another."""
CLASS_BEFORE = r"^[\w.$]+: "
TRACE = "Traceback (most recent call last)"
PLATFORM = r"^(?:START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION)\b"
"""What Lambda itself writes of each invocation."""
WRAPPED = r"(?s)^\S{20,30}\t[0-9a-f-]{36}\t[A-Z]+\t(?:[A-Za-z ]{1,40}\t)?(\{.*\})\s*$"
"""JSON behind what the Lambda runtime of Node.js writes before each line."""
REQUEST_ID = r"(?:RequestId: |\t|^)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
ACCESS = r'"([A-Z]{3,7}) (\S+) HTTP/[\d.]+" (\d{3})\b'
"""The request and status of a line in the common log format, as nginx and Apache write it."""


def payload() -> str:
    """The JSON of a message: all of it, or what the runtime wraps; NULL where there is none."""
    wrapped = f"nullif(regexp_extract(message, '{WRAPPED}', 1), '')"
    return f"""CASE WHEN starts_with(ltrim(message), '{{') THEN message
        WHEN contains(left(message, 80), chr(9)) THEN {wrapped} END"""


def plain_text() -> str:
    """SQL of `text`, `head` and `access`, behind columns `message` and `x` (the values of its JSON, or NULL)."""
    timeless = f"regexp_replace(message, '{LEADING_TIME}', '')"
    return f"""CASE WHEN x IS NULL THEN {timeless} END AS text,
        CASE WHEN NOT starts_with(ltrim(message), '{{') THEN left({timeless}, {HEAD_CHARS}) END AS head,
        CASE WHEN x IS NULL AND contains(message, ' HTTP/')
            THEN regexp_extract(message, '{ACCESS}', ['method', 'path', 'status']) END AS access"""


def said(column: str) -> str:
    """A part of an access log's line: `method`, `path` or `status`."""
    return f"nullif(access.{column}, '')"


def first_line() -> str:
    """The line of plain text that says most: the first, and behind it what Python raised where it does not say so.

    Of a stack trace that nothing introduces it is the line that names the error.
    """
    first, named = "split_part(ltrim(text, chr(10)), chr(10), 1)", f"nullif({raised()}, '')"
    told = f"contains({first}, regexp_replace({named}, '{CLASS_BEFORE}', ''))"
    untold = f"coalesce(nullif(regexp_extract(text, '{NAMED}', 1), ''), text)"
    return f"""CASE WHEN regexp_matches(text, '{UNTOLD}') THEN {untold}
        WHEN {named} IS NULL OR {told} THEN text ELSE {first} || ': ' || {named} END"""


def raised() -> str:
    """The line of a Python stack trace that names what was raised; it stands last, far below the first."""
    return f"CASE WHEN contains(text, '{TRACE}') THEN regexp_extract(text, '{NAMED}', 1) END"


def request_id() -> str:
    """The request id that Lambda writes into its own lines."""
    return f"nullif(regexp_extract(head, '{REQUEST_ID}', 1), '')"


def level(levels: Mapping[str, Sequence[str]], field: str, message: str, trace: str) -> str:
    """Level of an event: what its field says, else its text; of neither ERROR where it tells of a failure.

    Args:
        levels: for each of our levels the words that stand for it.
        field: SQL of the level field.
        message: SQL of the message field of JSON.
        trace: SQL of its stack trace.
    """
    words = {word.lower(): ours for ours, synonyms in levels.items() for word in (*synonyms, ours)}
    found = f"nullif(regexp_extract(regexp_extract(head, '{_quoted(LEVEL)}'), '{LAST_WORD}', 1), '')"
    plain = f"lower(regexp_replace(coalesce({field}, {found}), '^[^A-Za-z0-9]+|[^A-Za-z0-9]+$', '', 'g'))"
    cases = " ".join(f"WHEN '{_quoted(word)}' THEN '{ours}'" for word, ours in sorted(words.items()))
    tells = f"left(coalesce(text, {message}), {LOOKED_AT_CHARS})"
    return f"""coalesce(CASE {plain} {cases} END, CASE WHEN {field} IS NOT NULL THEN NULL
        WHEN regexp_matches({tells}, '{FAILURE}') OR regexp_matches(chr(10) || {trace}, '{FRAMES}') THEN 'ERROR'
        WHEN regexp_matches(head, '{PLATFORM}') THEN 'INFO' END)"""


def _quoted(text: str) -> str:
    return text.replace("'", "''")
