"""Which rows a condition lets through: those of the session's tenant or user, or more."""

from collections.abc import Callable
from dataclasses import replace

from ddms_ops.analysis.isolation.bodies import columns_of, unmarked
from ddms_ops.analysis.isolation.fallbacks import falls_back, states_none
from ddms_ops.analysis.isolation.identity import (
    ANYBODY,
    CALLER,
    EDITABLE,
    TENANT,
    UNFIT,
    USER,
    USER_WORDS,
    Identities,
)  # fmt: skip
from ddms_ops.analysis.isolation.readings import (
    CONTAINS,
    by_name,
    compares,
    cuts,
    has_constant,
    holds,
    is_never_unknown,
    is_picky,
    joins,
    known,
    looks_at_row,
    of_definer,
    of_everybody,
    tied_to,
)  # fmt: skip
from ddms_ops.analysis.isolation.verdicts import (
    ALWAYS,
    ANCHORED,
    ARM,
    BY_CALLER,
    CLOSED,
    CONDITION,
    EDITED,
    FAIL_OPEN,
    FALLBACK,
    MEANT,
    NEVER,
    UNTIED,
    WRONG,
    WRONG_COLUMN,
    WRONG_COMPARISON,
    WRONG_SETTING,
    Scope,
    all_of,
    any_of,
)
from ddms_ops.normalize.posture import Relation
from ddms_ops.sql_text.conditions import (
    AND,
    ANY,
    BOOLEAN,
    CALL,
    CASE,
    COALESCE,
    COLUMN,
    COMPARE,
    CONSTANT,
    DISTINCT,
    EXISTS,
    HAS_ELSE,
    LIST,
    NOT,
    NULL,
    OR,
    QUERY,
    SAME,
    VALUE,
    Expression,
    Query,
    walk,
)  # fmt: skip

LOGGED_IN = frozenset({"authenticated", "anon"})
SERVICE = "service_role"  # a key of the servers', which no user holds


class Openness:
    """Judges conditions for one role.

    Args:
        identities: who is meant by a value.
        role, memberships: the role's name, and those of the roles whose rights it has.
        relations: those that a schema and name may mean.
    """

    def __init__(
        self, identities: Identities, role: str, memberships: frozenset[str],
        relations: Callable[[str, str], list[Relation]],
    ) -> None:  # fmt: skip
        self.identities, self._role, self._memberships, self._relations = identities, role, memberships, relations

    def of(self, tree: Expression, scope: Scope, *, negated: bool = False) -> str:
        """What a condition lets through, as one of this module's words."""
        if scope.depth > 6:
            return CONDITION
        if tree.kind in (AND, OR):
            verdicts = [self.of(part, scope, negated=negated) for part in tree.parts]
            return all_of(verdicts) if (tree.kind == AND) != negated else any_of(verdicts)
        if tree.kind == NOT:
            return self.of(tree.parts[0], scope, negated=not negated)
        if tree.kind == CONSTANT:
            return NEVER if tree.name == "null" or (tree.name == "true") == negated else ALWAYS
        if tree.kind == COLUMN:
            return by_name([tree])
        if tree.kind in (COALESCE, CASE):
            return (self._alternatives if tree.kind == COALESCE else self._case)(tree, scope, negated)
        if tree.kind == BOOLEAN:
            return self._truth(tree, scope, negated)
        reader = {NULL: self._null, COMPARE: self._compared, QUERY: self._query, CALL: self._called}.get(tree.kind)
        return reader(tree, scope, negated) if reader else CONDITION

    def _alternatives(self, tree: Expression, scope: Scope, negated: bool) -> str:
        """COALESCE: what any of its parts lets through."""
        verdicts = [self.of(part, scope, negated=negated) for part in tree.parts]
        if verdicts[-1] == ALWAYS and verdicts[0] in CLOSED:
            return FAIL_OPEN
        return any_of(verdicts)

    def _case(self, tree: Expression, scope: Scope, negated: bool) -> str:
        """CASE: what any of its arms lets through, each where the conditions before it are false, or unknown."""
        verdicts, results, before, is_guarded = [], list[str](), list[str](), False
        for at, part in enumerate(tree.parts):
            is_last = tree.name == HAS_ELSE and at == len(tree.parts) - 1
            result = self.of(part if is_last else part.parts[1], scope, negated=negated)
            results.append(result)
            arm = all_of([*before, result] if is_last else [*before, self.of(part.parts[0], scope), result])
            verdicts.append(ANCHORED if arm == FAIL_OPEN and is_guarded else arm)
            if not is_last:
                is_guarded |= states_none(self.identities, part.parts[0])
                met = self.of(part.parts[0], scope, negated=True)
                is_known = is_never_unknown(self.identities, part.parts[0])
                before.append(FAIL_OPEN if met == ANCHORED and not is_known else met)
        return ALWAYS if tree.name == HAS_ELSE and set(results) == {ALWAYS} else any_of(verdicts)

    def _truth(self, tree: Expression, scope: Scope, negated: bool) -> str:
        """IS TRUE is the condition; IS NOT FALSE is true of unknown too."""
        is_true = tree.name in ("is true", "is not false")
        verdict = self.of(tree.parts[0], scope, negated=negated == is_true)
        is_unknown_let_through = tree.name in ("is not false", "is not true", "is unknown") and not negated
        return FAIL_OPEN if verdict in CLOSED and is_unknown_let_through else verdict

    def _null(self, tree: Expression, scope: Scope, negated: bool) -> str:
        is_null = (tree.name == "null") != negated
        columns = columns_of(tree)
        if self.identities.of(tree) and not columns:
            return FAIL_OPEN if is_null else ALWAYS
        if not is_null:
            return ALWAYS
        return MEANT if any(column.name == scope.column for column in columns) else by_name(columns)

    def _compared(self, tree: Expression, scope: Scope, negated: bool) -> str:
        left, right = (known(self.identities, side) for side in tree.parts)
        operator = {DISTINCT: "<>", SAME: "="}.get(tree.name, tree.name)
        operator = {"=": "<>", "<>": "=", "!=": "="}.get(operator, "not") if negated else operator
        if {left.kind, right.kind} == {CONSTANT}:
            return ALWAYS if holds(operator, left.name, right.name) else NEVER
        truths = [
            side.name == "true" for side in (left, right) if side.kind == CONSTANT and side.name in ("true", "false")
        ]
        if truths and operator in ("=", "<>") and COLUMN not in (left.kind, right.kind):
            return self.of(left if right.kind == CONSTANT else right, scope, negated=truths[0] != (operator == "="))
        if unmarked(left) == unmarked(right):
            return ALWAYS if operator in ("=", ">=", "<=") else NEVER
        sides = [(self._who(side, scope), columns_of(side)) for side in (left, right)]
        who = sides[0][0] | sides[1][0]
        columns = sides[0][1] + sides[1][1]
        if not columns:
            return self._of_caller(operator, left, right, who, scope)
        if not who:
            return of_everybody(columns, (left, right), scope)
        if any(falls_back(self.identities, side) for side in (left, right)):
            return FALLBACK
        if any(side.kind == LIST and has_constant(side) for side in (left, right)):
            return ARM
        if any(found and named for found, named in sides):
            is_filled = any(part.kind == COALESCE for side in (left, right) for part in walk(side))
            return FAIL_OPEN if is_filled else WRONG_COMPARISON
        if operator not in ("=", *CONTAINS) or any(cuts(side) for side in (left, right)):
            return WRONG_COMPARISON
        is_array = operator in CONTAINS and bool(columns_of(right if operator == "any=" else tree))
        return self._anchor(columns, who, scope, is_array=is_array)

    def _anchor(self, columns: list[Expression], who: frozenset[str], scope: Scope, *, is_array: bool = False) -> str:
        """What columns that must equal a value let through, by whom the value stands for."""
        names = {column.name for column in columns}
        own = set(self.identities.columns) if scope.has_column or scope.inner else set(names)
        if EDITABLE in who:
            return EDITED
        if TENANT not in who and scope.is_untied(names):
            return UNTIED
        if ANYBODY in who or is_array or (scope.has_column and self.identities.says_person(names, who)):
            return ANCHORED
        if TENANT in who:
            is_own = names & own or (scope.inner and not scope.has_column)
            return ANCHORED if is_own or (scope.is_new and any(n.endswith(tuple(own)) for n in names)) else WRONG_COLUMN
        if USER in who:
            is_tenant = names <= set(self.identities.columns) and not any(map(USER_WORDS.search, names))
            return WRONG_SETTING if is_tenant else ANCHORED
        return WRONG_SETTING if who & UNFIT else CONDITION

    def _of_caller(self, operator: str, left: Expression, right: Expression, who: frozenset[str], scope: Scope) -> str:
        """A comparison without a column: of who calls, or of nothing."""
        if any(side.kind == QUERY and self.of(side, scope) == ANCHORED for side in (left, right)):
            return ANCHORED
        constants = [part for side in (left, right) for part in walk(side) if part.kind == CONSTANT
                     and side.kind in (CONSTANT, LIST)]  # fmt: skip
        values = {part.name for part in constants}
        if not who:
            return BY_CALLER if any(part.kind in (CALL, QUERY) for part in (left, right)) else CONDITION
        if "" in values:
            return FAIL_OPEN if operator == "=" else ALWAYS
        if any(part.kind == CALL and part.name == "current_user" for part in (left, right)) and values:
            return ALWAYS if (self._role in values) == (operator in ("=", "any=")) else NEVER
        if CALLER in who and operator in ("=", "any=") and values:
            return ALWAYS if values & LOGGED_IN else NEVER if values == {SERVICE} else BY_CALLER
        return BY_CALLER

    def _who(self, side: Expression, scope: Scope) -> frozenset[str]:
        """Whom a side stands for, sub-selects on tables included."""
        found = self.identities.of(side)
        for part in walk(side):
            query = part.query if part.kind == QUERY else None
            if query is not None and (query.tables or query.inner) and self._inside(query, scope)[0] in CLOSED:
                names = {column.name for target in query.targets for column in columns_of(target)}
                found |= {TENANT} if names & set(self.identities.columns) else {ANYBODY}
        return found

    def _inside(self, query: Query, scope: Scope) -> tuple[str, bool]:
        """What a sub-select's own condition lets through, and whether it looks at the row outside."""
        if query.inner and not query.tables:
            found = [self._inside(part, scope) for part in query.inner]
            return any_of([verdict for verdict, _ in found]), all(looks for _, looks in found)
        relations = [found for table in query.tables for found in self._relations(table.schema, table.name)[:1]]
        has_column = any(set(self.identities.columns) & found.columns.keys() for found in relations)
        inner = replace(
            scope, inner=tuple(table.alias for table in query.tables), has_column=has_column, depth=scope.depth + 1
        )
        looks = any(joins(part, inner) for part in walk(query.where))
        verdict = self.of(query.where, inner)
        if verdict not in CLOSED and query.tables and all(scope.is_closed(t.schema, t.name) for t in query.tables[:1]):
            verdict = ANCHORED
        if not query.tables and any(self.identities.of(part) for part in (*query.targets, *query.calls)):
            verdict = ANCHORED
        if verdict == ANCHORED and any(falls_back(self.identities, part) for part in (*query.targets, *query.calls)):
            verdict = FALLBACK
        return verdict, looks

    def _query(self, tree: Expression, scope: Scope, negated: bool) -> str:
        query = tree.query
        if query is None or negated or tree.name not in (EXISTS, ANY, VALUE):
            return CONDITION
        verdict, looks = self._inside(query, scope)
        if tree.name == VALUE:
            if not query.tables and len(query.targets) == 1:
                return self.of(query.targets[0], scope)
            return ANCHORED if verdict in CLOSED and looks else BY_CALLER
        if tree.name == EXISTS:
            if verdict in CLOSED and not looks:
                return BY_CALLER if is_picky(self.identities, self._relations, query) else CONDITION
            if verdict == ANCHORED and scope.is_untied(tied_to(query)):
                return UNTIED
            return verdict if verdict in (*CLOSED, *WRONG, FALLBACK) else CONDITION
        if verdict not in CLOSED:
            return verdict if verdict in (*WRONG, FALLBACK) else CONDITION
        tested = {column.name for part in tree.parts for column in columns_of(part)}
        if not tested:
            return BY_CALLER
        own = set(self.identities.columns)
        picked = {column.name for target in query.targets for column in columns_of(target)}
        is_crossed = picked and picked <= own and not tested & own and scope.has_column and not scope.inner
        return WRONG_COLUMN if is_crossed else UNTIED if scope.is_untied(tested) else ANCHORED

    def _called(self, tree: Expression, scope: Scope, negated: bool) -> str:
        """A function that says yes or no."""
        if tree.name.rpartition(".")[2] == "pg_has_role":
            is_member = any(part.kind == CONSTANT and part.name in self._memberships for part in tree.parts)
            return BY_CALLER if is_member else (ALWAYS if negated else NEVER)
        inlined = self.identities.inlined(tree)
        if inlined is not None:
            inside = replace(of_definer(self.identities, tree, scope), depth=scope.depth + 1)
            verdict = self.of(inlined, inside, negated=negated)
            if verdict != CONDITION or not (looks_at_row(inlined) and compares(self.identities, inlined)):
                return verdict
        if negated:
            return CONDITION
        columns = columns_of(tree)
        functions = self.identities.functions(tree.name)
        if any(map(self.identities.is_told_apart, functions)):
            return ANCHORED if columns else BY_CALLER
        if columns and self.identities.of(tree):
            return ANCHORED if functions else WRONG_COMPARISON
        return CONDITION
