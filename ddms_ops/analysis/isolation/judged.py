"""The posture judged by all rules, for the application's roles."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ddms_ops.analysis.isolation.access import Access
from ddms_ops.analysis.isolation.faults import Fault
from ddms_ops.analysis.isolation.identity import Identities, parsed
from ddms_ops.analysis.isolation.passages import Passages
from ddms_ops.analysis.isolation.policies import Policies
from ddms_ops.analysis.isolation.session_rules import default_faults, role_faults, setting_faults, statement_faults
from ddms_ops.analysis.isolation.table_rules import TableRules
from ddms_ops.analysis.isolation.tenant_tables import TenantTables
from ddms_ops.normalize.posture import Posture, Role
from ddms_ops.tenancy import Isolation

SHOWN = 5
OURS = "ddms_ops_ro"  # as docs/postgres-role.sql calls it


class NoPosture(Exception):
    """The posture cannot be judged; the message says why, and what would work."""


def isolation_faults(
    posture: Posture, isolation: Isolation, *, settings: tuple[str, ...] = (), statements: Iterable[str] = ()
) -> list[Fault]:
    """Everything that keeps the database from keeping tenants apart by itself.

    Args:
        posture: what the catalogs say.
        isolation: the profile's roles, tenant columns, setting and shared tables.
        settings: settings that hold the tenant, where `isolation` names none.
        statements: texts that the application sent, as far as they are known.

    Returns:
        Faults, worst first, then by rule and object; each object and rule once, with all roles it holds for.

    Raises:
        NoPosture: it is of no database, of one without tenant columns, or lacks the roles.
    """
    roles = judged_roles(posture, isolation)
    access = Access(posture)
    tables = TenantTables(posture, isolation.columns, frozenset(isolation.shared))
    if not tables.owned:
        raise NoPosture(_no_tables(posture, isolation))
    identities = Identities(posture, setting=isolation.setting, usual=settings, columns=isolation.columns)
    policies = Policies(access, tables, identities)
    setting = isolation.setting or next(iter(sorted(identities.settings)), next(iter(settings), "app.tenant_id"))
    rules = TableRules(access, tables, policies, identities, setting=setting)
    passages = Passages(access, tables, policies)
    found = [
        *role_faults(access, tables, roles), *setting_faults(access, identities, roles),
        *statement_faults(identities, statements, roles), *default_faults(access, roles),
    ]  # fmt: skip
    for role in roles:
        becomes = access.reach(role.oid, by_set=True) - {role.oid}
        is_superuser = any(posture.roles[oid].is_superuser for oid in becomes if oid in posture.roles)
        if not access.is_exempt(role.oid) and not is_superuser:  # else no policy matters
            found += [*rules.faults(role), *passages.faults(role)]
    return sorted(_joined(found), key=lambda fault: (fault.severity.order, fault.rule, fault.object, fault.part))


def judged_roles(posture: Posture, isolation: Isolation) -> list[Role]:
    """The roles that the application is taken to connect as.

    Raises:
        NoPosture: there is nothing to judge, or a role of the profile is not there.
    """
    if posture.is_empty:
        raise NoPosture("the catalogs' roles could not be read")
    roles = Access(posture).application_roles(isolation.app_roles, {posture.user, OURS})
    if missing := sorted(set(isolation.app_roles) - {role.name for role in roles}):
        known = sorted(role.name for role in posture.roles.values() if role.can_login)[:SHOWN]
        raise NoPosture(f"there is no role {', '.join(missing)}; roles that log in: {', '.join(known)}")
    if not roles:
        raise NoPosture(
            "no role logs in but superusers and ours; name the application's under tenants: isolation: app_roles"
        )
    return roles


def unread_policies(posture: Posture) -> int:
    """How many policies have a condition that was not read, or is not understood as SQL."""
    return sum(
        policy.is_locked or any(text and parsed(text) is None for text in (policy.using, policy.check))
        for policies in posture.policies.values() for policy in policies
    )  # fmt: skip


def _no_tables(posture: Posture, isolation: Isolation) -> str:
    columns = " or ".join(isolation.columns)
    return (
        f"no table of the database {posture.database} has a column {columns}: is it the right one?"
        " name tenant columns under tenants: isolation: columns"
    )


def _joined(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults that differ by role only made one."""
    found: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        key = (fault.rule, fault.object, fault.part)
        before = found.get(key)
        if before is None:
            found[key] = fault
            continue
        names = dict.fromkeys([*before.role.split(", "), *fault.role.split(", ")])
        worst = min(before, fault, key=lambda one: one.severity.order)
        rows = tuple(dict.fromkeys([*before.rows, *fault.rows]))
        found[key] = replace(worst, role=", ".join(names), rows=rows)
    yield from found.values()
