"""Which tables hold tenants' rows: those with a tenant column, and those that hang on one of them."""

from functools import cached_property

from ddms_ops.normalize.posture import TABLE_KINDS, Posture, Relation
from ddms_ops.sql_text.conditions import AND, COLUMN, NULL, Expression, expression_of


class TenantTables:
    """The tables of one posture.

    Args:
        columns: what a tenant column is called; the first that a table has is its own.
        shared: tables that no tenant owns, by name, with or without schema.
    """

    def __init__(self, posture: Posture, columns: tuple[str, ...], shared: frozenset[str]) -> None:
        self.posture, self.columns, self._shared = posture, columns, shared

    @cached_property
    def by_name(self) -> dict[str, list[Relation]]:
        """Relations by their bare name."""
        found: dict[str, list[Relation]] = {}
        for relation in self.posture.relations.values():
            found.setdefault(relation.name, []).append(relation)
        return found

    def is_shared(self, relation: Relation) -> bool:
        """Whether the profile says that no tenant owns it."""
        return bool({relation.full_name, relation.name} & self._shared)

    def column(self, relation: Relation) -> str:
        """Its tenant column, empty without one."""
        return next((name for name in self.columns if name in relation.columns), "")

    @cached_property
    def registries(self) -> frozenset[int]:
        """Tables that tenant columns refer to: the lists of tenants."""
        return frozenset(
            key.referenced for key in self.posture.foreign_keys
            if len(key.columns) == 1 and key.columns[0] in self.columns
            and not self.column(self.posture.relations[key.referenced])
        ) if self.posture.relations else frozenset()  # fmt: skip

    @cached_property
    def owned(self) -> dict[int, Relation]:
        """Tables with a tenant column, by number."""
        return {
            oid: relation for oid, relation in self.posture.relations.items()
            if relation.kind in TABLE_KINDS and self.column(relation) and not self.is_shared(relation)
        }  # fmt: skip

    @cached_property
    def children(self) -> dict[int, Relation]:
        """Tables without a tenant column that refer, by whatever way, to one with it; the list of tenants is none."""
        found: dict[int, Relation] = {}
        keys = list(self.posture.foreign_keys)
        while True:
            reached = self.owned.keys() | found.keys()
            more = {
                key.table: self.posture.relations[key.table] for key in keys
                if key.referenced in reached and key.table not in reached and key.table in self.posture.relations
                and key.table not in self.registries and not self.is_shared(self.posture.relations[key.table])
            }  # fmt: skip
            if not more:
                return found
            found |= more

    @cached_property
    def all(self) -> dict[int, Relation]:
        """Both, by number."""
        return {**self.owned, **self.children}

    def keys(self, relation: Relation) -> list[int]:
        """Positions of the foreign keys by which a child hangs on a tenant's table."""
        return [
            key.row for key in self.posture.foreign_keys if key.table == relation.oid and key.referenced in self.all
        ]

    def is_required(self, relation: Relation) -> bool:
        """Whether every row must say its tenant."""
        column = self.column(relation)
        conditions = [expression_of(key.expression) for key in self.posture.checks if key.table == relation.oid]
        return relation.columns[column] or any(
            _forbids_null(found, column) for found in conditions if found is not None
        )

    def named(self, schema: str, name: str, search_path: str = "") -> list[Relation]:
        """Relations that a statement may mean by a name: those of its schema, else of the search path, else all."""
        found = self.by_name.get(name, [])
        if schema:
            return [relation for relation in found if relation.schema == schema]
        path = [part.strip().strip('"') for part in search_path.split(",") if part.strip().strip('"')]
        return [relation for relation in found if relation.schema in path] if path else found


def _forbids_null(tree: Expression, column: str) -> bool:
    if tree.kind == AND:
        return any(_forbids_null(part, column) for part in tree.parts)
    return (
        tree.kind == NULL and tree.name == "not null" and (tree.parts[0].kind, tree.parts[0].name) == (COLUMN, column)
    )
