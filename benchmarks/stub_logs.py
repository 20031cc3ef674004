"""A fast CloudWatch Logs on 127.0.0.1: one log group, one hour of events, pre-rendered.

    python benchmarks/stub_logs.py --events 1000000 --port 0 [--quota 10]

Prints its port once it answers. It speaks what clients of logs ask for (FilterLogEvents, Insights queries,
DescribeLogGroups, DescribeLogStreams), GetCallerIdentity, and a GetMetricData that knows no points. Pages are those of
AWS: 1 MB or 10,000 events; 10,000 rows of at most 100,000 a query; a query's ends are whole seconds, both inclusive.
With a quota, calls beyond so many a second are a ThrottlingException. GET /account tells what serving has cost so far,
GET /truth the checksum.
"""

import argparse
import json
import re
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from log_blobs import START_MS, STREAMS, Hour, render

GROUP = "/aws/lambda/bench"
PAGE_BYTES, PAGE_EVENTS, QUERY_ROWS = 1_000_000, 10_000, 100_000
LIMITED = ("FilterLogEvents", "StartQuery", "GetQueryResults")
LATEST_S = 100_000_000_000  # a greater number is taken for milliseconds, which some clients send
ACCOUNT = "111122223333"
IDENTITY = (
    f"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{ACCOUNT}</Account><UserId>AIDA</UserId>"
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
Asked = dict[str, Any]
Parts = list[bytes | memoryview]


class Bucket:
    """So many calls a second, as many at once; no quota refuses nothing."""

    def __init__(self, quota: float) -> None:
        self._quota, self._left, self._at = quota, quota, time.monotonic()
        self._lock = threading.Lock()

    def is_full(self) -> bool:
        """Whether one more call is too many."""
        if not self._quota:
            return False
        with self._lock:
            now = time.monotonic()
            self._left = min(self._quota, self._left + (now - self._at) * self._quota)
            self._at = now
            if self._left < 1:
                return True
            self._left -= 1
        return False


class LogService:
    """The answers, as parts of bytes that are sent one after the other."""

    def __init__(self, hour: Hour) -> None:
        self._hour = hour
        self._queries: dict[str, Asked] = {}
        self.answers: dict[str, Callable[[Asked], Parts]] = {
            "FilterLogEvents": self.filter_log_events,
            "StartQuery": self.start_query,
            "GetQueryResults": self.query_results,
            "StopQuery": lambda _: _json({"success": True}),
            "DescribeLogGroups": lambda _: _json({"logGroups": [{"logGroupName": GROUP}]}),
            "DescribeLogStreams": lambda _: _json({"logStreams": [{"logStreamName": name} for name in STREAMS]}),
            "GetMetricData": lambda _: _json({"MetricDataResults": []}),
            "GetCallerIdentity": lambda _: [IDENTITY.encode()],
        }

    def filter_log_events(self, asked: Asked) -> Parts:
        """One page of the events in [startTime, endTime], both ends inclusive."""
        first, last = self._places(asked.get("startTime", 0), asked.get("endTime", LATEST_S * 1000) + 1)
        start = int(asked.get("nextToken", first))
        offsets = self._hour.events.offsets
        end = int(np.searchsorted(offsets, offsets[start] + PAGE_BYTES, side="right")) - 1
        end = min(max(end, start + 1), start + min(asked.get("limit", PAGE_EVENTS), PAGE_EVENTS), last)
        token = f',"nextToken":"{end}"' if end < last else ""
        return [b'{"events":[', self._hour.events.part(start, end), f'],"searchedLogStreams":[]{token}}}'.encode()]

    def start_query(self, asked: Asked) -> Parts:
        """Keep the query; it is answered when its results are asked for."""
        name = f"query-{len(self._queries)}-{threading.get_ident()}"
        self._queries[name] = asked
        return _json({"queryId": name})

    def query_results(self, asked: Asked) -> Parts:
        """One page of a query's rows: counts for `stats … by bin`, else the newest events first."""
        query = self._queries[asked["queryId"]]
        first, last = self._places(_second(query["startTime"]) * 1000, (_second(query["endTime"]) + 1) * 1000)
        state = self._state(first, last)
        if found := re.search(r"stats count\(\*\) as (\w+) by (bin\((\d+)([smh])\))", query["queryString"]):
            return [b'{"results":', *_json(self._counts(first, last, found)), b",", *state, b"}"]
        rows = min(last - first, _limit(query))
        start = int(asked.get("nextToken", 0))
        end = min(start + PAGE_EVENTS, rows)
        token = f',"nextToken":"{end}"' if end < rows else ""
        newest = len(self._hour.time_ms) - last
        page = self._hour.rows.part(newest + start, newest + end)
        return [b'{"results":[', page, b"],", *state, f"{token}}}".encode()]

    def _counts(self, first: int, last: int, found: re.Match[str]) -> list[list[dict[str, str]]]:
        name, column, number, unit = found.groups()
        width = int(number) * {"s": 1_000, "m": 60_000, "h": 3_600_000}[unit]
        bins, counts = np.unique(self._hour.time_ms[first:last] // width, return_counts=True)
        starts = np.datetime_as_string((bins * width).astype("datetime64[ms]")).tolist()
        return [
            [{"field": column, "value": start.replace("T", " ")}, {"field": name, "value": str(count)}]
            for start, count in zip(starts, counts.tolist(), strict=True)
        ]

    def _state(self, first: int, last: int) -> Parts:
        scanned = len(self._hour.events.part(first, last))
        statistics = {"recordsMatched": last - first, "recordsScanned": last - first, "bytesScanned": scanned}
        return [f'"status":"Complete","statistics":{json.dumps(statistics)}'.encode()]

    def _places(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        first, last = (bisect_left(self._hour.time_ms, stamp) for stamp in (start_ms, end_ms))
        return first, max(first, last)


class Meter:
    """Calls, refusals and bytes so far."""

    def __init__(self, hour: Hour, quota: float) -> None:
        self._hour, self._buckets = hour, {name: Bucket(quota) for name in LIMITED}
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self.bytes = 0
        self._lock = threading.Lock()

    def refuses(self, operation: str) -> bool:
        """Count a call; whether it is beyond the quota."""
        is_refused = operation in self._buckets and self._buckets[operation].is_full()
        with self._lock:
            (self.throttled if is_refused else self.calls)[operation] += 1
        return is_refused

    def sent(self, size: int) -> None:
        """Count bytes of an answer."""
        with self._lock:
            self.bytes += size

    def told(self, path: str) -> Parts:
        """The answer to GET /account or /truth."""
        if path == "/truth":
            return _json({**asdict(self._hour.truth), "start_ms": START_MS, "group": GROUP})
        account = {"cpu_s": time.process_time(), "bytes": self.bytes}
        return _json({**account, "calls": dict(self.calls), "throttled": dict(self.throttled)})


def handler(service: LogService, meter: Meter) -> type[BaseHTTPRequestHandler]:
    """The HTTP side: an operation from a header, or from a form."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._send(200, meter.told(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target")
            operation = target.rsplit(".", 1)[-1] if target else "GetCallerIdentity"
            if operation not in service.answers:
                self._send(400, _json({"__type": "UnknownOperationException"}))
            elif meter.refuses(operation):
                self._send(400, _json({"__type": "ThrottlingException", "message": "Rate exceeded"}))
            else:
                self._send(200, service.answers[operation](json.loads(body) if target else {}))

        def _send(self, status: int, parts: Parts) -> None:
            size = sum(map(len, parts))
            self.send_response(status)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            for part in parts:
                self.connection.sendall(part)
            meter.sent(size)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _json(answer: object) -> Parts:
    return [json.dumps(answer).encode()]


def _second(stamp: int) -> int:
    return stamp // 1000 if stamp > LATEST_S else stamp


def _limit(query: Asked) -> int:
    """Rows that the query may give: by its text or its parameter, 10,000 where neither says."""
    found = re.search(r"\| *limit (\d+)", query["queryString"])
    return min(int(found[1]) if found else query.get("limit", 10_000), QUERY_ROWS)


def main() -> None:
    """Render the events and serve until the process is ended."""
    parser = argparse.ArgumentParser(description="A fast CloudWatch Logs for benchmarks.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--quota", type=float, default=0, help="calls a second of each operation; 0: no quota")
    asked = parser.parse_args()
    hour = render(asked.events)
    server = ThreadingHTTPServer(
        ("127.0.0.1", asked.port), handler(LogService(hour), Meter(hour, asked.quota))
    )  # fmt: skip
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
