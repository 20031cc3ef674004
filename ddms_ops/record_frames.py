"""What a case has of metrics, changes, alarms, audit rows and other records, each frame once."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property

import pandas as pd
import pyarrow as pa

from ddms_ops.declaration import Profile
from ddms_ops.errors import BadInput, did_you_mean
from ddms_ops.evidence import EvidenceFolder, read_table
from ddms_ops.normalize import normalize_alarms, normalize_changes, normalize_metrics
from ddms_ops.sources.base import AlarmQuery, AuditQuery, ChangeQuery, MetricQuery, Pull, Query, RecordQuery, Source
from ddms_ops.sources.queries import TOPICS
from ddms_ops.window import Window


class RecordFrames:
    """The frames of a case that come from records; a `Case` brings the pulls."""

    profile: Profile
    window: Window
    baseline: Window
    source: Source
    evidence: EvidenceFolder

    @abstractmethod
    def _pull(self, name: str, fetch: Callable[..., Pull], query: Query, **parameters: object) -> str:
        """Fetch and record one pull, once; its name."""

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """METRICS frame of the window, with the profile's ratios."""
        return self._metrics_of("metrics", self.window)

    @cached_property
    def baseline_metrics(self) -> pd.DataFrame:
        """METRICS frame of the baseline."""
        return self._metrics_of("metrics.baseline", self.baseline)

    def _metrics_of(self, kind: str, window: Window) -> pd.DataFrame:
        name = self._pull(kind, self.source.fetch_metric_points, MetricQuery(window, metrics=self.profile.metrics))
        return normalize_metrics(read_table(self.evidence.path_of(name)), name, self.profile.metrics)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """CHANGES frame of the window and `triage.change_lookback_min` before it."""
        name = self.pull_changes()
        return normalize_changes(read_table(self.evidence.path_of(name)), name)

    def pull_changes(self) -> str:
        """Fetch and record the CloudTrail records that `changes` is made of, once; the name of the pull."""
        since = self.window.start - pd.Timedelta(minutes=self.profile.triage.change_lookback_min)
        return self._pull("changes", self.source.fetch_changes, ChangeQuery(Window(since, self.window.end)))

    @cached_property
    def alarms(self) -> pd.DataFrame:
        """ALARMS frame of the window."""
        name = self._pull("alarms", self.source.fetch_alarm_changes, AlarmQuery(self.window))
        return normalize_alarms(read_table(self.evidence.path_of(name)), name)

    def audit(self, table: str) -> pa.Table:
        """Raw rows of an audit table that the profile declares, in the window, ordered by time; see `AuditQuery`.

        Raises:
            BadInput: the profile declares no such table.
        """
        declared = self.profile.database.audit if self.profile.database else {}
        if table not in declared:
            raise BadInput(
                f"no audit table named {table!r}{did_you_mean(table, declared)}; "
                f"the profile declares: {', '.join(declared) or 'none'}"
            )
        query = AuditQuery(self.window, table, declared[table].columns, declared[table].time_column)
        name = f"audit/{table}"
        self._pull(name, self.source.fetch_audit_rows, query, table=table)
        return read_table(self.evidence.path_of(name))

    def records(self, topic: str) -> pa.Table:
        """Raw records of a topic (`queues`, `workflows`, `costs`, …; see `sources.base.TOPICS`), in the window.

        Raises:
            BadInput: no such topic.
        """
        if topic not in TOPICS:
            raise BadInput(f"no topic named {topic!r}{did_you_mean(topic, TOPICS)}; known: {', '.join(TOPICS)}")
        window, baseline = self.window, self.baseline
        if topic in ("statistics", "workflows"):  # counters tell of the time between snapshots, runs of what is usual
            window = Window(min(window.start, baseline.start), max(window.end, baseline.end))
        self._pull(topic, self.source.fetch_records, RecordQuery(window, topic))
        return read_table(self.evidence.path_of(topic))
