"""The typed queries that a source answers; each can say in words what it asks, for coverage."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from ddms_ops.cost_sql import COST_PARTS, CostPart
from ddms_ops.declaration import Metric
from ddms_ops.spending import Costs
from ddms_ops.tenancy import Tenants
from ddms_ops.trail_sql import PARTS, Part, relations
from ddms_ops.window import Window

TIME = pa.timestamp("us", tz="UTC")
STATISTICS, POSTURE, ACCESS = "statistics", "posture", "access"
AWS_TOPICS = ("queues", "workflows", "functions", "tables", "containers", "databases", "apis")
TOPICS = (*AWS_TOPICS, STATISTICS, POSTURE, ACCESS)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Log events of one group; `contains` keeps messages with that text, `limit` the earliest n.

    `one_in` takes the events in the blocks of a sample only; see `ddms_ops.sampling`.
    """

    window: Window
    log_group: str
    contains: str = ""
    limit: int | None = None
    one_in: int = 1

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        parts = [f"log group {self.log_group}"]
        parts += [f"messages containing {self.contains!r}"] if self.contains else []
        parts += [f"the first {self.limit}"] if self.limit is not None else []
        parts += [f"1 in {self.one_in} by time"] if self.one_in > 1 else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class LogCountQuery:
    """How many log events one group has in each minute, counted by what holds them."""

    window: Window
    log_group: str

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        return f"log group {self.log_group}, events counted by minute"


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """All metric points that the source has for the system; `metrics` are those that it should have, if known."""

    window: Window
    text: str = "all metrics"
    metrics: Mapping[str, Metric] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """CloudTrail records."""

    window: Window
    text: str = "CloudTrail records"


@dataclass(frozen=True, slots=True)
class AlarmQuery:
    """Alarm state changes."""

    window: Window
    text: str = "alarm history"


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Rows of one audit table, the declared columns only."""

    window: Window
    table: str
    columns: tuple[str, ...]
    time_column: str

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        return f"audit table {self.table}: {', '.join(self.columns)}"

    @property
    def schema(self) -> pa.Schema:
        """Columns and types of the answer."""
        return pa.schema([(name, TIME if name == self.time_column else pa.string()) for name in self.columns])


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Records of one of TOPICS: what happened in the window, and present states."""

    window: Window
    topic: str

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        return self.topic


@dataclass(frozen=True, slots=True)
class DatabaseLogQuery:
    """Entries of the Postgres log; `prefix` is the server's log_line_prefix where the profile states it.

    `log_group` is the CloudWatch log group that it is sent to; empty: the log's own files.
    """

    window: Window
    prefix: str = ""
    log_group: str = ""

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        return f"Postgres log{f' in log group {self.log_group}' if self.log_group else ''}"


@dataclass(frozen=True, slots=True)
class TrailQuery:
    """One question of a tenant audit, answered where the audit trail is; `part` is one of `trail_sql.PARTS`."""

    window: Window
    part: str
    tenants: Tenants

    @property
    def asked(self) -> Part:
        """What the question is, and the columns of its answer."""
        return PARTS[self.part]

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        return f"{self.asked.words}: {self.table}"

    @property
    def table(self) -> str:
        """The table that is asked."""
        return relations(self.tenants)[self.asked.needs].table

    @property
    def schema(self) -> pa.Schema:
        """Columns and types of the answer."""
        return self.asked.schema


@dataclass(frozen=True, slots=True)
class CostQuery:
    """One question about the bill, answered where the bill is; `part` is one of `cost_sql.COST_PARTS`.

    The window is of whole UTC days. `now` and `before` are days ("2026-03-04") that `details` adds up. What the bill
    lacks after `until` is no lack: these days only tell how far it is settled.
    """

    window: Window
    part: str
    costs: Costs
    now: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    until: pd.Timestamp | None = None

    @property
    def end(self) -> pd.Timestamp:
        """Up to when the bill is needed."""
        return self.window.end if self.until is None else self.until

    @property
    def asked(self) -> CostPart:
        """What the question is, and the columns of its answer."""
        return COST_PARTS[self.part]

    @property
    def text(self) -> str:
        """The query in words, for coverage."""
        sides = [f"{name} {days[0]} to {days[-1]} ({len(days)})" for name, days in self._sides if days]
        return "; ".join([self.asked.words, *sides])

    @property
    def _sides(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ("now", self.now), ("before", self.before)

    @property
    def schema(self) -> pa.Schema:
        """Columns and types of the answer."""
        return self.asked.schema


Query = (
    LogQuery | LogCountQuery | MetricQuery | ChangeQuery | AlarmQuery | AuditQuery | RecordQuery | DatabaseLogQuery
    | TrailQuery | CostQuery
)  # fmt: skip
