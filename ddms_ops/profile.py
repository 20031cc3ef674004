"""Reading a system's profile: one YAML file, `parameters/systems/<system>.yaml`, and no code.

`{env}` in a value stands for the incident's environment. Every fault of a file is reported at once.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ddms_ops.declaration import Profile
from ddms_ops.deployment import of_account
from ddms_ops.errors import ProfileError, UnknownSystem, did_you_mean
from ddms_ops.operations import Capacity, Pipeline
from ddms_ops.settings import assets, faults_of, load_mapping

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
METRICS_OF: dict[type, tuple[str, ...]] = {
    Pipeline: ("depth", "age", "dead", "arrived", "done", "duration", "success", "runs"),
    Capacity: ("throttles", "used", "limit", "duration", "running", "wanted"),
}
Watched = TypeVar("Watched", Pipeline, Capacity)
SUMS = ("throttles", "arrived", "done", "runs")


def _folders(folder: Path | None) -> list[Path]:
    """Where profiles are looked for: the folder given, else below where one stands, then the shipped ones."""
    return [folder] if folder else [Path("parameters/systems"), assets("parameters") / "systems"]


def known_systems(folder: Path | None = None) -> list[str]:
    """Names of the systems that have a profile, sorted."""
    return sorted({path.stem for place in _folders(folder) for path in place.glob("*.yaml")})


def load_profile(system: str, environment: str = "", *, folder: Path | None = None) -> Profile:
    """The profile of a system, with `{env}` filled in.

    Args:
        system: name of a file in parameters/systems, without .yaml.
        environment: one of the profile's environments; empty means the first.
        folder: the only folder to look in; None means `parameters/systems` here, then the shipped profiles.

    Raises:
        UnknownSystem: no profile of that name.
        ProfileError: every fault of the file, one line each.
    """
    known = known_systems(folder)
    if system not in known or not NAME.fullmatch(system):
        raise UnknownSystem(
            f"system: no profile named {system!r}{did_you_mean(system, known)}; known: {', '.join(known)}"
        )
    return read_profile(profile_path(system, folder), environment)


def profile_path(system: str, folder: Path | None = None) -> Path:
    """Where a system's profile lies; your own `parameters/systems/<system>.yaml` goes before a shipped one."""
    places = [place / f"{system}.yaml" for place in _folders(folder)]
    return next((place for place in places if place.is_file()), places[-1])


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
    where = profile.environments.get(environment) or next(iter(profile.environments.values()))
    return by_account(profile, tuple(where.accounts))


def by_account(profile: Profile, accounts: tuple[str, ...]) -> Profile:
    """The profile with what is watched by metrics once an account, named `<account>:<name>`; as it is without any."""
    if not accounts:
        return profile
    metrics, alerts = {}, {key: alert for key, alert in profile.alerts.items() if not alert.metric}
    for account in accounts:
        for key, metric in profile.metrics.items():
            parts = tuple(f"{account}:{part}" for part in metric.ratio_of) if metric.ratio_of else None
            title = f"{metric.title or key} ({account})"
            own: dict[str, object] = {"ratio_of": parts, "title": title}
            metrics[f"{account}:{key}"] = of_account(metric, account).model_copy(update=own)
        for key, alert in profile.alerts.items():
            if alert.metric:
                own = {"metric": f"{account}:{alert.metric}", "title": f"{alert.title} ({account})"}
                alerts[f"{account}:{key}"] = of_account(alert, account).model_copy(update=own)
    pipelines, capacity = _by_account(profile.pipelines, accounts), _by_account(profile.capacity, accounts)
    judges = {
        name: f"{accounts[0]}:{metric}" if metric else ""
        for name, metric in {"error_rate": profile.triage.error_rate, "latency": profile.triage.latency}.items()
    }
    triage = profile.triage.model_copy(update=judges)
    named: dict[str, object] = {"metrics": metrics, "alerts": alerts, "triage": triage}
    named |= {"pipelines": pipelines, "capacity": capacity}
    if profile.access:
        failed = tuple(f"{account}:{name}" for account in accounts for name in profile.access.failed)
        named["access"] = profile.access.model_copy(update={"failed": failed})
    return profile.model_copy(update=named)


def _by_account(watched: Mapping[str, Watched], accounts: tuple[str, ...]) -> dict[str, Watched]:
    """Each entry once an account, its metrics that of the account."""
    found = {}
    for account in accounts:
        for key, entry in watched.items():
            named = {name: f"{account}:{metric}" for name, metric in metrics_of(entry).items()}
            own = {**named, "account": account, "title": f"{entry.title} ({account})"}
            found[f"{account}:{key}"] = of_account(entry, account).model_copy(update=own)
    return found


def metrics_of(entry: Pipeline | Capacity) -> dict[str, str]:
    """The metrics that an entry names, by the field that names them."""
    names = METRICS_OF[type(entry)]
    return {name: value for name in names if isinstance(value := getattr(entry, name), str) and value}


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
    scenario = _mapping(loaded, "costs").get("scenario")
    if scenario and scenario not in _mapping(loaded, "scenarios"):
        hint = did_you_mean(str(scenario), _mapping(loaded, "scenarios"))
        faults.append(f"costs.scenario: no scenario {scenario!r}{hint}")
    faults += [*_signal_faults(loaded), *_watched_faults(loaded)]
    health = _mapping(loaded, "health")
    for key in health:
        metric = _mapping(health, key).get("metric")
        if metric and metric not in metrics:
            faults.append(f"health.{key}.metric: no metric {metric!r}{did_you_mean(str(metric), metrics)}")
    alerts = _mapping(loaded, "alerts")
    for key in alerts:
        metric, severity = _mapping(alerts, key).get("metric"), _mapping(alerts, key).get("severity")
        if metric and metric not in metrics:
            faults.append(f"alerts.{key}.metric: no metric {metric!r}{did_you_mean(str(metric), metrics)}")
        if severity and severity not in severities:
            faults.append(f"alerts.{key}.severity: {severity!r} is not one of {', '.join(map(str, severities))}")
    return faults


def _signal_faults(loaded: dict[str, object]) -> list[str]:
    """Steps of cost drivers that name a metric the profile has not, or one that is no sum."""
    faults, metrics = [], _mapping(loaded, "metrics")
    drivers = _mapping(_mapping(loaded, "costs"), "drivers")
    for driver in drivers:
        chain = _mapping(_mapping(drivers, driver), "chain")
        for step in chain:
            name = _mapping(chain, step).get("metric")
            where = f"costs.drivers.{driver}.chain.{step}.metric"
            if name and name not in metrics:
                faults.append(f"{where}: no metric {name!r}{did_you_mean(str(name), metrics)}")
            elif name and _mapping(metrics, str(name)).get("statistic") != "Sum":
                faults.append(f"{where}: {name!r} is no sum; name a metric with statistic: Sum")
    return faults


def _watched_faults(loaded: dict[str, object]) -> list[str]:
    """Entries of `pipelines`, `capacity` and `access` that name a metric or a runbook entry the profile has not."""
    faults, metrics = [], _mapping(loaded, "metrics")
    procedures = {**_mapping(loaded, "alerts"), **_mapping(loaded, "scenarios")}
    entries: list[tuple[str, dict[str, object], tuple[str, ...]]] = [("access", _mapping(loaded, "access"), ())]
    for section, kind in (("pipelines", Pipeline), ("capacity", Capacity)):
        watched = _mapping(loaded, section)
        entries += [(f"{section}.{key}", _mapping(watched, key), METRICS_OF[kind]) for key in watched]
    for where, entry, fields in entries:
        failed = entry.get("failed")
        named: list[tuple[str, object]] = [(field, entry.get(field)) for field in fields]
        named += [("failed", name) for name in (failed if isinstance(failed, list) else [])]
        for field, name in named:
            if isinstance(name, str) and name and name not in metrics:
                faults.append(f"{where}.{field}: no metric {name!r}{did_you_mean(name, metrics)}")
            elif field in (*SUMS, "failed") and name and _mapping(metrics, str(name)).get("statistic") != "Sum":
                faults.append(f"{where}.{field}: {name!r} is no sum; name a metric with statistic: Sum")
        runbook = entry.get("runbook")
        if runbook and runbook not in procedures:
            hint = did_you_mean(str(runbook), procedures)
            faults.append(f"{where}.runbook: no alert or scenario {runbook!r}{hint}")
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
