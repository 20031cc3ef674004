"""Log events as the LOGS frame: JSON fields by the profile's names, level and error also from text.

Each message is parsed once, by DuckDB. What begins as JSON and is not keeps its text and is
marked `is_parsed` False.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from ddms_ops.declaration import Logs
from ddms_ops.schema import LOGS, conform

MESSAGE_CHARS = 1000
HEAD_CHARS = 200
CATEGORIES = tuple(column.name for column in LOGS.columns if column.dtype == "category")
LEADING_TIME = (
    r"^[\[<(]?(\d{4}-\d{2}-\d{2}[T ][\d:.,]+(?: ?(?:Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2})\b)?"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:.]+ \d{4}|\d{2}/[A-Z][a-z]{2}/\d{4}:[\d:]+ [+-]\d{4})[\])>]?\s*"
)
LEVEL_WORD = (
    r"\b(TRACE|FINEST|DEBUG|FINE|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|EMERG|PANIC|LOG:"
    r"|STATEMENT:)(?:\b|$|\s)"
)
LEVEL_BRACKET = (
    r"(?i)[\[<(](trace|debug|info|notice|warn|warning|error|err|severe|critical|crit|fatal|alert|emerg|panic)[\])>]"
)
LEVEL_PAIR = r'(?i)\b(?:level|lvl|severity|loglevel)["\']?\s*[=:]\s*["\']?([a-z]+)'
ERROR_CLASS = r"\b((?:[A-Za-z_$][\w$]*[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Fault))\b"
NOTHING = "NULL::VARCHAR"
LAMBDA_VERSION = r"\[(\$LATEST|\d+)\]"


def normalize_logs(pulls: Sequence[tuple[Path, str, Logs]]) -> pd.DataFrame:
    """Events of evidence files as one LOGS frame, ordered by time, pull and row.

    Args:
        pulls: for each, the Parquet of raw log events, the pull's name, and the field names and level
            synonyms of the system that wrote them.

    Returns:
        LOGS frame; all columns also when there are no events.
    """
    if not pulls:
        return conform(pd.DataFrame(), LOGS)
    selects = [_select(declared, place) for place, (_, _, declared) in enumerate(pulls)]
    parameters = {f"path{place}": str(path) for place, (path, _, _) in enumerate(pulls)}
    parameters |= {f"pull{place}": pull for place, (_, pull, _) in enumerate(pulls)}
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        query = " UNION ALL ".join(selects) + " ORDER BY timestamp, pull, row"
        table = connection.sql(query, params=parameters).to_arrow_table()
    finally:
        connection.close()
    columns = [table[name].dictionary_encode() if name in CATEGORIES else table[name] for name in table.schema.names]
    return conform(pa.table(columns, names=table.schema.names).to_pandas(), LOGS)


def _select(declared: Logs, place: int) -> str:
    """SQL from raw events to LOGS columns; its parameters are $path and $pull with the place behind."""
    paths, positions = _paths(declared)
    field = {ours: _coalesce(places) for ours, places in positions.items()}
    parsed = f"""SELECT file_row_number AS row, timestamp, log_group, log_stream, message,
        CASE WHEN starts_with(ltrim(message), '{{') AND json_valid(message)
            THEN json_extract_string(message, [{", ".join(paths)}]) END AS x
        FROM read_parquet($path{place}, file_row_number = true)"""
    return f"""SELECT timestamp, {_level(declared, field.get("level", NOTHING))} AS level,
        left(split_part(ltrim(coalesce({field["message"]}, text), chr(10)), chr(10), 1), {MESSAGE_CHARS}) AS message,
        coalesce({_error(field)}, nullif(regexp_extract(left(text, {HEAD_CHARS}), '{ERROR_CLASS}', 1), '')) AS error,
        log_group, log_stream,
        {field.get("request_id", NOTHING)} AS request_id,
        {field.get("tenant", NOTHING)} AS tenant, {field.get("user", NOTHING)} AS user,
        {_endpoint(field)} AS endpoint, {field.get("status", NOTHING)} AS status, {_duration(field)} AS duration_ms,
        coalesce({field.get("version", NOTHING)},
            nullif(regexp_extract(log_stream, '{LAMBDA_VERSION}', 1), '')) AS version,
        {field.get("job_type", NOTHING)} AS job_type, {field.get("action", NOTHING)} AS action,
        x IS NOT NULL OR NOT starts_with(ltrim(message), '{{') AS is_parsed,
        {field.get("level", NOTHING)} AS stated_level, $pull{place} AS pull, row
        FROM (SELECT *, CASE WHEN x IS NULL THEN regexp_replace(message, '{LEADING_TIME}', '') END AS text
            FROM ({parsed}))"""


def _paths(declared: Logs) -> tuple[list[str], dict[str, list[int]]]:
    """JSON paths to extract, as SQL text, and for each of our fields its places (from 1) among them."""
    paths: list[str] = []
    positions: dict[str, list[int]] = {}
    wanted = dict(declared.fields)
    if "error" in wanted:
        wanted["error_name"] = [f"{name}.{key}" for name in wanted["error"] for key in ("name", "type", "code")]
    for ours, theirs in wanted.items():
        for name in theirs:
            for path in dict.fromkeys((_json_path([name]), _json_path(name.split(".")))):
                if path not in paths:
                    paths.append(path)
                positions.setdefault(ours, []).append(paths.index(path) + 1)
    return paths, positions


def _json_path(keys: list[str]) -> str:
    """SQL text of a JSON path through the keys, whatever characters they hold."""
    quoted = "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)
    return "'$" + quoted.replace("'", "''") + "'"


def _coalesce(positions: list[int]) -> str:
    inner = ", ".join(f"nullif(x[{place}], '')" for place in positions)
    return f"coalesce({inner})" if len(positions) > 1 else inner


def _level(declared: Logs, field: str) -> str:
    words = {word.lower(): ours for ours, synonyms in declared.levels.items() for word in (*synonyms, ours)}
    head = f"left(text, {HEAD_CHARS})"
    found = " , ".join(
        f"nullif(regexp_extract({head}, '{regex.replace(chr(39), chr(39) * 2)}', 1), '')"
        for regex in (LEVEL_WORD, LEVEL_BRACKET, LEVEL_PAIR)
    )
    cases = " ".join(
        f"WHEN '{word.replace(chr(39), chr(39) * 2)}' THEN '{ours}'" for word, ours in sorted(words.items())
    )
    plain = f"lower(regexp_replace(coalesce({field}, {found}), '^[^A-Za-z0-9]+|[^A-Za-z0-9]+$', '', 'g'))"
    return f"CASE {plain} {cases} END"


def _error(field: dict[str, str]) -> str:
    """The error's name: of an error object its name, type or code, else the text itself."""
    if "error" not in field:
        return NOTHING
    text = field["error"]
    return (
        f"coalesce({field['error_name']}, CASE WHEN NOT starts_with({text}, '{{') THEN left({text}, {HEAD_CHARS}) END)"
    )


def _endpoint(field: dict[str, str]) -> str:
    """Method and path; segments that hold a digit (but v1, v2, …) or are very long become {id}."""
    if "path" not in field:
        return NOTHING
    is_id = "(regexp_matches(s, '[0-9]') AND NOT regexp_full_match(s, 'v[0-9]{1,3}')) OR length(s) > 48"
    segment = f"CASE WHEN {is_id} THEN '{{id}}' ELSE s END"
    path = f"split_part({field['path']}, '?', 1)"
    masked = f"array_to_string(list_transform(string_split({path}, '/'), lambda s: {segment}), '/')"
    method = field.get("method", NOTHING)
    return f"CASE WHEN {field['path']} IS NOT NULL THEN concat_ws(' ', upper({method}), {masked}) END"


def _duration(field: dict[str, str]) -> str:
    parts = [f"try_cast({field['duration_ms']} AS DOUBLE)"] if "duration_ms" in field else []
    parts += [f"try_cast({field['duration_s']} AS DOUBLE) * 1000"] if "duration_s" in field else []
    return f"coalesce({', '.join(parts)}, NULL)" if parts else "NULL::DOUBLE"
