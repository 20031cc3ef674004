"""The checks of slow queries, most telling first."""

from collections.abc import Callable

from ddms_ops.checks.base import Check, Facts
from ddms_ops.checks.blocking import check_blocking, unlogged_waits
from ddms_ops.checks.connections import check_connections, unlogged_refusals
from ddms_ops.checks.database_changes import check_database_changes, unrecorded_changes
from ddms_ops.checks.index_candidates import check_index_candidates, untested
from ddms_ops.checks.plans import check_plans, plans_read, unlogged_plans
from ddms_ops.checks.service_latency import check_service_latency, unseen_services
from ddms_ops.checks.slow_endpoints import check_slow_endpoints, without_comparison
from ddms_ops.checks.slow_statements import bridge_notes, check_slow_statements, unsure
from ddms_ops.checks.temp_files import check_temp_files, unlogged_spills
from ddms_ops.checks.tenant_database_time import check_tenant_database_time, unattributed
from ddms_ops.coverage import FAULTY, Status

NAME = "slow_queries"
LOG = ("database_log", "database_log.baseline")
EVERY = (*LOG, "statistics")
REQUESTS = ("logs", "logs.baseline")


def over(*kinds: str, doubt: Callable[[Facts], str] = lambda _: "") -> Callable[[Facts], str]:
    """Doubt where a pull of these kinds has a fault, or by `doubt`; one that is not there at all is none."""

    def words(facts: Facts) -> str:
        faulty = [row for kind in kinds for row in facts.pulls(kind) if row.status in FAULTY]
        empty = [row.pull for kind in kinds for row in facts.pulls(kind) if row.status is Status.EMPTY and kind in LOG]
        named = [f"{pull} holds nothing" for pull in empty]
        named += [f"{row.pull} is {str(row.status).replace('_', ' ')}" for row in faulty]
        return "; ".join([*named, *([more] if (more := doubt(facts)) else [])])

    return words


SLOW_QUERIES: tuple[Check, ...] = (
    Check("blocking", NAME, "Who waited for whom?", (), check_blocking, doubt=over(*EVERY, doubt=unlogged_waits)),
    Check(
        "connections",
        NAME,
        "Did the database run short of connections?",
        (),
        check_connections,
        doubt=over(*EVERY, doubt=unlogged_refusals),
    ),
    Check(
        "slow_statements",
        NAME,
        "Which statements take more database time, and why?",
        (),
        check_slow_statements,
        bridge_notes,
        over(*EVERY, doubt=unsure),
    ),
    Check("slow_endpoints", NAME, "Which endpoints became slow?", REQUESTS, check_slow_endpoints, without_comparison),
    Check(
        "service_latency",
        NAME,
        "Did other data services become slow, or refuse?",
        ("metrics", "metrics.baseline"),
        check_service_latency,
        unseen_services,
    ),
    Check(
        "plans",
        NAME,
        "Which plans changed, and what is wrong with them?",
        (),
        check_plans,
        plans_read,
        over(*LOG, doubt=unlogged_plans),
    ),
    Check("temp_files", NAME, "What spilled to disk?", (), check_temp_files, doubt=over(*EVERY, doubt=unlogged_spills)),
    Check(
        "tenant_database_time",
        NAME,
        "Whose database time is it?",
        LOG,
        check_tenant_database_time,
        doubt=unattributed,
    ),
    Check(
        "database_changes",
        NAME,
        "What changed in the database or around it, just before?",
        (),
        check_database_changes,
        doubt=over(*EVERY, "changes", doubt=unrecorded_changes),
    ),
    Check(
        "index_candidates",
        NAME,
        "Which index is worth a test?",
        (),
        check_index_candidates,
        untested,
        over(*EVERY),
    ),
)
