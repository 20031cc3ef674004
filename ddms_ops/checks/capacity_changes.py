"""What changed just before something ran out?"""

from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import entries, leading_capacity
from ddms_ops.checks.changes_before import changes_near
from ddms_ops.checks.stopped_tasks import services_of
from ddms_ops.checks.watched import groups_watched
from ddms_ops.findings import Finding
from ddms_ops.profile import metrics_of

CHECK = "capacity_changes"


def check_capacity_changes(facts: Facts) -> list[Finding]:
    """Changes before the leading finding about capacity, those that name what ran out first; coincident, no more.

    Raises:
        CannotTell: no entry is declared, no record of changes, or no onset was found where one may be hidden.
    """
    entries(facts)
    sign = leading_capacity(facts)
    return changes_near(facts, sign, about=about(facts, sign) if sign else "", check=CHECK)


def about(facts: Facts, sign: Finding) -> str:
    """Names of what a finding is about: functions, tables, services, clusters, databases, components, log groups."""
    found = [sign.subject.get("component", ""), sign.subject.get("error", "")]
    for key, entry in facts.profile.capacity.items():
        is_own = key == sign.subject.get("capacity")
        if is_own or sign.subject.get("component") in entry.components:
            metrics = [
                facts.profile.metrics[name] for name in metrics_of(entry).values() if name in facts.profile.metrics
            ]
            named = {value for metric in metrics for value in metric.dimensions.values()} if is_own else set()
            services = [part for name in services_of(entry) for part in name.split("/")]
            found += [*sorted(named), *services, *entry.components, *groups_watched(facts, entry)]
    return " ".join(dict.fromkeys(filter(None, found)))
