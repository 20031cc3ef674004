"""What the API handler logs, one JSON object an event: requests, errors, failed attempts and debug lines."""

import json
from dataclasses import dataclass
from typing import NamedTuple

from ddms_ops.simulate.dms.attributes import asked_by, served_by, users
from ddms_ops.simulate.dms.catalog import ENDPOINTS, FILES, OLD_VERSION, UPLOADS
from ddms_ops.simulate.dms.errors import error_text, stack_text
from ddms_ops.simulate.dms.leaks import DOWNLOAD, READS
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.scenario import ErrorKind, Scenario

quote = json.encoder.encode_basestring  # JSON text of a string, unicode as it is
QUOTED_FILES = tuple(quote(name) for name in FILES)
DEBUG_LINES = (
    "cache hit for acl:{n}",
    "query documents_by_tenant took {n} us, 0 errors",
    "presigned url valid for 900 s, {size} bytes",
    "feature flags evaluated in {n} us, no fallback",
    "pool: {n} idle, 0 waiting, last error: none",
)


class Row(NamedTuple):
    """One event's request."""

    request_id: str
    asked: str  # the document in the path
    document: str  # the document that was answered with
    number: int  # of the document, in its tenant
    owner: int  # the document's tenant
    user: int
    endpoint: int
    status: int
    duration_ms: int
    error: int  # or of an attempt: what it failed with
    is_new: bool
    is_hit: bool  # answered from the cache, where that is asked
    served: int  # place among `served_by`
    draw: int  # 64 bits of the event's own


@dataclass(frozen=True, slots=True)
class Route:
    """JSON members of an endpoint around the document's id; the id is left out where `has_id` is False."""

    before: str
    after: str
    has_id: bool
    is_upload: bool
    is_read: bool
    action: str


def _route(place: int) -> Route:
    endpoint = ENDPOINTS[place]
    before, _, after = endpoint.path.partition("{id}")
    head = f'"method":"{endpoint.method}","path":"{before}'
    has_id, action = "{id}" in endpoint.path, endpoint.action
    return Route(head, f'{after}"', has_id, action in UPLOADS, action in (*READS, DOWNLOAD), action)


ROUTES = tuple(_route(place) for place in range(len(ENDPOINTS)))


class Words:
    """The texts of one case's API events."""

    def __init__(self, scenario: Scenario, requests: Requests, salt: int) -> None:
        self._users, self._agents, self._served = users(requests), asked_by(requests), served_by(requests, salt)
        self._versions = (OLD_VERSION, scenario.new_version or OLD_VERSION)
        self._kinds, self._names = requests.kinds, requests.names
        self._has_leak = scenario.leak is not None

    def _who(self, row: Row) -> str:
        """The members that a request's events share."""
        route = ROUTES[row.endpoint]
        document = row.asked if route.has_id else ""
        return f'"requestId":"{row.request_id}",{self._users[row.user]},{route.before}{document}{route.after}'

    def _where(self, row: Row) -> str:
        """The members that a request's events end with."""
        return f'"version":"{self._versions[row.is_new]}",{self._agents[row.user]},{self._served[row.served]}}}'

    def completed(self, row: Row) -> str:
        """The line of a request, with the error in it where that is all there is."""
        route = ROUTES[row.endpoint]
        subject = f',"documentId":"{row.document}"' if route.has_id else ""
        if route.is_upload:
            subject += f',"fileName":{QUOTED_FILES[row.draw % len(FILES)]}'
        if route.is_read and row.error < 0:
            subject += self._answered(row)
        if row.error >= 0 and self._kinds[row.error].in_answer:
            subject += _in_answer(self._kinds[row.error], row.draw)
        return (
            f'{{"level":"info","message":"request completed",{self._who(row)},"status":{row.status},'
            f'"duration":{row.duration_ms},"action":"{route.action}"{subject},{self._where(row)}'
        )

    def _answered(self, row: Row) -> str:
        """The members that tell whose document it is, and the cache's key, which should name the tenant.

        A download comes from no cache.
        """
        owner = f',"resourceTenantId":"{self._names[row.owner]}"'
        if ROUTES[row.endpoint].action == DOWNLOAD:
            return owner
        tenant = "" if self._has_leak and row.is_new else f"{self._names[row.owner]}:"
        return f',"cache":"{"HIT" if row.is_hit else "MISS"}","cacheKey":"{tenant}doc:{row.number}"{owner}'

    def detail(self, row: Row) -> str:
        """The line of the error that a request ended with."""
        kind = self._kinds[row.error]
        text = error_text(kind.message, row.draw, _digits(row.draw))
        stack = stack_text(kind, text)
        code = f'"code":"{kind.code}",' if kind.code else ""
        said = "unhandled exception" if kind.level == "error" else "request refused"
        return (
            f'{{"level":"{kind.level}","message":"{said}","error":"{kind.name}",{code}"errorMessage":{quote(text)},'
            + (f'"stack":{quote(stack)},' if stack else "")
            + f"{self._who(row)},{self._where(row)}"
        )

    def attempt(self, row: Row, number: int) -> str:
        """The line of an attempt that failed."""
        retries = self._kinds[row.error].retries
        if retries is None:
            raise ValueError(f"{self._kinds[row.error].name} is never tried again")
        draw = row.draw + 0x9E3779B9 * number
        text = error_text(retries.message.replace("{attempt}", str(number)), draw, _digits(draw))
        head = f'{{"level":"{retries.level}","message":{quote(text)},"attempt":{number}'
        return f"{head},{self._who(row)},{self._where(row)}"

    def debug(self, row: Row, number: int) -> str:
        """One of a request's debug lines."""
        draw = (row.draw >> 3) + 0x9E3779B9 * number
        text = error_text(DEBUG_LINES[draw % len(DEBUG_LINES)], draw, "")
        return f'{{"level":"debug","message":{quote(text)},{self._who(row)},{self._where(row)}'

    def report(self, row: Row) -> str:
        """The runtime's own line, which is no JSON."""
        duration = f"{row.duration_ms}.{row.draw % 100:02d}"
        return f"REPORT RequestId: {row.request_id}\tDuration: {duration} ms\tMemory Size: 1024 MB\n"


def _digits(draw: int) -> str:
    draw %= 2**64
    return f"{draw:016x}{draw * 0x9E3779B97F4A7C15 % 2**64:016x}"


def _in_answer(kind: ErrorKind, draw: int) -> str:
    """The members that tell an error in the answer of a request."""
    text = quote(error_text(kind.message, draw, _digits(draw)))
    if kind.in_answer == "flat":
        return f',"errorCode":"{kind.name}","errorMessage":{text}'
    return f',"error":{{"code":"{kind.name}","message":{text}}}'
