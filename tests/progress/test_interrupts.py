"""Ctrl-C ends what runs, keeps what came, and is one line."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builders import at, open_export, request, window, write_logs
from log_service import LogService, noise
from servers import session_at

from ddms_ops.coverage import Status
from ddms_ops.engine import offline_engine
from ddms_ops.interrupts import Stopped, check_pressed, interruptible, stopped_as, whole_step
from ddms_ops.sources.aws.logs import LogPull
from ddms_ops.sources.base import LOG_EVENTS, DatabaseLogQuery, LogQuery, Provenance, Pull, Source, no_records
from ddms_ops.sources.fetching import fetched, stop_if_interrupted

HOUR = window("10:00", "11:00")
QUERY = LogQuery(HOUR, "/a")
LONG = "SELECT count(*) FROM range(100000) a, range(1000000) b WHERE hash(a.range + b.range) % 7 = 3"


class pressed:  # noqa: N801 (reads as words)
    """Ctrl-C a while after the block begins, as the kernel sends it."""

    def __init__(self, after_s: float) -> None:
        self.timer = threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.join()


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.execute(f"CREATE TABLE t AS {LONG}"),
        lambda engine: engine.sql(f"{LONG} AND b.range > ?", params=[4]).to_arrow_table(),
        lambda engine: engine.sql(LONG).to_arrow_reader(1_000).read_all(),
    ],
    ids=["create", "parameters", "reader"],
)
def test_a_query_ends_at_once(ask: Callable[[duckdb.DuckDBPyConnection], object]):
    """Also where Python would hear of it after minutes only; the engine works on afterwards."""
    engine, began = offline_engine(), time.monotonic()
    with pytest.raises(KeyboardInterrupt), interruptible(), pressed(0.2):
        ask(engine)
    assert time.monotonic() - began < 10
    assert engine.execute("SELECT 1").fetchall() == [(1,)]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_query_in_a_thread_ends_too():
    """Whoever waits for the thread is not kept waiting; the thread sees it between two steps."""
    engine, ended = offline_engine(), []

    def work() -> None:
        with pytest.raises(duckdb.Error):
            engine.execute(LONG)
        with pytest.raises(KeyboardInterrupt):
            check_pressed()
        ended.append(True)

    with pytest.raises(KeyboardInterrupt), interruptible(), pressed(0.2), ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
    assert ended == [True]
    check_pressed()  # nothing is pressed any more


def test_an_error_stays_what_it_is():
    """Nothing else is taken for Ctrl-C."""
    with pytest.raises(duckdb.CatalogException), interruptible():
        offline_engine().execute("SELECT * FROM nowhere")
    with pytest.raises(ZeroDivisionError), stopped_as("dividing"):
        print(1 / 0)


def test_it_is_told_in_one_line():
    """What was stopped; still a KeyboardInterrupt, for whoever runs it."""
    engine = offline_engine()
    with pytest.raises(KeyboardInterrupt) as stopped, stopped_as("counting"), stopped_as("the inner"), pressed(0.2):
        engine.execute(LONG)
    assert type(stopped.value) is Stopped
    assert stopped.value._render_traceback_() == ["stopped by hand while the inner; run the cell again to do it"]


def test_a_whole_step_is_not_cut():
    """Ctrl-C waits for its end."""
    done = []

    def step() -> None:
        signal.raise_signal(signal.SIGINT)
        done.append(True)

    with pytest.raises(KeyboardInterrupt), whole_step():
        step()
    assert done == [True]


def test_a_source_that_was_cut_off_is_a_pull_that_says_so():
    """With all columns, and no records."""

    def cut(query: LogQuery, *, pull: str) -> Pull:
        engine = offline_engine()
        with pressed(0.2):
            engine.execute(LONG)
        raise AssertionError(f"{query} was answered as {pull}")

    pull = fetched(cut, QUERY, pull="logs/a", source="files")
    assert (pull.is_interrupted, pull.coverage.status, pull.coverage.reason) == (True, Status.FAILED, "stopped by hand")
    assert pull.table.schema.equals(LOG_EVENTS)
    with pytest.raises(Stopped, match=r"^stopped by hand; kept nothing of logs/a, marked failed; run the cell again"):
        stop_if_interrupted(pull)


def test_what_a_source_kept_is_kept():
    """A source that hears of it by itself gives what it has."""
    answer = no_records("logs/a", QUERY, Provenance("live"), LOG_EVENTS, Status.EMPTY, "")

    def kept(_: LogQuery, *, pull: str) -> Pull:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert pull == "logs/a"
        return answer

    assert fetched(kept, QUERY, pull="logs/a", source="live") is answer
    stop_if_interrupted(answer)


@pytest.mark.parametrize("route", ["filter", "insights"])
def test_the_last_parts_of_a_log_pull_are_kept(route: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """When all parts were asked for and are waited for, what came is kept once, and no query runs on."""
    service = LogService(noise(6_000, at("10:00"), 3_600), page=100)
    calls: list[Any] = []

    def slow(asked: dict[str, Any]) -> Any:
        calls.append(asked)
        if len(calls) == 20:
            os.kill(os.getpid(), signal.SIGINT)
        if len(calls) > 20:
            time.sleep(0.2)
        return {"filter": service.filter, "insights": service.results}[route](asked)

    name = {"filter": "FilterLogEvents", "insights": "GetQueryResults"}[route]
    small = [{"MetricDataResults": [{"Id": "bytes", "Timestamps": [0], "Values": [5e6]}]}]
    with service.answers(**{name: [slow], "GetMetricData": small}) as server:
        session = session_at(server, monkeypatch)
        where, file = Provenance("live"), tmp_path / "x.parquet"
        pull = LogPull(session, "/a", QUERY, "logs/a", file, where, HOUR.end, 10**12, route).fetch()
    texts = pull.table["message"].to_pylist()
    assert (pull.is_interrupted, pull.coverage.status) == (True, Status.PARTIAL)
    assert 0 < len(texts) == len(set(texts)) < 6_000
    assert "stopped by hand" in pull.coverage.reason
    assert len(calls) < 40


class SlowLog:
    """A source whose database log takes for ever."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def fetch_database_log(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """As DuckDB reads one."""
        offline_engine().execute(LONG)
        return self._source.fetch_database_log(query, pull=pull)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def test_ctrl_c_in_the_database_log_is_one_line(tmp_path: Path):
    """Where it is pulled and where it is asked; the next call goes on."""
    write_logs(tmp_path, "/a", request("10:10:00", tenant="t1"))
    case = open_export(tmp_path)
    source, case.source = case.source, SlowLog(case.source)
    with pytest.raises(Stopped, match=r"^stopped by hand; kept nothing of database_log, marked failed"), pressed(0.3):
        _ = case.statements
    case.source = source
    assert len(case.statements) == 0
    with pytest.raises(KeyboardInterrupt), pressed(0.3):
        case.statement_log.rows_of(LONG, [])
    assert case.statement_log.rows_of("SELECT 1 AS one", [])["one"].tolist() == [1]
