"""The finding that the other checks of slow queries explain: the strongest sign that something became slow."""

from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.findings import Finding, Verdict

OF_DATABASE = ("blocking", "connections", "slow_statements", "temp_files")
OF_OTHERS = ("slow_endpoints", "service_latency")
SIGNS = (*OF_DATABASE, *OF_OTHERS)
DATABASE_PULLS = ("database_log", "database_log.baseline", "statistics")


def slow_sign(facts: Facts) -> Finding | None:
    """The worst finding above LOW of the checks that say that something became slow; None without any."""
    found = [
        (finding.severity.order, place, -finding.strength, finding.id, finding)
        for place, name in enumerate(SIGNS)
        for finding in facts.result(name).findings
        if finding.severity.is_above_low
    ]
    return min(found)[-1] if found else None


def leading_slow(facts: Facts) -> Finding | None:
    """`slow_sign`, where its silence can be believed.

    Raises:
        CannotTell: nothing found, and a check of what the system has could not be made.
    """
    found = slow_sign(facts)
    if found is not None:
        return found
    results = [facts.result(name) for name in (OF_OTHERS if is_absent(facts, *DATABASE_PULLS) else OF_DATABASE)]
    unsure = [result.question for result in results if result.status is Verdict.NOT_CHECKED]
    if unsure:
        raise CannotTell(f"nothing was found slow, but not every check could be made ({unsure[0]})")
    return None
