"""Deterministic incidents, written as the exports that AWS really produces.

`SYSTEMS` names those of each system: requests of dms (`SCENARIOS`), the bill of smart-invoice (`COST_SCENARIOS`), and
scenes of the small systems. `write_case` writes one, from a seed and a scale, with the truth beside it.
"""

from ddms_ops.simulate.case import SYSTEMS, SimulatedCase, write_case
from ddms_ops.simulate.dms.scenarios import SCENARIOS
from ddms_ops.simulate.invoice.scenarios import COST_SCENARIOS
from ddms_ops.simulate.scenario import Scenario

__all__ = ["COST_SCENARIOS", "SCENARIOS", "SYSTEMS", "Scenario", "SimulatedCase", "write_case"]
