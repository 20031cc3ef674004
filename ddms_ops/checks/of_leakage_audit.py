"""The checks of the tenant leakage audit, most telling first."""

from ddms_ops.checks.base import Check
from ddms_ops.checks.isolation_posture import check_isolation_posture, posture_notes, unsure
from ddms_ops.checks.leak_changes import check_leak_changes
from ddms_ops.checks.tenant_leaks import check_blocked_crossings, check_tenant_leaks, leaks_doubt, leaks_note
from ddms_ops.checks.tenant_witnesses import check_tenant_witnesses, witnesses_doubt, witnesses_note
from ddms_ops.checks.trail_gaps import check_trail_gaps, gaps_note
from ddms_ops.checks.unknown_tenants import check_unknown_tenants, jobs_note

NAME = "tenant_leakage_audit"
TRAIL = ("trail",)
LEAKAGE_AUDIT: tuple[Check, ...] = (
    Check(
        "tenant_leaks", NAME, "Who got another tenant's records?", TRAIL, check_tenant_leaks, leaks_note, leaks_doubt
    ),
    Check(
        "tenant_witnesses",
        NAME,
        "Do logs or object accesses show one tenant reaching another's data?",
        ("logs",),
        check_tenant_witnesses,
        witnesses_note,
        witnesses_doubt,
    ),
    Check(
        "isolation_posture",
        NAME,
        "Does the database itself keep tenants apart?",
        ("posture",),
        check_isolation_posture,
        posture_notes,
        unsure,
    ),
    Check("trail_gaps", NAME, "Is the audit trail whole?", TRAIL, check_trail_gaps, gaps_note),
    Check("unknown_tenants", NAME, "Which accesses name no tenant?", TRAIL, check_unknown_tenants, jobs_note),
    Check("leak_changes", NAME, "What changed just before the disclosures?", ("changes",), check_leak_changes),
    Check("blocked_crossings", NAME, "Who tried, and was refused?", TRAIL, check_blocked_crossings),
)
