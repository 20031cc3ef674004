"""One system's declaration: log groups, fields, metrics, thresholds, alerts, people.

A profile is one YAML file, `parameters/systems/<system>.yaml`, and no code. `{env}` in a
value stands for the incident's environment. Every fault of a file is reported at once.
"""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from ddms_ops.errors import ProfileError, UnknownSystem, did_you_mean
from ddms_ops.settings import Strict, assets, faults_of, load_mapping

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
FIELDS = (
    "level", "message", "error", "request_id", "tenant", "user", "path", "method", "status", "duration_ms",
    "duration_s", "version", "document_id", "job_type", "attempts", "action",
)  # fmt: skip
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Environment(Strict):
    """Where one environment runs."""

    region: str


class LogGroup(Strict):
    """One log group that the system is known to write."""

    component: str = ""


class Logs(Strict):
    """Log groups, and how their events name things."""

    groups: dict[str, LogGroup] = {}
    fields: dict[str, list[str]]
    levels: dict[str, list[str]]

    @field_validator("fields", "levels", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {ours: [theirs] if isinstance(theirs, str) else theirs for ours, theirs in value.items()}

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        unknown = [name for name in value if name not in FIELDS]
        if unknown:
            raise ValueError(f"no field of ours is named {unknown[0]!r}{did_you_mean(unknown[0], FIELDS)}; ours: {', '.join(FIELDS)}")
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

    def __str__(self) -> str:
        return f"> {self.above:g}" if self.above is not None else f"< {self.below:g}"


class Metric(Strict):
    """One metric: a CloudWatch one, or the ratio of two others."""

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
    steps: tuple[str, ...]
    escalation: str = ""

    @model_validator(mode="after")
    def _one_signal(self) -> Self:
        if bool(self.metric) == bool(self.log_matches):
            raise ValueError("needs exactly one of 'metric' and 'log_matches'")
        if (self.above is None) == (self.below is None):
            raise ValueError("needs exactly one of 'above' and 'below'")
        return self


class Scenario(Strict):
    """A troubleshooting scenario, and the words that point to it."""

    title: str
    signs: tuple[str, ...]
    anchor: str = ""
    steps: tuple[str, ...]


class SeverityLevel(Strict):
    """An incident severity and how fast it must be answered."""

    description: str
    response_min: int = Field(gt=0)
    response: str = ""
    examples: str = ""


class Escalation(Strict):
    """Who is called, from and to how many minutes after the start."""

    level: int
    who: str
    from_min: int
    to_min: int | None = None
    contact: str = ""


class Templates(Strict):
    """Texts the system's people send, in their own words."""

    incident: str = ""
    escalation: str = ""


class Profile(Strict):
    """Everything the notebooks know about one system."""

    system: str
    title: str
    runbook: str = ""
    environments: dict[str, Environment] = Field(min_length=1)
    logs: Logs
    metrics: dict[str, Metric] = {}
    triage: Triage
    alerts: dict[str, Alert] = {}
    scenarios: dict[str, Scenario] = {}
    severities: dict[Literal["P1", "P2", "P3", "P4"], SeverityLevel] = Field(min_length=1)
    escalation: tuple[Escalation, ...] = ()
    templates: Templates = Templates()
    queries: dict[str, str] = {}

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


def known_systems(folder: Path | None = None) -> list[str]:
    """Names of the systems that have a profile, sorted."""
    return sorted(path.stem for path in profile_path("x", folder).parent.glob("*.yaml"))


def load_profile(system: str, environment: str = "", *, folder: Path | None = None) -> Profile:
    """The profile of a system, with `{env}` filled in.

    Args:
        system: name of a file in parameters/systems, without .yaml.
        environment: one of the profile's environments; empty means the first.
        folder: another folder of profiles.

    Raises:
        UnknownSystem: no profile of that name.
        ProfileError: every fault of the file, one line each.
    """
    known = known_systems(folder)
    if system not in known or not NAME.fullmatch(system):
        raise UnknownSystem(f"system: no profile named {system!r}{did_you_mean(system, known)}; known: {', '.join(known)}")
    return read_profile(profile_path(system, folder), environment)


def profile_path(system: str, folder: Path | None = None) -> Path:
    """Where a system's profile lies."""
    return (folder or assets("parameters") / "systems") / f"{system}.yaml"


def read_profile(path: Path, environment: str = "") -> Profile:
    """The profile in one file; see `load_profile`."""
    loaded = load_mapping(path, ProfileError)
    declared = _mapping(loaded, "environments")
    faults = []
    if environment and environment not in declared:
        hint = did_you_mean(environment, map(str, declared))
        faults.append(f"environment: {environment!r} is not one of {', '.join(map(str, declared))}{hint}")
    filled = _fill(loaded, environment or next(map(str, declared), ""))
    try:
        profile = Profile.model_validate(filled)
    except ValidationError as fault:
        faults += faults_of(str(path), fault, Profile)
    faults += [f"{path}: {line}" for line in _cross_faults(loaded)]
    if loaded.get("system", path.stem) != path.stem:
        faults.append(f"{path}: system: is {loaded['system']!r}, but the file is named {path.name}; make them the same")
    if faults:
        raise ProfileError(*faults)
    return profile


def _mapping(loaded: object, key: str) -> dict[str, object]:
    """The mapping under a key, empty where there is none."""
    inner = loaded.get(key) if isinstance(loaded, dict) else None
    return inner if isinstance(inner, dict) else {}


def _cross_faults(loaded: dict[str, object]) -> list[str]:
    """Faults between sections: `key: what`, one a line; reads what a faulty file has."""
    faults = []
    metrics, severities = _mapping(loaded, "metrics"), _mapping(loaded, "severities")
    for key in metrics:
        parts = _mapping(metrics, key).get("ratio_of")
        for name in parts if isinstance(parts, list) else []:
            if name not in metrics:
                faults.append(f"metrics.{key}.ratio_of: no metric {name!r}{did_you_mean(str(name), metrics)}")
    for key in ("error_rate", "latency"):
        name = _mapping(loaded, "triage").get(key)
        if name and name not in metrics:
            faults.append(f"triage.{key}: no metric {name!r}{did_you_mean(str(name), metrics)}")
    alerts = _mapping(loaded, "alerts")
    for key in alerts:
        metric, severity = _mapping(alerts, key).get("metric"), _mapping(alerts, key).get("severity")
        if metric and metric not in metrics:
            faults.append(f"alerts.{key}.metric: no metric {metric!r}{did_you_mean(str(metric), metrics)}")
        if severity and severity not in severities:
            faults.append(f"alerts.{key}.severity: {severity!r} is not one of {', '.join(map(str, severities))}")
    return faults


def _fill(value: object, environment: str) -> object:
    """The same value with `{env}` replaced in every text."""
    if isinstance(value, str):
        return value.replace("{env}", environment)
    if isinstance(value, dict):
        return {_fill(key, environment): _fill(inner, environment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, environment) for inner in value]
    return value
