"""What is computed from a case's log pulls, each frame once."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from ddms_ops.analysis.clocks import clock_offsets, on_time
from ddms_ops.analysis.contrast import Contrast
from ddms_ops.analysis.group_rates import group_table
from ddms_ops.analysis.groups import with_groups
from ddms_ops.analysis.masks import Mask
from ddms_ops.analysis.requests import has_requests, outcomes, requests
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import Logs, Profile
from ddms_ops.interrupts import stopped_as
from ddms_ops.normalize import find_attributes, normalize_logs
from ddms_ops.normalize.attributes import Attributes
from ddms_ops.progress import report_progress
from ddms_ops.tenancy import is_folded
from ddms_ops.tenant_ids import other_spellings, spelled_alike
from ddms_ops.window import Window


@dataclass(frozen=True, slots=True)
class _Sides:
    """Events of window and baseline, what both have, the clocks that were off, and tenants' other spellings."""

    now: pd.DataFrame
    before: pd.DataFrame
    has_requests: bool
    offsets: pd.DataFrame
    spellings: Mapping[str, str]


class LogFrames:
    """The frames of a case that come from log events; a `Case` brings the pulls."""

    profile: Profile
    window: Window
    baseline: Window

    @property
    @abstractmethod
    def log_pulls(self) -> list[tuple[Path, str, Logs]]:
        """For each log pull of window and baseline its evidence file, its name, and how its events name things."""

    @abstractmethod
    def pulls(self, kind: str) -> list[Coverage]:
        """Coverage of the pulls of one kind, pulled now if need be."""

    @property
    def log_files(self) -> list[Path]:
        """Evidence files of the window's raw log events, of all groups."""
        return [path for path, name, _ in self.log_pulls if name.startswith("logs/")]

    @cached_property
    def differences(self) -> dict[tuple[str, ...], Contrast]:
        """Contrasts made so far, by the groups they are about; see `checks.differences`."""
        return {}

    @cached_property
    def _attributes(self) -> Attributes:
        pulls = self.log_pulls
        with stopped_as("reading the fields of log events"):
            return find_attributes(pulls)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Columns of the log frames beyond LOGS: fields that the profile does not map."""
        return tuple(self._attributes.paths)

    @property
    def attributes_left_out(self) -> dict[str, str]:
        """Fields of the events that are not compared, and why."""
        return self._attributes.left_out

    @cached_property
    def _sides(self) -> _Sides:
        rules = [Mask(name, rule.pattern, rule.example) for name, rule in self.profile.logs.masks.items()]
        pulls, paths = self.log_pulls, self._attributes.paths
        with stopped_as("sorting log events into groups"):
            report_progress("log events: reading their fields")
            logs = normalize_logs(pulls, paths)
            spellings = other_spellings(logs["tenant"].value_counts(), is_folded=is_folded(self.profile.tenants))
            logs = logs.assign(tenant=spelled_alike(logs["tenant"], spellings))
            offsets = clock_offsets(logs)
            report_progress(f"{len(logs):,} log events: sorting them into groups")
            both = with_groups(on_time(logs, offsets).drop(columns="delay_s"), rules)
        is_now = self._is_now(both, offsets)
        parts = (both[is_now].reset_index(drop=True), both[~is_now].reset_index(drop=True))
        return _Sides(*parts, has_requests(both), offsets, spellings)

    def _is_now(self, both: pd.DataFrame, offsets: pd.DataFrame) -> pd.Series:
        """Which events are the window's: by their pull; of streams whose clock was off by their corrected time."""
        is_now = both["pull"].astype("str").str.startswith("logs/")
        if offsets.empty:
            return is_now
        streams = pd.MultiIndex.from_frame(both[["log_group", "log_stream"]].astype("str"))
        moved = pd.Series(streams.isin(offsets.index), index=both.index)
        for window, side in ((self.window, True), (self.baseline, False)):
            inside = moved & (both["timestamp"] >= window.start) & (both["timestamp"] < window.end)
            is_now = is_now.where(~inside, side)
        return is_now

    @property
    def log_events(self) -> pd.DataFrame:
        """LOGS frame of the window, with groups and attributes."""
        return self._sides.now

    @property
    def baseline_log_events(self) -> pd.DataFrame:
        """LOGS frame of the baseline, with groups and attributes."""
        return self._sides.before

    @property
    def has_requests(self) -> bool:
        """Whether any event of window or baseline carries an HTTP status."""
        return self._sides.has_requests

    @property
    def tenant_spellings(self) -> Mapping[str, str]:
        """How the frames spell a tenant, as most of its events do, by each other spelling of it in the events."""
        return self._sides.spellings

    @property
    def clock_offsets(self) -> pd.DataFrame:
        """Streams whose clock is off; see `analysis.clocks`. Their events stand at their corrected time."""
        return self._sides.offsets

    @cached_property
    def not_compared(self) -> frozenset[str]:
        """Log pulls of log groups of which nothing was read in the window, or nothing in the baseline."""
        rows = [*self.pulls("logs"), *self.pulls("logs.baseline")]
        read = {row.pull for row in rows if row.is_all_there or row.rows}
        sides = [(f"logs/{label}", f"logs.baseline/{label}") for label in {row.pull.partition("/")[2] for row in rows}]
        return frozenset(pull for side in sides if not read.issuperset(side) for pull in side)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Every message group with its counts; see `analysis.group_rates.group_table`."""
        return group_table(
            self.log_events,
            self.baseline_log_events,
            minutes=(self.window.minutes, self.baseline.minutes),
            significance=self.profile.triage.significance,
            not_compared=self.not_compared,
        )

    @cached_property
    def requests(self) -> pd.DataFrame:
        """Requests of the window; see `analysis.requests.requests`."""
        return requests(self.log_events, by_status=self.has_requests)

    @cached_property
    def baseline_requests(self) -> pd.DataFrame:
        """Requests of the baseline."""
        return requests(self.baseline_log_events, by_status=self.has_requests)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Requests and jobs that ended in the window; see `analysis.requests.outcomes`."""
        return outcomes(self.log_events)

    @cached_property
    def baseline_outcomes(self) -> pd.DataFrame:
        """Requests and jobs that ended in the baseline."""
        return outcomes(self.baseline_log_events)
