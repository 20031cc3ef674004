"""The posture of a database's tenant isolation as objects: roles, relations, policies, views, functions by number.

`row` is always the position of the record in the pull. PUBLIC is role 0.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

PUBLIC = 0
TABLE_KINDS = ("r", "p", "f")
INVOKER = frozenset(f"security_invoker={value}" for value in ("true", "on", "yes", "1", "t"))
Acl = frozenset[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the server."""

    oid: int
    name: str
    is_superuser: bool
    bypasses: bool
    inherits: bool
    can_login: bool
    replicates: bool
    row: int


@dataclass(frozen=True, slots=True)
class Member:
    """Who is in which role; `inherits` its rights, `can_set` itself to it."""

    role: int
    member: int
    inherits: bool
    can_set: bool
    row: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that sessions start with: of role 0 all of the database's; never its value."""

    name: str
    role: int
    is_empty: bool
    row: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view, materialized view or foreign table; `kind` as pg_class has it (r p v m f).

    `acl` holds privileges on the whole of it, `column_acl` those on a column. `columns` says of each whether it must
    have a value.
    """

    oid: int
    schema: str
    name: str
    kind: str
    owner: int
    has_rls: bool
    is_forced: bool
    is_partition: bool
    is_invoker: bool
    has_rows: bool
    parents: tuple[int, ...]
    acl: Acl
    column_acl: Acl
    columns: dict[str, bool] = field(hash=False)
    row: int

    @property
    def full_name(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; `command` is * r a w d; `using` and `check` are null without one, or while its table is locked."""

    table: int
    name: str
    command: str
    is_permissive: bool
    roles: tuple[int, ...]
    using: str | None
    check: str | None
    is_locked: bool
    row: int


@dataclass(frozen=True, slots=True)
class View:
    """What a view asks, null while a table of it is locked, and the relations it uses."""

    oid: int
    definition: str | None
    uses: tuple[int, ...]
    row: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function or procedure; `source` is its body."""

    oid: int
    schema: str
    name: str
    arguments: str
    owner: int
    is_definer: bool
    language: str
    returns: str
    source: str
    search_path: str
    acl: Acl
    row: int

    @property
    def full_name(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A foreign key (`referenced` is the other table), or the condition of a check."""

    table: int
    referenced: int
    columns: tuple[str, ...]
    expression: str
    row: int


@dataclass(frozen=True, slots=True)
class DefaultAcl:
    """Privileges that tables get when `role` makes them; `schema` is empty where it is in any."""

    role: int
    schema: str
    acl: Acl
    row: int


class Posture:
    """What the catalogs say; records that are not whole are left out.

    Args:
        records: RECORDS of the topic `posture`.
        pull: its name.
    """

    def __init__(self, records: pa.Table, pull: str) -> None:
        self.pull = pull
        self._records: dict[str, list[dict[str, Any]]] = {}
        for row, (kind, text) in enumerate(
            zip(*(records[name].to_pylist() for name in ("kind", "record")), strict=True)
        ):
            if (record := _record(text)) is not None:
                self._records.setdefault(str(kind), []).append({**record, "row": row})

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of a database in it."""
        return not self.roles or not self._records.get("session")

    @cached_property
    def user(self) -> str:
        """Who read the catalogs."""
        return str(next(iter(self._records.get("session", [])), {}).get("user", ""))

    @cached_property
    def database(self) -> str:
        """The database's name."""
        return str(next(iter(self._records.get("session", [])), {}).get("database", ""))

    @cached_property
    def roles(self) -> dict[int, Role]:
        """Roles by number."""
        return {role.oid: role for role in self._made(Role, "role")}

    @cached_property
    def members(self) -> list[Member]:
        """Memberships; before Postgres 16 the member's own attribute says whether it inherits."""
        found = []
        for record in self._records.get("member", []):
            member, inherits, can_set = record.get("member"), record.get("inherits"), record.get("can_set")
            own = self.roles[member].inherits if member in self.roles else True
            inherits = own if inherits is None else bool(inherits)
            found.append(Member(record.get("role", 0), int(member or 0), inherits, can_set is not False, record["row"]))
        return found

    @cached_property
    def settings(self) -> list[Setting]:
        """Settings that roles and the database carry."""
        return self._made(Setting, "setting")

    @cached_property
    def schemas(self) -> dict[str, tuple[int, Acl]]:
        """Owner and privileges of each schema, by name."""
        return {
            str(r.get("name")): (int(r.get("owner") or 0), _acl(r.get("acl"))) for r in self._records.get("schema", [])
        }

    @cached_property
    def relations(self) -> dict[int, Relation]:
        """Relations by number."""
        found = {}
        for record in self._records.get("relation", []):
            options = {str(o).lower().replace(" ", "") for o in record.get("options") or ()}
            is_invoker = bool(options & INVOKER)
            columns = {str(c.get("name")): bool(c.get("is_required")) for c in record.get("columns") or ()}
            given = {**record, "is_invoker": is_invoker, "columns": columns}
            found[int(record.get("oid") or 0)] = _make(Relation, given)
        return found

    @cached_property
    def policies(self) -> dict[int, list[Policy]]:
        """Policies by their table's number."""
        found: dict[int, list[Policy]] = {}
        for policy in self._made(Policy, "policy"):
            found.setdefault(policy.table, []).append(policy)
        return found

    @cached_property
    def views(self) -> dict[int, View]:
        """Views by number."""
        return {view.oid: view for view in self._made(View, "view")}

    @cached_property
    def functions(self) -> list[Function]:
        """Functions and procedures."""
        return self._made(Function, "function")

    @cached_property
    def foreign_keys(self) -> list[Constraint]:
        """Foreign keys."""
        return self._made(Constraint, "foreign_key")

    @cached_property
    def checks(self) -> list[Constraint]:
        """Conditions that rows of a table must meet."""
        return self._made(Constraint, "check")

    @cached_property
    def defaults(self) -> list[DefaultAcl]:
        """Default privileges of tables."""
        return self._made(DefaultAcl, "default_acl")

    @cached_property
    def triggers(self) -> set[int]:
        """Numbers of the functions that run when something is created."""
        return {
            int(record.get("function") or 0)
            for record in self._records.get("event_trigger", [])
            if record.get("is_enabled") and record.get("event") == "ddl_command_end"
        }

    def _made(self, kind: type, name: str) -> list[Any]:
        return [_make(kind, record) for record in self._records.get(name, [])]


def _record(text: str | None) -> dict[str, Any] | None:
    try:
        record = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _make(kind: type, record: dict[str, Any]) -> Any:
    """An object of the class, of a record that has its fields by name; what is missing is empty."""
    given = {name: _value(record.get(name), str(of)) for name, of in kind.__annotations__.items()}
    return kind(**given)


def _value(value: object, of: str) -> object:
    kind = {"<class 'int'>": int, "<class 'bool'>": bool, "<class 'str'>": str}.get(of)
    if kind is not None:
        return kind(value) if isinstance(value, int | str) and (kind is not int or str(value).isdecimal()) else kind()
    if of.startswith("frozenset"):
        return _acl(value)
    if of.startswith("tuple"):
        return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    return value


def _acl(value: object) -> Acl:
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2] if isinstance(value, list) else []
    return frozenset((int(grantee), str(privilege)) for grantee, privilege in pairs if isinstance(grantee, int))
