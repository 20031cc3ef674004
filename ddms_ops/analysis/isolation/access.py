"""Who may do what: roles through memberships, privileges of relations and functions, and whom policies hold for."""

from collections.abc import Iterable
from functools import cached_property, lru_cache

from ddms_ops.normalize.posture import PUBLIC, Acl, Function, Policy, Posture, Relation, Role

READ_ALL, WRITE_ALL = "pg_read_all_data", "pg_write_all_data"
ADMINISTRATORS = frozenset({"rds_superuser"})  # may give itself BYPASSRLS
COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
OPENING = frozenset({"SELECT", "UPDATE", "DELETE"})  # what shows or changes rows that are there


class Access:
    """Answers about one posture.

    Args:
        posture: of which the roles and privileges are.
    """

    def __init__(self, posture: Posture) -> None:
        self.posture = posture
        self.reach = lru_cache(maxsize=None)(self._reach)

    @cached_property
    def _is_writer(self) -> dict[str, int]:
        return {role.name: role.oid for role in self.posture.roles.values() if role.name in (READ_ALL, WRITE_ALL)}

    def name(self, role: int) -> str:
        """The role's name; PUBLIC of 0."""
        return "PUBLIC" if role == PUBLIC else self.posture.roles[role].name if role in self.posture.roles else "?"

    def _reach(self, role: int, by_set: bool = False) -> frozenset[int]:
        """Roles whose rights it has without further ado, itself and PUBLIC among them; or also by SET ROLE."""
        found, todo = {role, PUBLIC}, [role]
        while todo:
            now = todo.pop()
            for member in self.posture.members:
                if (
                    member.member == now
                    and member.role not in found
                    and (member.inherits or (by_set and member.can_set))
                ):
                    found.add(member.role)
                    todo.append(member.role)
        return frozenset(found)

    def is_exempt(self, role: int) -> bool:
        """Whether no row-level security holds for it at all."""
        found = self.posture.roles.get(role)
        return found is not None and (found.is_superuser or found.bypasses)

    def is_exempt_from(self, role: int, relation: Relation) -> bool:
        """Whether that relation's row-level security does not hold for it."""
        return self.is_exempt(role) or (not relation.is_forced and relation.owner in self.reach(role))

    def may_use(self, role: int, schema: str) -> bool:
        """Whether it may name what is in the schema."""
        reach = self.reach(role)
        owner, acl = self.posture.schemas.get(schema, (0, frozenset()))
        by_all = set(self._is_writer.values()) & reach
        return (
            bool(by_all) or self._is_super(role) or (owner != PUBLIC and owner in reach) or _has(acl, reach, {"USAGE"})
        )

    def rights(self, role: int, relation: Relation) -> frozenset[str]:
        """Of SELECT, INSERT, UPDATE and DELETE, on all of it or on a column, those that the role has."""
        if not self.may_use(role, relation.schema):
            return frozenset()
        wanted = frozenset(COMMANDS.values())
        if self._is_super(role):
            return wanted
        reach = self.reach(role)
        found = {privilege for grantee, privilege in relation.acl | relation.column_acl if grantee in reach}
        if self._is_writer.get(READ_ALL) in reach:
            found.add("SELECT")
        if self._is_writer.get(WRITE_ALL) in reach:
            found |= {"INSERT", "UPDATE", "DELETE"}
        return wanted & found

    def may_call(self, role: int, function: Function) -> bool:
        """Whether it may run the function."""
        is_allowed = self._is_super(role) or _has(function.acl, self.reach(role), {"EXECUTE"})
        return is_allowed and self.may_use(role, function.schema)

    def applies(self, policy: Policy, role: int) -> bool:
        """Whether the policy is one of the role's."""
        return bool(set(policy.roles) & self.reach(role))

    def _is_super(self, role: int) -> bool:
        found = self.posture.roles.get(role)
        return found is not None and found.is_superuser

    def application_roles(self, names: Iterable[str], ours: set[str]) -> list[Role]:
        """The roles of these names; of none, those that log in and are neither superuser, replication nor ours.

        A role that logs in only to become others (NOINHERIT, a member of some) stands for those.
        """
        roles = self.posture.roles
        wanted = set(names)
        if wanted:
            return [role for role in roles.values() if role.name in wanted]
        logins = [
            role for role in roles.values()
            if role.can_login and not role.is_superuser and not role.replicates and role.name not in ours
        ]  # fmt: skip
        others = {
            oid for role in logins for oid in self.reach(role.oid, by_set=True)
            if oid not in self.reach(role.oid) and not self.is_exempt(oid) and not roles[oid].name.startswith("pg_")
        }  # fmt: skip
        return [role for role in roles.values() if role in logins or role.oid in others]

    def is_doorkeeper(self, role: int, judged: Iterable[int]) -> bool:
        """Whether it logs in only to become one of the other roles that are judged."""
        found = self.posture.roles[role]
        becomes = self.reach(role, by_set=True) - self.reach(role)
        return found.can_login and bool(becomes & (set(judged) - {role}))


def _has(acl: Acl, reach: frozenset[int], privileges: set[str]) -> bool:
    return any(grantee in reach and privilege in privileges for grantee, privilege in acl)
