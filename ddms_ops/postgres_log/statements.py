"""What a statement's text says beside its shape: comments, settings, the ends of transactions, a plan's own text."""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.postgres_log.chunks import in_order, register
from ddms_ops.sql_text import masked_expression

STRING = r"'(?:[^']|'')*'"
QUOTED = rf"{STRING}|\"[^\"]*\"|\$\$(?s:.*?)\$\$"
TOKENS = rf"{QUOTED}|(/\*(?s:.*?)\*/|--[^\n]*)"
COMMENT = f"""CASE WHEN contains(text, '/*') OR contains(text, '--') THEN nullif(left(array_to_string(list_filter(
    regexp_extract_all(text, '{TOKENS.replace("'", "''")}', 1), lambda x: x <> ''), ' '), 2000), '') END"""
NAME = r"(\"?\w+\"?(?:\.\"?\w+\"?)*)"
ITEM = rf"(?:{STRING}|\"[^\"]*\"|-?[^\s;,'\"$()|/*\\+-]+)"
SET = rf"(?is)^set\s+(?:(local|session)\s+)?{NAME}(?:\s*=|\s+to\b)\s*(?:({ITEM}(?:\s*,\s*{ITEM})*)\s*(?:;(.*))?$)?"
"""Its value is a string to its quote, or words; it is empty where what is there is neither."""
RESET = rf"(?i)^reset\s+{NAME}\s*(?:;|$)"
CHANGES = r"\s*(?:set|reset|discard|commit|end|rollback|abort)\b"
UNSAFE = rf"(?i)(?:^|;){CHANGES}|set_config"
VALUE = rf"({STRING}|\$[0-9]+|null)(?:::\w+)?"
CALL = rf"(?is)set_config\s*\(\s*{VALUE}\s*,\s*{VALUE}\s*,\s*(true|false|{STRING}|\$[0-9]+)"
PARAMETER = rf"\$[0-9]+ = ({STRING}|NULL)"
BARE = "regexp_replace(text, '^(?:\\s|/\\*(?s:.*?)\\*/|--[^\\n]*\\n)+', '')"
WORD = r"^(set|reset|discard|begin|start|commit|end|rollback|abort|prepare)\b"
ALONE = r"[;\s]*$"
BEGIN = rf"^(?:begin|start\s+transaction)\b[^;]*{ALONE}"
COMMIT = rf"^(?:commit|end)(?:\s+(?:work|transaction))?(?:\s+and\s+(?:no\s+)?chain)?{ALONE}"
ROLLBACK = rf"^(?:rollback|abort)(?:\s+(?:work|transaction))?(?:\s+and\s+(?:no\s+)?chain)?{ALONE}"
ROLLBACK_TO = rf"^rollback\s+(?:(?:work|transaction)\s+)?to\b[^;]*{ALONE}"
PREPARED = rf"^(?:prepare\s+transaction|commit\s+prepared|rollback\s+prepared)\s*{STRING}{ALONE}"
ENDS = {"prepared": PREPARED, "begin": BEGIN, "commit": COMMIT, "rollback": ROLLBACK, "rollback_to": ROLLBACK_TO}
EFFECTS = ("set_name", "set_value", "set_is_local", "transaction")
"""Columns of what a statement does to its session, if it was run."""


def _sql(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"


def _unquoted(value: str) -> str:
    inner = f"substr({value}, 2, length({value}) - 2)"
    return f"""CASE WHEN regexp_full_match({value}, {_sql(STRING)}) THEN replace({inner}, '''''', '''')
        WHEN regexp_full_match({value}, '"[^"]*"') THEN {inner} ELSE {value} END"""


def _uncommented(text: str) -> str:
    """A text without its comments."""
    return f"""CASE WHEN contains({text}, '/*') OR contains({text}, '--')
        THEN regexp_replace({text}, {_sql(TOKENS.replace(QUOTED, f"({QUOTED})").replace(r"|(/", r"|(?:/"))}, '\\1', 'g')
        ELSE {text} END"""


TEXTS = f"""
    SELECT code, {masked_expression("text")} AS statement, {COMMENT} AS comment,
        CASE WHEN word = 'set' AND regexp_matches(clean, {_sql(SET)})
                THEN regexp_extract(clean, {_sql(SET)}, ['scope', 'name', 'value', 'rest'])
            WHEN word = 'reset' AND regexp_matches(clean, {_sql(RESET)})
                THEN {{'scope': '', 'name': regexp_extract(clean, {_sql(RESET)}, 1), 'value': 'default', 'rest': ''}}
            WHEN word = 'discard' AND regexp_matches(clean, '(?i)^discard\\s+all\\b')
                THEN {{'scope': '', 'name': 'all', 'value': 'default', 'rest': ''}} END AS setting,
        word IS DISTINCT FROM 'set' AND contains(lower(text), 'set_config') AS is_call,
        CASE {
    " ".join(f"WHEN regexp_matches(lower(clean), {_sql(pattern)}) THEN '{name}'" for name, pattern in ENDS.items())
} END AS transaction
    FROM (SELECT code, text, CASE WHEN left(text, 1) IN (' ', chr(9), chr(10), chr(13), '/', '-') THEN {BARE}
            ELSE text END AS bare, lower(left(bare, 40)) AS head,
        CASE WHEN left(head, 1) IN ('s', 'r', 'd', 'b', 'c', 'e', 'a', 'p')
            THEN nullif(regexp_extract(head, {_sql(WORD)}, 1), '') END AS word,
        CASE WHEN word IS NOT NULL THEN {_uncommented("bare")} END AS clean FROM texts)"""
"""Of the table `texts` (code, text)."""


def _argument(name: str) -> str:
    """An argument of set_config without its quotes: itself, or the parameter that it names."""
    named = f"given[TRY_CAST(substr(call.{name}, 2) AS INTEGER)]"
    return _unquoted(f"CASE WHEN starts_with(call.{name}, '$') THEN {named} ELSE call.{name} END")


CALLS = f"""
    SELECT place, {_argument("name")} AS name, CASE
        WHEN regexp_matches(text, '(?i);{CHANGES}') THEN NULL WHEN lower({_argument("value")}) = 'null' THEN '' ELSE
        {_argument("value")} END AS value, lower({_argument("scope")}) IN ('t', 'true', 'on', '1', 'yes') AS is_local
    FROM (SELECT place, text, regexp_extract({_uncommented("text")}, {_sql(CALL)}, ['name', 'value', 'scope']) AS call,
        regexp_extract_all(coalesce(detail, ''), {_sql(PARAMETER)}, 1) AS given FROM calls)
    WHERE call.name <> ''"""
"""Of the table `calls` (place, text, detail): the setting that a statement with set_config makes."""

QUERY_TEXT = r"(?s)^\s*Query Text: (.*?)\n((?:Query Parameters:[^\n]*\n)?[A-Z][^\n]*\(cost=.*)$"
QUERY_JSON = r'"Query Text": "((?:[^"\\]|\\.)*)",?'
PLANS = f"""
    SELECT place, CASE WHEN starts_with(ltrim(plan), '{{')
            THEN json_extract_string(TRY_CAST('"' || regexp_extract(plan, {_sql(QUERY_JSON)}, 1) || '"' AS JSON), '$')
            ELSE nullif(regexp_extract(plan, {_sql(QUERY_TEXT)}, 1), '') END AS text,
        CASE WHEN starts_with(ltrim(plan), '{{') THEN regexp_replace(plan, {_sql(QUERY_JSON)}, '')
            WHEN regexp_matches(plan, {_sql(QUERY_TEXT)}) 
                THEN regexp_replace(regexp_extract(plan, {_sql(QUERY_TEXT)}, 2),
                '^Query Parameters:[^\\n]*\\n', '') ELSE plan END AS plan
    FROM plans"""
"""Of the table `plans` (place, plan): the text and the plan of what auto_explain wrote."""


def said(engine: duckdb.DuckDBPyConnection, texts: pa.Array, details: pa.ChunkedArray) -> dict[str, pa.Array]:
    """What statements say, each distinct text looked at once.

    Args:
        engine: the engine.
        texts: SQL as logged; null where there is none.
        details: of the same events, with `parameters:` for those of a call.

    Returns:
        Columns statement, comment, set_name, set_value, set_is_local and transaction, as in events.EVENTS.
    """
    codes = pc.dictionary_encode(texts)
    register(engine, "texts", pa.table({"code": np.arange(len(codes.dictionary)), "text": codes.dictionary}))
    distinct = in_order(engine.sql(TEXTS), "code")
    setting = distinct["setting"].combine_chunks()
    register(engine, "settings", pa.table({"code": distinct["code"], **{
        name: pc.struct_field(setting, name) for name in ("scope", "name", "value", "rest")}}))  # fmt: skip
    sets = in_order(engine.sql(SETTINGS), "code")
    columns = {name: distinct[name].combine_chunks() for name in ("statement", "comment", "transaction")}
    columns |= {name: sets[name].combine_chunks() for name in ("set_name", "set_value", "set_is_local")}
    columns = {name: values.take(codes.indices) for name, values in columns.items()}
    is_call = pc.fill_null(distinct["is_call"].combine_chunks().take(codes.indices), False).to_numpy(
        zero_copy_only=False
    )
    return columns | _call_settings(engine, texts, details, np.flatnonzero(is_call), columns)


SETTINGS = f"""SELECT code, CASE WHEN lower(name) = 'all' THEN 'all' ELSE replace(name, '"', '') END AS set_name,
    CASE WHEN value = '' OR regexp_matches(rest, {_sql(UNSAFE)}) THEN NULL WHEN lower(value) = 'default' THEN ''
        ELSE {_unquoted("value")} END AS set_value,
    CASE WHEN name IS NOT NULL THEN lower(scope) = 'local' END AS set_is_local FROM settings"""
"""Of the table `settings` (code and the parts of SET): a value where there is one, and nothing behind it changes it."""


def _call_settings(
    engine: duckdb.DuckDBPyConnection,
    texts: pa.Array,
    details: pa.ChunkedArray,
    rows: np.ndarray,
    columns: dict[str, pa.Array],
) -> dict[str, pa.Array]:
    """The columns of settings with those that statements with set_config make."""
    if not len(rows):
        return {}
    kept = pa.array(rows)
    register(engine, "calls", pa.table({"place": rows, "text": texts.take(kept), "detail": details.take(kept)}))
    found = in_order(engine.sql(CALLS), "place")
    mask = np.zeros(len(texts), bool)
    mask[found["place"].to_numpy()] = True
    names = {"set_name": "name", "set_value": "value", "set_is_local": "is_local"}
    return {
        name: pc.replace_with_mask(columns[name], pa.array(mask), found[of].combine_chunks())
        for name, of in names.items()
    }
