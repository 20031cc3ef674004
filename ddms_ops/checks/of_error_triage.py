"""The checks of error triage, most telling first."""

from ddms_ops.checks.alarms import check_alarms
from ddms_ops.checks.alerts import check_alerts, unseen_alerts
from ddms_ops.checks.base import Check, unknown_levels
from ddms_ops.checks.changes_before import changes_besides, check_changes_before
from ddms_ops.checks.compared_groups import unlisted_new, unlisted_risen, unlisted_warnings
from ddms_ops.checks.error_groups import check_new_errors, check_risen_errors, check_warnings
from ddms_ops.checks.error_rate import check_error_rate
from ddms_ops.checks.latency import check_latency
from ddms_ops.checks.metrics_moved import check_metrics_moved
from ddms_ops.checks.traffic import check_traffic
from ddms_ops.checks.what_differs import check_what_differs, left_out
from ddms_ops.checks.who_is_hit import check_who_is_hit, spellings_note

LOGS = ("logs", "logs.baseline")
METRICS = ("metrics", "metrics.baseline")
ERROR_TRIAGE: tuple[Check, ...] = (
    Check("new_errors", "error_triage", "Which errors are new?", LOGS, check_new_errors, unlisted_new, unknown_levels),
    Check(
        "risen_errors",
        "error_triage",
        "Which errors have become more frequent?",
        LOGS,
        check_risen_errors,
        unlisted_risen,
        doubt=unknown_levels,
    ),
    Check(
        "warnings",
        "error_triage",
        "Which warnings are new or more frequent?",
        LOGS,
        check_warnings,
        unlisted_warnings,
        doubt=unknown_levels,
    ),
    Check(
        "error_rate",
        "error_triage",
        "Did the share of failing requests rise?",
        LOGS,
        check_error_rate,
        doubt=unknown_levels,
    ),
    Check("traffic", "error_triage", "Did traffic fall or surge?", LOGS, check_traffic),
    Check("latency", "error_triage", "Did requests become slow?", LOGS, check_latency),
    Check(
        "alerts",
        "error_triage",
        "Which of the runbook's alerts were met?",
        ("metrics", "logs"),
        check_alerts,
        unseen_alerts,
    ),
    Check("alarms", "error_triage", "Which alarms went off?", ("alarms",), check_alarms),
    Check("metrics_moved", "error_triage", "Which metrics left their normal?", METRICS, check_metrics_moved),
    Check("what_differs", "error_triage", "What is different about what fails?", LOGS, check_what_differs, left_out),
    Check(
        "changes_before",
        "error_triage",
        "What changed just before?",
        ("changes",),
        check_changes_before,
        quiet=changes_besides,
    ),
    Check("who_is_hit", "error_triage", "Who is hit?", ("logs",), check_who_is_hit, spellings_note),
)
