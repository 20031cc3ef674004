"""One request, from its reading to its record: quota, fault, then the answer, ours or moto's."""

import io
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from threading import Event
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug import Request, Response

from ddms_ops.sandbox.canned import CannedAnswers
from ddms_ops.sandbox.faults import Delay, Drop, Error, Fault, Faults, Stall
from ddms_ops.sandbox.quotas import Quotas
from ddms_ops.sandbox.recorder import UNANSWERED, Call, Recorder
from ddms_ops.sandbox.refusal import Refusal
from ddms_ops.sandbox.wire import Answered, Asked, answered, asked, refused

OURS = frozenset({"logs", "cloudwatch", "cloudtrail", "ce", "pi"})
Handlers = Mapping[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any] | bytes]]


class Application:
    """The WSGI application; threads may share it.

    Args:
        handlers: what answers each service and operation.
        canned: answers that go before them.
        faults: what calls meet.
        calls: where every call is recorded.
        quotas: None for none.
        account: whose resources moto shows.
        closing: set when nothing may wait any more.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        canned: CannedAnswers,
        faults: Faults,
        calls: Recorder,
        quotas: Quotas | None,
        account: str,
        closing: Event,
    ) -> None:
        self._handlers, self._canned, self._faults = handlers, canned, faults
        self._calls, self._quotas, self._account, self._closing = calls, quotas, account, closing
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        call, at = asked(Request(environ)), time.time()
        answer, fault = None, None
        try:
            if self._quotas is not None:
                self._quotas.spend(call.service, call.operation)
            fault = self._faults.take(call.service, call.operation)
            if isinstance(fault, Drop) and not fault.half_way:
                _cut(environ)
            answer = self._answered(call, fault, environ)
        except Refusal as refusal:
            answer = refused(call, refusal)
        finally:
            is_answered = answer is not None and not isinstance(fault, Drop | Stall)
            status, code = (answer.status, answer.code) if answer and is_answered else (UNANSWERED, "")
            self._calls.add(Call(call.service, call.operation, at, status, code))
        status_line = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        start_response(status_line, list(headers.items()))
        if isinstance(fault, Drop | Stall):
            return self._broken(fault, answer.body, environ)
        return [answer.body]

    def _answered(self, call: Asked, fault: Fault | None, environ: dict[str, Any]) -> Answered:
        """The answer to a call.

        Raises:
            Refusal: it is an error.
        """
        if isinstance(fault, Error):
            raise Refusal(fault.code, fault.words, status=fault.status)
        if isinstance(fault, Delay):
            self._closing.wait(fault.seconds)
        if isinstance(fault, dict):
            return answered(call, fault)
        if callable(fault):
            return answered(call, fault(call.parameters()))
        called = call.service, call.operation
        if called in self._canned:
            return answered(call, self._canned[called])
        if called in self._handlers:
            return answered(call, self._handlers[called](call.parameters()))
        if call.service in OURS:
            raise Refusal("UnknownOperationException", f"the sandbox does not know {call.operation}")
        return self._delegated(call, environ)

    def _delegated(self, call: Asked, environ: dict[str, Any]) -> Answered:
        """Moto's answer."""
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        if call.body:
            environ["wsgi.input"] = io.BytesIO(call.body)
        response = Response.from_app(self._moto, environ, buffered=True)
        headers = dict(response.headers)
        return Answered(response.status_code, headers, response.get_data(), headers.get("x-amzn-errortype", ""))

    def _broken(self, fault: Drop | Stall, body: bytes, environ: dict[str, Any]) -> Iterator[bytes]:
        """The beginning of an answer that never ends."""
        if isinstance(fault, Stall):
            yield b""
            self._closing.wait()
        else:
            yield body[: len(body) // 2]
        _cut(environ)


def _cut(environ: dict[str, Any]) -> None:
    """Close the connection.

    Raises:
        ConnectionAbortedError: always; the server takes it for the client's going away.
    """
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError
