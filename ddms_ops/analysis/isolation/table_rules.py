"""Rules about tables and their policies."""

from collections.abc import Iterator

from ddms_ops.analysis.isolation import verdicts
from ddms_ops.analysis.isolation.access import OPENING, Access
from ddms_ops.analysis.isolation.faults import Fault, dotted, quoted
from ddms_ops.analysis.isolation.identity import SETTING, Identities, parsed, unguarded
from ddms_ops.analysis.isolation.policies import CHECK, Opening, Policies, words
from ddms_ops.analysis.isolation.tenant_tables import TenantTables
from ddms_ops.findings import Severity
from ddms_ops.normalize.posture import Function, Relation, Role
from ddms_ops.sql_text.conditions import CALL, Expression, walk

FORCE = "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\nALTER TABLE {table} FORCE ROW LEVEL SECURITY;"


class TableRules:
    """Judges tables of tenants for one role.

    Args:
        access, tables, policies, identities: of one posture.
        setting: the setting that a remedy goes by.
    """

    def __init__(
        self, access: Access, tables: TenantTables, policies: Policies, identities: Identities, *, setting: str
    ) -> None:
        self._access, self._tables, self._policies, self._identities = access, tables, policies, identities
        self._posture, self._setting = access.posture, setting

    def faults(self, role: Role) -> Iterator[Fault]:
        """What is wrong with the tables for a role; nothing of tables that it has no rights to."""
        for relation in self._tables.all.values():
            rights = self._access.rights(role.oid, relation)
            is_open = bool(rights & OPENING)
            if is_open and (fault := self._unprotected(relation, role)) is not None:
                yield fault
                if fault.rule in ("T1", "T2", "T3"):
                    yield from self._nullable(relation, role)
                continue
            if relation.has_rls and rights:
                for opening in self._policies.openings(relation, role.oid, rights):
                    yield self._opened(relation, role, opening)
                yield from self._unguarded(relation, role)
            if rights:
                yield from self._nullable(relation, role)

    def _unprotected(self, relation: Relation, role: Role) -> Fault | None:
        """The fault of a table that no row-level security closes for the role; None where one does."""
        policies = self._posture.policies.get(relation.oid, [])
        severity = Severity.CRITICAL if relation.has_rows else Severity.HIGH
        name, sql = relation.full_name, dotted(relation.schema, relation.name)
        rows = (relation.row, *(policy.row for policy in policies))
        if relation.kind == "f":
            words = f"{role.name} reads the rows of all tenants: Postgres has no row-level security for foreign tables"
            return Fault("T5", name, role.name, Severity.HIGH, words, self._revoke(relation, role), rows)
        if not relation.has_rls and policies:
            words = (
                f"{role.name} reaches the rows of all tenants: the table's {len(policies)} policies are switched off"
            )
            return Fault("T2", name, role.name, severity, words, FORCE.format(table=sql), rows)
        if not relation.has_rls and relation.is_partition:
            words = f"{role.name} reaches the rows of all tenants by the partition's name, past its parent's policies"
            return Fault(
                "C2", name, role.name, severity, words, self._revoke(relation, role), (*rows, *self._up(relation))
            )
        if not relation.has_rls and relation.oid in self._tables.children:
            words = (
                f"{role.name} reaches the rows of all tenants: the table has no tenant column and no row-level security"
            )
            keys = tuple(self._tables.keys(relation))
            return Fault("C1", name, role.name, severity, words, self._add_column(relation), (*rows, *keys))
        if not relation.has_rls:
            words = f"{role.name} reaches the rows of all tenants: the table has no row-level security"
            return Fault(
                "T1", name, role.name, severity, words, f"{FORCE.format(table=sql)}\n{self._policy(relation)}", rows
            )
        if not self._access.is_exempt(role.oid) and self._access.is_exempt_from(role.oid, relation):
            words = (
                f"{role.name} owns the table, or has its owner's rights, and row-level security is not forced on owners"
            )
            return Fault(
                "T3", name, role.name, Severity.HIGH, words, f"ALTER TABLE {sql} FORCE ROW LEVEL SECURITY;", rows
            )
        return None

    def _opened(self, relation: Relation, role: Role, opening: Opening) -> Fault:
        """The fault of a policy."""
        rule, severity = _rule(opening)
        commands = ", ".join(opening.commands)
        consequence = (
            f"policy {opening.policy.name} lets {role.name} {commands} rows of other tenants: {words(opening.verdict)}"
        )
        if rule == "P5":
            consequence = (
                f"policy {opening.policy.name} opens rows to {role.name} by another condition: {words(opening.verdict)}"
            )
        table = dotted(relation.schema, relation.name)
        clause = CHECK if opening.clause == CHECK else "USING"
        condition = f"{quoted(self._tables.column(relation) or self._tables.columns[0])} = {self._tenant()}"
        remedy = f"ALTER POLICY {quoted(opening.policy.name)} ON {table} {clause} ({condition});"
        if opening.beside and opening.clause != CHECK and rule in ("P1", "P2") and opening.verdict == verdicts.ALWAYS:
            remedy = f"DROP POLICY {quoted(opening.policy.name)} ON {table};"
        if rule == "P5":
            remedy = f"-- Meant? Then state it in the profile (tenants: isolation: shared). Else:\n{remedy}"
        rows = (opening.policy.row, relation.row)
        return Fault(rule, relation.full_name, role.name, severity, consequence, remedy, rows, opening.policy.name)

    def _unguarded(self, relation: Relation, role: Role) -> Iterator[Fault]:
        """Policies that take '' for a tenant; what a helper function does is said of the function."""
        for policy in self._posture.policies.get(relation.oid, []):
            if not self._access.applies(policy, role.oid):
                continue
            trees = [tree for tree in (parsed(policy.using), parsed(policy.check)) if tree is not None]
            if any(unguarded(tree, self._identities.settings) for tree in trees):
                words = (
                    f"policy {policy.name} takes the empty text, which the setting holds after RESET and after its"
                    " transaction, for a tenant's id"
                )
                table = dotted(relation.schema, relation.name)
                remedy = f"-- {quoted(policy.name)} ON {table}: write {self._tenant()} for current_setting(…)"
                yield Fault(
                    "G2", relation.full_name, role.name, Severity.INFO, words, remedy, (policy.row,), policy.name
                )
            for tree in trees:
                yield from self._unguarded_helpers(tree, role, policy.row)

    def _unguarded_helpers(self, tree: Expression, role: Role, row: int) -> Iterator[Fault]:
        names = {part.name for part in walk(tree) if part.kind == CALL}
        names |= {
            part.name for found in walk(tree) if found.query is not None and not found.query.tables
            for target in found.query.targets for part in walk(target) if part.kind == CALL
        }  # fmt: skip
        for name in sorted(names):
            for function in self._identities.functions(name):
                if is_unguarded_helper(self._identities, function):
                    words = "it hands policies the empty text, which the setting holds after RESET, as a tenant's id"
                    remedy = f"-- {dotted(function.schema, function.name)}: return {self._tenant()}"
                    yield Fault("G2", function.full_name, role.name, Severity.INFO, words, remedy, (function.row, row))

    def _nullable(self, relation: Relation, role: Role) -> Iterator[Fault]:
        """A tenant column that need not have a value; said of the parent, not of its partitions."""
        column = self._tables.column(relation)
        is_told = any(
            opening.verdict == verdicts.MEANT for opening in self._policies.openings(relation, role.oid)
        ) if relation.has_rls else False  # fmt: skip
        if not column or relation.is_partition or relation.kind == "f" or is_told or self._tables.is_required(relation):
            return
        words = f"rows of the table need not say their tenant: {column} may be null, and such a row is nobody's"
        remedy = f"ALTER TABLE {dotted(relation.schema, relation.name)} ALTER COLUMN {quoted(column)} SET NOT NULL;"
        yield Fault("C1", relation.full_name, role.name, Severity.MEDIUM, words, remedy, (relation.row,), column)

    def _up(self, relation: Relation) -> tuple[int, ...]:
        parents = (self._posture.relations.get(parent) for parent in relation.parents)
        return tuple(parent.row for parent in parents if parent is not None)

    def _tenant(self) -> str:
        text = self._setting.replace("'", "''")
        return f"nullif(current_setting('{text}', true), '')"

    def _policy(self, relation: Relation) -> str:
        table, column = dotted(relation.schema, relation.name), quoted(self._tables.column(relation))
        return f"CREATE POLICY {quoted('of_tenant')} ON {table} USING ({column} = {self._tenant()});"

    def _add_column(self, relation: Relation) -> str:
        table = dotted(relation.schema, relation.name)
        column = quoted(self._tables.columns[0])
        return (
            f"ALTER TABLE {table} ADD COLUMN {column} text;  -- fill it, then SET NOT NULL\n{FORCE.format(table=table)}"
        )

    def _revoke(self, relation: Relation, role: Role) -> str:
        return f"REVOKE ALL ON {dotted(relation.schema, relation.name)} FROM {quoted(role.name)}, PUBLIC;"


def is_unguarded_helper(identities: Identities, function: Function) -> bool:
    """Whether a function that returns text gives a tenant setting's '' as it is."""
    if function.returns not in ("text", "varchar", "bpchar", "name"):
        return False
    source = function.source.lower()
    reads = any(identities.holds_tenant(name) for name in SETTING.findall(function.source))
    return reads and "nullif" not in source and "''" not in source.replace(" ", "")


def _rule(opening: Opening) -> tuple[str, Severity]:
    """The rule that an opening breaks."""
    if opening.verdict in (verdicts.MEANT, verdicts.BY_CALLER):
        return "P5", Severity.LOW
    if opening.verdict in verdicts.WRONG:
        return "P3", Severity.HIGH
    if opening.clause == CHECK:
        return "P4", Severity.HIGH
    if opening.verdict in (verdicts.FAIL_OPEN, verdicts.FALLBACK, verdicts.ARM) or opening.beside:
        return "P2", Severity.HIGH
    return "P1", Severity.HIGH
