"""The API handler's log group, as `aws logs filter-log-events` prints it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ENDPOINTS, FILES, OLD_LAMBDA, OLD_VERSION, UPLOADS
from ddms_ops.simulate.dms.errors import error_text, stack_text
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.ids import hexes, mix, uuids
from ddms_ops.simulate.output import write_text
from ddms_ops.simulate.scenario import Scenario

CHUNK = 25_000
LEAST_FILES = 3
BROKEN = 0.0005  # share of messages whose end is missing
PLAIN = 0.0002  # share of messages that are plain text
COMPLETED, DETAIL, REPORT = 0, 1, 2
quote = json.encoder.encode_basestring  # JSON text of a string, unicode as it is


@dataclass(slots=True)
class ApiEvents:
    """Log events ordered by logged time; `kind` is COMPLETED, DETAIL (of an error) or REPORT."""

    time_ms: NDArray[np.int64]
    late_ms: NDArray[np.int64]  # from the event to its ingestion
    request: NDArray[np.int64]
    kind: NDArray[np.int8]
    is_broken: NDArray[np.bool_]


def api_events(requests: Requests, rng: np.random.Generator) -> ApiEvents:
    """One event for each request, one more for each error, and a few plain-text reports."""
    count = len(requests.time_ms)
    failed = np.flatnonzero(requests.error >= 0)
    reports = np.flatnonzero(rng.random(count - 1) < PLAIN)
    request = np.concatenate((np.arange(count), failed, reports))
    kind = np.repeat(np.array([COMPLETED, DETAIL, REPORT], dtype=np.int8), (count, len(failed), len(reports)))
    before, after = -rng.integers(1, 9, len(failed)), np.full(len(reports), 2)
    offset = np.concatenate((np.zeros(count, dtype=np.int64), before, after))
    time_ms = requests.time_ms[request] + requests.skew_ms[requests.stream[request]] + offset
    is_broken = (kind == COMPLETED) & (requests.status[request] < 500) & (rng.random(len(request)) < BROKEN)
    order = np.argsort(time_ms, kind="stable")
    late_ms = rng.integers(300, 3_000, len(order))
    return ApiEvents(time_ms[order], late_ms, request[order], kind[order], is_broken[order])


def write_api_log(folder: Path, scenario: Scenario, requests: Requests, events: ApiEvents, salt: int) -> int:
    """Write the group's files, every third pretty-printed, the others gzipped; returns the number of events."""
    total = len(events.time_ms)
    parts = max(LEAST_FILES, -(-total // CHUNK))
    streams = _stream_names(scenario, requests, salt)
    for part in range(parts):
        chosen = slice(total * part // parts, total * (part + 1) // parts)
        messages = _messages(scenario, requests, events, chosen, salt)
        is_pretty = part % 3 == 0
        text = _document(events, chosen, [streams[s] for s in requests.stream[events.request[chosen]].tolist()],
                         messages, salt, is_pretty=is_pretty)  # fmt: skip
        write_text(folder / f"events-{part + 1:04d}.json{'' if is_pretty else '.gz'}", text)
    return total


def _stream_names(scenario: Scenario, requests: Requests, salt: int) -> list[str]:
    digits = hexes(np.arange(len(requests.skew_ms)), salt + 11)
    date = f"{scenario.window.start:%Y/%m/%d}"
    half = len(digits) // 2
    return [f"{date}/[{OLD_LAMBDA + (place >= half)}]{digit}" for place, digit in enumerate(digits)]


def _document(
    events: ApiEvents, chosen: slice, streams: list[str], messages: list[str], salt: int, *, is_pretty: bool
) -> str:
    """The text of one filter-log-events answer."""
    first = chosen.start
    tails = mix(np.arange(first, first + len(messages)), salt + 13).tolist()
    rows = zip(streams, events.time_ms[chosen].tolist(), events.late_ms[chosen].tolist(), messages, tails, strict=True)
    if not is_pretty:
        lines = [
            f'{{"logStreamName": "{stream}", "timestamp": {t}, "message": {quote(message)},'
            f' "ingestionTime": {t + late}, "eventId": "38{t:013d}{n:09d}{tail:020d}{n % 10**12:012d}"}}'
            for n, (stream, t, late, message, tail) in enumerate(rows, first)
        ]
        return '{"events": [' + ", ".join(lines) + '], "searchedLogStreams": []}\n'
    lines = [
        f'        {{\n            "logStreamName": "{stream}",\n            "timestamp": {t},\n'
        f'            "message": {quote(message)},\n            "ingestionTime": {t + late},\n'
        f'            "eventId": "38{t:013d}{n:09d}{tail:020d}{n % 10**12:012d}"\n        }}'
        for n, (stream, t, late, message, tail) in enumerate(rows, first)
    ]
    return '{\n    "events": [\n' + ",\n".join(lines) + '\n    ],\n    "searchedLogStreams": []\n}\n'


def _messages(scenario: Scenario, requests: Requests, events: ApiEvents, chosen: slice, salt: int) -> list[str]:
    """The messages of some events."""
    places = events.request[chosen]
    ids = uuids(places, salt)
    documents = uuids(requests.document[places].astype(np.int64), salt + 3)
    bits = mix(places, salt + 5).tolist()
    broken = events.is_broken[chosen].tolist()
    rows = _rows(scenario, requests, places)
    kinds = events.kind[chosen].tolist()
    found = []
    for kind, row, request_id, document, draw, is_broken in zip(kinds, rows, ids, documents, bits, broken, strict=True):
        if kind == COMPLETED:
            text = _completed(row, request_id, document, draw)
        elif kind == DETAIL:
            text = _detail(requests, row, request_id, document, draw)
        else:
            text = f"REPORT RequestId: {request_id}\tDuration: {row[5]}.{draw % 100:02d} ms\tMemory Size: 1024 MB\n"
        found.append(text[: 40 + draw % (len(text) - 50)] if is_broken else text)
    return found


Row = tuple[str, int, int, int, int, int, str]


def _rows(scenario: Scenario, requests: Requests, places: NDArray[np.int64]) -> Iterator[Row]:
    """Tenant name, user, endpoint, status, error, duration and version of some requests."""
    versions = (OLD_VERSION, scenario.new_version or OLD_VERSION)
    return zip(
        [requests.names[t] for t in requests.tenant[places].tolist()],
        requests.user[places].tolist(),
        requests.endpoint[places].tolist(),
        requests.status[places].tolist(),
        requests.error[places].tolist(),
        requests.duration_ms[places].tolist(),
        [versions[new] for new in requests.is_new[places].tolist()],
        strict=True,
    )


def _who(row: Row, request_id: str, document: str) -> str:
    """The JSON members that a request's events share."""
    tenant, user, endpoint, *_ = row
    route = ENDPOINTS[endpoint]
    return (
        f'"requestId":"{request_id}","tenantId":"{tenant}","userId":"user-{user:05d}","method":"{route.method}",'
        f'"path":"{route.path.replace("{id}", document)}"'
    )


def _completed(row: Row, request_id: str, document: str, draw: int) -> str:
    _, _, endpoint, status, _, duration, version = row
    route = ENDPOINTS[endpoint]
    subject = f',"documentId":"{document}"' if "{id}" in route.path else ""
    if route.action in UPLOADS:
        subject += f',"fileName":{quote(FILES[draw % len(FILES)])}'
    return (
        f'{{"level":"info","message":"request completed",{_who(row, request_id, document)},"status":{status},'
        f'"duration":{duration},"action":"{route.action}"{subject},"version":"{version}"}}'
    )


def _detail(requests: Requests, row: Row, request_id: str, document: str, draw: int) -> str:
    kind = requests.kinds[row[4]]
    digits = f"{draw:016x}{draw * 0x9E3779B97F4A7C15 % 2**64:016x}"
    text = error_text(kind, draw, digits)
    stack = stack_text(kind, text)
    code = f'"code":"{kind.code}",' if kind.code else ""
    return (
        f'{{"level":"{kind.level}","message":"{"unhandled exception" if kind.level == "error" else "request refused"}",'
        f'"error":"{kind.name}",{code}"errorMessage":{quote(text)},'
        + (f'"stack":{quote(stack)},' if stack else "")
        + f'{_who(row, request_id, document)},"version":"{row[6]}"}}'
    )
