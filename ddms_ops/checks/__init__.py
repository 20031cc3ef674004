"""The checks, most telling first: among findings of equal severity the earlier check's come first."""

from ddms_ops.checks.base import CannotTell, Check, Facts, run_check
from ddms_ops.checks.of_access_anomalies import ACCESS_ANOMALIES
from ddms_ops.checks.of_capacity import CAPACITY_CHECKS
from ddms_ops.checks.of_cost_spike import COST_SPIKE
from ddms_ops.checks.of_error_triage import ERROR_TRIAGE
from ddms_ops.checks.of_leakage_audit import LEAKAGE_AUDIT
from ddms_ops.checks.of_pipeline_backlog import PIPELINE_BACKLOG
from ddms_ops.checks.of_slow_queries import SLOW_QUERIES

CHECKS: tuple[Check, ...] = (
    *ERROR_TRIAGE,
    *SLOW_QUERIES,
    *PIPELINE_BACKLOG,
    *CAPACITY_CHECKS,
    *ACCESS_ANOMALIES,
    *LEAKAGE_AUDIT,
    *COST_SPIKE,
)

__all__ = ["CHECKS", "CannotTell", "Check", "Facts", "run_check"]
