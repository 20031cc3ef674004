"""The database's log as Postgres 15 on RDS writes it to stderr: slow calls, their plans, refused connections, upkeep.

The prefix is `%t:%r:%u@%d:[%p]:`. Calls of 250 ms or more are logged, after the plan where auto_explain took a sample.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ENDPOINTS, JOBS
from ddms_ops.simulate.dms.database_load import Calls, Load
from ddms_ops.simulate.dms.database_plans import Plan, plan_text
from ddms_ops.simulate.dms.database_statements import STATEMENTS, Statement, job_comment, request_comment
from ddms_ops.simulate.dms.jobs import Jobs
from ddms_ops.simulate.ids import mix, uuids

SLOW_US = 250_000
BACKENDS = 60
CHUNK = 5_000
FIRST_PID, FIRST_PORT = 8_200, 32_800
API_USER, WORKER_USER = "dms_app@dms", "dms_worker@dms"
Line = tuple[int, str]  # when it was written (epoch us), and the entry without its time
"""One entry or several that follow each other; each begins with its time, which stands as {t}."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A server process and the client it serves."""

    pid: int
    user: str

    @property
    def client(self) -> str:
        """Address and port."""
        return f"10.0.{12 + self.pid % 3}.{20 + self.pid % 200}({FIRST_PORT + self.pid % 20_000})"

    def entry(self, level: str, message: str) -> str:
        """An entry of its own, after the time."""
        return f"{{t}}:{self.client}:{self.user}:[{self.pid}]:{level}:  {message}\n"


def backend_of(draw: int, *, is_of_jobs: bool) -> Backend:
    """One of the backends that serve the API, or of those that serve the worker."""
    place = draw % BACKENDS
    return Backend(FIRST_PID + 37 * place + is_of_jobs, WORKER_USER if is_of_jobs else API_USER)


class Sent:
    """The statements of calls as they were sent, with the values and the tags of each."""

    def __init__(self, load: Load, jobs: Jobs, salt: int) -> None:
        self._load, self._jobs, self._salt = load, jobs, salt

    def values(self, calls: Calls, chosen: NDArray[np.int64]) -> list[tuple[dict[str, object], str, int]]:
        """The values of some of the calls, the comment that they carry, and 64 bits of their own."""
        requests, jobs, place = self._load.requests, self._jobs, calls.place[chosen]
        source = jobs if calls.is_of_jobs else requests
        request = jobs.request[place] if calls.is_of_jobs else place
        draws = mix(place, self._salt + 71 + calls.is_of_jobs).tolist()
        documents = uuids(source.document[place].astype(np.int64), self._salt + 3)
        kind = (jobs.job_type if calls.is_of_jobs else requests.endpoint)[place].tolist()
        ids = uuids(place, self._salt)
        rows = zip(source.tenant[place].tolist(), requests.user[request].tolist(), documents, ids, kind, draws,
                   strict=True)  # fmt: skip
        return [
            (
                {"tenant": requests.names[tenant], "user": f"user-{user:05d}", "document": document,
                 "hex": f"{draw:016x}{draw ^ 0x5DEECE66D:016x}", "number": draw % 9 + 1},
                job_comment(JOBS[what].name) if calls.is_of_jobs else request_comment(id_, ENDPOINTS[what].name),
                draw,
            )
            for tenant, user, document, id_, what, draw in rows
        ]  # fmt: skip


def slow_lines(sent: Sent, calls: Calls, end_us: NDArray[np.int64], *, one_in: int) -> list[Line]:
    """Plan and duration of each call that took long; plans of one in so many."""
    slow = np.flatnonzero(calls.exec_us >= SLOW_US)
    rows = zip(end_us[slow].tolist(), calls.exec_us[slow].tolist(), calls.is_scan[slow].tolist(),
               sent.values(calls, slow), strict=True)  # fmt: skip
    return [(at, _slow_entries(calls, values, exec_us, is_scan, one_in)) for at, exec_us, is_scan, values in rows]


def _slow_entries(
    calls: Calls, row: tuple[dict[str, object], str, int], exec_us: int, is_scan: bool, one_in: int
) -> str:
    values, comment, draw = row
    statement = calls.statement
    text = f"{statement.sent.format(**values)} {comment}" if statement.table else statement.sent.format(**values)
    backend = backend_of(draw, is_of_jobs=calls.is_of_jobs)
    said = backend.entry("LOG", f"duration: {(exec_us + 180 + draw % 400) / 1000:.3f} ms  statement: {text}")
    if (draw >> 7) % one_in or not statement.table:
        return said
    steps = plan_text(Plan(statement, statement.condition.format(**values), exec_us, is_scan))
    return backend.entry("LOG", f"duration: {exec_us / 1000:.3f} ms  plan:\n\tQuery Text: {text}\n{steps}") + said


def cancelled_lines(sent: Sent, load: Load, places: NDArray[np.int64], statements: list[Statement]) -> list[Line]:
    """The error of each statement that was cancelled, with the statement."""
    requests = load.requests
    calls = Calls(STATEMENTS[0], 0, False, places, requests.time_ms[places], places, np.zeros(len(places), dtype=bool))
    found = []
    for at, statement, (values, comment, draw) in zip(
        requests.time_ms[places].tolist(), statements, sent.values(calls, np.arange(len(places))), strict=True
    ):
        backend = backend_of(draw, is_of_jobs=False)
        error = backend.entry("ERROR", "canceling statement due to statement timeout")
        found.append(
            (at * 1000 - 2_000, error + backend.entry("STATEMENT", statement.sent.format(**values) + " " + comment))
        )
    return found


def refused_lines(time_ms: NDArray[np.int64], *, user: str) -> list[Line]:
    """Connections that were refused because all slots were taken."""
    name, database = user.split("@")
    found = []
    for number, at in enumerate(time_ms.tolist()):
        pid = 12_000 + number * 3 % 17_000 + (user == WORKER_USER)
        unknown, backend = Backend(pid, "[unknown]@[unknown]"), Backend(pid, user)
        host, port = backend.client.rstrip(")").split("(")
        text = unknown.entry("LOG", f"connection received: host={host} port={port}")
        text += backend.entry("LOG", f"connection authorized: user={name} database={database}")
        full = "remaining connection slots are reserved for non-replication superuser connections"
        found.append((at * 1000 - 4_000, text + backend.entry("FATAL", full)))
    return found


def write_lines(path: Path, lines: list[Line]) -> int:
    """Write entries in the order of their times; returns how many lines of text that are."""
    lines.sort(key=lambda line: line[0])
    written = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for start in range(0, len(lines), CHUNK):
            text = "".join(_stamped(lines[start : start + CHUNK]))
            written += text.count("\n")
            file.write(text.encode("utf-8"))
    return written


def _stamped(lines: list[Line]) -> Iterator[str]:
    """Entries with their times."""
    seconds = np.array([at // 1_000_000 for at, _ in lines], dtype="datetime64[s]")
    stamps = np.char.replace(np.datetime_as_string(seconds), "T", " ").tolist()
    for stamp, (_, text) in zip(stamps, lines, strict=True):
        yield text.replace("{t}", f"{stamp} UTC")
