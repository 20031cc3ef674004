"""The checks of the pipeline backlog, most telling first."""

from ddms_ops.checks.base import Check
from ddms_ops.checks.dead_letters import check_dead_letters, untold
from ddms_ops.checks.missed_runs import check_missed_runs, unknown_runs
from ddms_ops.checks.pipeline_changes import check_pipeline_changes, unexplained
from ddms_ops.checks.queue_backlog import check_queue_backlog, unwatched_queues
from ddms_ops.checks.stuck_work import check_stuck_work, stuck_notes, unread_runs
from ddms_ops.checks.task_durations import check_task_durations, uncompared, unsure_durations
from ddms_ops.checks.work_basis import NAME

METRICS = ("metrics", "metrics.baseline")

PIPELINE_BACKLOG: tuple[Check, ...] = (
    Check(
        "dead_letters",
        NAME,
        "What was given up, and why?",
        METRICS,
        check_dead_letters,
        untold,
        lambda facts: untold(facts, []),
    ),
    Check(
        "queue_backlog",
        NAME,
        "Is work waiting?",
        METRICS,
        check_queue_backlog,
        unwatched_queues,
        lambda facts: unwatched_queues(facts, []),
    ),
    Check("stuck_work", NAME, "What is stuck, and at which step?", (), check_stuck_work, stuck_notes, unread_runs),
    Check(
        "missed_runs",
        NAME,
        "Did scheduled work run?",
        METRICS,
        check_missed_runs,
        unknown_runs,
        lambda facts: unknown_runs(facts, []),
    ),
    Check(
        "task_durations",
        NAME,
        "Which work takes longer?",
        METRICS,
        check_task_durations,
        uncompared,
        unsure_durations,
    ),
    Check(
        "pipeline_changes",
        NAME,
        "What changed just before?",
        ("changes",),
        check_pipeline_changes,
        doubt=unexplained,
    ),
)
