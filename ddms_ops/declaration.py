"""One system's declaration: log groups, fields, metrics, thresholds, alerts, people.

These are the shapes; `ddms_ops.profile` reads them from a file.
"""

import re
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from ddms_ops.deployment import Athena, Database, Environment, HealthCheck, Resources
from ddms_ops.errors import did_you_mean
from ddms_ops.findings import Severity
from ddms_ops.operations import Access, Capacity, Pattern, Pipeline, Templates
from ddms_ops.settings import Strict
from ddms_ops.spending import Costs
from ddms_ops.tenancy import Tenants

KIND = re.compile("[a-z][a-z_]{1,40}")
LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
FIELDS = (
    "level", "message", "error", "request_id", "tenant", "user", "path", "method", "status", "duration_ms",
    "duration_s", "version", "document_id", "job_type", "attempts", "action", "trace",
)  # fmt: skip


class LogGroup(Strict):
    """One log group that the system is known to write, and the component that it tells of."""

    component: str = ""


class MaskRule(Strict):
    """A variable part of messages that only this system's people know: RE2, and an example that it matches."""

    pattern: str
    example: str

    @model_validator(mode="after")
    def _matches(self) -> Self:
        try:
            found = pc.replace_substring_regex(pa.scalar(self.example), self.pattern, "").as_py()
            fits_all = pc.match_substring_regex(pa.scalar(""), self.pattern).as_py()
        except pa.ArrowInvalid:
            raise ValueError(f"{self.pattern!r} is not a regular expression of RE2 (it has no look-around)") from None
        if fits_all:
            raise ValueError(f"{self.pattern!r} fits the empty text; a mask must match something")
        if found == self.example:
            raise ValueError(f"{self.pattern!r} does not match its example {self.example!r}")
        return self


class Logs(Strict):
    """Log groups, how their events name things, and how much of them is read.

    `tenant_of_account` takes the account's name for the tenant of events that name none: a customer an account.

    Above `max_events` in window and baseline together, over all groups, events are counted where they are, and a
    sample by time is read; see `ddms_ops.sampling`. `scan_budget_gb` is what Logs Insights may read for one pull.
    """

    groups: dict[str, LogGroup] = {}
    fields: dict[str, list[str]]
    levels: dict[str, list[str]] = Field(min_length=1)
    masks: dict[str, MaskRule] = {}
    scan_budget_gb: float = Field(default=50, gt=0)
    max_events: int = Field(default=5_000_000, gt=0)
    tenant_of_account: bool = False

    @field_validator("fields", "levels", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        if empty := [ours for ours, theirs in value.items() if not theirs]:
            raise ValueError(f"{empty[0]!r} names nothing; give at least one name, e.g. level: sev")
        return {ours: [theirs] if isinstance(theirs, str) else theirs for ours, theirs in value.items()}

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        unknown = [name for name in value if name not in FIELDS]
        if unknown:
            raise ValueError(
                f"no field of ours is named {unknown[0]!r}{did_you_mean(unknown[0], FIELDS)}; ours: {', '.join(FIELDS)}"
            )
        if "message" not in value or "level" not in value:
            raise ValueError("needs 'level' and 'message': they map ours to the names your events use, e.g. level: sev")
        return value

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        unknown = [name for name in value if name not in LEVELS]
        if unknown:
            raise ValueError(f"no level {unknown[0]!r}; levels: {', '.join(LEVELS)}")
        return value


class Bound(Strict):
    """A limit in the metric's own unit: exactly one of above and below."""

    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("needs exactly one of 'above' and 'below'")
        return self

    @property
    def limit(self) -> float:
        """The number, whichever side it bounds."""
        return self.above if self.above is not None else self.below  # type: ignore[return-value]

    def __str__(self) -> str:
        return f"> {self.above:g}" if self.above is not None else f"< {self.below:g}"


class Metric(Strict):
    """One metric: a CloudWatch one, or the ratio of two others.

    In an export of files (`metrics/*.json`) a series is this metric where its Id or its Label equals the key that the
    metric stands under here; output of get-metric-statistics also where one metric alone has its CloudWatch name and
    statistic. An Id holds no colon: of `<account name>:<key>` the Label must be it. Series of other names are looked at
    under their own, but no alert, target or figure of the profile is about them: `doctor` and a run's coverage say so.
    """

    title: str = ""
    namespace: str = ""
    name: str = ""
    dimensions: dict[str, str] = {}
    statistic: str = ""
    ratio_of: tuple[str, str] | None = None
    period_s: int = Field(gt=0)
    unit: str
    target: Bound | None = None
    alert: Bound | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        cloudwatch = (self.namespace, self.name, self.statistic)
        if self.ratio_of is None and not all(cloudwatch):
            raise ValueError("needs namespace, name and statistic, or ratio_of: [part, whole]")
        if self.ratio_of is not None and any(cloudwatch):
            raise ValueError("has ratio_of as well as a namespace, name or statistic; keep one kind")
        return self


class Triage(Strict):
    """How a finding earns its severity; see the comments in dms.yaml."""

    min_events: int = Field(gt=0)
    significance: float = Field(gt=0, lt=1)
    rise: float = Field(gt=1)
    drop: float = Field(gt=0, lt=1)
    surge: float = Field(gt=1)
    high_share: float = Field(gt=0, le=1)
    change_lookback_min: int = Field(gt=0)
    error_rate: str = ""
    latency: str = ""


class Alert(Strict):
    """One alert of the runbook: a metric over its limit, or log events that say so."""

    title: str
    severity: str
    metric: str = ""
    log_matches: tuple[str, ...] = ()
    above: float | None = None
    below: float | None = None
    for_s: int = Field(ge=0)
    impact: str = ""
    anchor: str = ""
    steps: tuple[str, ...] = Field(min_length=1)
    escalation: str = ""

    @model_validator(mode="after")
    def _one_signal(self) -> Self:
        if bool(self.metric) == bool(self.log_matches):
            raise ValueError("needs exactly one of 'metric' and 'log_matches'")
        if (self.above is None) == (self.below is None):
            raise ValueError("needs exactly one of 'above' and 'below'")
        if self.log_matches and self.above is None:
            raise ValueError("counts log events, so it needs 'above'")
        return self


class Scenario(Strict):
    """A troubleshooting scenario, and the words that point to it."""

    title: str
    signs: tuple[str, ...]
    anchor: str = ""
    steps: tuple[str, ...] = Field(min_length=1)


class SeverityLevel(Strict):
    """An incident severity and how fast it must be answered; None where the runbook sets no time.

    `response` is that time in words where minutes cannot say it: `next business day`.
    """

    description: str
    response_min: int | None = Field(default=None, gt=0)
    response: str = ""
    examples: str = ""


class Escalation(Strict):
    """Who is called, from and to how many minutes after the start; None where the runbook sets no time.

    `only` says of what incidents, where it is not all: `security incidents`.
    """

    level: int
    who: str
    only: str = ""
    from_min: int | None = None
    to_min: int | None = None
    contact: str = ""


class Profile(Strict):
    """Everything the notebooks know about one system."""

    system: str
    title: str
    runbook: str = ""
    environments: dict[str, Environment] = Field(min_length=1)
    logs: Logs
    metrics: dict[str, Metric] = {}
    resources: Resources = Resources()
    database: Database | None = None
    tenants: Tenants | None = None
    athena: Athena | None = None
    costs: Costs = Costs()
    pipelines: dict[str, Pipeline] = {}
    capacity: dict[str, Capacity] = {}
    access: Access | None = None
    redact: dict[str, Pattern] = {}
    health: dict[str, HealthCheck] = {}
    triage: Triage
    alerts: dict[str, Alert] = {}
    scenarios: dict[str, Scenario] = {}
    severities: dict[str, SeverityLevel] = Field(min_length=1)
    escalation: tuple[Escalation, ...] = ()
    templates: Templates = Templates()
    queries: dict[str, str] = {}

    def severity_of(self, name: str) -> Severity:
        """How bad one of the profile's severities is: they stand worst first, the first is critical, none is below low.

        Raises:
            ValueError: the profile has no such severity.
        """
        return list(Severity)[min(list(self.severities).index(name), Severity.LOW.order)]

    @field_validator("redact")
    @classmethod
    def _named_plainly(cls, value: dict[str, Pattern]) -> dict[str, Pattern]:
        if wrong := [name for name in value if not KIND.fullmatch(name)]:
            raise ValueError(f"{wrong[0]!r} cannot name what is private; use lower-case letters and '_'")
        return value

    @property
    def error_rate_limits(self) -> tuple[float | None, float | None]:
        """Target and alert threshold of the failing share of requests, None where not declared."""
        return self._limits(self.triage.error_rate)

    @property
    def latency_limits(self) -> tuple[float | None, float | None]:
        """Target and alert threshold of the p95 latency, ms, None where not declared."""
        return self._limits(self.triage.latency)

    def _limits(self, name: str) -> tuple[float | None, float | None]:
        metric = self.metrics.get(name)
        target = metric.target.below if metric and metric.target else None
        return target, metric.alert.above if metric and metric.alert else None


def log_group_names(profile: Profile, environment: str) -> dict[str, LogGroup]:
    """Declared log groups as a source names them: `<account>:<group>` where the environment spans several accounts."""
    where = profile.environments.get(environment) or next(iter(profile.environments.values()))
    return {
        f"{account}:{group.replace('{account}', account)}" if account else group: declared
        for account in where.targets
        for group, declared in profile.logs.groups.items()
    }
