"""Which columns of an audit table name tenants, requests and times."""

import re

from ddms_ops.analysis.sql_tags import REQUEST_KEYS, TRACE_KEYS
from ddms_ops.hops.views import Ground

TENANT = re.compile(r"(?:.*_)?tenant(?:_?id)?")
USUAL = (*REQUEST_KEYS, *TRACE_KEYS)


def audit_tables(case: Ground) -> tuple[str, ...]:
    """Audit tables that the profile declares."""
    return tuple(case.profile.database.audit) if case.profile.database else ()


def tenant_columns(case: Ground, table: str) -> tuple[str, ...]:
    """Columns that hold a tenant: those that the profile's `tenants` names, and those that are called so."""
    tenants = case.tenants
    named = set(tenants.isolation.columns)
    if tenants.trail is not None and tenants.trail.table == table:
        named |= {tenants.trail.row_tenant, tenants.trail.actor_tenant}
    for owned in (
        tenants.known,
        tenants.records,
        tenants.users,
        tenants.grants,
        tenants.members,
        tenants.impersonations,
    ):
        named |= {owned.tenant} if owned is not None and owned.table == table else set()
    return tuple(name for name in _columns(case, table) if name in named or TENANT.fullmatch(name.lower()))


def request_columns(case: Ground, table: str) -> tuple[str, ...]:
    """Columns that hold a request id: that of the trail, and those with a usual name."""
    trail = case.tenants.trail
    own = trail.request if trail is not None and trail.table == table else ""
    return tuple(name for name in _columns(case, table) if name == own or name.lower().replace("-", "_") in USUAL)


def time_column(case: Ground, table: str) -> str:
    """The column with the time of a row."""
    assert case.profile.database is not None
    return case.profile.database.audit[table].time_column


def _columns(case: Ground, table: str) -> tuple[str, ...]:
    assert case.profile.database is not None
    return case.profile.database.audit[table].columns
