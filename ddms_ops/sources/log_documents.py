"""Log events in whole JSON documents: CLI output, subscription data, bare arrays; also damaged ones."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

EVENT_KEYS = ("timestamp", "message", "logStreamName", "eventId", "ingestionTime")
HEAD = 1 << 16
TEXTS = ", ".join(f"'{key}': 'VARCHAR'" for key in EVENT_KEYS)
EVENTS = "STRUCT(" + ", ".join(f'"{key}" VARCHAR' for key in EVENT_KEYS) + ")"


def read_documents(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Read the events of a file into the temporary table `reading_events`, column x; words for what is wrong."""
    with path.open("rb") as file:
        is_array = file.read(HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    biggest = max(path.stat().st_size + 1024, 1 << 24)
    if is_array:
        shape, columns = f"format='array', columns={{{TEXTS}}}", "[documents] AS events, NULL::VARCHAR AS token"
    else:
        shape = f"""format='unstructured', columns={{'events': '{EVENTS}[]', 'logEvents': '{EVENTS}[]',
            'nextToken': 'VARCHAR'}}"""
        columns = "coalesce(events, logEvents) AS events, nextToken AS token"
    faults: list[str] = []
    try:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE reading_documents AS SELECT {columns}
            FROM read_json(?, {shape}, maximum_object_size={biggest}) AS documents""",
            [str(path)],
        )
    except duckdb.Error:
        faults = _keep_whole_events(connection, path)
    [(without, last)] = connection.execute(
        "SELECT count(*) FILTER (events IS NULL), last(token) FROM reading_documents"
    ).fetchall()
    faults += [f"{without:,} JSON objects without events"] if without else []
    faults += ["ends in a nextToken: there are more events than it holds"] if last or _has_token(path) else []
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE reading_events AS SELECT unnest(events) AS x FROM reading_documents"
    )
    connection.execute("DROP TABLE reading_documents")
    return faults


def _has_token(path: Path) -> bool:
    """Whether the file ends in the NextToken that the AWS CLI prints when told to stop early."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HEAD))
        return re.search(rb'"NextToken"\s*:\s*"[^"]*"\s*\}\s*$', file.read()) is not None


def _keep_whole_events(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Keep the events that stand before the damage."""
    found = list(whole_events(path.read_text(encoding="utf-8", errors="replace")))
    rows = [
        json.dumps({key: event.get(key) for key in EVENT_KEYS}, ensure_ascii=False).encode("utf-8", "replace").decode()
        for event in found
    ]
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE reading_documents AS
        SELECT [CAST(CAST(unnest(?::VARCHAR[]) AS JSON) AS {EVENTS})] AS events, NULL::VARCHAR AS token""",
        [rows],
    )
    return [f"not whole JSON: {len(found):,} events read before the damage"]


def whole_events(text: str) -> Iterator[dict[str, object]]:
    """Event objects of a damaged document, in order, up to where it breaks."""
    decoder = json.JSONDecoder()
    start = re.search(r'"events"\s*:\s*\[|^\s*\[', text)
    place = start.end() if start else len(text)
    while place < len(text):
        place = re.compile(r"[\s,]*").match(text, place).end()  # type: ignore[union-attr]
        try:
            event, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict):
            return
        yield event
