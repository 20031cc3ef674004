"""What a signed request asks, and answers in the protocol it came in: JSON, CBOR, query XML or REST."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

import cbor2
from botocore.exceptions import DataNotFoundError
from moto.core.parse import QueryParser
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug import Request

from ddms_ops.sandbox.refusal import Refusal

SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)")
NAMES = {"monitoring": "cloudwatch", "states": "stepfunctions"}  # signing names that are not boto3's client names
PLACE = re.compile(r"(\{\w+\+?\})")
XML_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"
JSON, CBOR, QUERY, REST, REST_XML = "json", "cbor", "query", "rest-json", "rest-xml"


@dataclass(frozen=True, slots=True)
class Asked:
    """A call by boto3's names, empty where the request is not signed; parameters are read only for our own answers."""

    service: str
    operation: str
    protocol: str
    body: bytes = b""
    request_id: str = field(default_factory=lambda: str(uuid4()))

    def parameters(self) -> dict[str, Any]:
        """The call's parameters, a time as seconds since 1970 or as a datetime.

        Raises:
            Refusal: the body cannot be read.
        """
        try:
            if self.protocol == QUERY:
                model = get_service_model(self.service).operation_model(self.operation)
                values = {name: texts[0] for name, texts in parse_qs(self.body.decode()).items()}
                request: Any = {"values": values}  # all that a query needs of moto's RequestDict
                return dict(QueryParser(model).parse(request))
            return dict(cbor2.loads(self.body) if self.protocol == CBOR else json.loads(self.body or b"{}"))
        except (ValueError, TypeError, cbor2.CBORDecodeError):
            raise Refusal("SerializationException", "the body cannot be read") from None


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    code: str = ""


def asked(request: Request) -> Asked:
    """What a request asks; its body is read unless it is for S3."""
    found = SCOPE.search(request.headers.get("Authorization", ""))
    service = NAMES.get(found[1], found[1]) if found else ""
    target = request.headers.get("X-Amz-Target", "")
    if not service:
        return Asked("", "", REST)
    if target:
        return Asked(service, target.rsplit(".", 1)[-1], JSON, request.get_data())
    if called := CBOR_PATH.fullmatch(request.path):
        return Asked(service, called[1], CBOR, request.get_data())
    if request.mimetype == "application/x-www-form-urlencoded":
        body = request.get_data(parse_form_data=False)
        return Asked(service, parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0], QUERY, body)
    operation = _rest_operation(service, request.method, request.path, request.args)
    return Asked(service, operation, REST_XML if service == "s3" else REST)


def _rest_operation(service: str, method: str, path: str, query: Mapping[str, str]) -> str:
    """The operation whose URI this is, the most particular one; empty where there is none."""
    fitting = [
        (len(needed), len(template), name)
        for name, verb, template, pattern, needed in _rest_operations(service)
        if verb == method
        and pattern.fullmatch(path)
        and all(key in query and text in (None, query[key]) for key, text in needed.items())
    ]
    return max(fitting, default=(0, 0, ""))[2]


@cache
def _rest_operations(service: str) -> list[tuple[str, str, str, re.Pattern[str], dict[str, str | None]]]:
    """Name, verb, path template, its pattern and the query it needs (a text, or None for any), of each operation."""
    try:
        model = get_service_model(service)
    except DataNotFoundError:
        return []
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        template, _, fixed = http.get("requestUri", "/").partition("?")
        parts = [
            (".+" if part.endswith("+}") else "[^/]+") if PLACE.fullmatch(part) else re.escape(part)
            for part in PLACE.split(template)
        ]
        shape = model.operation_model(name).input_shape
        members = [shape.members[member].serialization for member in shape.required_members] if shape else []
        needed: dict[str, str | None] = {
            member["name"]: None for member in members if member.get("location") == "querystring"
        }
        needed |= {key: texts[0] for key, texts in parse_qs(fixed, keep_blank_values=True).items()}
        found.append((name, http.get("method", "POST"), template, re.compile("".join(parts) + "/?"), needed))
    return found


def answered(call: Asked, answer: dict[str, Any] | bytes) -> Answered:
    """The answer to a call; bytes are JSON already."""
    headers = {"x-amzn-RequestId": call.request_id}
    if isinstance(answer, bytes):
        return Answered(200, {**headers, "Content-Type": "application/x-amz-json-1.1"}, answer)
    if call.protocol == JSON:
        body = json.dumps(answer, ensure_ascii=False, default=_seconds).encode()
        return Answered(200, {**headers, "Content-Type": "application/x-amz-json-1.1"}, body)
    if call.protocol == CBOR:
        return Answered(
            200, {**headers, **_CBOR_HEADERS}, cbor2.dumps(answer, datetime_as_timestamp=True, timezone=UTC)
        )
    model = get_service_model(call.service)
    serializer = get_serializer_class(call.service, call.protocol)(model.operation_model(call.operation))
    made = serializer.serialize(answer)
    text = made["body"]
    body = text.encode() if isinstance(text, str) else text
    return Answered(made["status_code"], {**headers, **made["headers"]}, body)


_CBOR_HEADERS = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}


def refused(call: Asked, refusal: Refusal) -> Answered:
    """The error answer to a call."""
    headers = {"x-amzn-RequestId": call.request_id, "x-amzn-errortype": refusal.code}
    told = {"__type": refusal.code, "message": refusal.words}
    if call.protocol == CBOR:
        headers, body = headers | _CBOR_HEADERS, cbor2.dumps(told)
    elif call.protocol in (QUERY, REST_XML):
        text = XML_ERROR.format(escape(refusal.code), escape(refusal.words))
        if call.protocol == REST_XML:
            text = text.removeprefix("<ErrorResponse>").removesuffix("</ErrorResponse>")
        headers, body = headers | {"Content-Type": "text/xml"}, text.encode()
    else:
        headers, body = headers | {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(told).encode()
    return Answered(refusal.status, headers, body, refusal.code)


def moment(value: object) -> float:
    """A time of a call's parameters as seconds since 1970.

    Raises:
        Refusal: not a time.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).timestamp()
    try:
        return float(value) if isinstance(value, int | float) else datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        raise Refusal("ValidationError", "a time is neither a number nor ISO 8601") from None


def _seconds(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"a {type(value).__name__} cannot be answered")
