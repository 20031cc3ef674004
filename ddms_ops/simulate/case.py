"""Write a simulated incident: the export, the incident file that asks about it, and the truth beside them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddms_ops.errors import BadInput, did_you_mean
from ddms_ops.simulate.dms.export import write_export
from ddms_ops.simulate.dms.scenarios import SCENARIOS
from ddms_ops.simulate.invoice.export import write_cost_export
from ddms_ops.simulate.invoice.scenario import CostScenario
from ddms_ops.simulate.invoice.scenario import played as played_costs
from ddms_ops.simulate.invoice.scenarios import COST_SCENARIOS
from ddms_ops.simulate.invoice_service.scenes import INVOICE_SCENES
from ddms_ops.simulate.lecture.scenes import LECTURE_SCENES
from ddms_ops.simulate.opendata.scenes import OPENDATA_SCENES
from ddms_ops.simulate.output import Written, write_json, write_text
from ddms_ops.simulate.reviews.scenes import REVIEW_SCENES
from ddms_ops.simulate.scenario import MINUTE_MS, Planted, Scenario, played
from ddms_ops.simulate.scene import Scene, write_scene
from ddms_ops.simulate.scene import played as played_scene


@dataclass(frozen=True, slots=True)
class Simulated:
    """A system that can be simulated: its scenarios, which may be of several kinds."""

    scenarios: Mapping[str, Planted]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scenarios: how a seed plays one, and what writes one."""

    played: Callable[..., Planted]
    write: Callable[..., Written]


KINDS: Mapping[type, Kind] = {
    Scenario: Kind(played, write_export),
    CostScenario: Kind(played_costs, write_cost_export),
    Scene: Kind(played_scene, write_scene),
}
SYSTEMS = {
    "dms": Simulated(SCENARIOS),
    "smart-invoice": Simulated({**COST_SCENARIOS, **INVOICE_SCENES}),
    "serverless-reviews": Simulated(REVIEW_SCENES),
    "opendata-pulse": Simulated(OPENDATA_SCENES),
    "lecture": Simulated(LECTURE_SCENES),
}
LEAST_EVENTS = 1_000
ACKNOWLEDGED_MIN = 4


@dataclass(frozen=True, slots=True)
class SimulatedCase:
    """Where a simulated incident was written."""

    export: Path
    incident: Path
    truth: Path


def write_case(system: str, scenario: str, out: Path, *, seed: int = 7, events: int = 20_000) -> SimulatedCase:
    """Write one simulated incident into `out`; the same arguments write the same bytes.

    Args:
        system: whose incident; a name in SYSTEMS.
        scenario: a name among the system's scenarios.
        out: folder to write `export/`, `incident.yaml` and `truth.json` into; made where missing.
        seed: which of the many alike; 0 or greater. 7 is the incident as it is declared, others begin a few
            minutes earlier or later, hit another share, and often another endpoint, tenant or zone; costs begin
            hours earlier or later and rise by another factor; scenes begin minutes earlier or later and go wrong more
            or less.
        events: log events in baseline and window together, met within 2 % (of few events of costs and scenes within
            4 %).

    Raises:
        BadInput: no such system or scenario, a folder that holds an export already, a negative seed, or too few events.
    """
    return write_planted(_find(system, scenario), out, seed=seed, events=events)


def write_planted(planted: Planted, out: Path, *, seed: int = 7, events: int = 20_000) -> SimulatedCase:
    """Write one incident from its declaration; see `write_case`.

    Raises:
        BadInput: a folder that holds an export already, a negative seed, or too few events.
    """
    if seed < 0:
        raise BadInput(f"seed: {seed} is negative; give 0 or greater")
    if events < LEAST_EVENTS:
        raise BadInput(f"events: {events} is too few for an incident to show; give {LEAST_EVENTS} or more")
    case = SimulatedCase(out / "export", out / "incident.yaml", out / "truth.json")
    if case.export.exists() and any(case.export.iterdir()):
        raise BadInput(f"{case.export} is not empty; give a new folder")
    kind = KINDS[type(planted)]
    declared = kind.played(planted, seed)
    written = kind.write(case.export, declared, seed=seed, events=events)
    write_json(case.truth, {**written.truth, "seed": seed, "events_asked": events})
    write_text(case.incident, _incident_text(declared, case.export, written.first_alarm_ms))
    return case


def _find(system: str, scenario: str) -> Planted:
    if system not in SYSTEMS:
        hint = did_you_mean(system, SYSTEMS)
        raise BadInput(f"no simulated system named {system!r}; known: {', '.join(SYSTEMS)}{hint}")
    known = SYSTEMS[system].scenarios
    if scenario not in known:
        hint = did_you_mean(scenario, known)
        raise BadInput(f"no scenario named {scenario!r} for {system}; known: {', '.join(known)}{hint}")
    return known[scenario]


def _incident_text(scenario: Planted, export: Path, first_alarm_ms: int | None) -> str:
    """The incident file; detected by the first alarm, or when the scenario says that somebody noticed."""
    detected = first_alarm_ms
    if detected is None and scenario.onset_ms is not None and scenario.detected_min is not None:
        detected = scenario.onset_ms + round(scenario.detected_min * MINUTE_MS)
    values = {
        "incident_id": f"demo-{scenario.system}-{scenario.name.replace('_', '-')}",
        "system": scenario.system,
        "environment": "prod",
        "start": _minute(scenario.start_ms),
        "end": _minute(scenario.end_ms),
        "baseline": scenario.baseline,
        "severity": scenario.severity,
        "title": scenario.incident_title,
        "source": f"files:{export.absolute()}",
        "detected": "" if detected is None else _minute(detected),
        "acknowledged": "" if detected is None else _minute(detected + ACKNOWLEDGED_MIN * MINUTE_MS),
        "mitigated": "",
        "resolved": "",
    }
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def _minute(time_ms: int) -> str:
    return f"{np.datetime64(time_ms // MINUTE_MS, 'm')}Z"
