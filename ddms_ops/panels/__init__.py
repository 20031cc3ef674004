"""What a notebook shows: each function takes a case and returns one thing to look at."""

from ddms_ops.panels.access import actor_timeline, actors_table, opened_table, refused_table
from ddms_ops.panels.annex import annex_panel
from ddms_ops.panels.answer import answer_panel
from ddms_ops.panels.capacity import capacity_panel, capacity_table, stopped_table
from ddms_ops.panels.costs import (
    bridge_table,
    details_table,
    drivers_table,
    outlook_table,
    repeated_table,
    savings_table,
    tenant_costs_table,
)
from ddms_ops.panels.endpoints import endpoints_table
from ddms_ops.panels.groups import groups_table
from ddms_ops.panels.pictures import (
    metrics_panel,
    spending_panel,
    statements_panel,
    timeline,
    timeline_panel,
    when_panel,
    where_panel,
)
from ddms_ops.panels.pipelines import backlog_panel, dead_letters_table, stuck_table, task_durations_table
from ddms_ops.panels.queries import query_panel, query_rows
from ddms_ops.panels.statements import statements_table, tenants_time_table, waits_table
from ddms_ops.panels.tables import (
    check_panel,
    coverage_panel,
    findings_panel,
    steps_panel,
    threads_panel,
    unseen_panel,
)
from ddms_ops.panels.tenants import tenants_table
from ddms_ops.panels.tenants_audit import disclosures_table, explained_table, leak_matrix, verdict_table

__all__ = [
    "actor_timeline", "actors_table", "annex_panel", "answer_panel", "backlog_panel", "bridge_table",
    "capacity_panel", "capacity_table", "check_panel", "coverage_panel", "dead_letters_table", "details_table",
    "disclosures_table", "drivers_table", "endpoints_table", "explained_table", "findings_panel", "groups_table",
    "leak_matrix", "metrics_panel", "opened_table", "outlook_table", "query_panel",
    "query_rows", "refused_table",
    "repeated_table", "savings_table", "spending_panel", "statements_panel", "statements_table", "steps_panel",
    "stopped_table", "stuck_table", "task_durations_table", "tenant_costs_table", "tenants_table",
    "tenants_time_table", "threads_panel", "timeline", "timeline_panel", "unseen_panel", "verdict_table",
    "waits_table", "when_panel", "where_panel",
]  # fmt: skip
