"""What is computed from a case's database pulls: the Postgres log and snapshots of its statistics, each once."""

import shutil
import tempfile
import weakref
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import cast

import pandas as pd
import pyarrow as pa

from ddms_ops.analysis.counters import CounterSpans, counter_spans
from ddms_ops.analysis.lock_waits import Chain
from ddms_ops.analysis.statement_log import NOW, StatementLog
from ddms_ops.analysis.tenant_time import spelled_time, tenant_time
from ddms_ops.checks.base import Facts
from ddms_ops.checks.basis import Basis
from ddms_ops.checks.blocking import all_chains, all_waits
from ddms_ops.checks.plans import read_plans
from ddms_ops.checks.statement_basis import counted_basis, statement_basis
from ddms_ops.coverage import Status
from ddms_ops.declaration import Profile
from ddms_ops.deployment import UNDECLARED, Database
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.incident import Incident
from ddms_ops.interrupts import stopped_as
from ddms_ops.normalize.statistics_frames import StatisticsFrames
from ddms_ops.postgres_log.events import write_events
from ddms_ops.sources.base import DatabaseLogQuery, Pull, Query, Source
from ddms_ops.sources.fetching import fetched
from ddms_ops.sql_text import masked, shown, statement_ids
from ddms_ops.tenancy import is_folded
from ddms_ops.window import Window

SLACK = pd.Timedelta(seconds=1)


class DatabaseFrames:
    """The frames of a case that come from its database; a `Case` brings the pulls."""

    incident: Incident
    profile: Profile
    window: Window
    baseline: Window
    source: Source
    evidence: EvidenceFolder

    @abstractmethod
    def _pull(self, name: str, fetch: Callable[..., Pull], query: Query) -> str:
        """Fetch and record one pull, once; its name."""

    @cached_property
    def database_log_pulls(self) -> list[tuple[Path, str]]:
        """For each pull of the Postgres log its evidence file and its name: exported logs, else the log groups."""
        found = []
        for kind, window in (("database_log", self.window), ("database_log.baseline", self.baseline)):
            own = DatabaseLogQuery(window, self.database.log_prefix)
            name = self.incident.source.partition(":")[0]
            exported = fetched(self.source.fetch_database_log, own, pull=kind, source=name)
            is_there = exported.coverage.status is not Status.NOT_CONFIGURED
            groups = () if is_there else self.database.log_groups
            names = [
                self._pull(f"{kind}/{group}", self.source.fetch_database_log, replace(own, log_group=group))
                for group in groups
            ]
            names = names or [self._pull(kind, lambda _, pull, answer=exported: answer, own)]  # noqa: ARG005
            found += [(self.evidence.path_of(name), name) for name in names]
        return found

    @abstractmethod
    def records(self, topic: str) -> pa.Table:
        """Raw records of a topic."""

    @property
    def database(self) -> Database:
        """The profile's database, or what holds where none is declared."""
        return self.profile.database or UNDECLARED

    @cached_property
    def _events(self) -> Path:
        """The parsed log in a scratch file that goes with the case."""
        scratch = Path(tempfile.mkdtemp(prefix="ddms-ops-"))
        weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        target = scratch / "events.parquet"
        with stopped_as("reading the database log"):
            write_events(self.database_log_pulls, target)
        return target

    @cached_property
    def statement_log(self) -> StatementLog:
        """The Postgres log of window and baseline."""
        with stopped_as("reading the database log"):
            return StatementLog(self._events)

    @cached_property
    def tenant_time(self) -> pd.DataFrame:
        """Calls and time of each tenant's statements; see `analysis.tenant_time`."""
        settings = self.database.tenant_settings
        time = tenant_time(self.statement_log, settings=settings, is_joined=self.is_joined)
        return spelled_time(time, is_folded=is_folded(self.profile.tenants))

    @cached_property
    def statistics(self) -> StatisticsFrames:
        """Snapshots of the database's statistics."""
        return StatisticsFrames(self.records("statistics"), "statistics")

    @cached_property
    def counter_spans(self) -> CounterSpans:
        """What the counters of pg_stat_statements gained in window and baseline."""
        frames = self.statistics
        return counter_spans(frames.statements, frames.info, self.window, self.baseline, database=frames.databases)

    @cached_property
    def counted_basis(self) -> tuple[Basis | None, str]:
        """What a comparison by the counters rests on, or why there is none."""
        return counted_basis(self.counter_spans.now, self.counter_spans.before)

    @cached_property
    def statement_basis(self) -> Basis:
        """What the comparison of statements rests on.

        Raises:
            CannotTell: neither log nor snapshots allow one.
        """
        return statement_basis(cast(Facts, self))

    @property
    def is_joined(self) -> bool:
        """Whether baseline and window touch."""
        return self.baseline.end == self.window.start or self.window.end == self.baseline.start

    @cached_property
    def lock_waits(self) -> pd.DataFrame:
        """Lock waits of window and baseline."""
        return all_waits(cast(Facts, self))

    @cached_property
    def lock_chains(self) -> list[Chain]:
        """Chains of lock waits of window and baseline."""
        return all_chains(cast(Facts, self))

    @cached_property
    def plans(self) -> pd.DataFrame:
        """Plans of the log that can be read."""
        return read_plans(cast(Facts, self))

    def sampled_sessions(self, side: str) -> pd.DataFrame:
        """Samples of sessions in the window (`now`) or the baseline (`before`).

        One without a time is the window's, as is one that was taken after it, by no more than its length, as a live
        source does it.
        """
        seen = self.statistics.sessions
        stamps = seen["captured_at"].fillna(self.window.start)
        of_baseline = (stamps >= self.baseline.start - SLACK) & (stamps < self.baseline.end)
        is_inside = (stamps >= self.window.start - SLACK) & (stamps < self.window.end)
        is_late = (stamps >= self.window.end) & (stamps < self.window.end + self.window.length)
        of_window = is_inside | (is_late & ~of_baseline)
        return seen[of_window if side == NOW else of_baseline & ~is_inside].assign(captured_at=stamps)

    def masked_text(self, statement: str) -> str:
        """A statement without its literals, empty where it is not known."""
        return self._texts.get(statement, "")

    def statement_text(self, statement: str) -> str:
        """A statement as a report shows it."""
        return shown(self._texts[statement]) if statement in self._texts else statement

    @cached_property
    def _texts(self) -> dict[str, str]:
        """Texts without literals by statement id, of the log, the counters and the samples."""
        counted = sorted({masked(text) for text in self.statistics.statements["text"].dropna().unique()}, reverse=True)
        of_counters = {name: text for text, name in statement_ids(counted).items()}
        return {**self.statistics.session_texts, **of_counters, **self.statement_log.texts}
