"""Does the database itself keep tenants apart? Rules over the posture that its catalogs show; pure."""

from ddms_ops.analysis.isolation.faults import FAULTS, RULES, Fault, fault_frame
from ddms_ops.analysis.isolation.judged import NoPosture, isolation_faults, judged_roles, unread_policies
from ddms_ops.analysis.isolation.session_rules import set_kept

__all__ = [
    "FAULTS",
    "RULES",
    "Fault",
    "NoPosture",
    "fault_frame",
    "isolation_faults",
    "judged_roles",
    "set_kept",
    "unread_policies",
]
