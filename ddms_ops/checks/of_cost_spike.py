"""The checks of the cost notebook, most telling first."""

from ddms_ops.checks.base import Check
from ddms_ops.checks.cost_more import (
    check_cost_changes,
    check_cost_offsets,
    check_provisional_cost,
    check_repeated_work,
    repeated_doubt,
    unestimated,
)
from ddms_ops.checks.cost_reasons import check_cost_drivers, check_tenant_costs, drivers_note
from ddms_ops.checks.cost_rise import check_cost_rise, rise_doubt, rise_note

NAME = "cost_spike"
BILL = ("costs",)
COST_SPIKE: tuple[Check, ...] = (
    Check("cost_rise", NAME, "What costs more than expected?", BILL, check_cost_rise, rise_note, rise_doubt),
    Check(
        "provisional_cost", NAME, "What is not billed yet and will cost more?", BILL, check_provisional_cost,
        doubt=unestimated,
    ),
    Check(
        "repeated_work", NAME, "Is the same work done again and again?", ("logs", "logs.baseline"),
        check_repeated_work, doubt=repeated_doubt,
    ),
    Check("cost_offsets", NAME, "Does the total hide rises and falls?", BILL, check_cost_offsets, doubt=rise_doubt),
    Check(
        "cost_drivers", NAME, "What did the system do that costs more?", BILL, check_cost_drivers, drivers_note,
        rise_doubt,
    ),
    Check("tenant_costs", NAME, "Whose use is it?", BILL, check_tenant_costs, doubt=rise_doubt),
    Check("cost_changes", NAME, "What changed just before it cost more?", ("changes",), check_cost_changes),
)  # fmt: skip
