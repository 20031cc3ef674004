"""Views and functions that read tenants' rows with somebody else's rights."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from ddms_ops.analysis.isolation.access import Access
from ddms_ops.analysis.isolation.bodies import bodies, named, queries_given
from ddms_ops.analysis.isolation.dynamic import Asked, asked_by
from ddms_ops.analysis.isolation.faults import Fault, dotted, quoted
from ddms_ops.analysis.isolation.guards import bound_arguments
from ddms_ops.analysis.isolation.policies import Policies
from ddms_ops.analysis.isolation.tenant_tables import TenantTables
from ddms_ops.analysis.isolation.verdicts import CLOSED, Scope
from ddms_ops.findings import Severity
from ddms_ops.normalize.posture import Function, Relation, Role, View
from ddms_ops.sql_text.conditions import CALL, COLUMN, Expression, Query, queries_of, walk
from ddms_ops.sql_text.procedures import query_with_values

UNCALLED = frozenset({"trigger", "event_trigger"})  # what returns these is never called by a statement
VIEW, STORED = "v", "m"
DEEPEST = 3


class Passages:
    """Judges what is not a table: by whose rights it reads, and whether it keeps to the tenant itself.

    Args:
        access, tables, policies: of one posture.
    """

    def __init__(self, access: Access, tables: TenantTables, policies: Policies) -> None:
        self._access, self._tables, self._policies = access, tables, policies
        self._posture = access.posture

    def faults(self, role: Role) -> Iterator[Fault]:
        """Views, materialized views and functions that open tenants' rows to a role."""
        for relation in self._posture.relations.values():
            rights = self._access.rights(role.oid, relation)
            if relation.kind == STORED and "SELECT" in rights and not self._tables.is_shared(relation):
                yield from self._stored(relation, role)
            elif relation.kind == VIEW and rights and not relation.is_invoker and not self._tables.is_shared(relation):
                yield from self._view(relation, role)
        for function in self._posture.functions:
            if function.is_definer and function.returns not in UNCALLED and self._access.may_call(role.oid, function):
                yield from self._function(function, role)

    def _stored(self, relation: Relation, role: Role) -> Iterator[Fault]:
        """A materialized view keeps what its owner saw."""
        reached = sorted({table.full_name for table in self._below(relation, frozenset())})
        if not reached:
            return
        words = (
            f"{role.name} reads the rows of all tenants that it keeps of {', '.join(reached)}: it can have no policies"
        )
        remedy = f"REVOKE ALL ON {dotted(relation.schema, relation.name)} FROM {quoted(role.name)}, PUBLIC;"
        yield Fault("V2", relation.full_name, role.name, Severity.HIGH, words, remedy, (relation.row,))

    def _view(self, relation: Relation, role: Role) -> Iterator[Fault]:
        """A view that reads as its owner."""
        open_tables = self._open_by(relation, role.oid, role, frozenset())
        if not open_tables:
            return
        names = ", ".join(sorted({table.full_name for table in open_tables}))
        owner = self._access.name(relation.owner)
        words = f"{role.name} reads the rows of all tenants of {names} through it: it reads as {owner}"
        view = dotted(relation.schema, relation.name)
        own = [table for table in open_tables if self._access.is_exempt_from(role.oid, table)]
        force = [f"ALTER TABLE {dotted(one.schema, one.name)} FORCE ROW LEVEL SECURITY;" for one in own]
        invoker = f"ALTER VIEW {view} SET (security_invoker = true);  -- Postgres 15 or later"
        remedy = "\n".join(dict.fromkeys([*force, *([invoker] if len(own) < len(open_tables) else [])]))
        rows = (relation.row, *(table.row for table in open_tables))
        yield Fault("V1", relation.full_name, role.name, Severity.HIGH, words, remedy, tuple(dict.fromkeys(rows)))

    def _below(self, relation: Relation, seen: frozenset[int]) -> list[Relation]:
        """Tenants' tables under a view, through other views."""
        view = self._posture.views.get(relation.oid)
        found: list[Relation] = []
        for oid in view.uses if view and relation.oid not in seen else ():
            used = self._posture.relations.get(oid)
            if oid in self._tables.all:
                found.append(self._tables.all[oid])
            elif used is not None and used.kind in (VIEW, STORED):
                found += self._below(used, seen | {relation.oid})
        return found

    def _open_by(self, relation: Relation, caller: int, role: Role, seen: frozenset[int]) -> list[Relation]:
        """Tenants' tables that a view opens; none where it keeps to the tenant itself.

        A view reads as its owner. One with security_invoker reads as `caller`, who began the statement or owns the
        function that did, even where a view reads it that has another owner.
        """
        view = self._posture.views.get(relation.oid)
        if view is None or view.definition is None or relation.oid in seen or self._keeps(view, role):
            return []
        reader = caller if relation.is_invoker else relation.owner
        found: list[Relation] = []
        for oid in view.uses:
            used = self._posture.relations.get(oid)
            if used is None:
                continue
            if oid in self._tables.all:
                found += [used] if self._is_open(used, reader, role) else []
            elif used.kind == STORED:
                found += [] if self._is_told(used, reader, role) else self._below(used, frozenset())
            elif used.kind == VIEW and (used.is_invoker or not self._is_told(used, reader, role)):
                found += self._open_by(used, caller, role, seen | {relation.oid})
        return found

    def _is_open(self, table: Relation, reader: int, role: Role) -> bool:
        """Whether reading a table as somebody else shows more than reading it as the role does."""
        if self._access.is_exempt(reader) or (table.has_rls and self._access.is_exempt_from(reader, table)):
            return True
        if not table.has_rls:
            return not self._access.rights(role.oid, table)
        if reader in self._access.reach(role.oid) and not self._policies.is_closed(table, role.oid):
            return False  # its own policies' fault tells
        return not self._policies.is_closed(table, reader)

    def _is_told(self, used: Relation, reader: int, role: Role) -> bool:
        """Whether the role reads a view itself that another one reads, so that its own fault tells."""
        is_ours = reader in self._access.reach(role.oid) and used.owner not in self._access.reach(role.oid)
        return is_ours and "SELECT" in self._access.rights(role.oid, used)

    def _keeps(self, view: View, role: Role) -> bool:
        queries = (queries_of(view.definition) if view.definition else None) or ()
        return bool(queries) and all(self._is_kept(query, role, False) for query in queries)

    def _is_kept(self, query: Query, role: Role, is_anchored: bool, path: str = "", reader: int | None = None,
                 arguments: frozenset[str] = frozenset()) -> bool:  # fmt: skip
        """Whether a query's own conditions keep every table of tenants in it to the session's tenant.

        Args:
            reader: whose rights it reads with; tables that are closed to it need no condition.
            arguments: names from outside.
        """
        relations = [found for table in query.tables for found in self._tables.named(table.schema, table.name, path)]
        scope = Scope(
            self._tables.columns[0], self._policies.scope(None, role.oid, path).is_closed,
            tuple(table.alias for table in query.tables), any(self._tables.column(found) for found in relations) or not
            relations, arguments,
        )  # fmt: skip
        is_anchored = is_anchored or self._policies.judge(role.oid).of(query.where, scope) in CLOSED
        exposed = [found for found in relations if self._is_exposed(found, role, reader)]
        below = [(part, is_anchored) for part in query.inner]
        below += [(part, is_anchored and _is_tied(part, scope)) for part in _sub_selects(query)]
        return (is_anchored or not exposed) and all(
            self._is_kept(part, role, is_kept, path, reader, arguments) for part, is_kept in below
        )

    def _is_exposed(self, relation: Relation, role: Role, reader: int | None) -> bool:
        """Whether a relation of a query needs a condition of its own."""
        if relation.oid in self._tables.all:
            return reader is None or self._is_open(relation, reader, role)
        if relation.kind == STORED:
            return bool(self._below(relation, frozenset()))
        return relation.kind == VIEW and bool(self._open_by(
            relation, role.oid if reader is None else reader, role, frozenset()
        ))  # fmt: skip

    def _function(self, function: Function, role: Role) -> Iterator[Fault]:
        """A function that reads as its owner."""
        if function.owner in self._access.reach(role.oid):
            return
        queries, is_read = bodies(function)
        bound = bound_arguments(function, self._tables.columns[0], partial(self._ties, function))
        queries = tuple(query_with_values(query, bound) for query in queries)
        asked = [replace(one, queries=tuple(query_with_values(query, bound) for query in one.queries))
                 for one in asked_by(function)]  # fmt: skip
        for called, given in self._called_by(queries):
            queries = (*queries, *called)
            asked = [*asked, *given]
        queries = (*queries, *(query for one in asked for query in one.queries))
        arguments = frozenset(name for name in named(function) if name)
        is_kept = all(
            self._is_kept(query, role, False, function.search_path, function.owner, arguments) for query in queries
        )
        text = " ".join(one.words for one in asked) if is_read else function.source
        is_any = any(one.is_any for one in asked) and any(
            self._is_exposed(table, role, function.owner) for table in self._tables.all.values()
        )
        if is_kept and not is_any and not self._mentioned(text, function, role):
            return
        words = (
            f"{role.name} may call it and reaches rows of all tenants: it reads as {self._access.name(function.owner)}"
        )
        name = f"{dotted(function.schema, function.name)}({function.arguments})"
        revoke = f"REVOKE EXECUTE ON FUNCTION {name} FROM {quoted(role.name)}, PUBLIC;"
        remedy = f"ALTER FUNCTION {name} SECURITY INVOKER;\n-- or: {revoke}"
        yield Fault(
            "F1", function.full_name, role.name, Severity.HIGH, words, remedy, (function.row,), function.arguments
        )

    def _ties(self, function: Function, condition: Expression) -> bool:
        """Whether a condition on a row, read with the function's rights, keeps the row to the session's tenant."""
        scope = self._policies.scope(None, function.owner, function.search_path)
        return self._policies.judge(function.owner).of(condition, scope) in CLOSED

    def _called_by(self, queries: Iterable[Query], depth: int = 0) -> Iterator[tuple[tuple[Query, ...], list[Asked]]]:
        """What functions ask whose results queries give back; they read with the rights of who began."""
        for call in (part for query in queries for tree in (*query.targets, *query.calls) for part in walk(tree)):
            schema, _, name = call.name.rpartition(".")
            for function in self._posture.functions if call.kind == CALL and depth < DEEPEST else ():
                if function.name != name or schema not in ("", function.schema) or function.is_definer:
                    continue
                called = queries_given(function, call.parts)
                is_given = any(part.kind == COLUMN for given in call.parts for part in walk(given))
                yield called, [one for one in asked_by(function) if is_given or not one.is_any]
                yield from self._called_by(called, depth + 1)

    def _mentioned(self, text: str, function: Function, role: Role) -> bool:
        """Whether text that is run as SQL, or cannot be parsed, names a table of tenants that the owner sees whole."""
        words = set(re.findall(r"\w+", text))
        return any(
            self._is_exposed(relation, role, function.owner)
            for name in words for relation in self._tables.named("", name, function.search_path)
        )  # fmt: skip


def _sub_selects(query: Query) -> Iterator[Query]:
    """Queries inside the conditions and results of a query."""
    todo: list[Expression] = [query.where, *query.targets, *query.calls]
    while todo:
        node = todo.pop()
        todo += node.parts
        if node.query is not None:
            yield node.query


def _is_tied(query: Query, outer: Scope) -> bool:
    """Whether a sub-select names a column of the query around it."""
    todo: list[Expression] = [query.where, *query.targets]
    while todo:
        node = todo.pop()
        todo += node.parts
        if node.kind == "column" and node.table and node.table in outer.inner:
            return True
    return False
