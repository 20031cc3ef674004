"""Servers on 127.0.0.1 that our AWS clients talk to: canned answers, and a session that points at a server."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs

import pytest

from ddms_ops.deployment import Account
from ddms_ops.sources.aws.session import AwsSession

REGION = "us-east-1"
XML = "<{0}Response><{0}Result>{1}</{0}Result></{0}Response>"


@dataclass(frozen=True)
class Refusal:
    """An error answer."""

    code: str
    status: int = 400


Answer = dict[str, Any] | str | Refusal


class Canned:
    """Answers each operation with the next of its answers, the last one again and again; keeps what was asked.

    An answer is the JSON of the service, the text within the result element where the service speaks XML, or a
    function of what was asked.
    """

    def __init__(self, **answers: list[Answer | Callable[[dict[str, Any]], Answer]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                target = self.headers.get("X-Amz-Target")
                if target:
                    status, answer = server.answered(target.rsplit(".", 1)[-1], json.loads(body))
                else:
                    form = {name: values[0] for name, values in parse_qs(body).items()}
                    status, answer = server.answered(form["Action"], form)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def answered(self, operation: str, parameters: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body of the next answer to an operation."""
        self.asked.append((operation, parameters))
        waiting = self.answers[operation]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        answer = answer(parameters) if callable(answer) else answer
        if isinstance(answer, Refusal):
            return answer.status, json.dumps({"__type": answer.code, "message": "SECRET-WORDS"}).encode()
        if isinstance(answer, str):
            return 200, XML.format(operation, answer).encode()
        return 200, json.dumps(answer, default=datetime.timestamp).encode()

    def parameters(self, operation: str) -> list[dict[str, Any]]:
        """What an operation was asked, call by call."""
        return [parameters for name, parameters in self.asked if name == operation]

    def __enter__(self) -> Self:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


def point_at(url: str, environment: pytest.MonkeyPatch) -> None:
    """Make a server the only AWS there is, for this test."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        environment.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        environment.setenv(name, value)


def session_at(server: Canned, environment: pytest.MonkeyPatch, *, account: str = "") -> AwsSession:
    """A session whose AWS is the server."""
    point_at(server.url, environment)
    return AwsSession(Account(region=REGION, account=account))
