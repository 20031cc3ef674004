"""What the policies of a table let a role see and write."""

from dataclasses import dataclass, field, replace

from ddms_ops.analysis.isolation import verdicts
from ddms_ops.analysis.isolation.access import COMMANDS, Access
from ddms_ops.analysis.isolation.identity import Identities, parsed
from ddms_ops.analysis.isolation.openness import Openness
from ddms_ops.analysis.isolation.tenant_tables import TenantTables
from ddms_ops.analysis.isolation.verdicts import CLOSED, Scope
from ddms_ops.normalize.posture import Policy, Relation

UNREAD = "unread"  # a condition that could not be read
USING, CHECK = "USING", "WITH CHECK"


@dataclass(frozen=True, slots=True)
class Opening:
    """A part of a policy that lets more through than the tenant's rows; `beside` says that another policy is closed."""

    policy: Policy
    clause: str
    verdict: str
    commands: tuple[str, ...]
    beside: bool


@dataclass(slots=True)
class _Parts:
    """Verdicts of the policies of one command, by clause: permissive ones, and whether a restrictive one closes it."""

    found: dict[str, list[tuple[Policy, str]]] = field(default_factory=lambda: {USING: [], CHECK: []})
    is_closed: dict[str, bool] = field(default_factory=lambda: {USING: False, CHECK: False})


class Policies:
    """Judges the policies of tables for a role.

    Args:
        access, tables, identities: of one posture.
    """

    def __init__(self, access: Access, tables: TenantTables, identities: Identities) -> None:
        self._access, self._tables, self._identities = access, tables, identities
        self._posture = access.posture
        self._known: dict[tuple[int, int], bool] = {}

    def openings(self, relation: Relation, role: int, rights: frozenset[str] | None = None) -> list[Opening]:
        """Clauses that open the table to the role; by its own rights where none are given."""
        rights = self._access.rights(role, relation) if rights is None else rights
        found: dict[tuple[str, str], Opening] = {}
        for command, right in COMMANDS.items():
            if right not in rights:
                continue
            parts = self._parts(relation, role, command)
            for clause, judged in parts.found.items():
                if parts.is_closed[clause]:
                    continue
                beside = any(verdict in CLOSED for _, verdict in judged)
                for policy, verdict in judged:
                    if verdict in (*CLOSED, UNREAD):
                        continue
                    before = found.get((policy.name, clause))
                    commands = (*(before.commands if before else ()), right)
                    found[policy.name, clause] = Opening(policy, clause, verdict, commands, beside)
        told = {name for name, clause in found if clause == USING}
        return [one for one in found.values() if one.clause == USING or one.policy.check or one.policy.name not in told]

    def is_closed(self, relation: Relation, role: int) -> bool:
        """Whether what a role may read of a table is its tenant's only; one that is being judged counts as closed."""
        if (relation.oid, role) not in self._known:
            self._known[relation.oid, role] = True
            self._known[relation.oid, role] = (
                relation.has_rls
                and not self._access.is_exempt_from(role, relation)
                and not self.openings(relation, role, frozenset({"SELECT"}))
            )
        return self._known[relation.oid, role]

    def scope(self, relation: Relation | None, role: int, search_path: str = "") -> Scope:
        """Where a condition of a table, or of a query, stands."""

        def is_closed(schema: str, name: str) -> bool:
            found = self._tables.named(schema, name, search_path)
            return bool(found) and all(self.is_closed(table, role) for table in found)

        column = self._tables.column(relation) if relation is not None else ""
        return Scope(column or self._tables.columns[0], is_closed, has_column=relation is None or bool(column))

    def judge(self, role: int) -> Openness:
        """Judges conditions for the role."""
        names = frozenset(self._access.name(one) for one in self._access.reach(role))
        return Openness(self._identities, self._access.name(role), names, self._tables.named)

    def _parts(self, relation: Relation, role: int, command: str) -> _Parts:
        parts, judge = _Parts(), self.judge(role)
        scope = replace(self.scope(relation, role), is_new=command == "a", tied=self._tied(relation))
        for policy in self._posture.policies.get(relation.oid, []):
            if policy.command not in ("*", command) or not self._access.applies(policy, role):
                continue
            for clause, text in _clauses(policy, command):
                tree = parsed(text)
                where = replace(scope, is_written=clause == CHECK)
                verdict = UNREAD if tree is None else judge.of(tree, where)
                if policy.is_permissive:
                    parts.found[clause].append((policy, verdict))
                elif verdict in CLOSED:
                    parts.is_closed[clause] = True
        return parts

    def _tied(self, relation: Relation) -> frozenset[str]:
        """Columns that a foreign key binds to the tenant column: a row's tenant is the one that they name."""
        column = self._tables.column(relation)
        keys = [key.columns for key in self._posture.foreign_keys if key.table == relation.oid]
        return frozenset(name for names in keys if column in names for name in names)


def _clauses(policy: Policy, command: str) -> list[tuple[str, str | None]]:
    """The clauses that count for a command; without WITH CHECK, USING says what may be written."""
    if policy.is_locked:
        return []
    if command == "a":
        return [(CHECK, policy.check or policy.using)] if policy.check or policy.using else []
    if command == "w":
        return [(USING, policy.using), (CHECK, policy.check or policy.using)]
    return [(USING, policy.using)]


def words(verdict: str) -> str:
    """What a verdict means for the rows, as the end of a sentence."""
    return {
        verdicts.ALWAYS: "its condition holds for every row",
        verdicts.FAIL_OPEN: "its condition holds for every row while the session states no tenant",
        verdicts.FALLBACK: "a session that states no tenant acts for one that the condition falls back to",
        verdicts.UNTIED: "rows are written for whatever tenant they name, for it looks at other columns only",
        verdicts.WRONG_COLUMN: "it compares the session's tenant with a column that does not hold the row's tenant",
        verdicts.WRONG_SETTING: "it compares the tenant column with something else than the session's tenant",
        verdicts.EDITED: "it goes by user_metadata, which users may change themselves",
        verdicts.WRONG_COMPARISON: "it compares tenants other than by equality",
        verdicts.CONDITION: "its condition does not look at the session's tenant",
        verdicts.ARM: "one arm of its condition does not look at the session's tenant",
        verdicts.MEANT: "rows for which another condition holds are open to all tenants",
        verdicts.BY_CALLER: "callers for whom a condition holds see the rows of all tenants",
    }[verdict]
