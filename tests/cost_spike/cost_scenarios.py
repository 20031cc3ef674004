"""The planted cost incidents, played: a case with all checks of the notebook made on it, and its truth."""

import json
from pathlib import Path

import pandas as pd

from ddms_ops.case import Case, open_case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.of_cost_spike import NAME
from ddms_ops.incident import read_incident
from ddms_ops.simulate import write_case
from ddms_ops.simulate.invoice.scenarios import COST_SCENARIOS

EVENTS, SEED = 20_000, 11
RISES = [name for name, scenario in COST_SCENARIOS.items() if not scenario.instead]
QUIET = [name for name, scenario in COST_SCENARIOS.items() if scenario.instead]


def played(scenario: str, folder: Path) -> tuple[Case, dict]:
    """A scenario, all checks of the notebook made on it, and its truth."""
    simulated = write_case("smart-invoice", scenario, folder, seed=SEED, events=EVENTS)
    truth = json.loads(simulated.truth.read_text())
    as_of = pd.Timestamp(truth["as_of"])
    case = open_case(**read_incident(simulated.incident), out=str(folder / "reports"), clock=lambda: as_of)
    for check in CHECKS:
        if check.notebook == NAME:
            case.result(check.id)
    return case, truth
