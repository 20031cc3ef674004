"""Indexes that might have helped: proposed from predicates and plans, to be tested, never made."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ddms_ops.analysis.plan_nodes import PlanNode, node_predicates
from ddms_ops.sql_text import Predicate, masked, predicates_of

SMALL_ROWS = 10_000  # a smaller table is read whole as fast
REMOVED_SHARE = 0.9  # of the rows read, thrown away: less, and the condition is not selective
MOST_COLUMNS = 4
SHOWN = 3  # statements named in the evidence
LABEL = "to be tested"
COLUMNS = {
    "table": "str", "columns": "object", "evidence": "str", "statements": "object", "total_ms": "float64",
    "gain_ms": "float64", "was_dropped": "bool", "label": "str", "ddl": "str",
}  # fmt: skip
NAME = r'(?:"(?:[^"]|"")*"|[^\s".,(]+)'
DEFINITION = re.compile(rf"\bON (?:ONLY )?(?P<table>(?:{NAME}\.)?{NAME})(?: USING (?P<method>\w+))? \((?P<columns>.*)$")
Index = tuple[str, tuple[str, ...]]  # a table, and columns of an index on it
EQUAL = ("equal", "in", "join", "null")


@dataclass(slots=True)
class _Candidate:
    """An index that is being argued for."""

    table: str
    columns: tuple[str, ...]
    statements: list[str] = field(default_factory=list)
    calls: float = 0
    total_ms: float = 0.0
    removed_rows: float = 0
    gain_ms: float = float("nan")
    dropped: str = ""
    definition: str = ""


def index_candidates(
    statements: pd.DataFrame,
    plans: Iterable[tuple[str, PlanNode]],
    tables: pd.DataFrame,
    indexes: pd.DataFrame,
    *,
    dropped: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Indexes to test, by the statements that they might help.

    None is proposed that an index already begins with, on a table known to be small (under 10,000 rows), or for a
    condition of which a plan shows that it is not selective (under 90 % of the rows read are thrown away). Of a
    statement without a plan the text argues, unless an index begins with one of its columns. An index that is gone and
    that a plan of one of the statements used comes first.

    Args:
        statements: statement (its id), text (masked), calls, total_ms of the time in question.
        plans: statement (its id) and a plan of it, of any time.
        tables: table (with or without schema), rows (NaN where unknown); may be empty.
        indexes: table, definition (as pg_get_indexdef gives it, null where it is not known); where known index (its
            name) and is_valid: one that is not valid is named, and does not count as being there. May be empty.
        dropped: table, definition and index (its name) of indexes that an earlier look at the catalog saw, and a later
            one did not.

    Returns:
        table, columns (tuple: equality first, then one range or sort), evidence (words), statements (tuple of ids),
        total_ms (of these statements), gain_ms (the time of scans times the share of rows thrown away, over the plans
        given; NaN where none supports it), was_dropped, label, ddl (text to review, without literals). Best first;
        empty: none is argued for.
    """
    plans = list(plans)
    existing, unfinished = _there(indexes)
    found: dict[tuple[str, tuple[str, ...]], _Candidate] = {}
    for candidate in (*_gone(dropped, plans), *_by_plan(statements, plans), *_by_text(statements, plans, existing)):
        found.setdefault((_bare(candidate.table), candidate.columns), candidate)
    for candidate in found.values():
        _argue(candidate, statements, plans)
    kept = _worth_a_test(list(found.values()), tables, existing)
    rows = [_row(candidate, _notes(candidate, indexes, unfinished)) for candidate in kept]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def hypopg_statements(table: str, columns: Sequence[str], text: str) -> tuple[str, ...]:
    """What a person would run to test an index without making it, where the extension hypopg is there.

    Args:
        table: with or without schema.
        columns: of the index, in their order.
        text: the statement to explain, with values that it is slow with.

    Returns:
        Statements to review; they change nothing that stays.
    """
    ddl = f"CREATE INDEX ON {_quoted_table(table)} ({', '.join(map(_quoted, columns))})"
    literal = ddl.replace("'", "''")
    return (
        f"SELECT indexrelid, indexname FROM hypopg_create_index('{literal}')",
        f"EXPLAIN {text}",
        "SELECT hypopg_reset()",
    )


def _there(indexes: pd.DataFrame) -> tuple[list[Index], list[tuple[str, Index]]]:
    """Indexes that answer what they begin with, and, by name, those that were left unfinished."""
    existing, unfinished = [], []
    for row in indexes.dropna(subset=["definition"]).to_dict("records"):
        table, columns, is_plain = _definition(row["definition"])
        if is_plain and row.get("is_valid", True):
            existing.append((table, columns))
        elif is_plain:
            unfinished.append((str(row.get("index", "")), (table, columns)))
    return existing, unfinished


def _notes(candidate: _Candidate, indexes: pd.DataFrame, unfinished: Sequence[tuple[str, Index]]) -> list[str]:
    """What to know of the indexes that a table has."""
    same = [name for name, index in unfinished if not _is_new(candidate, [index])]
    own = indexes[indexes["table"].astype("str").map(_bare) == _bare(candidate.table)]
    is_unknown = indexes["definition"].isna().all() or (len(own) and own["definition"].isna().all())
    return [
        *(f"the index {name} on them is there, but it is not valid and is not used" for name in same),
        *(["existing indexes are not known"] if is_unknown else []),
    ]


def _gone(dropped: pd.DataFrame | None, plans: Sequence[tuple[str, PlanNode]]) -> Iterator[_Candidate]:
    """Dropped indexes that a plan used."""
    used = {(node.index, _bare(node.relation)) for _, plan in plans for node in plan.walk() if node.index}
    for row in () if dropped is None else dropped.itertuples():
        columns = _definition(row.definition)[1]
        is_used = (row.index, _bare(row.table)) in used or (row.index, "") in used  # a bitmap scan names no table
        if is_used and columns:
            yield _Candidate(row.table, columns, dropped=row.index, definition=masked(row.definition))


def _by_plan(statements: pd.DataFrame, plans: Sequence[tuple[str, PlanNode]]) -> Iterator[_Candidate]:
    """Indexes for the scans of plans that throw most rows away."""
    for statement, plan in plans:
        for node in _wasteful(plan):
            predicates = [*node_predicates(node), *_sorts(statements, statement, node.relation)]
            if columns := _ordered(predicates):
                yield _Candidate(node.relation, columns)


def _by_text(
    statements: pd.DataFrame, plans: Sequence[tuple[str, PlanNode]], existing: Sequence[Index]
) -> Iterator[_Candidate]:
    """Indexes for statements without a plan."""
    with_plan = {statement for statement, _ in plans}
    for row in statements[~statements["statement"].isin(with_plan)].itertuples():
        by_table: dict[str, list[Predicate]] = {}
        for predicate in predicates_of(row.text):
            by_table.setdefault(predicate.table, []).append(predicate)
        for table, predicates in by_table.items():
            columns = _ordered(predicates)
            leading = {names[0] for name, names in existing if _bare(name) == _bare(table)}
            if columns and not leading & set(columns):
                yield _Candidate(table, columns)


def _wasteful(plan: PlanNode) -> Iterator[PlanNode]:
    """Scans that throw away most of what they read; of a plan that was not measured, every filtered sequential scan."""
    for node in plan.walk():
        if "Scan" not in node.type or not node.relation or "Filter" not in node.conditions:
            continue
        is_unmeasured_scan = node.loops is None and node.type == "Seq Scan"
        if is_unmeasured_scan or (node.loops and _removed(node)[1] >= REMOVED_SHARE):
            yield node


def _removed(node: PlanNode) -> tuple[float, float]:
    """Rows thrown away by a scan in all loops, and their share of those read."""
    removed = node.facts.get("Rows Removed by Filter", 0) * (node.loops or 0)
    return removed, removed / max(removed + (node.actual_rows or 0) * (node.loops or 0), 1)


def _sorts(statements: pd.DataFrame, statement: str, table: str) -> list[Predicate]:
    """Columns of a table that a statement sorts by."""
    texts = statements.loc[statements["statement"] == statement, "text"].head(1)
    found = (predicate for text in texts for predicate in predicates_of(text))
    return [predicate for predicate in found if predicate.kind == "sort" and _bare(predicate.table) == _bare(table)]


def _ordered(predicates: Sequence[Predicate]) -> tuple[str, ...]:
    """Columns of an index: those of equality, then one of a range, or else one to sort by; () without a condition."""
    equal = [predicate.column for predicate in predicates if predicate.kind in EQUAL]
    rest = [predicate.column for predicate in predicates if predicate.kind == "range"]
    rest = rest or [predicate.column for predicate in predicates if predicate.kind == "sort"] if equal else rest
    return tuple(dict.fromkeys([*dict.fromkeys(equal), *rest[:1]]))[:MOST_COLUMNS]


def _argue(candidate: _Candidate, statements: pd.DataFrame, plans: Sequence[tuple[str, PlanNode]]) -> None:
    """Collect what speaks for an index: the statements, and the scans of their plans."""
    for row in statements.itertuples():
        own = [plan for statement, plan in plans if statement == row.statement]
        scans = [
            node for plan in own for node in _wasteful(plan) if _serves(candidate, node_predicates(node), node.relation)
        ]
        has_used = bool(candidate.dropped) and any(
            node.index == candidate.dropped for plan in own for node in plan.walk()
        )
        is_served = not own and _serves(candidate, predicates_of(row.text), candidate.table)
        if scans or has_used or is_served:
            candidate.statements.append(row.statement)
            candidate.calls += row.calls
            candidate.total_ms += row.total_ms
        for node in scans:
            removed, share = _removed(node)
            candidate.removed_rows += removed
            if node.total_ms is not None:
                gain_ms = 0.0 if candidate.gain_ms != candidate.gain_ms else candidate.gain_ms
                candidate.gain_ms = gain_ms + node.total_ms * share


def _serves(candidate: _Candidate, predicates: Iterable[Predicate], table: str) -> bool:
    """Whether the first column of an index is among the conditions."""
    columns = {p.column for p in predicates if p.kind != "sort" and _bare(p.table) == _bare(candidate.table)}
    return _bare(table) == _bare(candidate.table) and candidate.columns[0] in columns


def _worth_a_test(
    candidates: Sequence[_Candidate], tables: pd.DataFrame, existing: Sequence[Index]
) -> list[_Candidate]:
    """Candidates that something argues for and nothing against, best first."""
    rows_of = dict(zip(tables["table"], tables["rows"], strict=True))
    kept = [
        candidate
        for candidate in candidates
        if candidate.statements and _is_new(candidate, existing) and _is_large(candidate.table, rows_of)
    ]
    kept = [candidate for candidate in kept if not _is_part(candidate, kept)]
    return sorted(kept, key=lambda one: (not one.dropped, -one.total_ms, one.table, one.columns))


def _is_new(candidate: _Candidate, existing: Sequence[Index]) -> bool:
    width = len(candidate.columns)
    return not any(
        _bare(table) == _bare(candidate.table) and columns[:width] == candidate.columns for table, columns in existing
    )


def _is_part(candidate: _Candidate, kept: Sequence[_Candidate]) -> bool:
    """Whether a wider candidate begins with the same columns."""
    width = len(candidate.columns)
    others = (other for other in kept if len(other.columns) > width and _bare(other.table) == _bare(candidate.table))
    return not candidate.dropped and any(other.columns[:width] == candidate.columns for other in others)


def _is_large(table: str, rows_of: dict[str, float]) -> bool:
    known = [rows for name, rows in rows_of.items() if _bare(name) == _bare(table) and rows == rows]
    return not known or max(known) >= SMALL_ROWS


def _row(candidate: _Candidate, notes: list[str]) -> dict[str, object]:
    named = ", ".join(candidate.statements[:SHOWN]) + (" and others" if len(candidate.statements) > SHOWN else "")
    said = [f"statements {named}: {candidate.calls:,.0f} calls, {candidate.total_ms:,.0f} ms"]
    if candidate.dropped:
        said.insert(0, f"the index {candidate.dropped} is gone, and a plan of them used it")
    if candidate.removed_rows:
        said.append(f"scans in their plans threw {candidate.removed_rows:,.0f} rows away")
    if "$1" in candidate.definition:
        said.append("$1 stands for the literals of its definition, which are not shown")
    columns = ", ".join(map(_quoted, candidate.columns))
    ddl = f"CREATE INDEX CONCURRENTLY ON {_quoted_table(candidate.table)} ({columns})"
    if candidate.definition:
        ddl = re.sub(r"\bINDEX (?!CONCURRENTLY)", "INDEX CONCURRENTLY ", candidate.definition, count=1)
    return {
        "table": candidate.table, "columns": candidate.columns, "evidence": "; ".join([*said, *notes]),
        "statements": tuple(candidate.statements), "total_ms": candidate.total_ms, "gain_ms": candidate.gain_ms,
        "was_dropped": bool(candidate.dropped), "label": LABEL, "ddl": ddl,
    }  # fmt: skip


def _definition(text: str) -> tuple[str, tuple[str, ...], bool]:
    """Table and columns of an index, and whether it is a b-tree of all rows; no columns where they are expressions."""
    found = DEFINITION.search(text)
    if not found:
        return "", (), False
    parts = re.findall(rf"\s*({NAME})([^,]*)(?:,|$)", found["columns"].split(")")[0])
    columns = () if any("(" in rest for _, rest in parts) else tuple(_unquoted(name) for name, _ in parts)
    is_plain = bool(columns) and (found["method"] or "btree") == "btree" and ") WHERE " not in text
    return ".".join(map(_unquoted, re.findall(NAME, found["table"]))), columns, is_plain


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _bare(table: str) -> str:
    return table.split(".", 1)[-1]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted_table(table: str) -> str:
    """A table's name as SQL writes it; what stands before the first dot is its schema."""
    return ".".join(map(_quoted, table.split(".", 1)))
