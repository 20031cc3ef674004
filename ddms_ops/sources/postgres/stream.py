"""One long answer, batch by batch: the next is fetched while the caller has the last."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa
from adbc_driver_manager import Error as AdbcError
from adbc_driver_manager.dbapi import Connection

from ddms_ops.sources.postgres.columns import Described, plain_batch, plain_schema
from ddms_ops.sources.postgres.faults import read_fault

CANCEL_EVERY_S = 0.2
T = TypeVar("T")


class BatchStream:
    """Record batches of one SELECT; iterate it once, inside a `with` block.

    The fetching runs in a thread of its own, so that Ctrl-C is felt at once; leaving the block early cancels the
    query on the server and closes the connection.

    Raises:
        DatabaseFault: the statement is refused, or the answer breaks off.
    """

    def __init__(self, connection: Connection, described: Described, timeout_s: int) -> None:
        self._connection, self._described, self._timeout_s = connection, described, timeout_s
        self._cursor = connection.cursor()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="ddms-ops-postgres")
        self._reader: pa.RecordBatchReader | None = None
        self._is_over = False
        self._started = time.monotonic()
        self._pending: Future = self._submit(self._execute)
        self.schema: pa.Schema = plain_schema(self._result(self._pending), described.names)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        future = self._submit(self._next)
        while (batch := self._result(future)) is not None:
            future = self._submit(self._next)
            if batch.num_rows:
                yield plain_batch(batch, self._described.names)

    def close(self) -> None:
        """End the query on the server if it still runs, wait until it has ended, and close the connection."""
        self._cancel(self._pending)
        if not self._is_over:
            self._cancel(self._threads.submit(self._drain))
        self._threads.shutdown()
        for part in (self._cursor, self._connection):
            with contextlib.suppress(AdbcError):
                part.close()

    def _cancel(self, future: Future) -> None:
        while not future.done():
            with contextlib.suppress(AdbcError):
                self._cursor.adbc_cancel()
            wait([future], timeout=CANCEL_EVERY_S)

    def _execute(self) -> pa.Schema:
        self._cursor.execute(self._described.statement)
        self._reader = self._cursor.fetch_record_batch()
        return self._reader.schema

    def _next(self) -> pa.RecordBatch | None:
        if self._reader is None or self._is_over:
            return None
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            self._is_over = True
            return None
        except (AdbcError, OSError):
            self._is_over = True
            raise

    def _drain(self) -> None:
        with contextlib.suppress(AdbcError, OSError):
            while self._next() is not None:
                pass

    def _submit(self, work: Callable[[], T]) -> "Future[T]":
        self._pending = future = self._threads.submit(work)
        return future

    def _result(self, future: "Future[T]") -> T:
        try:
            return future.result()
        except (AdbcError, OSError) as error:
            self.close()
            elapsed_s = time.monotonic() - self._started
            raise read_fault(error, elapsed_s=elapsed_s, timeout_s=self._timeout_s) from None
        except KeyboardInterrupt:
            self.close()
            raise
