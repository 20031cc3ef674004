"""What changed just before work began to pile up? And which finding is it that the others explain?"""

from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.changes_before import changes_near
from ddms_ops.checks.leading import leading_of
from ddms_ops.checks.watched import groups_watched
from ddms_ops.checks.work_basis import pipelines_of
from ddms_ops.findings import Finding

CHECK = "pipeline_changes"
DURATIONS = "task_durations"
SIGNS = ("dead_letters", "queue_backlog", "stuck_work", "missed_runs", DURATIONS)
DECLARED_BY = {
    "dead_letters": ("dead", "dead_letters"),
    "queue_backlog": ("depth", "age"),
    "stuck_work": ("state_machines",),
    "missed_runs": ("runs",),
    DURATIONS: ("duration", "success", "components"),
}


def signs_of(facts: Facts) -> tuple[str, ...]:
    """The checks that say that work piles up, of which the profile declares something."""
    entries = facts.profile.pipelines.values()
    return tuple(
        check for check in SIGNS if any(getattr(entry, field) for entry in entries for field in DECLARED_BY[check])
    )


def leading_backlog(facts: Facts) -> Finding | None:
    """The worst finding above LOW of those checks, None where all are clear.

    Where others are declared, durations that could not be compared (rare work has too few) leave no doubt about them.

    Raises:
        CannotTell: the profile declares no pipelines, or nothing was found and not all of those checks could be made.
    """
    pipelines_of(facts)
    signs = signs_of(facts)
    others = tuple(check for check in signs if check != DURATIONS)
    try:
        return leading_of(facts, signs)
    except CannotTell:
        if not others:
            raise
        return leading_of(facts, others)


def check_pipeline_changes(facts: Facts) -> list[Finding]:
    """Changes within `triage.change_lookback_min` before the leading finding began; coincident, no more.

    Raises:
        CannotTell: there is no leading finding that could be told, or no record of changes.
    """
    sign = leading_backlog(facts)
    return changes_near(facts, sign, about=about_of(facts, sign), check=CHECK) if sign else []


def about_of(facts: Facts, sign: Finding | None) -> str:
    """Words of what a finding is about: its pipeline's queues, functions, state machines and components."""
    entry = facts.profile.pipelines.get(sign.subject.get("pipeline", "")) if sign else None
    if sign is None or entry is None:
        return ""
    metrics = [entry.depth, entry.age, entry.dead, entry.arrived, entry.done, entry.duration, entry.success, entry.runs]
    declared = [facts.profile.metrics[name] for name in metrics if name in facts.profile.metrics]
    dimensions = [value for metric in declared for value in metric.dimensions.values()]
    words = [
        *entry.queues,
        *entry.dead_letters,
        *entry.state_machines,
        *entry.components,
        *groups_watched(facts, entry),
    ]
    return " ".join(dict.fromkeys([*words, *dimensions, *sign.subject.values()]))


def unexplained(facts: Facts) -> str:
    """Why no change found may not mean that there was none: a finding without a beginning."""
    try:
        sign = leading_backlog(facts)
    except CannotTell:
        return ""
    return "the leading finding has no beginning to look before" if sign and sign.first_seen is None else ""
