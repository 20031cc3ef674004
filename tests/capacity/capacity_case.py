"""Facts over small frames, of a system `shop` with one component, 10:00 to 11:00 against the hour before."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml
from builders import DAY, at, window

from ddms_ops.analysis.groups import with_groups
from ddms_ops.analysis.requests import has_requests
from ddms_ops.checks.base import run_check
from ddms_ops.checks.of_capacity import CAPACITY_CHECKS
from ddms_ops.container_frames import ContainerFrames
from ddms_ops.coverage import Coverage, Status
from ddms_ops.declaration import Profile
from ddms_ops.findings import CheckResult, Finding
from ddms_ops.frames import LogFrames
from ddms_ops.incident import Incident
from ddms_ops.profile import by_account
from ddms_ops.schema import ALARMS, CHANGES, LOGS, METRICS, conform
from ddms_ops.settings import assets
from ddms_ops.sources.base import RECORDS

LOG = "/aws/lambda/shop-backend"
WINDOW, BASELINE = window("10:00", "11:00"), window("09:00", "10:00")
CHECKS = {check.id: check for check in CAPACITY_CHECKS}


class FrameFacts(LogFrames, ContainerFrames):
    """What checks read, out of frames; pulls are complete but for those in `lacking`."""

    sample = None
    is_joined = True
    attributes = ()

    def __init__(
        self,
        profile: Profile,
        logs: pd.DataFrame,
        metrics: pd.DataFrame,
        *,
        changes: pd.DataFrame | None = None,
        containers: pa.Table | None = None,
        lacking: Mapping[str, Status] | None = None,
    ) -> None:
        self.profile, self.window, self.baseline = profile, WINDOW, BASELINE
        self.incident = Incident("test", profile.system, f"{DAY}T10:00Z", f"{DAY}T11:00Z", environment="any")
        self._all = with_groups(logs)
        self.metrics, self.baseline_metrics = (
            _placed(metrics[metrics["pull"].astype("str") == pull]) for pull in ("metrics", "metrics.baseline")
        )
        self.changes = conform(pd.DataFrame(columns=CHANGES.names), CHANGES) if changes is None else changes
        self.alarms = conform(pd.DataFrame(columns=ALARMS.names), ALARMS)
        self._containers, self._lacking, self._results = containers, dict(lacking or {}), {}

    @property
    def log_pulls(self) -> list:
        """None are needed."""
        return []

    @cached_property
    def log_events(self) -> pd.DataFrame:
        """LOGS of the window."""
        return self._all[self._all["timestamp"] >= self.window.start].reset_index(drop=True)

    @cached_property
    def baseline_log_events(self) -> pd.DataFrame:
        """LOGS of the baseline."""
        return self._all[self._all["timestamp"] < self.window.start].reset_index(drop=True)

    @property
    def has_requests(self) -> bool:
        """Whether any event carries an HTTP status."""
        return has_requests(self._all)

    def records(self, _topic: str) -> pa.Table:
        """Records of `containers`."""
        return RECORDS.empty_table() if self._containers is None else self._containers

    def pulls(self, kind: str) -> list[Coverage]:
        """One pull of each kind."""
        absent = Status.NOT_CONFIGURED if kind == "containers" and self._containers is None else Status.COMPLETE
        status = self._lacking.get(kind, absent)
        return [Coverage(kind, "test", "", self.window, self.window, 1, 1, status, "")]

    def result(self, check: str) -> CheckResult:
        """Result of a check of capacity, once."""
        if check not in self._results:
            self._results[check] = run_check(CHECKS[check], self)
        return self._results[check]


@cache
def _generic() -> dict[str, Any]:
    return yaml.safe_load((assets("parameters") / "systems" / "generic.yaml").read_text())


def profile_of(capacity: dict[str, Any], metrics: dict[str, Any], **more: Any) -> Profile:
    """The profile of the system `shop`."""
    declared = {**_generic(), "system": "shop", "title": "Shop", "metrics": metrics, "capacity": capacity, **more}
    declared["logs"] = {**declared["logs"], "groups": {LOG: {"component": "backend"}}}
    profile = Profile.model_validate(declared)
    return by_account(profile, tuple(profile.environments["any"].accounts))


def metric(name: str = "Used", *, statistic: str = "Sum", period_s: int = 60, **more: Any) -> dict[str, Any]:
    """One metric of a table as a profile declares it."""
    usual = {"namespace": "AWS/DynamoDB", "dimensions": {"TableName": "orders"}, "unit": "requests"}
    return {**usual, "name": name, "statistic": statistic, "period_s": period_s, **more}


def course(values: Mapping[str, float] | None = None, *, usual: float, every: int = 1) -> dict[str, float]:
    """A point every so many minutes from 09:00 to 11:00 about `usual`, other values from a clock time on."""
    points, steps = {}, sorted((values or {}).items())
    for minute in range(0, 120, every):
        own = [value for since, value in steps if since <= clock_of(minute)]
        points[clock_of(minute)] = (own[-1] if own else usual) * (1 + (minute * 7 % 5 - 2) / 100)
    return points


def facts_of(
    capacity: dict[str, Any],
    *,
    metrics: dict[str, Any] | None = None,
    series: Mapping[str, Mapping[str, float]] | None = None,
    lines: list[dict[str, Any]] | None = None,
    more: dict[str, Any] | None = None,
    **others: Any,
) -> FrameFacts:
    """Facts of points by clock time and of log events; see `event`."""
    pulls = ("metrics.baseline", "metrics")
    points = [
        {"timestamp": at(clock), "metric": name, "value": value, "pull": pulls[clock >= "10"]}
        for name, values in (series or {}).items()
        for clock, value in values.items()
    ]  # fmt: skip
    logs = conform(pd.DataFrame(lines or [], columns=None if lines else LOGS.names), LOGS)
    logs["row"] = range(len(logs))
    profile = profile_of(capacity, metrics or {}, **(more or {}))
    return FrameFacts(
        profile, logs, conform(pd.DataFrame(points, columns=None if points else METRICS.names), METRICS), **others
    )


def _placed(points: pd.DataFrame) -> pd.DataFrame:
    return points.reset_index(drop=True).assign(row=range(len(points)))


def event(clock: str, message: str = "served", **fields: Any) -> dict[str, Any]:
    """One log event of the component."""
    pull = f"logs{'' if clock >= '10' else '.baseline'}/backend"
    level = "ERROR" if fields.get("error") else "INFO"
    return {"timestamp": at(clock), "level": level, "message": message, "log_group": LOG, "pull": pull, **fields}


def invoked(clock: str, *, ms: float = 100, init: float | None = None) -> dict[str, Any]:
    """The end of an invocation as Lambda writes it."""
    start = f"\tInit Duration: {init:.2f} ms" if init is not None else ""
    text = f"REPORT RequestId: {clock}\tDuration: {ms:.2f} ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB{start}\t"
    return event(clock, text, request_id=clock)


def clock_of(minute: int, second: int = 0) -> str:
    """A clock time so many minutes from 09:00."""
    return f"{9 + minute // 60:02d}:{minute % 60:02d}:{second:02d}"


def found(facts: FrameFacts, check: str) -> list[Finding]:
    """Findings of one check, which must not have broken."""
    result = facts.result(check)
    assert not result.reason.startswith("the check failed"), result.reason
    return list(result.findings)
