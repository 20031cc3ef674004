"""What is computed from a case's CloudTrail records and from what its logs tell of sign-ins, each once."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import pandas as pd

from ddms_ops.access_schemas import SIGN_INS
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.sign_ins import SignIns, read_sign_ins
from ddms_ops.analysis.unusual_calls import Unusual, unusual_calls
from ddms_ops.declaration import Logs, Profile, log_group_names
from ddms_ops.evidence import EvidenceFolder, read_table
from ddms_ops.incident import Incident
from ddms_ops.normalize.calls import normalize_calls
from ddms_ops.operations import Access
from ddms_ops.schema import conform
from ddms_ops.sources.base import ChangeQuery, Pull, Query, Source
from ddms_ops.window import Window

CALLS_BEFORE = "changes.baseline"


class AccessFrames:
    """The frames of a case that tell who came in; a `Case` brings the pulls."""

    incident: Incident
    profile: Profile
    window: Window
    baseline: Window
    source: Source
    evidence: EvidenceFolder
    log_events: pd.DataFrame
    baseline_log_events: pd.DataFrame

    @abstractmethod
    def _pull(self, name: str, fetch: Callable[..., Pull], query: Query) -> str:
        """Fetch and record one pull, once; its name."""

    @abstractmethod
    def pull_changes(self) -> str:
        """Fetch and record the CloudTrail records of the window and before it, once; the name of the pull."""

    @property
    @abstractmethod
    def log_pulls(self) -> list[tuple[Path, str, Logs]]:
        """For each log pull of window and baseline its evidence file, its name, and how its events name things."""

    @property
    def access(self) -> Access | None:
        """The profile's section `access`; None where it has none."""
        return self.profile.access

    @cached_property
    def calls(self) -> pd.DataFrame:
        """CALLS of the window and `triage.change_lookback_min` before it."""
        name = self.pull_changes()
        return normalize_calls(read_table(self.evidence.path_of(name)), name)

    @cached_property
    def baseline_calls(self) -> pd.DataFrame:
        """CALLS of the baseline."""
        name = self._pull(CALLS_BEFORE, self.source.fetch_changes, ChangeQuery(self.baseline))
        return normalize_calls(read_table(self.evidence.path_of(name)), name)

    @cached_property
    def unusual(self) -> list[Unusual]:
        """Actors of the window with what is new about them."""
        access = self.access or Access()
        now = between(self.calls, self.window.start, self.window.end)
        return unusual_calls(now, self.baseline_calls, trusted=access.trusted, automation=access.automation)

    @cached_property
    def _sign_ins(self) -> tuple[SignIns, SignIns]:
        """Of window and baseline."""
        access = self.access
        if access is None:
            nothing = SignIns(conform(pd.DataFrame(), SIGN_INS), ())
            return nothing, nothing
        ours = log_group_names(self.profile, self.incident.environment)
        groups = [name for name, group in ours.items() if group.component in access.components]
        now, before = (
            read_sign_ins(logs, self.log_pulls, access, groups=tuple(groups))
            for logs in (self.log_events, self.baseline_log_events)
        )
        return now, before

    @property
    def sign_ins(self) -> pd.DataFrame:
        """SIGN_INS of the window, of the logs of those who sign in."""
        return self._sign_ins[0].frame

    @property
    def baseline_sign_ins(self) -> pd.DataFrame:
        """SIGN_INS of the baseline."""
        return self._sign_ins[1].frame

    @property
    def sign_in_doubts(self) -> tuple[str, ...]:
        """What of sign-ins could not be read, in words."""
        now, before = self._sign_ins
        return (*now.doubts, *(f"in the baseline {words}" for words in before.doubts))
