"""Which incident a seed draws, and the page that it begins with: an alarm or a report, never what was planted."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from ddms_ops.incident import read_incident
from ddms_ops.simulate import SYSTEMS
from ddms_ops.simulate.scenario import Planted, Scenario
from ddms_ops.simulate.scene.declared import Scene
from ddms_ops.window import iso, parse_instant

QUIET = "quiet"
WEEKS = (1, 40)
NOT_PLAYED = {
    "dms": ("slow_query", "stuck_executions"),  # the database's log; executions
    "smart-invoice": ("cache_misses",),  # tokens by the hour
    "serverless-reviews": ("cost_review",),  # gateway's metrics
}
"""Scenarios whose signs a sandbox does not serve: they are read from files."""
ACKNOWLEDGED = pd.Timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Draw:
    """The scenario that a seed draws, the seed it is played with, and what is said of it where a person noticed it."""

    system: str
    scenario: str
    seed: int
    noticed: str
    severity: str
    noticed_at: float  # share of the window, where nobody planted anything to notice
    is_noticed_first: bool  # by a person, though an alarm may have gone off
    weeks: int  # how much earlier it is played than it is declared: its date tells nothing
    is_live: bool  # whether a sandbox plays it where one can

    @classmethod
    def of(cls, system: str, seed: int) -> "Draw":
        """What a seed draws of a system; on a quiet day somebody reports what another day is about.

        Some are read from files, not only those that a sandbox cannot play: which it is tells little.
        """
        among = list(SYSTEMS[system].scenarios)
        rng = np.random.default_rng([seed, crc32(system.encode())])
        known = SYSTEMS[system].scenarios
        name = among[int(rng.integers(len(among)))]
        others = [other for key in among if QUIET not in key and type(other := known[key]) is type(known[name])]
        said = others[int(rng.integers(len(others)))] if QUIET in name and others else known[name]
        return cls(
            system, name, int(rng.integers(1_000_000)), said.incident_title, said.severity,
            float(rng.uniform(0.4, 0.8)), bool(rng.integers(2)), int(rng.integers(*WEEKS)),
            bool(rng.integers(4)) and name not in NOT_PLAYED.get(system, ()),
        )  # fmt: skip

    def planted(self) -> Planted:
        """What the simulator is to write; a bill stays in its month."""
        declared = SYSTEMS[self.system].scenarios[self.scenario]
        if not isinstance(declared, Scenario | Scene):
            return declared
        return replace(declared, start=iso(parse_instant(declared.start) - pd.Timedelta(weeks=self.weeks)))


def paged(draw: Draw, incident: Path, export: Path, drill_id: str, source: str) -> dict[str, str]:
    """The parameters of a drill's incident, out of the simulated one.

    Args:
        draw: what was drawn.
        incident: the incident file that the simulator wrote.
        export: where its export lies now.
        drill_id: names the incident.
        source: of its pulls.
    """
    given = {name: str(value) for name, value in read_incident(incident).items()}
    start, end = (parse_instant(given[name]) for name in ("start", "end"))
    alarm = _alarm_at(export, given["detected"])
    at = given["detected"] or iso((start + (end - start) * draw.noticed_at).floor("min"))
    title = f"Alarm {alarm}" if alarm and not draw.is_noticed_first else draw.noticed
    return given | {
        "incident_id": drill_id, "title": title, "severity": draw.severity, "source": source, "detected": at,
        "acknowledged": iso(parse_instant(at) + ACKNOWLEDGED),
    }  # fmt: skip


def _alarm_at(export: Path, minute: str) -> str:
    """The alarm that went off in that minute; empty where none did."""
    for path in sorted((export / "alarms").glob("*.json")):
        for item in json.loads(path.read_text(encoding="utf-8"))["AlarmHistoryItems"]:
            is_raised = "to ALARM" in item["HistorySummary"]
            if minute and is_raised and parse_instant(item["Timestamp"]).floor("min") == parse_instant(minute):
                return str(item["AlarmName"])
    return ""
