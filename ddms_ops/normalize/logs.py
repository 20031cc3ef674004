"""Log events as the LOGS frame: JSON fields by the profile's names, level and error also from text.

Each message is parsed once, by DuckDB. What begins as JSON and is not keeps its text and is
marked `is_parsed` False.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.declaration import Logs
from ddms_ops.deployment import ACCOUNT_NAME
from ddms_ops.engine import offline_engine
from ddms_ops.normalize import log_text
from ddms_ops.normalize.json_fields import JsonFields
from ddms_ops.normalize.log_text import HEAD_CHARS
from ddms_ops.schema import LOGS, conform

MESSAGE_CHARS = 1000
TRACE_CHARS = 8000
CODE_CHARS = 40
NO_ERROR = """
    'null', 'none', 'nil', '<nil>', 'undefined', 'n/a', 'no', 'false', '0', '00000', '200', '-', '[]', '{}', 'ok',
    'success', 'successful', 'succeeded', 'no error', 'no_error', 'noerror'"""
NO_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {}
CATEGORIES = tuple(column.name for column in LOGS.columns if column.dtype == "category")
ERROR_CLASS = r"\b((?:[A-Za-z_$][\w$]*[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Fault))\b"
NOTHING = "NULL::VARCHAR"
ACCOUNT = f"^({ACCOUNT_NAME.pattern}):"
"""What a log group's name begins with where the environment has several accounts; AWS allows no colon in one."""
LAMBDA_VERSION = r"\[(\$LATEST|\d+)\]"


def normalize_logs(
    pulls: Sequence[tuple[Path, str, Logs]], attributes: Mapping[str, tuple[str, ...]] = NO_ATTRIBUTES
) -> pd.DataFrame:
    """Events of evidence files as one LOGS frame, ordered by time, pull and row.

    Where `tenant_of_account` says so, an event without a tenant in a group `<account>:<group>` is the account's.

    Args:
        pulls: for each, the Parquet of raw log events, the pull's name, and the field names and level
            synonyms of the system that wrote them.
        attributes: further columns and the keys that lead to their values, as `find_attributes` gives them.

    Returns:
        LOGS frame and a category column for each attribute; all columns also when there are no events.
    """
    alike = _alike(pulls)
    if not alike:
        return conform(pd.DataFrame(), LOGS).assign(**{name: pd.Categorical([]) for name in attributes})
    selects = [_select(declared, place, list(attributes.values())) for place, (declared, _) in enumerate(alike)]
    parameters = {f"paths{place}": [path for path, _ in held] for place, (_, held) in enumerate(alike)}
    parameters |= {f"pulls{place}": [pull for _, pull in held] for place, (_, held) in enumerate(alike)}
    connection = offline_engine(preserve_insertion_order=False)
    try:
        table = connection.sql(" UNION ALL ".join(selects), params=parameters).to_arrow_table()
    finally:
        connection.close()
    columns = {name: table[name] for name in table.schema.names}
    encoded = (*CATEGORIES, "stream_version", *(f"a{place}" for place in range(len(attributes))))
    columns |= {name: columns[name].dictionary_encode() for name in encoded}
    del table
    order = _order(columns)
    columns = {name: columns.pop(name).take(order) for name in list(columns)}
    further = {name: columns.pop(f"a{place}") for place, name in enumerate(attributes)}
    raw = _by_name(pa.table(columns).to_pandas())
    frame = conform(raw.assign(version=_version(raw)), LOGS)
    return frame.assign(**_by_name(pa.table(further).to_pandas())) if further else frame


def _alike(pulls: Sequence[tuple[Path, str, Logs]]) -> list[tuple[Logs, list[tuple[str, str]]]]:
    """Path and name of each pull that has events, those whose events name things alike together."""
    found: list[tuple[Logs, list[tuple[str, str]]]] = []
    for path, pull, declared in pulls:
        if pq.read_metadata(path).num_rows:
            held = next((held for known, held in found if known == declared), None)
            if held is None:
                found.append((declared, held := []))
            held.append((str(path), pull))
    return found


def _by_name(frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame, the categories of each column in order: they came in the order in which threads met them."""
    names = frame.select_dtypes("category").columns
    return frame.assign(
        **{name: frame[name].cat.reorder_categories(sorted(frame[name].cat.categories)) for name in names}
    )


def _order(columns: Mapping[str, pa.ChunkedArray]) -> pa.Array:
    """Places of the rows in order of time, pull and row."""
    stamps = columns["timestamp"].cast(pa.int64()).to_numpy()
    pulls = columns["pull"].to_pandas().cat
    names = np.argsort(np.argsort(pulls.categories.to_numpy(dtype=object)))
    return pa.array(np.lexsort((columns["row"].to_numpy(), names[pulls.codes], stamps)))


def _version(raw: pd.DataFrame) -> pd.Series:
    """Versions that events state; in log groups where none does, those in the names of Lambda's log streams."""
    stating = raw.loc[raw["version"].notna(), "log_group"].unique()
    return raw["version"].astype("str").where(raw["log_group"].isin(stating), raw["stream_version"].astype("str"))


def _select(declared: Logs, place: int, attributes: Sequence[tuple[str, ...]]) -> str:
    """SQL from raw events to LOGS columns; its parameters are $paths and $pulls with the place behind."""
    fields = JsonFields(declared)
    further = "".join(f", {fields.value(keys)} AS a{order}" for order, keys in enumerate(attributes))
    source = f"""(SELECT file_row_number AS row, timestamp, log_group, log_stream, message,
        CAST(epoch_ms(ingestion_time) - epoch_ms(timestamp) AS FLOAT) / 1000 AS delay_s, {log_text.payload()} AS json,
        $pulls{place}[list_position($paths{place}, filename)] AS pull
        FROM read_parquet($paths{place}, file_row_number = true, filename = true))"""
    field = {name: f"f_{name}" for name in fields.field}
    named = "".join(f", {value} AS f_{name}" for name, value in fields.field.items())
    level = log_text.level(declared.levels, field.get("level", NOTHING), field["message"], field["trace"])
    texts = [field[name] for name in ("error_text", "graphql", "message") if name in field]
    first_line = (
        f"split_part(ltrim(coalesce({', '.join(texts)}, {log_text.first_line()}, message), chr(10)), chr(10), 1)"
    )
    return f"""SELECT timestamp, {level} AS level, left({first_line}, {MESSAGE_CHARS}) AS message,
        coalesce(stated, {_class_in(f"left(text, {HEAD_CHARS})")}, {_class_in(log_text.raised())}) AS error,
        stated IS NOT NULL AS states_error,
        left(coalesce({field["trace"]}, {_lines("text")}, {_lines(field["message"])}), {TRACE_CHARS}) AS trace,
        log_group, log_stream,
        coalesce({field.get("request_id", NOTHING)}, {log_text.request_id()}) AS request_id,
        {_tenant(declared, field)} AS tenant, {field.get("user", NOTHING)} AS user,
        {_endpoint(field)} AS endpoint, coalesce({field.get("status", NOTHING)}, {log_text.said("status")}) AS status,
        {_duration(field)} AS duration_ms,
        {field.get("version", NOTHING)} AS version,
        nullif(regexp_extract(log_stream, '{LAMBDA_VERSION}', 1), '') AS stream_version,
        {field.get("job_type", NOTHING)} AS job_type, {field.get("action", NOTHING)} AS action,
        delay_s, x IS NOT NULL OR NOT starts_with(ltrim(message), '{{') AS is_parsed,
        {field.get("level", NOTHING)} AS stated_level, pull, row{further}
        FROM (SELECT *, {_error(field)} AS stated FROM
        (SELECT *, {log_text.plain_text()}{named} FROM ({fields.extracted(source)})))"""


def _class_in(text: str) -> str:
    """The first error class that a text names, NULL without one."""
    return f"nullif(regexp_extract({text}, '{ERROR_CLASS}', 1), '')"


def _tenant(declared: Logs, field: dict[str, str]) -> str:
    """The tenant that an event names, else that of its log group's account where each tenant has its own."""
    named = field.get("tenant", NOTHING)
    of_account = f"nullif(regexp_extract(log_group, '{ACCOUNT}', 1), '')"
    return f"coalesce({named}, {of_account})" if declared.tenant_of_account else named


def _lines(text: str) -> str:
    """Text of several lines, else NULL."""
    return f"CASE WHEN contains({text}, chr(10)) THEN {text} END"


def _error(field: dict[str, str]) -> str:
    """The error's name, of an error object its name, type or code, else the text itself; and its code behind it."""
    if "error" not in field:
        return NOTHING
    text, code = field["error"], field["error_code"]
    plain = f"CASE WHEN NOT starts_with({text}, '{{') THEN left({text}, {HEAD_CHARS}) END"
    graphql = f"CASE WHEN {field['graphql']} IS NOT NULL THEN 'GraphQL error' END"
    name = f"coalesce({', '.join(map(_told, (field['error_name'], plain, field['error_own'], graphql)))})"
    is_code = f"length({code}) <= {CODE_CHARS} AND NOT contains({name}, {code})"
    named = f"CASE WHEN {is_code} THEN {name} || ' ' || {code} ELSE {name} END"
    return f"CASE WHEN {text} IS NOT NULL OR y IS NOT NULL THEN {named} END"


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
