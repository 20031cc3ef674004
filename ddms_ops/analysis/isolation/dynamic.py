"""SQL that a function puts together and runs: what it asks, and whether its table or condition comes from outside."""

import re
from dataclasses import dataclass, field, replace
from itertools import islice, product

from ddms_ops.analysis.isolation.bodies import columns_of, named
from ddms_ops.normalize.posture import Function
from ddms_ops.sql_text.conditions import (
    CALL,
    CASE,
    COALESCE,
    COLUMN,
    COMPARE,
    CONSTANT,
    HAS_ELSE,
    Expression,
    Query,
    queries_of,
)
from ddms_ops.sql_text.procedures import Run, choices, procedure_queries, query_with_values, texts_run, with_values

HOLE = "ddms_hole_"
# Types whose values can hold no SQL.
PLAIN = re.compile(
    r"\b(smallint|integer|bigint|numeric|real|double precision|uuid|boolean|date|interval|time(stamp)?\b.*)$",
    re.IGNORECASE,
)
CHANGES = re.compile(r"\s*(drop|truncate|alter|grant|copy|lock)\b", re.IGNORECASE)
SLOT = re.compile(r"%(?:(\d+)\$)?-?\d*([sIL%])")
RUN_TEXT = frozenset({"query_to_xml", "query_to_xml_and_xmlschema", "table_to_xml", "dblink", "ts_stat"})
DEEPEST = 8
MOST_VARIANTS = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """What one text asks.

    `is_any` says that its table, or its condition as SQL, comes from an argument; `words` is a text that is no query.
    """

    queries: tuple[Query, ...] = ()
    is_any: bool = False
    words: str = ""


@dataclass(slots=True)
class _Text:
    """A text as far as it is known; holes stand for values (`literals`), names, or SQL."""

    parts: list[str] = field(default_factory=list)
    literals: dict[str, Expression] = field(default_factory=dict)
    names: list[Expression] = field(default_factory=list)
    raw: list[Expression] = field(default_factory=list)
    count: int = 0

    def hole(self) -> str:
        """The name of another hole, put into the text."""
        self.count += 1
        self.parts.append(f"{HOLE}{self.count}")
        return self.parts[-1]


def asked_by(function: Function) -> list[Asked]:
    """What each text that a function runs asks; empty where it runs none, or cannot be read."""
    values: dict[str, Expression] = {}
    if function.language == "sql":
        queries = queries_of(function.source) or ()
        runs = [Run(call.parts[0]) for query in queries for call in _text_runners(query)]
    else:
        read = procedure_queries(function.source, function.arguments) if function.language == "plpgsql" else None
        if read is None:
            return []
        queries, values = read
        runs = [*texts_run(function.source, function.arguments)]
        runs += [Run(call.parts[0]) for query in queries for call in _text_runners(query)]
    values = {**values, **choices(function.source, function.arguments)}
    outside = _from_outside(function, values)
    return [
        _asked(Run(text, run.given), values, outside)
        for run in runs for text in _variants(_filled(run.text, values))[:MOST_VARIANTS]
    ]  # fmt: skip


def _filled(tree: Expression, values: dict[str, Expression]) -> Expression:
    """A text with variables replaced that are given one of several values."""
    several = {name: value for name, value in values.items() if value.kind == CASE}
    return with_values(tree, several)


def _variants(tree: Expression) -> list[Expression]:
    """What an expression may be: one for each result of a CASE in it."""
    if tree.kind == CASE:
        results = (
            [part.parts[1] for part in tree.parts[:-1]] if tree.name == HAS_ELSE else [p.parts[1] for p in tree.parts]
        )
        return [one for result in (*results, *tree.parts[-1:][: tree.name == HAS_ELSE]) for one in _variants(result)]
    of_parts = islice(product(*(_variants(part) for part in tree.parts)), MOST_VARIANTS)
    return [replace(tree, parts=parts) for parts in of_parts]


def _text_runners(query: Query) -> list[Expression]:
    """Calls that run a text which they are given."""
    todo, found = [*query.targets, *query.calls, query.where], []
    while todo:
        node = todo.pop()
        todo += node.parts
        if node.kind == CALL and node.name.rpartition(".")[2] in RUN_TEXT and node.parts:
            found.append(node)
    return found + [call for inner in query.inner for call in _text_runners(inner)]


def _from_outside(function: Function, values: dict[str, Expression]) -> frozenset[str]:
    """Arguments, and variables that are made of them, whose value may be any text."""
    types = [part.strip() for part in function.arguments.split(",") if part.strip()]
    kinds = zip(named(function), types, strict=False)
    found = {name for name, kind in kinds if name and PLAIN.search(kind) is None}
    found |= {f"${at}" for at, kind in enumerate(types, 1) if PLAIN.search(kind) is None}
    for _ in range(DEEPEST):
        found |= {name for name, value in values.items() if _is_of(value, frozenset(found))}
    return frozenset(found)


def _is_of(tree: Expression, outside: frozenset[str]) -> bool:
    """Whether a value is made of what comes from outside; what only decides between constants does not count."""
    if tree.kind == COLUMN:
        return tree.name in outside
    if tree.kind == CASE:
        arms, last = (tree.parts[:-1], tree.parts[-1:]) if tree.name == HAS_ELSE else (tree.parts, ())
        return any(_is_of(part, outside) for part in (*(arm.parts[1] for arm in arms), *last))
    return any(_is_of(part, outside) for part in tree.parts)


def _asked(run: Run, values: dict[str, Expression], outside: frozenset[str]) -> Asked:
    text = _Text()
    _take(run.text, values, text, 0)
    if any(_is_of(tree, outside) for tree in text.raw):
        return Asked(is_any=True)
    whole = "".join(text.parts)
    queries = queries_of(whole)
    if not queries:
        is_any = bool(CHANGES.match(whole)) and any(_is_of(tree, outside) for tree in text.names)
        return Asked(is_any=is_any, words=whole)
    if any(name.startswith(HOLE) for query in queries for name in _tables(query)):
        return Asked(is_any=True)
    given = {f"${at}": value for at, value in enumerate(run.given, 1)}
    return Asked(tuple(query_with_values(query_with_values(one, text.literals), given) for one in queries))


def _take(tree: Expression, values: dict[str, Expression], text: _Text, depth: int) -> None:
    """Adds what an expression gives to a text."""
    name = tree.name.rpartition(".")[2]
    if depth > DEEPEST:
        text.raw.append(tree)
    elif tree.kind == CONSTANT:
        text.parts.append(tree.name)
    elif tree.kind == COMPARE and tree.name == "||":
        for part in tree.parts:
            _take(part, values, text, depth)
    elif tree.kind == CALL and name == "concat":
        for part in tree.parts:
            _take(part, values, text, depth + 1)
    elif tree.kind == CALL and name == "format" and tree.parts:
        _format(tree, values, text, depth)
    elif tree.kind == CALL and name in ("quote_literal", "quote_nullable") and tree.parts:
        text.literals[text.hole()] = tree.parts[0]
    elif tree.kind == CALL and name == "quote_ident" and tree.parts:
        _name(tree.parts[0], values, text)
    elif tree.kind == COLUMN and not tree.table and tree.name in values and not _is_self(tree, values):
        _take(values[tree.name], values, text, depth + 1)
    else:
        text.hole()
        text.raw.append(tree)


def _is_self(tree: Expression, values: dict[str, Expression]) -> bool:
    return any(column.name == tree.name for column in columns_of(values[tree.name]))


def _format(tree: Expression, values: dict[str, Expression], text: _Text, depth: int) -> None:
    """What format() gives: %I names, %L values, %s anything."""
    pattern = values.get(tree.parts[0].name, tree.parts[0]) if tree.parts[0].kind == COLUMN else tree.parts[0]
    if pattern.kind != CONSTANT:
        text.hole()
        text.raw.append(pattern)
        return
    end, at = 0, 0
    for slot in SLOT.finditer(pattern.name):
        text.parts.append(pattern.name[end : slot.start()])
        end = slot.end()
        if slot[2] == "%":
            text.parts.append("%")
            continue
        at = int(slot[1]) if slot[1] else at + 1
        given = tree.parts[at] if at < len(tree.parts) else Expression(CONSTANT, "")
        if slot[2] == "L":
            text.literals[text.hole()] = given
        elif slot[2] == "I":
            _name(given, values, text)
        else:
            _take(given, values, text, depth + 1)
    text.parts.append(pattern.name[end:])


def _name(tree: Expression, values: dict[str, Expression], text: _Text) -> None:
    """A quoted name: that of a constant, else a hole."""
    known = values.get(tree.name, tree) if tree.kind == COLUMN and not tree.table else tree
    if known.kind in (COALESCE, CASE) or known.kind != CONSTANT:
        text.hole()
        text.names.append(known if known.kind != COLUMN else tree)
    else:
        text.parts.append('"' + known.name.replace('"', '""') + '"')


def _tables(query: Query) -> list[str]:
    """Names and schemas of all tables that a query reads or writes."""
    tables = [*query.tables, *([query.written] if query.written else [])]
    found = [name for table in tables for name in (table.name, table.schema)]
    todo = [query.where, *query.targets, *query.calls]
    inner = list(query.inner)
    while todo:
        node = todo.pop()
        todo += node.parts
        inner += [node.query] if node.query is not None else []
    return found + [name for part in inner for name in _tables(part)]
