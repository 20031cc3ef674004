"""Log events of one hour as the bytes that CloudWatch Logs sends, ready to be cut and sent.

The same events always: JSON messages of 15 fields like those of the dms API, two fields only on errors. Each is
rendered twice, as an element of FilterLogEvents' `events` (oldest first) and as a row of GetQueryResults (newest
first, as Insights orders rows that nobody sorts).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

START_MS = int(datetime(2026, 3, 4, 10, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
CHUNK = 20_000
STREAMS = tuple(f"2026/03/04/[{41 + place // 6}]{place * 0x9E3779B97F4A7C15 % 2**128:032x}" for place in range(12))
ROUTES = (
    ("GET", "/documents/{0}", "document.read"),
    ("POST", "/documents/{0}/versions", "document.version"),
    ("GET", "/search", "document.search"),
    ("DELETE", "/documents/{0}", "document.delete"),
)
ERRORS = ("TypeError", "DatabaseError", "AccessDenied")
ERROR_PERCENT = 3
MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a client must find: the checksum."""

    rows: int
    duration: int
    errors: int


@dataclass(frozen=True, slots=True)
class Blob:
    """Rendered events side by side, a comma between two; event n is at [offsets[n], offsets[n + 1] - 1)."""

    content: memoryview
    offsets: NDArray[np.int64]

    def part(self, start: int, end: int) -> memoryview:
        """Events [start, end), with the commas between them."""
        return self.content[self.offsets[start] : self.offsets[end] - 1] if end > start else self.content[:0]


@dataclass(frozen=True, slots=True)
class Hour:
    """The events' times, both renderings, and the checksum."""

    time_ms: NDArray[np.int64]
    events: Blob
    rows: Blob
    truth: Truth


def render(count: int) -> Hour:
    """So many events, evenly spread over the hour."""
    numbers = np.arange(count, dtype=np.uint64)
    time_ms = START_MS + np.arange(count, dtype=np.int64) * HOUR_MS // max(count, 1)
    drawn = _mixed(numbers)
    duration = (drawn % np.uint64(1_900) + np.uint64(5)).astype(np.int64)
    is_error = (drawn >> np.uint64(40)) % np.uint64(100) < np.uint64(ERROR_PERCENT)
    events: list[bytes] = []
    rows: list[bytes] = []
    for start in range(0, count, CHUNK):
        chosen = slice(start, start + CHUNK)
        columns = (array[chosen].tolist() for array in (drawn, duration, is_error))
        texts = [_message(*values).replace('"', '\\"') for values in zip(*columns, strict=True)]
        events += _event_texts(start, time_ms[chosen], texts)
        rows += _row_texts(start, time_ms[chosen], texts)
    rows.reverse()
    return Hour(time_ms, _blob(events), _blob(rows), Truth(count, int(duration.sum()), int(is_error.sum())))


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64(1)) * MIX
        return (mixed ^ (mixed >> np.uint64(29))) * MIX


def _message(drawn: int, duration: int, is_error: bool) -> str:
    """The JSON of one event."""
    text = f"{drawn:016x}{drawn * 0xC2B2AE3D27D4EB4F % 2**64:016x}"
    request = f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
    document = f"doc-{text[16:24]}"
    method, path, action = ROUTES[drawn >> 50 & 3]
    level, said, status = ("error", "unhandled exception", 500) if is_error else ("info", "request completed", 200)
    why = ERRORS[drawn % 3]
    failure = f',"error":"{why}","errorMessage":"{why} in document {text[:6]}"' if is_error else ""
    return (
        f'{{"level":"{level}","message":"{said}","requestId":"{request}","tenantId":"tenant-{drawn % 211:03d}",'
        f'"userId":"user-{drawn % 19_001:05d}","method":"{method}","path":"{path.format(document)}","status":{status},'
        f'"duration":{duration},"action":"{action}","documentId":"{document}","attempts":{1 + drawn % 2},'
        f'"version":"1.{41 + drawn % 2}.0"{failure}}}'
    )


def _event_texts(first: int, time_ms: NDArray[np.int64], texts: list[str]) -> Iterator[bytes]:
    for place, (stamp, text) in enumerate(zip(time_ms.tolist(), texts, strict=True), first):
        yield (
            f'{{"logStreamName":"{STREAMS[place % len(STREAMS)]}","timestamp":{stamp},"message":"{text}",'
            f'"ingestionTime":{stamp + 700},"eventId":"38{stamp:013d}{place:041d}"}}'
        ).encode()


def _row_texts(first: int, time_ms: NDArray[np.int64], texts: list[str]) -> Iterator[bytes]:
    stamps, arrivals = _clock(time_ms), _clock(time_ms + 700)
    for place, (stamp, arrival, text) in enumerate(zip(stamps, arrivals, texts, strict=True), first):
        yield (
            f'[{{"field":"@timestamp","value":"{stamp}"}},{{"field":"@message","value":"{text}"}},'
            f'{{"field":"@logStream","value":"{STREAMS[place % len(STREAMS)]}"}},'
            f'{{"field":"@ingestionTime","value":"{arrival}"}},{{"field":"@ptr","value":"Clk{place:061d}"}}]'
        ).encode()


def _clock(time_ms: NDArray[np.int64]) -> list[str]:
    """Times as Insights writes them."""
    return [text.replace("T", " ") for text in np.datetime_as_string(time_ms.astype("datetime64[ms]")).tolist()]


def _blob(texts: list[bytes]) -> Blob:
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) + 1 for text in texts], out=offsets[1:])
    return Blob(memoryview(b",".join(texts)), offsets)
