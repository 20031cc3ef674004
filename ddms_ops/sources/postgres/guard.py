"""Which statements are sent at all. What the role may do is the barrier; this is the seat belt before it.

A read-only transaction of Postgres still allows advisory locks, notifications, large objects, ending other sessions,
and functions that run SQL or write files. None of these leaves this machine.
"""

import re
from collections.abc import Iterator, Sequence

from psycopg import Connection, sql

from ddms_ops.coverage import Status
from ddms_ops.sources.postgres.faults import DatabaseFault

READS = ("select", "with", "values", "table")
WRITES = frozenset({"insert", "update", "delete", "merge", "into", "share"})  # FOR SHARE locks rows
SPACE, TEXT, QUOTED, PARAMETER, WORD, MARK = "space", "text", "quoted", "parameter", "word", "mark"
# The lexical rules of Postgres, with standard_conforming_strings on; a name may hold any character beyond ASCII.
TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
    |(?P<text>'(?:[^']|'')*'|\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?)\$.*?\$(?P=tag)\$)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<parameter>\$\d+)
    |(?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    |(?P<number>[0-9]+)
    |(?P<mark>.)
    """,
    re.S | re.X,
)
REFUSED_FUNCTIONS = re.compile(
    r"pg_(try_)?advisory\w*|pg_notify|set_config|nextval|setval|lo_\w+|loread|lowrite|pg_sleep\w*"
    r"|pg_export_snapshot|pg_terminate_backend|pg_cancel_backend|pg_(reload|rotate|switch|promote|create|drop|copy)\w*"
    r"|pg_(wal|xlog)_replay\w*|pg_(start_|stop_)?backup\w*|pg_log\w*|pg_replication\w*|pg_stat_reset\w*"
    r"|pg_stat_statements_reset\w*|pg_read_\w+|pg_file_\w+|pg_ls_\w+|pg_stat_file|pg_import_system_collations"
    r"|txid_current|pg_current_xact_id|pg_prewarm|brin_\w+|gin_clean_pending_list"
    r"|(query|table|cursor|schema|database)_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby"  # run SQL given as text
    r"|dblink\w*|postgres_fdw\w*|query_export_to_s3|table_import_from_s3|invoke"
)


class RefusedStatement(DatabaseFault):
    """A statement that is not sent, and why."""

    def __init__(self, words: str) -> None:
        super().__init__(Status.FAILED, words)


def check_statement(statement: str) -> None:
    """Let one reading statement pass: SELECT, WITH, VALUES, TABLE, SHOW, or EXPLAIN of one without ANALYZE.

    Raises:
        RefusedStatement: any other, or one that calls a function with effects.
    """
    if "\0" in statement:
        raise RefusedStatement("a NUL character, which would end the statement early")
    tokens = [(kind, word) for kind, word in _tokens(statement) if kind != SPACE]
    words = [word.lower() for kind, word in tokens if kind == WORD]
    if (MARK, ";") in tokens:
        raise RefusedStatement("more than one statement, or a ';'; send one without")
    first = words[0] if tokens and tokens[0][0] == WORD else ""
    if first == "explain":
        first = _explained(tokens)
    elif first == "show":
        return
    if first not in READS:
        raise RefusedStatement("only SELECT, WITH, VALUES, TABLE, SHOW and EXPLAIN without ANALYZE are sent")
    if found := sorted(WRITES.intersection(words)):
        raise RefusedStatement(f"{found[0].upper()} writes or locks; only reading is allowed (quote a name)")
    around = zip([(SPACE, ""), *tokens], tokens, [*tokens[1:], (SPACE, "")], strict=False)
    for (_, before), (kind, name), (_, following) in around:
        called = name.strip('"').lower()
        is_called = following == "(" or before == "."  # (value).name calls a function too
        if kind in (WORD, QUOTED) and is_called and REFUSED_FUNCTIONS.fullmatch(called):
            raise RefusedStatement(f"{called}() has effects beyond reading")


def bind(statement: str, parameters: Sequence[object], connection: Connection) -> str:
    """The statement with each $n replaced by its value, quoted by libpq for this connection.

    A COPY, which is what streams, takes no bound values; and a bound answer would be held whole.

    Raises:
        RefusedStatement: a $n without a value.
    """
    parts = []
    for kind, text in _tokens(statement):
        if kind == PARAMETER:
            place = int(text[1:])
            if not 1 <= place <= len(parameters):
                raise RefusedStatement(f"the statement asks for {text}, {len(parameters)} values were given")
            text = f"({sql.Literal(parameters[place - 1]).as_string(connection)})"
        parts.append(text)
    return "".join(parts)


def _tokens(statement: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token; comments are space.

    Raises:
        RefusedStatement: a quote or comment that does not end, or text with escapes, which may hide its end.
    """
    place, before = 0, ""
    while place < len(statement):
        if statement.startswith("/*", place):
            end = _comment_end(statement, place)
            yield SPACE, statement[place:end]
            place = end
            continue
        found = TOKEN.match(statement, place)
        assert found is not None  # `mark` takes any character
        kind, text, place = str(found.lastgroup), found.group(), found.end()
        if text in ("'", '"'):
            raise RefusedStatement("a quote that does not end")
        if text.startswith(("'", '"')) and before in ("e", "u&"):
            raise RefusedStatement("text with escapes (E'', U&'', U&\"\"); give values as $1, $2 …")
        yield kind, text
        before = "u&" if before == "u" and text == "&" else text.lower()


def _comment_end(statement: str, start: int) -> int:
    """Where a comment, which may hold others, ends."""
    depth = 0
    for found in re.finditer(r"/\*|\*/", statement[start:]):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return start + found.end()
    raise RefusedStatement("a comment that does not end")


def _explained(tokens: Sequence[tuple[str, str]]) -> str:
    """The first word of what an EXPLAIN explains; empty where it would run it."""
    rest = [text.lower() for _, text in tokens[1:]]
    if "analyze" in rest or "analyse" in rest:
        return ""
    if rest[:1] == ["("] and ")" in rest:
        rest = rest[rest.index(")") + 1 :]
    return next((word for word in rest if word != "verbose"), "")
