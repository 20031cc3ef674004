"""Log events in whole JSON documents: CLI output, subscription data, bare arrays; also damaged ones."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ddms_ops.interrupts import check_pressed
from ddms_ops.sources.opening import scratch_file

EVENT_KEYS = ("timestamp", "message", "logStreamName", "eventId", "ingestionTime")
HEAD = 1 << 16
PIECE = 1 << 25
MOST_HELD = 4  # pieces' worth without a place to cut: the rest is one piece
NEAR_END = 1 << 20
BETWEEN_OBJECTS = re.compile(rb"\}\s*(,)\s*\{")
TEXTS = ", ".join(f"'{key}': 'VARCHAR'" for key in EVENT_KEYS)
EVENTS = "STRUCT(" + ", ".join(f'"{key}" VARCHAR' for key in EVENT_KEYS) + ")"


def read_documents(
    connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path, faults: list[str]
) -> Iterator[int]:
    """How many events each piece of a file has, which stand in the temporary table `reading_documents` (`events`).

    A large document is read in pieces, of which `scratch` holds one at a time. Words for what is wrong are added to
    `faults` at the end.
    """
    with path.open("rb") as file:
        is_array = file.read(HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    without, events, last, is_damaged = 0, 0, None, False
    for piece in document_pieces(path, scratch, is_array=is_array):
        is_damaged = _read_piece(connection, piece, is_array=is_array)
        [(lacking, found, token)] = connection.execute(
            "SELECT count(*) FILTER (events IS NULL), coalesce(sum(len(events)), 0), last(token) FROM reading_documents"
        ).fetchall()
        without, events, last = without + lacking, events + int(found), token
        yield int(found)
        connection.execute("DROP TABLE reading_documents")
        if is_damaged:
            break
    faults += [f"not whole JSON: {events:,} events read before the damage"] if is_damaged else []
    faults += [f"{without:,} JSON objects without events"] if without else []
    faults += ["ends in a nextToken: there are more events than it holds"] if last or _has_token(path) else []


def _read_piece(connection: duckdb.DuckDBPyConnection, path: Path, *, is_array: bool) -> bool:
    """Read documents into the temporary table `reading_documents`; whether they are damaged."""
    biggest = max(path.stat().st_size + 1024, 1 << 24)
    if is_array:
        shape, columns = f"format='array', columns={{{TEXTS}}}", "[documents] AS events, NULL::VARCHAR AS token"
    else:
        shape = f"""format='unstructured', columns={{'events': '{EVENTS}[]', 'logEvents': '{EVENTS}[]',
            'nextToken': 'VARCHAR'}}"""
        columns = "coalesce(events, logEvents) AS events, nextToken AS token"
    try:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE reading_documents AS SELECT {columns}
            FROM read_json(?, {shape}, maximum_object_size={biggest}) AS documents""",
            [str(path)],
        )
    except duckdb.Error:
        check_pressed()
        _keep_whole_events(connection, path)
        return True
    return False


def document_pieces(path: Path, scratch: Path, *, is_array: bool, size: int = PIECE) -> Iterator[Path]:
    """Files of about `size` bytes with the same events in the same order, each a document of its own.

    The file itself where it is no larger. It is cut between two events only; what cannot be cut is one piece.
    """
    if path.stat().st_size <= size:
        yield path
        return
    opening, closing = (b"[", b"]") if is_array else (b'{"events":[', b"]}")
    piece = scratch_file(scratch)
    before, held = b"", b""
    with path.open("rb") as stream:
        while chunk := stream.read(size):
            held += chunk
            if len(held) > MOST_HELD * size:
                held += stream.read()
            elif comma := _comma_between_events(held):
                piece.write_bytes(before + held[:comma] + closing)
                yield piece
                before, held = opening, held[comma + 1 :]
    piece.write_bytes(before + held)
    yield piece
    piece.unlink()


def _comma_between_events(text: bytes) -> int:
    """Place of a comma near the end of a part of a document that begins outside of any string; 0 for none."""
    quotes, counted = 0, 0
    for found in BETWEEN_OBJECTS.finditer(text, max(0, len(text) - NEAR_END)):
        comma, following = found.start(1), found.end() - 1
        quotes, counted = quotes + _quotes(text[counted:comma]), comma
        if quotes % 2 == 0 and _is_event(text[following : following + NEAR_END]):
            return comma
    return 0


def _quotes(text: bytes) -> int:
    """Number of quotes that begin or end a string."""
    bare = text.replace(b"\\\\", b"")
    return bare.count(b'"') - bare.count(b'\\"')


def _is_event(text: bytes) -> bool:
    """Whether a text begins with an object that has a time and a message."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return False
    return {"timestamp", "message"} <= found.keys()


def _has_token(path: Path) -> bool:
    """Whether the file ends in the NextToken that the AWS CLI prints when told to stop early."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HEAD))
        return re.search(rb'"NextToken"\s*:\s*"[^"]*"\s*\}\s*$', file.read()) is not None


def _keep_whole_events(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
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
