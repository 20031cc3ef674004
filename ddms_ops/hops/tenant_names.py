"""Which tenants there are, by the logs, the audit tables and the system's own list."""

import pandas as pd

from ddms_ops.checks.refs import counted
from ddms_ops.errors import BadInput
from ddms_ops.hops.audit_columns import tenant_columns
from ddms_ops.hops.naming import meant, typed, unknown
from ddms_ops.hops.reading import is_tenant
from ddms_ops.hops.views import Ground

HOW = "case.tenants_seen lists those of the logs"


def logged_tenants(case: Ground) -> list[str]:
    """Tenants that log events of window or baseline name, by name."""
    both = (case.log_events["tenant"], case.baseline_log_events["tenant"])
    return sorted({str(name) for ids in both for name in ids.dropna().unique()})


def audited_tenants(case: Ground) -> list[str]:
    """Tenants that rows of the declared audit tables name, by name; the tables are read where they were not yet."""
    declared = case.profile.database.audit if case.profile.database else {}
    found: set[str] = set()
    for table in declared:
        rows = case.audit(table)
        for column in tenant_columns(case, table):
            found |= {str(name) for name in rows[column].unique().to_pylist() if name}
    return sorted(found)


def tenant_id(case: Ground, given: object) -> str:
    """The tenant as the logs spell it, else as the audit tables do; what is shown in place of a redacted one will do.

    Raises:
        BadInput: neither names it.
    """
    name = typed("tenant", given)
    known: list[str] = []
    for more in (logged_tenants, audited_tenants):
        known += more(case)
        name = meant(name, known)
        if name in known:
            return name
        same = pd.Series(known, dtype="str")
        same = same[is_tenant(case, same, name).to_numpy(dtype=bool)]
        if len(same):
            return str(same.iloc[0])
    raise _not_there(case, name, known)


def _not_there(case: Ground, name: str, known: list[str]) -> BadInput:
    """The error for a tenant that nothing names; where pulls are not complete it may still be one."""
    kinds = ("logs", "logs.baseline", "audit")
    lacking = [row.pull for row in case.coverage if row.pull.split("/")[0] in kinds and not row.is_all_there]
    doubt = f"; {len(lacking)} pulls are not complete, so it may still be one ({lacking[0]})" if lacking else ""
    damaged = sum(
        int((~frame["is_parsed"].astype(bool)).sum()) for frame in (case.log_events, case.baseline_log_events)
    )
    doubt += f"; {counted(damaged, 'log event')} of damaged JSON name nobody: case.logs(contains=…)" if damaged else ""
    return unknown("tenant", name, known, how=f"{HOW}{doubt}")
