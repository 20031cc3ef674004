"""Log events as the LOGS frame: JSON fields by the profile's names, level and error also from text.

Each message is parsed once, by DuckDB. What begins as JSON and is not keeps its text and is
marked `is_parsed` False.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.declaration import Logs
from ddms_ops.engine import offline_engine
from ddms_ops.normalize import log_text
from ddms_ops.normalize.attributes import WITHOUT_COLUMN
from ddms_ops.normalize.log_text import HEAD_CHARS
from ddms_ops.schema import LOGS, conform

MESSAGE_CHARS = 1000
TRACE_CHARS = 8000
CODE_CHARS = 40
TRACE_FIELDS = ["stack", "stackTrace", "stack_trace", "stacktrace", "traceback", "trace", "exc_info"]
NAME_KEYS, CODE_KEYS, TEXT_KEYS = (
    ("name", "type", "code"),
    ("code", "sqlState", "sqlstate"),
    ("message", "msg", "detail"),
)
CODE_FIELDS = ["code", "errorCode", "error_code", "sqlState", "sqlstate"]
OWN_FIELDS = ["errorType", "error_type", "errorCode", "error_code"]  # each names an error by itself
NO_ERROR = ", ".join(
    f"'{word}'"
    for word in (
        "null",
        "none",
        "nil",
        "<nil>",
        "undefined",
        "n/a",
        "no",
        "false",
        "0",
        "00000",
        "200",
        "-",
        "[]",
        "{}",
    )
    + ("ok", "success", "successful", "succeeded", "no error", "no_error", "noerror")
)
GRAPHQL = ".errors[0]"  # of an answer that GraphQL calls a success
GRAPHQL_NAMES = (".errorType", ".extensions.code", ".extensions.classification")
NO_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {}
CATEGORIES = tuple(column.name for column in LOGS.columns if column.dtype == "category")
ERROR_CLASS = r"\b((?:[A-Za-z_$][\w$]*[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Fault))\b"
NOTHING = "NULL::VARCHAR"
LAMBDA_VERSION = r"\[(\$LATEST|\d+)\]"


def normalize_logs(
    pulls: Sequence[tuple[Path, str, Logs]], attributes: Mapping[str, tuple[str, ...]] = NO_ATTRIBUTES
) -> pd.DataFrame:
    """Events of evidence files as one LOGS frame, ordered by time, pull and row.

    Args:
        pulls: for each, the Parquet of raw log events, the pull's name, and the field names and level
            synonyms of the system that wrote them.
        attributes: further columns and the keys that lead to their values, as `find_attributes` gives them.

    Returns:
        LOGS frame and a category column for each attribute; all columns also when there are no events.
    """
    if not pulls:
        return conform(pd.DataFrame(), LOGS).assign(**{name: pd.Categorical([]) for name in attributes})
    selects = [_select(declared, place, list(attributes.values())) for place, (_, _, declared) in enumerate(pulls)]
    parameters = {f"path{place}": str(path) for place, (path, _, _) in enumerate(pulls)}
    parameters |= {f"pull{place}": pull for place, (_, pull, _) in enumerate(pulls)}
    connection = offline_engine()
    try:
        query = " UNION ALL ".join(selects) + " ORDER BY timestamp, pull, row"
        table = connection.sql(query, params=parameters).to_arrow_table()
    finally:
        connection.close()
    columns = {name: table[name] for name in table.schema.names}
    columns |= {name: columns[name].dictionary_encode() for name in (*CATEGORIES, "stream_version")}
    further = {name: columns.pop(f"a{place}").dictionary_encode() for place, name in enumerate(attributes)}
    raw = pa.table(columns).to_pandas()
    frame = conform(raw.assign(version=_version(raw)), LOGS)
    return frame.assign(**pa.table(further).to_pandas()) if further else frame


def _version(raw: pd.DataFrame) -> pd.Series:
    """Versions that events state; in log groups where none does, those in the names of Lambda's log streams."""
    stating = raw.loc[raw["version"].notna(), "log_group"].unique()
    return raw["version"].astype("str").where(raw["log_group"].isin(stating), raw["stream_version"].astype("str"))


def _select(declared: Logs, place: int, attributes: Sequence[tuple[str, ...]]) -> str:
    """SQL from raw events to LOGS columns; its parameters are $path and $pull with the place behind."""
    paths, positions = _paths(declared)
    further = [_place(paths, _json_path(keys)) for keys in attributes]
    field = {ours: _coalesce(places) for ours, places in positions.items()}
    parsed = f"""SELECT file_row_number AS row, timestamp, log_group, log_stream, message,
        CAST(epoch_ms(ingestion_time) - epoch_ms(timestamp) AS FLOAT) / 1000 AS delay_s,
        CASE WHEN json_valid(json) THEN json_extract_string(json, [{", ".join(paths)}]) END AS x
        FROM (SELECT *, {log_text.payload()} AS json FROM read_parquet($path{place}, file_row_number = true))"""
    level = log_text.level(declared.levels, field.get("level", NOTHING), field["message"], field["trace"])
    texts = [field[name] for name in ("error_text", "graphql", "message") if name in field]
    first_line = (
        f"split_part(ltrim(coalesce({', '.join(texts)}, {log_text.first_line()}, message), chr(10)), chr(10), 1)"
    )
    return f"""SELECT timestamp, {level} AS level, left({first_line}, {MESSAGE_CHARS}) AS message,
        coalesce({_error(field)}, nullif(regexp_extract(left(text, {HEAD_CHARS}), '{ERROR_CLASS}', 1), '')) AS error,
        {_error(field)} IS NOT NULL AS states_error,
        left(coalesce({field["trace"]}, {_lines("text")}, {_lines(field["message"])}), {TRACE_CHARS}) AS trace,
        log_group, log_stream,
        coalesce({field.get("request_id", NOTHING)}, {log_text.request_id()}) AS request_id,
        {field.get("tenant", NOTHING)} AS tenant, {field.get("user", NOTHING)} AS user,
        {_endpoint(field)} AS endpoint, coalesce({field.get("status", NOTHING)}, {log_text.said("status")}) AS status,
        {_duration(field)} AS duration_ms,
        {field.get("version", NOTHING)} AS version,
        nullif(regexp_extract(log_stream, '{LAMBDA_VERSION}', 1), '') AS stream_version,
        {field.get("job_type", NOTHING)} AS job_type, {field.get("action", NOTHING)} AS action,
        delay_s, x IS NOT NULL OR NOT starts_with(ltrim(message), '{{') AS is_parsed,
        {field.get("level", NOTHING)} AS stated_level, $pull{place} AS pull, row{_further(further)}
        FROM (SELECT *, {log_text.plain_text()} FROM ({parsed}))"""


def _lines(text: str) -> str:
    """Text of several lines, else NULL."""
    return f"CASE WHEN contains({text}, chr(10)) THEN {text} END"


def _paths(declared: Logs) -> tuple[list[str], dict[str, list[int]]]:
    """JSON paths to extract, as SQL text, and for each of our fields its places (from 1) among them."""
    paths: list[str] = []
    positions: dict[str, list[int]] = {}
    for ours, theirs in {"trace": TRACE_FIELDS, **declared.fields}.items():
        if ours not in WITHOUT_COLUMN or ours == "method":
            ways = [keys for name in theirs for keys in dict.fromkeys(((name,), tuple(name.split("."))))]
            if ours in ("tenant", "user"):
                ways = [keys for way in ways for keys in ((*way, "id"), way)]
            positions[ours] = [_place(paths, _json_path(keys)) for keys in ways]
    inner = {"error_name": NAME_KEYS, "error_code": CODE_KEYS, "error_text": TEXT_KEYS, "trace": TRACE_FIELDS}
    for name in declared.fields.get("error", []):
        for ours, keys in inner.items():
            places = [_place(paths, _json_path((*name.split("."), key))) for key in keys]
            positions[ours] = [*positions.get(ours, []), *places]
    if "error" in declared.fields:
        for ours, names in (("error_code", CODE_FIELDS), ("error_own", OWN_FIELDS)):
            positions[ours] = [*positions.get(ours, []), *(_place(paths, _json_path((name,))) for name in names)]
        positions["error_own"] += [_place(paths, f"'${GRAPHQL}{name}'") for name in GRAPHQL_NAMES]
        positions["graphql"] = [_place(paths, f"'${GRAPHQL}.message'")]
    return paths, positions


def _place(paths: list[str], path: str) -> int:
    """Place of a path among the paths, from 1; added where it is not there yet."""
    if path not in paths:
        paths.append(path)
    return paths.index(path) + 1


def _further(places: list[int]) -> str:
    """The values of attributes, named by their order."""
    return "".join(f", x[{place}] AS a{order}" for order, place in enumerate(places))


def _json_path(keys: Sequence[str]) -> str:
    """SQL text of a JSON path through the keys, whatever characters they hold."""
    quoted = "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)
    return "'$" + quoted.replace("'", "''") + "'"


def _coalesce(positions: list[int]) -> str:
    inner = ", ".join(f"nullif(x[{place}], '')" for place in positions)
    return f"coalesce({inner})" if len(positions) > 1 else inner


def _error(field: dict[str, str]) -> str:
    """The error's name, of an error object its name, type or code, else the text itself; and its code behind it."""
    if "error" not in field:
        return NOTHING
    text, code = field["error"], field["error_code"]
    plain = f"CASE WHEN NOT starts_with({text}, '{{') THEN left({text}, {HEAD_CHARS}) END"
    graphql = f"CASE WHEN {field['graphql']} IS NOT NULL THEN 'GraphQL error' END"
    name = f"coalesce({', '.join(map(_told, (field['error_name'], plain, field['error_own'], graphql)))})"
    is_code = f"length({code}) <= {CODE_CHARS} AND NOT contains({name}, {code})"
    return f"CASE WHEN {is_code} THEN {name} || ' ' || {code} ELSE {name} END"


def _told(name: str) -> str:
    """An error's name, NULL where it is a word for no error."""
    return f"CASE WHEN lower({name}) NOT IN ({NO_ERROR}) THEN {name} END"


def _endpoint(field: dict[str, str]) -> str:
    """Method and path; segments that hold a digit (but v1, v2, …) or are very long become {id}."""
    is_id = "(regexp_matches(s, '[0-9]') AND NOT regexp_full_match(s, 'v[0-9]{1,3}')) OR length(s) > 48"
    segment = f"CASE WHEN {is_id} THEN '{{id}}' ELSE s END"
    stated = f"coalesce({field.get('path', NOTHING)}, {log_text.said('path')})"
    path = f"split_part({stated}, '?', 1)"
    masked = f"array_to_string(list_transform(string_split({path}, '/'), lambda s: {segment}), '/')"
    method = f"coalesce({field.get('method', NOTHING)}, {log_text.said('method')})"
    return f"CASE WHEN {stated} IS NOT NULL THEN concat_ws(' ', upper({method}), {masked}) END"


def _duration(field: dict[str, str]) -> str:
    parts = [f"try_cast({field['duration_ms']} AS DOUBLE)"] if "duration_ms" in field else []
    parts += [f"try_cast({field['duration_s']} AS DOUBLE) * 1000"] if "duration_s" in field else []
    return f"coalesce({', '.join(parts)}, NULL)" if parts else "NULL::DOUBLE"
