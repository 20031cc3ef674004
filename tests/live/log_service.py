"""A small CloudWatch Logs of one group: answers for `servers.Canned`, over events in memory."""

import json
import operator
import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from servers import Answer, Canned

TIMES = r"toMillis\(@timestamp\) (<|>=) (\d+)"
RELATION = {"<": operator.lt, ">=": operator.ge}
FORMAT = "%Y-%m-%d %H:%M:%S.%f"
Asked = dict[str, Any]


@dataclass
class LogService:
    """Events as (epoch ms, text); each answer honours the limits that AWS documents.

    `page` events a page, `most` rows a query at most, `cut` characters of a message in a query's rows.
    """

    events: list[tuple[int, str]]
    page: int = 1_000
    most: int = 100_000
    cut: int = 1_000_000
    states: dict[str, list[str]] = field(default_factory=dict)
    queries: dict[str, Asked] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def answers(self, **others: list[Any]) -> Canned:
        """A server of these events; other answers come before or instead."""
        ours = {
            "FilterLogEvents": [self.filter], "StartQuery": [self.start], "GetQueryResults": [self.results],
            "StopQuery": [self.stop], "GetLogRecord": [self.record], "GetMetricData": [{"MetricDataResults": []}],
        }  # fmt: skip
        return Canned(**{**ours, **others})

    def filter(self, asked: Asked) -> Answer:
        """FilterLogEvents: both ends inclusive."""
        found = [
            {"timestamp": stamp, "message": text, "logStreamName": "s", "eventId": f"e{place}", "ingestionTime": stamp}
            for place, (stamp, text) in enumerate(self.events)
            if asked["startTime"] <= stamp <= asked["endTime"]
        ]
        at = int(asked.get("nextToken", 0))
        following = {"nextToken": str(at + self.page)} if at + self.page < len(found) else {}
        return {"events": found[at : at + self.page], **following}

    def start(self, asked: Asked) -> Answer:
        """StartQuery."""
        name = f"q{len(self.queries)}"
        self.queries[name] = asked
        return {"queryId": name}

    def stop(self, asked: Asked) -> Answer:
        """StopQuery."""
        self.stopped.append(asked["queryId"])
        return {"success": True}

    def results(self, asked: Asked) -> Answer:
        """GetQueryResults: whole seconds, both ends inclusive."""
        query = self.queries[asked["queryId"]]
        found = [
            (place, stamp, text)
            for place, (stamp, text) in enumerate(self.events)
            if query["startTime"] * 1000 <= stamp <= query["endTime"] * 1000
            and all(RELATION[sign](stamp, int(ms)) for sign, ms in re.findall(TIMES, query["queryString"]))
        ]
        statistics = {"recordsMatched": float(len(found)), "recordsScanned": 1.0, "bytesScanned": 500.0 * len(found)}
        answer = {"status": "Complete", "statistics": statistics}
        if width := re.search(r"bin\((\d+)(s|m)\)", query["queryString"]):
            seconds = int(width[1]) * {"s": 1, "m": 60}[width[2]]
            return {**answer, "results": _counts([stamp for _, stamp, _ in found], seconds * 1000)}
        limit = min(self.most, int(re.search(r"limit (\d+)", query["queryString"])[1]))
        at = int(asked.get("nextToken", 0))
        rows = [self._row(*event) for event in found[:limit][at : at + self.page]]
        following = {"nextToken": str(at + self.page)} if at + self.page < min(len(found), limit) else {}
        return {**answer, "results": rows, **following}

    def record(self, asked: Asked) -> Answer:
        """GetLogRecord by pointer."""
        return {"logRecord": {"@message": self.events[int(asked["logRecordPointer"])][1]}}

    def _row(self, place: int, stamp: int, text: str) -> list[dict[str, str]]:
        cells = {"@timestamp": _text(stamp), "@message": text[: self.cut], "@logStream": "s"}
        cells |= {"@ingestionTime": _text(stamp), "@ptr": str(place)}
        return [{"field": name, "value": value} for name, value in cells.items()]


def _counts(stamps: list[int], width: int) -> list[list[dict[str, str]]]:
    counts = pd.Series([stamp // width * width for stamp in stamps]).value_counts()
    return [
        [{"field": f"bin({width // 1000}s)", "value": _text(int(start))}, {"field": "n", "value": str(n)}]
        for start, n in counts.items()
    ]


def _text(stamp: int) -> str:
    return pd.Timestamp(stamp, unit="ms").strftime(FORMAT)[:-3]


def noise(count: int, start: pd.Timestamp, seconds: int) -> list[tuple[int, str]]:
    """Events evenly spread, each with a text of its own."""
    first = int(start.timestamp() * 1000)
    return [(first + place * seconds * 1000 // count, json.dumps({"n": place})) for place in range(count)]
