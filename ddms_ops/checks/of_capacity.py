"""The checks of capacity, most telling first."""

from collections.abc import Callable

from ddms_ops.checks.base import Check, Facts
from ddms_ops.checks.capacity_changes import check_capacity_changes
from ddms_ops.checks.changes_before import changes_besides
from ddms_ops.checks.cold_starts import check_cold_starts, cold_starts_lacks
from ddms_ops.checks.missing_tasks import check_missing_tasks, missing_lacks
from ddms_ops.checks.saturation import check_saturation, saturation_lacks, saturation_note
from ddms_ops.checks.throttling import check_throttling, throttling_lacks
from ddms_ops.checks.timeouts import check_timeouts, timeouts_lacks
from ddms_ops.findings import Finding

NAME = "capacity"
LACKS: dict[str, Callable[[Facts], str]] = {
    "throttling": throttling_lacks,
    "missing_tasks": missing_lacks,
    "timeouts": timeouts_lacks,
    "saturation": saturation_lacks,
    "cold_starts": cold_starts_lacks,
}
"""For each sign what of it could not be seen; the pulls it needs are those that the profile makes it read."""


def _noted(lacks: Callable[[Facts], str]) -> Callable[[Facts, list[Finding]], str]:
    """What findings leave out, as a note."""
    return lambda facts, _found: lacks(facts)


def _check(name: str, question: str, judge: Callable[[Facts], list[Finding]]) -> Check:
    note = saturation_note if name == "saturation" else _noted(LACKS[name])
    return Check(name, NAME, question, (), judge, note, LACKS[name])


CAPACITY_CHECKS: tuple[Check, ...] = (
    _check("throttling", "What was refused for lack of capacity?", check_throttling),
    _check("missing_tasks", "Does everything run that should?", check_missing_tasks),
    _check("timeouts", "What ran into its time limit?", check_timeouts),
    _check("saturation", "What is full?", check_saturation),
    _check("cold_starts", "Are there more cold starts?", check_cold_starts),
    Check(
        "capacity_changes",
        NAME,
        "What changed just before?",
        ("changes",),
        check_capacity_changes,
        quiet=changes_besides,
    ),
)
