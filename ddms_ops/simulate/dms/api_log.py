"""The API handler's log group, as `aws logs filter-log-events` prints it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.api_messages import Row, Words, quote
from ddms_ops.simulate.dms.attributes import stream_names
from ddms_ops.simulate.dms.leaks import BLOCKED, CACHED, FILLING, Crossings
from ddms_ops.simulate.dms.requests import DOCUMENTS, SETTLE_MS, Requests
from ddms_ops.simulate.ids import mix, uuids
from ddms_ops.simulate.output import write_items
from ddms_ops.simulate.scenario import Scenario

CHUNK = 25_000
LEAST_FILES = 3
BROKEN = 0.0005  # share of messages whose end is missing
PLAIN = 0.0002  # share of messages that are plain text
COMPLETED, DETAIL, REPORT, ATTEMPT, DEBUG = range(5)
SOONEST_MS = 900  # a request's own lines are logged at most so long before its end
PACKED = {"before": '{"events": [', "between": ", ", "after": '], "searchedLogStreams": []}\n'}
PRETTY = {
    "before": '{\n    "events": [\n',
    "between": ",\n",
    "after": '\n    ],\n    "searchedLogStreams": []\n}\n',
}
HITS = 45  # percent of the reads that the cache answers
WRONG_CLOCK_MS = 60_000  # a clock error that shows: events are taken in when they happen, whatever their time says


@dataclass(slots=True)
class ApiEvents:
    """Log events ordered by logged time; `kind` is COMPLETED, DETAIL (of an error), REPORT, ATTEMPT or DEBUG."""

    time_ms: NDArray[np.int64]
    late_ms: NDArray[np.int64]  # from the event to its ingestion
    request: NDArray[np.int64]
    kind: NDArray[np.int8]
    number: NDArray[np.int64]  # of the attempt or debug line, from 1
    is_broken: NDArray[np.bool_]


def api_events(scenario: Scenario, requests: Requests, rng: np.random.Generator) -> ApiEvents:
    """One event for each request, one more for each error and failed attempt, and a few plain-text reports."""
    count = len(requests.time_ms)
    failed = np.flatnonzero(requests.error >= 0)
    failed = failed[~np.array([bool(kind.in_answer) for kind in requests.kinds])[requests.error[failed]]]
    reports = np.flatnonzero(rng.random(count - 1) < PLAIN)
    attempts, attempt = _numbered(requests.attempts)
    debug, line = _numbered(_debug_lines(scenario, requests))
    parts = (np.arange(count), failed, reports, attempts, debug)
    request = np.concatenate(parts)
    kind = np.repeat(np.arange(len(parts), dtype=np.int8), [len(part) for part in parts])
    number = np.concatenate((np.zeros(count + len(failed) + len(reports), dtype=np.int64), attempt, line))
    before, after = -rng.integers(1, 9, len(failed)), np.full(len(reports), 2)
    offset = np.concatenate((np.zeros(count, dtype=np.int64), before, after, 200 * attempt - SOONEST_MS, line - 40))
    skew_ms = requests.skew_ms[requests.stream[request]]
    time_ms = requests.time_ms[request] + skew_ms + offset
    is_broken = (kind == COMPLETED) & (requests.status[request] < 500) & (rng.random(len(request)) < BROKEN)
    order = np.argsort(time_ms, kind="stable")
    late_ms = rng.integers(300, 3_000, len(order)) - np.where(abs(skew_ms) > WRONG_CLOCK_MS, skew_ms, 0)[order]
    return ApiEvents(time_ms[order], late_ms, request[order], kind[order], number[order], is_broken[order])


def with_refusals(requests: Requests, crossings: Crossings, events: ApiEvents, seed: int) -> ApiEvents:
    """The events, and one more for each download that was denied after they were drawn."""
    places, rng = crossings.places(BLOCKED), np.random.default_rng([seed, 9])
    skew_ms = requests.skew_ms[requests.stream[places]]
    late_ms = rng.integers(300, 3_000, len(places)) - np.where(abs(skew_ms) > WRONG_CLOCK_MS, skew_ms, 0)
    time_ms = requests.time_ms[places] + skew_ms - rng.integers(1, 9, len(places))
    nothing = np.zeros(len(places), dtype=np.int64)
    further = ApiEvents(time_ms, late_ms, places, np.full(len(places), DETAIL, np.int8), nothing, nothing.astype(bool))
    order = np.argsort(np.concatenate((events.time_ms, time_ms)), kind="stable")
    merged = (np.concatenate((getattr(events, name), getattr(further, name)))[order] for name in ApiEvents.__slots__)
    return ApiEvents(*merged)


def _debug_lines(scenario: Scenario, requests: Requests) -> NDArray[np.int8]:
    """Debug lines of each request."""
    if not scenario.debug_lines or scenario.onset_ms is None:
        return np.zeros(len(requests.time_ms), dtype=np.int8)
    is_on = requests.time_ms >= scenario.onset_ms + SETTLE_MS
    is_on[-1] = False
    return np.where(is_on, scenario.debug_lines, 0).astype(np.int8)


def _numbered(times: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each place as often as it says, and which time it is, from 1."""
    places = np.repeat(np.arange(len(times)), times)
    first = np.cumsum(times, dtype=np.int64) - times
    return places, np.arange(len(places)) - first[places] + 1


def write_api_log(
    folder: Path, scenario: Scenario, requests: Requests, crossings: Crossings, events: ApiEvents, salt: int
) -> int:
    """Write the group's files, every third pretty-printed, the others gzipped; returns the number of events."""
    total = len(events.time_ms)
    parts = max(LEAST_FILES, -(-total // CHUNK))
    streams, words = stream_names(scenario, requests, salt), Words(scenario, requests, salt)
    for part in range(parts):
        chosen = slice(total * part // parts, total * (part + 1) // parts)
        messages = _messages(words, requests, crossings, events, chosen, salt)
        is_pretty = part % 3 == 0
        names = [streams[stream] for stream in requests.stream[events.request[chosen]].tolist()]
        layout = PRETTY if is_pretty else PACKED
        path = folder / f"events-{part + 1:04d}.json{'' if is_pretty else '.gz'}"
        write_items(path, _items(events, chosen, names, messages, salt, is_pretty=is_pretty), **layout)
    return total


def _items(
    events: ApiEvents, chosen: slice, streams: list[str], messages: list[str], salt: int, *, is_pretty: bool
) -> list[str]:
    """The events of one filter-log-events answer."""
    first = chosen.start
    tails = mix(np.arange(first, first + len(messages)), salt + 13).tolist()
    rows = zip(streams, events.time_ms[chosen].tolist(), events.late_ms[chosen].tolist(), messages, tails, strict=True)
    if not is_pretty:
        return [
            f'{{"logStreamName": "{stream}", "timestamp": {t}, "message": {quote(message)},'
            f' "ingestionTime": {t + late}, "eventId": "38{t:013d}{n:09d}{tail:020d}{n % 10**12:012d}"}}'
            for n, (stream, t, late, message, tail) in enumerate(rows, first)
        ]
    return [
        f'        {{\n            "logStreamName": "{stream}",\n            "timestamp": {t},\n'
        f'            "message": {quote(message)},\n            "ingestionTime": {t + late},\n'
        f'            "eventId": "38{t:013d}{n:09d}{tail:020d}{n % 10**12:012d}"\n        }}'
        for n, (stream, t, late, message, tail) in enumerate(rows, first)
    ]


def _messages(
    words: Words, requests: Requests, crossings: Crossings, events: ApiEvents, chosen: slice, salt: int
) -> list[str]:
    """The messages of some events."""
    makers = {
        COMPLETED: lambda row, _: words.completed(row),
        DETAIL: lambda row, _: words.detail(row),
        REPORT: lambda row, _: words.report(row),
        ATTEMPT: words.attempt,
        DEBUG: words.debug,
    }
    kinds, numbers = events.kind[chosen].tolist(), events.number[chosen].tolist()
    rows = _rows(requests, crossings, events, chosen, salt)
    texts = [makers[kind](row, number) for kind, row, number in zip(kinds, rows, numbers, strict=True)]
    draws = mix(events.request[chosen], salt + 5)
    for place in np.flatnonzero(events.is_broken[chosen]).tolist():
        texts[place] = texts[place][: 40 + int(draws[place]) % (len(texts[place]) - 50)]
    return texts


def _rows(requests: Requests, crossings: Crossings, events: ApiEvents, chosen: slice, salt: int) -> Iterator[Row]:
    """The requests of some events."""
    places = events.request[chosen]
    error = np.where(events.kind[chosen] == ATTEMPT, requests.retried[places], requests.error[places])
    owner, number = np.divmod(requests.document[places], DOCUMENTS)
    kind = crossings.kind[places]
    is_hit = (kind == CACHED) | (mix(places, salt + 59) % np.uint64(100) < HITS) & (kind != FILLING)
    columns = (
        uuids(places, salt),
        uuids(crossings.asked(requests, places), salt + 3),
        uuids(requests.document[places].astype(np.int64), salt + 3),
        number.tolist(),
        owner.tolist(),
        requests.user[places].tolist(),
        requests.endpoint[places].tolist(),
        requests.status[places].tolist(),
        requests.duration_ms[places].tolist(),
        error.tolist(),
        requests.is_new[places].tolist(),
        is_hit.tolist(),
        (2 * requests.stream[places] + requests.is_cold[places]).tolist(),
        mix(places, salt + 5).tolist(),
    )
    return map(Row._make, zip(*columns, strict=True))
