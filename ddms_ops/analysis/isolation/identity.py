"""Whom a value in a condition stands for: the session's tenant, its user, something else, or nobody."""

import re
from collections.abc import Iterator
from functools import cached_property

from ddms_ops.analysis.isolation.bodies import bodies, called_with, columns_of, named
from ddms_ops.normalize.posture import Function, Posture
from ddms_ops.sql_text.conditions import (
    CALL,
    COMPARE,
    CONSTANT,
    DISTINCT,
    QUERY,
    Expression,
    Query,
    expression_of,
    walk,
)  # fmt: skip

TENANT, USER, ANYBODY, CALLER, CLAIMS, EDITABLE, OTHER_TENANT, ELSE = (
    "tenant", "user", "anybody", "caller", "claims", "editable", "other tenant", "else",
)  # fmt: skip
USER_WORDS = re.compile(r"user|uid$|^sub$|actor|member|person|employee|email|principal|login|profile", re.IGNORECASE)
TENANT_WORDS = re.compile(r"tenant|org|account|company|workspace|customer|client|team|firm|site|school", re.IGNORECASE)
UNFIT = frozenset({CALLER, OTHER_TENANT, ELSE})  # what no row is compared with
# Columns that say which person a row is about, whatever the setting is called that they are compared with.
PERSON = re.compile(
    r"(user|member|actor|person|employee|principal|login|profile)_?(id|uuid|name|sub|key|ref)?$|uid$|^sub$|^subject$"
    r"|e_?mail$",
    re.IGNORECASE,
)
ROLE_WORDS = re.compile(r"role|admin|bypass|support|staff|super|internal|service", re.IGNORECASE)
JWT = "request.jwt.claim"
PATHS = ("->", "->>", "#>", "#>>")
BOUND = "\0tenant"  # a call of no function: what a body has compared with the session's tenant
SAID = {
    BOUND: TENANT, "auth.uid": USER, "auth.jwt": CLAIMS, "auth.role": CALLER, "auth.email": USER,
    "current_user": ANYBODY,
}  # fmt: skip
SETTING = re.compile(r"current_setting\s*\(\s*'([^']+)'", re.IGNORECASE)
DEEPEST = 4


class Identities:
    """Who is meant, by the settings that hold the tenant.

    Args:
        posture: whose functions the conditions call.
        setting: the setting that policies go by, empty where any of `usual` will do.
        usual: settings that hold the tenant.
        columns: what a tenant column is called.
    """

    def __init__(self, posture: Posture, *, setting: str, usual: tuple[str, ...], columns: tuple[str, ...]) -> None:
        self.posture, self.columns, self._usual = posture, columns, usual
        self._setting = setting

    @cached_property
    def settings(self) -> frozenset[str]:
        """Settings that hold the tenant here; empty where none of the usual ones is read anywhere."""
        if self._setting:
            return frozenset({self._setting})
        return frozenset(self._usual) & set(self._read_settings())

    def _read_settings(self) -> Iterator[str]:
        for function in self.posture.functions:
            yield from SETTING.findall(function.source)
        for policies in self.posture.policies.values():
            for policy in policies:
                yield from SETTING.findall(f"{policy.using} {policy.check}")

    def holds_tenant(self, setting: str) -> bool:
        """Whether a setting is one that holds the tenant."""
        return self.of_setting(setting) == TENANT

    def of_setting(self, name: str) -> str:
        """Whom a setting stands for."""
        if name in self.settings:
            return TENANT
        if name.startswith(JWT):
            claim = name.removeprefix(JWT).removeprefix("s").removeprefix(".")
            return self._of_word(claim) if claim else CLAIMS
        word = name.rpartition(".")[2]
        if ROLE_WORDS.search(word) and not PERSON.search(word):
            return CALLER
        if USER_WORDS.search(word):
            return USER
        if not TENANT_WORDS.search(word):
            return ELSE
        return OTHER_TENANT if self.settings else TENANT

    def _of_named(self, setting: str) -> frozenset[str]:
        """The same; the setting that policies go by may be the user's, by its name."""
        word = setting.rpartition(".")[2]
        is_person = setting in self.settings and PERSON.search(word) and not TENANT_WORDS.search(word)
        return frozenset({TENANT, USER} if is_person else {self.of_setting(setting)})

    def says_person(self, names: set[str], who: frozenset[str]) -> bool:
        """Whether a value that is compared with columns of these names must be the user's, whatever it is called."""
        is_person = not names & set(self.columns) and all(map(PERSON.search, names))
        return is_person and (ELSE in who or {TENANT, USER} <= who)

    def _of_word(self, word: str) -> str:
        """Whom a claim stands for."""
        if word in self.columns or TENANT_WORDS.search(word):
            return TENANT
        if ROLE_WORDS.search(word):
            return CALLER
        return USER if USER_WORDS.search(word) else ELSE

    def of(self, tree: Expression, depth: int = 0) -> frozenset[str]:
        """Whom an expression stands for, through casts and calls; empty: nobody. Sub-selects on tables are left out."""
        if tree.kind == COMPARE and tree.name in PATHS:
            return self._of_path(tree, depth)
        if tree.kind == QUERY and tree.query is not None and not tree.query.tables:
            return frozenset().union(*(self.of(part, depth) for part in (*tree.query.targets, *tree.query.calls)))
        parts = frozenset().union(*(self.of(part, depth) for part in tree.parts)) if tree.parts else frozenset()
        if tree.kind != CALL:
            return parts
        name = tree.name.removeprefix("pg_catalog.")
        if name == "current_setting" and tree.parts:
            return self._of_named(tree.parts[0].name) if tree.parts[0].kind == CONSTANT else parts
        if name in SAID:
            return frozenset({SAID[name]})
        return parts.union(*(self.of_function(function, depth + 1) for function in self.functions(tree.name)))

    def _of_path(self, tree: Expression, depth: int) -> frozenset[str]:
        """Whom a member of a JSON document stands for: of a token's claims what the path's end says."""
        path: list[str] = []
        base = tree
        while base.kind == COMPARE and base.name in PATHS:
            path = re.findall(r"[^{},\"\s]+", base.parts[1].name) + path
            base = base.parts[0]
        found = self.of(base, depth)
        if CLAIMS not in found:
            return found
        if "user_metadata" in path or "raw_user_meta_data" in path:
            return frozenset({EDITABLE})
        return frozenset({self._of_word(path[-1])}) if path else found

    def functions(self, name: str) -> list[Function]:
        """The functions that a call may mean."""
        schema, _, bare = name.rpartition(".")
        return [f for f in self.posture.functions if f.name == bare and schema in ("", f.schema)]

    def mentions(self, tree: Expression, depth: int = 0) -> bool:
        """Whether a value or condition looks at who calls, in its sub-selects too."""
        return bool(self.of(tree, depth)) or any(
            any(self.mentions(below, depth) for below in trees_of(part.query))
            for part in walk(tree) if part.query is not None
        )  # fmt: skip

    def inlined(self, call: Expression) -> Expression | None:
        """What a call of a function returns, with its arguments in place; None where the body does not tell."""
        fitting = [function for function in self.functions(call.name) if len(named(function)) >= len(call.parts)]
        return called_with(fitting[0], call.parts) if fitting else None

    def of_function(self, function: Function, depth: int = 0) -> frozenset[str]:
        """Whom a function's result stands for."""
        if depth > DEEPEST:
            return frozenset()
        if SAID.get(function.full_name):
            return frozenset({SAID[function.full_name]})
        if not function.source.strip() or function.language == "c":
            return frozenset({self._of_word(function.name)})
        result = called_with(function, ())
        if result is not None and not self.mentions(result, depth):
            return frozenset()
        queries, _ = bodies(function)
        targets = [part for query in queries[-1:] for part in (*query.targets, *query.calls)]
        found = frozenset().union(*(self.of(part, depth) for part in targets)) if targets else frozenset()
        if function.language == "sql" and found:
            return found
        said = {self.of_setting(name) for name in SETTING.findall(function.source)}
        told = {who for name, who in SAID.items() if "." in name and name in function.source}
        found |= said | told | frozenset().union(*(self.of(t, depth) for q in queries for t in q.targets))
        return (found and self._looked_up(queries)) or found

    def _looked_up(self, queries: tuple[Query, ...]) -> frozenset[str]:
        """Whom a function's result stands for that reads it from a table, for who calls; empty where it reads none."""
        names: set[str] = set()
        todo, reads = list(queries), False
        while todo:
            query = todo.pop()
            trees = [part for target in (*query.targets, query.where) for part in walk(target)]
            todo += [*query.inner, *(tree.query for tree in trees if tree.query is not None)]
            reads = reads or bool(query.tables)
            names |= (
                {column.name for target in query.targets for column in columns_of(target)} if query.tables else set()
            )
        return frozenset({TENANT if names & set(self.columns) else ANYBODY}) if reads else frozenset()

    def is_told_apart(self, function: Function, depth: int = 0) -> bool:
        """Whether a function looks at who calls, itself or through another."""
        if self.of_function(function, depth) or re.search(r"\b(current|session)_user\b", function.source):
            return True
        called = set(re.findall(r"([A-Za-z_][\w.]*)\s*\(", function.source))
        return depth < DEEPEST and any(
            self.is_told_apart(other, depth + 1)
            for name in called for other in self.functions(name) if other.oid != function.oid
        )  # fmt: skip


def trees_of(query: Query) -> Iterator[Expression]:
    """Conditions and results of a query and of those that it reads from."""
    yield from (*query.targets, query.where, *query.calls)
    for inner in query.inner:
        yield from trees_of(inner)


def unguarded(tree: Expression, settings: frozenset[str]) -> bool:
    """Whether an expression takes a tenant setting as text without telling '' from none."""
    if any(part.kind == COMPARE and part.name in ("=", "<>", DISTINCT) and any((side.kind, side.name) == (CONSTANT, "")
           for side in part.parts) for part in walk(tree)):  # fmt: skip
        return False
    return _unguarded(tree, settings)


TEXTS = ("", "text", "varchar", "bpchar", "name")


def _unguarded(tree: Expression, settings: frozenset[str]) -> bool:
    if (tree.kind == CALL and tree.name.rpartition(".")[2] == "nullif") or tree.cast not in TEXTS:
        return False
    is_setting = tree.kind == CALL and tree.name.rpartition(".")[2] == "current_setting" and tree.parts
    if is_setting:
        return tree.parts[0].name in settings
    below = tree.parts
    if tree.query is not None and not tree.query.tables:
        below = (*below, *tree.query.targets)
    return any(_unguarded(part, settings) for part in below)


def parsed(text: str | None) -> Expression | None:
    """The condition's tree; None where there is none, or it does not parse."""
    return expression_of(text) if text else None
