"""Rules about roles, settings and default privileges."""

import re
from collections.abc import Iterable, Iterator

from ddms_ops.analysis.isolation.access import ADMINISTRATORS, OPENING, Access
from ddms_ops.analysis.isolation.bodies import bodies
from ddms_ops.analysis.isolation.faults import Fault, quoted
from ddms_ops.analysis.isolation.identity import SAID, Identities
from ddms_ops.analysis.isolation.tenant_tables import TenantTables
from ddms_ops.findings import Severity
from ddms_ops.normalize.posture import PUBLIC, Posture, Role
from ddms_ops.sql_text.conditions import CALL, CONSTANT, Query, queries_of, walk

SET = re.compile(
    r"(?:\s|/\*.*?\*/)*set\s+(?:session\s+)?(?!local\b|session\b)\"?([\w.]+)\"?\s*(?:=|\bto\b)(?!\s*default\b)",
    re.IGNORECASE | re.DOTALL,
)
SET_INSIDE = re.compile(r"\bset\s+(?:session\s+)?(\w+\.\w+)\s*(?:=|\bto\b)(?!\s*default\b)", re.IGNORECASE)
ENABLES = re.compile(r"enable\s+row\s+level\s+security", re.IGNORECASE)
PLATFORM = frozenset({"anon", "authenticated", "service_role"})  # Supabase grants them tables to come, in every project
IN_TRANSACTION = (
    "-- in the application: SET LOCAL {setting} = …, or set_config('{setting}', …, true), in each transaction"
)


def role_faults(access: Access, tables: TenantTables, roles: list[Role]) -> Iterator[Fault]:
    """Roles that no row-level security holds for, themselves or by becoming another."""
    judged = {role.oid for role in roles}
    owners = {relation.owner: relation for relation in tables.all.values() if relation.has_rls}
    for role in roles:
        if role.is_superuser or role.bypasses:
            what, word = ("is a superuser", "NOSUPERUSER") if role.is_superuser else ("has BYPASSRLS", "NOBYPASSRLS")
            words = f"{role.name} {what}: no policy holds for it, and it sees the rows of all tenants"
            remedy = f"ALTER ROLE {quoted(role.name)} {word};"
            yield Fault("T4", role.name, role.name, Severity.CRITICAL, words, remedy, (role.row,))
            continue
        if access.is_doorkeeper(role.oid, judged):
            continue
        for oid in sorted(access.reach(role.oid, by_set=True) - {role.oid, PUBLIC}):
            other = access.posture.roles.get(oid)
            if other is None:
                continue
            if other.is_superuser or other.bypasses or other.name in ADMINISTRATORS:
                severity, why = Severity.CRITICAL, "no policy holds for that role"
            elif oid in owners and oid not in judged:
                is_open = any(not r.is_forced for r in tables.all.values() if r.owner == oid and r.has_rls)
                severity = Severity.HIGH if is_open else Severity.MEDIUM
                why = f"that role owns {owners[oid].full_name} and may switch its row-level security off"
            else:
                continue
            words = f"{role.name} is a member of {other.name}: {why}"
            remedy = f"REVOKE {quoted(other.name)} FROM {quoted(role.name)};"
            rows = (role.row, *(m.row for m in access.posture.members if m.role == oid))
            yield Fault("T4", role.name, role.name, severity, words, remedy, rows, other.name)


def setting_faults(access: Access, identities: Identities, roles: list[Role]) -> Iterator[Fault]:
    """Tenant settings that a role, the database or a function gives a session for longer than a transaction."""
    posture = access.posture
    for setting in posture.settings:
        if setting.is_empty or not identities.holds_tenant(setting.name):
            continue
        if setting.role == PUBLIC:
            what, who = f"DATABASE {quoted(posture.database)}", ", ".join(role.name for role in roles)
            name = posture.database
        elif any(role.oid == setting.role for role in roles):
            name = who = access.name(setting.role)
            what = f"ROLE {quoted(name)}"
        else:
            continue
        words = f"sessions of {who} begin with a tenant in {setting.name}: one that states none acts for that tenant"
        yield Fault(
            "G1", name, who, Severity.MEDIUM, words, f"ALTER {what} RESET {setting.name};", (setting.row,), setting.name
        )
    for function in posture.functions:
        callers = [role.name for role in roles if access.may_call(role.oid, function)]
        kept = _kept_by(bodies(function)[0]) | set(SET_INSIDE.findall(function.source))
        for name in sorted(filter(identities.holds_tenant, kept)):
            if callers:
                words = f"it sets {name} for the session: the next user of a pooled connection acts for that tenant"
                remedy = f"-- SET LOCAL, or set_config(…, true)\n{IN_TRANSACTION.format(setting=name)}"
                who = ", ".join(callers)
                yield Fault("G1", function.full_name, who, Severity.MEDIUM, words, remedy, (function.row,), name)


def set_kept(text: str) -> frozenset[str]:
    """Settings that a statement gives the session, not its transaction only: SET without LOCAL, set_config(…, false).

    Args:
        text: SQL; what is masked is not known and does not count.
    """
    found = SET.match(text)
    return frozenset({found[1]}) if found else _kept_by(queries_of(text) or ())


def _kept_by(queries: Iterable[Query]) -> frozenset[str]:
    """Settings that queries give the session by set_config."""
    calls = (
        call for query in queries for tree in (*query.targets, *query.calls, query.where) for call in walk(tree)
        if call.kind == CALL and call.name.rpartition(".")[2] == "set_config" and len(call.parts) == 3
    )  # fmt: skip
    return frozenset(
        call.parts[0].name for call in calls
        if call.parts[0].kind == CONSTANT and (call.parts[2].kind, call.parts[2].name) == (CONSTANT, "false")
    )  # fmt: skip


def statement_faults(identities: Identities, statements: Iterable[str], roles: list[Role]) -> Iterator[Fault]:
    """Tenant settings that statements give the session and not only their transaction.

    A statement whose literals are masked tells only as far as what is left of it does.
    """
    found: dict[str, int] = {}
    for text in statements:
        for name in set_kept(text):
            if identities.holds_tenant(name):
                found[name] = found.get(name, 0) + 1
    for name, count in sorted(found.items()):
        words = (
            f"{count:,} statement{'s' if count > 1 else ''} set {name} for the session: behind a pool the next user of"
            " the connection acts for that tenant"
        )
        who = ", ".join(role.name for role in roles)
        yield Fault("G1", name, who, Severity.HIGH, words, IN_TRANSACTION.format(setting=name), (), "statements")


def default_faults(access: Access, roles: list[Role]) -> Iterator[Fault]:
    """Default privileges that open tables to come, unless a trigger switches row-level security on for each."""
    posture = access.posture
    if any(function.oid in posture.triggers and ENABLES.search(function.source) for function in posture.functions):
        return
    for default in posture.defaults:
        given = {grantee for grantee, privilege in default.acl if privilege in OPENING and grantee != default.role}
        if _is_platform(posture):
            given = {grantee for grantee in given if access.name(grantee) not in PLATFORM}
        hit = [role for role in roles if given & access.reach(role.oid) and default.role != role.oid]
        if default.schema:
            hit = [role for role in hit if access.may_use(role.oid, default.schema)]
        if not hit:
            continue
        names = ", ".join(role.name for role in hit)
        where = f"in schema {default.schema}" if default.schema else "in every schema"
        maker = access.name(default.role)
        words = f"tables that {maker} makes {where} are open to {names} before they have row-level security"
        in_schema = f" IN SCHEMA {quoted(default.schema)}" if default.schema else ""
        grantees = ", ".join("PUBLIC" if one == PUBLIC else quoted(access.name(one)) for one in sorted(given))
        remedy = (
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(access.name(default.role))}{in_schema}"
            f" REVOKE ALL ON TABLES FROM {grantees};"
        )
        yield Fault(
            "D1", default.schema or access.name(default.role), names, Severity.LOW, words, remedy, (default.row,)
        )


def _is_platform(posture: Posture) -> bool:
    """Whether it is a Supabase project."""
    return any(function.full_name in SAID for function in posture.functions)
