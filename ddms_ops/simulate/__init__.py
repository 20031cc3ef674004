"""Deterministic incidents, written as the exports that AWS really produces.

`SCENARIOS` names them; `write_case` writes one, from a seed and a scale, with the truth beside it.
"""

from ddms_ops.simulate.case import SimulatedCase, write_case
from ddms_ops.simulate.dms.scenarios import SCENARIOS
from ddms_ops.simulate.scenario import Scenario

__all__ = ["SCENARIOS", "Scenario", "SimulatedCase", "write_case"]
