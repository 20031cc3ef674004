"""The services of AWS on 127.0.0.1, out of an export folder, for boto3 clients that AWS_ENDPOINT_URL leads there.

Logs, CloudWatch, CloudTrail, Cost Explorer, Performance Insights and the caller's identity are answered here, every
other service by moto, which keeps its resources for the whole process until a sandbox ends.
"""

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from moto.moto_api._internal.models import moto_api_backend
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from ddms_ops.sandbox.application import Application
from ddms_ops.sandbox.canned import DEFAULTS, CannedAnswers
from ddms_ops.sandbox.cost_explorer import CostExplorer
from ddms_ops.sandbox.export import Export, read_export
from ddms_ops.sandbox.faults import Faults
from ddms_ops.sandbox.history import Alarms, Trail
from ddms_ops.sandbox.log_events import LogEvents
from ddms_ops.sandbox.log_queries import LogQueries
from ddms_ops.sandbox.log_store import LogStore, Rows
from ddms_ops.sandbox.metrics import Metrics
from ddms_ops.sandbox.quotas import Quotas
from ddms_ops.sandbox.recorder import Recorder

HOST = "127.0.0.1"


class Sandbox:
    """Serves while its `with` block lasts.

    Args:
        export: a folder in the layout that `files:` reads; None for an account without anything.
        quotas: refuse calls above AWS's default quotas with ThrottlingException.
        account: id of the account.
        region: of everything in it.

    Raises:
        SourceError: on entering, `export` is not a folder of exports.
    """

    def __init__(
        self,
        export: Path | None = None,
        *,
        quotas: bool = False,
        account: str = "123456789012",
        region: str = "us-east-1",
    ) -> None:
        self._export, self.account, self.region = export, account, region
        self.calls, self.faults = Recorder(), Faults()
        self.canned = CannedAnswers(DEFAULTS)
        self._store = LogStore()
        self.log_events = LogEvents(self._store, account, region)
        self.log_queries = LogQueries(self._store, account)
        self.costs = CostExplorer(export)
        self._quotas = Quotas() if quotas else None
        self._server: _Server | None = None
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        export = read_export(self._export) if self._export else Export()
        for name, events in export.logs.items():
            self.put_events(name, events)
        self._server = _Server(HOST, 0, self._application(export), handler=_Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="ddms-ops-sandbox", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        if self._server is not None:
            self._server.shutdown()
        self._store.close()
        moto_api_backend.reset()

    @property
    def url(self) -> str:
        """Where it answers.

        Raises:
            RuntimeError: it does not serve.
        """
        if self._server is None:
            raise RuntimeError("the sandbox serves only within its `with` block")
        return f"http://{HOST}:{self._server.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead boto3 here, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @property
    def query_delay_s(self) -> float:
        """How long an Insights query runs that is started from now on."""
        return self.log_queries.delay_s

    @query_delay_s.setter
    def query_delay_s(self, seconds: float) -> None:
        self.log_queries.delay_s = seconds

    @property
    def running_queries(self) -> list[str]:
        """Ids of the Insights queries that have not ended."""
        return self.log_queries.running

    def add_log_group(self, name: str) -> None:
        """A log group, empty if it is not there yet.

        Raises:
            ValueError: AWS allows no such name.
        """
        self._store.add(name)

    def put_events(self, group: str, rows: Rows) -> None:
        """More events of a log group, which is made if need be.

        Args:
            group: its name.
            rows: dicts, an Arrow table or a DuckDB relation with timestamp (milliseconds, or a time) and message; if
                need be also stream, event_id, ingestion_time.
        """
        self._store.put(group, rows)

    def _application(self, export: Export) -> Application:
        parts: Iterable[tuple[str, dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]]] = (
            ("logs", self.log_events.handlers()),
            ("logs", self.log_queries.handlers()),
            ("cloudwatch", Metrics(export, self._store).handlers()),
            ("cloudwatch", Alarms(export.alarms, self.account, self.region).handlers()),
            ("cloudtrail", Trail(export.records).handlers()),
            ("ce", self.costs.handlers()),
            ("sts", {"GetCallerIdentity": lambda _: self._caller()}),
        )
        handlers = {(service, name): handler for service, part in parts for name, handler in part.items()}
        return Application(
            handlers,
            canned=self.canned,
            faults=self.faults,
            calls=self.calls,
            quotas=self._quotas,
            account=self.account,
            closing=self._closing,
        )

    def _caller(self) -> dict[str, Any]:
        arn = f"arn:aws:iam::{self.account}:user/sandbox"
        return {"UserId": "AIDASANDBOX", "Account": self.account, "Arn": arn}


class _Handler(WSGIRequestHandler):
    """Handles one connection, and prints nothing."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing is logged."""


class _Server(ThreadedWSGIServer):
    """A thread for each connection, and nothing printed."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing is logged."""

    def handle_error(self, request: Any, client_address: tuple[str, int] | str) -> None:
        """A connection that breaks is the client's matter."""
