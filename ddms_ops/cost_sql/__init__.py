"""The questions that are put to a bill, where it is held: only sums travel."""

from ddms_ops.cost_sql.parts import COST_PARTS, MONEY, CostPart

__all__ = ["COST_PARTS", "MONEY", "CostPart"]
