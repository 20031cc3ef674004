"""One incident's parameters: the flat file that `ddms-ops run` and `papermill -f` read."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pandas as pd

from ddms_ops.declaration import Profile
from ddms_ops.errors import BadInput, IncidentError, WindowError, did_you_mean
from ddms_ops.profile import load_profile
from ddms_ops.settings import load_mapping
from ddms_ops.window import Window, baseline_window, iso, parse_instant

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
DRILL = re.compile(r"drill-.+-\d+")
PLAYED = "DDMS_OPS_DRILL"  # environment variable: the drill that a sandbox plays now
INSTANTS = ("detected", "acknowledged", "mitigated", "resolved")


@dataclass(frozen=True, slots=True)
class Incident:
    """What is asked: which system, when, compared with what, from which source.

    Every value is text, as a person or papermill gives it; `window` and `baseline_window` are
    what was meant. An empty instant means nobody has said. `notes` is what people noted, a line each:
    `2026-03-04T10:52Z rolled back to 2026.3.0`.
    """

    incident_id: str
    system: str
    start: str
    end: str
    environment: str = ""
    baseline: str = "previous"
    severity: str = ""
    title: str = ""
    source: str = "files:."
    detected: str = ""
    acknowledged: str = ""
    mitigated: str = ""
    resolved: str = ""
    notes: str = ""

    @property
    def noted(self) -> list[tuple[pd.Timestamp, str]]:
        """When and what people noted, in order of time.

        Raises:
            WindowError: a line does not begin with an instant.
        """
        lines = [line.strip().partition(" ") for line in self.notes.splitlines() if line.strip()]
        return sorted((parse_instant(time, name="notes"), text.strip()) for time, _, text in lines)

    @property
    def window(self) -> Window:
        """The incident window."""
        return Window.of(self.start, self.end)

    @property
    def baseline_window(self) -> Window:
        """The window it is compared with."""
        return baseline_window(self.window, self.baseline)

    def as_dict(self) -> dict[str, str]:
        """Every parameter, in file order."""
        return {name: getattr(self, name) for name in NAMES}


NAMES = tuple(field.name for field in fields(Incident))
REQUIRED = ("incident_id", "system", "start", "end")


def read_incident(path: Path) -> dict[str, object]:
    """The parameters in an incident file, as written.

    Raises:
        IncidentError: not a readable YAML mapping.
    """
    return load_mapping(path, IncidentError)


def resolve(
    given: Mapping[str, object], *, now: pd.Timestamp, where: str = "incident", profiles: Path | None = None
) -> tuple[Incident, Profile]:
    """The incident and its system's profile, or every fault at once.

    Args:
        given: parameters by name; unknown names are refused.
        now: the clock that relative `start` and `end` count from; the result is absolute.
        where: what to call the parameters in an error, usually the file.
        profiles: another folder of system profiles.

    Raises:
        IncidentError: one line for each unknown or missing name and each value that cannot be used.
    """
    if faults := _check_names(given):
        raise IncidentError(*(f"{where}: {fault}" for fault in faults))
    incident = Incident(**{name: "" if value is None else str(value).strip() for name, value in given.items()})
    incident, faults = _check_times(incident, now)
    faults += _check_words(incident)
    profile = None
    try:
        profile = load_profile(incident.system, incident.environment, folder=profiles)
        incident = replace(incident, environment=incident.environment or next(iter(profile.environments)))
        if incident.severity and incident.severity not in profile.severities:
            faults.append(f"severity: {incident.severity!r} is not one of {', '.join(profile.severities)}")
    except BadInput as fault:
        faults += fault.faults
    if faults or profile is None:
        raise IncidentError(*(f"{where}: {fault}" for fault in faults))
    return incident, profile


def _check_names(given: Mapping[str, object]) -> list[str]:
    """What is wrong with the names, and with values that are no plain text."""
    known = ", ".join(NAMES)
    faults = [
        f"{name}: unknown parameter{did_you_mean(name, NAMES)}; known: {known}" for name in given if name not in NAMES
    ]
    faults += [f"{name}: is missing; add it" for name in REQUIRED if not given.get(name)]
    faults += [
        f"{name}: {type(value).__name__} is not text; write one value"
        for name, value in given.items()
        if name in NAMES and not isinstance(value, str | int | float | bool | None)
    ]
    return faults


def _check_words(incident: Incident) -> list[str]:
    if not ID.fullmatch(incident.incident_id) or ".." in incident.incident_id:
        return [f"incident_id: {incident.incident_id!r} cannot name a folder; use letters, digits, '-', '_' and '.'"]
    is_drill = DRILL.fullmatch(incident.incident_id) and incident.source == "live"
    if is_drill and os.environ.get(PLAYED) != incident.incident_id:
        again = f"ddms-ops drill drills/{incident.incident_id} serves it again"
        return [f"source: {incident.incident_id} is played by no sandbox now, live would be your own account; {again}"]
    return []


def _check_times(incident: Incident, now: pd.Timestamp) -> tuple[Incident, list[str]]:
    """The incident with absolute times, and what is wrong with them."""
    faults: list[str] = []
    absolute: dict[str, str] = {}
    for name in ("start", "end", *INSTANTS):
        text = getattr(incident, name)
        if not text:
            continue
        try:
            stamp = parse_instant(text, now=now if name in ("start", "end") else None, name=name)
            absolute[name] = stamp.isoformat().replace("+00:00", "Z")
        except WindowError as fault:
            faults += fault.faults
    try:
        _ = incident.noted
    except WindowError as fault:
        faults += fault.faults
    resolved = replace(incident, **absolute)
    if faults:
        return resolved, faults
    try:
        baseline = resolved.baseline_window
        if resolved.window.start < now <= baseline.start:
            begins = f"begins at {iso(baseline.start)}, which has not come yet"
            faults.append(f"baseline: {resolved.baseline!r} {begins}; choose another")
    except WindowError as fault:
        faults += fault.faults
    return resolved, faults
