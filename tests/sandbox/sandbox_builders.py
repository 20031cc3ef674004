"""Clients that talk to a sandbox, and the events of an hour."""

import urllib.request
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from ddms_ops.sandbox.server import Sandbox

GROUP = "/aws/lambda/one"
NOON_MS = 1_772_625_600_000  # 2026-03-04 12:00 UTC
NOON_S = NOON_MS // 1000
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20260304/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def client(sandbox: Sandbox, service: str, **config: Any) -> BaseClient:
    """A client of one service, without retries."""
    return boto3.Session("sandbox", "sandbox", region_name=sandbox.region).client(
        service,
        endpoint_url=sandbox.url,
        config=Config(**{"retries": {"total_max_attempts": 1}, "read_timeout": 10, **config}),
    )


def event(offset_ms: int, message: str = "hello", stream: str = "s1") -> dict[str, object]:
    """An event so long after noon."""
    return {"timestamp": NOON_MS + offset_ms, "message": message, "stream": stream}


def event_pages(logs: BaseClient, **asked: Any) -> list[dict[str, Any]]:
    """Every page of FilterLogEvents over GROUP."""
    pages = [logs.filter_log_events(logGroupName=GROUP, **asked)]
    while token := pages[-1].get("nextToken"):
        pages.append(logs.filter_log_events(logGroupName=GROUP, nextToken=token, **asked))
    return pages


def messages(logs: BaseClient, **asked: Any) -> list[str]:
    """Messages of every event that FilterLogEvents gives."""
    return [found["message"] for page in event_pages(logs, **asked) for found in page["events"]]


def query(logs: BaseClient, text: str, *, start_s: int = NOON_S, end_s: int = NOON_S + 3600, **asked: Any) -> str:
    """The id of a query that was started over GROUP."""
    found = logs.start_query(logGroupName=GROUP, queryString=text, startTime=start_s, endTime=end_s, **asked)
    return str(found["queryId"])


def rows(logs: BaseClient, text: str, **asked: Any) -> list[dict[str, str]]:
    """The rows of a query's first page, without pointers."""
    found = logs.get_query_results(queryId=query(logs, text, **asked))["results"]
    return [{cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in found]


def posted(sandbox: Sandbox, path: str, service: str, body: bytes, **headers: str) -> bytes:
    """The body of the answer to a request made by hand."""
    given = {"Authorization": SIGNED.format(service), **headers}
    request = urllib.request.Request(sandbox.url + path, data=body, headers=given)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())
