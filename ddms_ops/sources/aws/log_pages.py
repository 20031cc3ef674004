"""Answers of FilterLogEvents and GetQueryResults straight to Arrow.

botocore builds several Python objects for each event; these two answers are decoded by msgspec into columns instead.
Only the parsing is replaced: signing, retries and endpoints, and every other operation, stay botocore's.
"""

from typing import Any

import msgspec
import pyarrow as pa
from botocore.parsers import ResponseParser, ResponseParserError, ResponseParserFactory

EVENTS = "events"
ROWS = "rows"
OUTPUTS = ("FilterLogEventsResponse", "GetQueryResultsResponse")
FIELDS = ("@timestamp", "@message", "@logStream", "@ingestionTime", "@ptr")
MILLISECONDS = pa.timestamp("ms", tz="UTC")
COLUMNS = pa.schema(
    [
        ("timestamp", MILLISECONDS),
        ("log_stream", pa.string()),
        ("message", pa.string()),
        ("event_id", pa.string()),
        ("ingestion_time", MILLISECONDS),
    ]
)


class _Event(msgspec.Struct, gc=False):
    timestamp: int
    message: str = ""
    logStreamName: str | None = None  # noqa: N815
    eventId: str | None = None  # noqa: N815
    ingestionTime: int | None = None  # noqa: N815


class _EventPage(msgspec.Struct):
    events: list[_Event] = []
    nextToken: str | None = None  # noqa: N815


class _Cell(msgspec.Struct, gc=False):
    field: str
    value: str | None = None


class _Statistics(msgspec.Struct):
    recordsMatched: float = 0  # noqa: N815
    recordsScanned: float = 0  # noqa: N815
    bytesScanned: float = 0  # noqa: N815


class _QueryPage(msgspec.Struct):
    status: str = "Unknown"
    results: list[msgspec.Raw] = []
    statistics: _Statistics = msgspec.field(default_factory=_Statistics)
    nextToken: str | None = None  # noqa: N815


class _Value(msgspec.Struct, gc=False):
    value: str | None = None


class _Values(msgspec.Struct):
    results: list[tuple[_Value, _Value, _Value, _Value, _Value]]  # one for each of FIELDS


class _Cells(msgspec.Struct):
    results: list[list[_Cell]]


_EVENT_PAGE = msgspec.json.Decoder(_EventPage)
_QUERY_PAGE = msgspec.json.Decoder(_QueryPage)
_ROW = msgspec.json.Decoder(list[_Cell])
_VALUES = msgspec.json.Decoder(_Values)
_CELLS = msgspec.json.Decoder(_Cells)


def event_page(body: bytes) -> dict[str, Any]:
    """A FilterLogEvents answer: `events` as a table in COLUMNS, and `nextToken`."""
    page = _EVENT_PAGE.decode(body)
    events = page.events
    columns = [
        pa.array([event.timestamp for event in events], pa.int64()).cast(MILLISECONDS),
        pa.array([event.logStreamName for event in events], pa.string()),
        pa.array([event.message for event in events], pa.string()),
        pa.array([event.eventId for event in events], pa.string()),
        pa.array([event.ingestionTime for event in events], pa.int64()).cast(MILLISECONDS),
    ]
    return {EVENTS: pa.table(columns, schema=COLUMNS), "nextToken": page.nextToken}


def query_page(body: bytes) -> dict[str, Any]:
    """A GetQueryResults answer: `rows` as a table of text columns, `status`, `statistics` and `nextToken`."""
    page = _QUERY_PAGE.decode(body)
    statistics = {name: int(getattr(page.statistics, name)) for name in _Statistics.__struct_fields__}
    names = [cell.field for cell in _ROW.decode(page.results[0])] if page.results else []
    rows = _whole_rows(body, names) if sorted(names) == sorted(FIELDS) else None
    rows = _any_rows(body, names) if rows is None else rows
    return {ROWS: rows, "status": page.status, "statistics": statistics, "nextToken": page.nextToken}


def _whole_rows(body: bytes, names: list[str]) -> pa.Table | None:
    """Columns where each row has every field, in the order of the first; None where one lacks a field.

    Field names are not read again, and tuples are no work for the garbage collector: that halves the time.
    """
    try:
        rows = _VALUES.decode(body).results
    except msgspec.ValidationError:
        return None
    return pa.table([pa.array([row[place].value for row in rows], pa.string()) for place in range(len(names))], names)


def _any_rows(body: bytes, names: list[str]) -> pa.Table:
    """Columns by field name; rows may lack a field."""
    if not names:
        return pa.table({})
    cells = [{cell.field: cell.value for cell in row} for row in _CELLS.decode(body).results]
    names = list(dict.fromkeys(name for row in cells for name in row))
    return pa.table([pa.array([row.get(name) for row in cells], pa.string()) for name in names], names)


def events_of_rows(rows: pa.Table) -> pa.Table:
    """Rows of a query over FIELDS as a table in COLUMNS."""
    given = dict.fromkeys(FIELDS, pa.nulls(rows.num_rows, pa.string()))
    given |= {name: rows[name] for name in rows.column_names if name in FIELDS}
    columns = [
        given["@timestamp"].cast(pa.timestamp("ms")).cast(MILLISECONDS),
        given["@logStream"],
        given["@message"],
        given["@ptr"],
        given["@ingestionTime"].cast(pa.timestamp("ms")).cast(MILLISECONDS),
    ]
    return pa.table(columns, schema=COLUMNS)


class LogParser:
    """Parses the two hot answers itself, and leaves everything else, errors too, to botocore's parser."""

    def __init__(self, parser: ResponseParser) -> None:
        self._parser = parser

    def parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        """The parsed answer, with botocore's ResponseMetadata.

        Raises:
            ResponseParserError: it was cut off, or is not what it should be.
        """
        _check_length(response)
        if response["status_code"] >= 300 or shape is None or shape.name not in OUTPUTS:
            parsed: dict[str, Any] = self._parser.parse(response, shape)
            return parsed
        decode = event_page if shape.name == OUTPUTS[0] else query_page
        try:
            parsed = decode(response["body"])
        except (msgspec.MsgspecError, pa.ArrowInvalid) as error:
            raise ResponseParserError(f"{shape.name} is not what it should be ({type(error).__name__})") from None
        headers = {name.lower(): value for name, value in response["headers"].items()}
        metadata = {"HTTPStatusCode": response["status_code"], "HTTPHeaders": headers}
        return {**parsed, "ResponseMetadata": {"RequestId": headers.get("x-amzn-requestid", ""), **metadata}}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


def _check_length(response: dict[str, Any]) -> None:
    """botocore takes the first half of an answer, when the connection breaks, for an answer without anything in it.

    What a HEAD call asks for is told by its length only.
    """
    if response.get("context", {}).get("operation_name", "").startswith("Head"):
        return
    headers = {name.lower(): value for name, value in response["headers"].items()}
    body, length = response["body"], headers.get("content-length")
    if isinstance(body, bytes) and length and "content-encoding" not in headers and len(body) != int(length):
        raise ResponseParserError("the answer was cut off")


class LogParserFactory(ResponseParserFactory):
    """Wraps each parser of botocore; registered as the session's `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> LogParser:
        """A parser for a protocol."""
        return LogParser(super().create_parser(protocol_name))
