"""Plans of Postgres as text, as EXPLAIN or auto_explain of PostgreSQL 12 to 18 writes them."""

import re
from dataclasses import dataclass, field
from typing import Any

from ddms_ops.analysis.plan_nodes import CONDITIONS, DEEPEST, PlanNode
from ddms_ops.sql_text import masked

NODE = re.compile(
    r"^(?P<indent> *)(?:-> +)?(?P<label>\S.*?)  \(cost=(?P<start>[\d.]+)\.\.(?P<cost>[\d.]+) rows=(?P<estimated>\d+) "
    r"width=\d+\)(?: \(actual (?:time=[\d.]+\.\.(?P<ms>[\d.]+) )?rows=(?P<rows>[\d.]+) loops=(?P<loops>\d+)\)"
    r"| \((?P<never>never executed)\))?\s*$"
)
PART = re.compile(r"^(?P<indent> +)(?P<role>InitPlan|SubPlan|CTE) .*$")
DETAIL = re.compile(r"^ +(?P<name>[A-Z][\w/ -]*?): +(?P<value>.*)$")
IDENTIFIER = r'(?:"(?:[^"]|"")*"|[^\s".]+)'
TARGET = re.compile(
    rf"^(?P<type>.+?)(?: using (?P<index>{IDENTIFIER}))? on (?:{IDENTIFIER}\.)?(?P<relation>{IDENTIFIER})"
    rf"(?: (?P<alias>{IDENTIFIER}))?$"
)
KINDS_OF_JOIN = "(?:Left|Right|Full|Semi|Anti)(?: Semi| Anti)?"
JOIN = re.compile(rf"^(?P<type>Hash|Merge|Nested Loop)(?: (?P<join>{KINDS_OF_JOIN}))? Join$|^Nested Loop$")
COUNTS = (
    "Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck", "Heap Fetches",
    "Workers Launched", "Workers Planned",
)  # fmt: skip
OTHER_SOURCES = ("CTE", "Function", "Values", "Subquery", "WorkTable", "Named", "Table Function")
PREFIX = re.compile(r"^(?:Parallel |Partial |Finalize |Async )+")
TEXT_FACTS = {  # name in text: names of the numbers in it
    "Sort Method": ((re.compile(r"Disk: (\d+)kB"), "Sort Space Used"),),
    "Heap Blocks": (
        (re.compile(r"exact=(\d+)"), "Exact Heap Blocks"), (re.compile(r"lossy=(\d+)"), "Lossy Heap Blocks"),
    ),
    "Buckets": ((re.compile(r"Batches: (\d+)"), "Hash Batches"),),
    "Batches": ((re.compile(r"^(\d+)"), "HashAgg Batches"), (re.compile(r"Disk Usage: (\d+)kB"), "Disk Usage")),
    "Planned Partitions": (
        (re.compile(r"Batches: (\d+)"), "HashAgg Batches"), (re.compile(r"Disk Usage: (\d+)kB"), "Disk Usage"),
    ),
    "Buffers": (
        (re.compile(r"shared hit=(\d+)"), "Shared Hit Blocks"),
        (re.compile(r"shared(?: hit=\d+)? read=(\d+)"), "Shared Read Blocks"),
        (re.compile(r"temp read=(\d+)"), "Temp Read Blocks"),
        (re.compile(r"temp(?: read=\d+)? written=(\d+)"), "Temp Written Blocks"),
    ),
    "I/O Timings": ((re.compile(r"(?:shared/local |shared )?read=([\d.]+)"), "I/O Read Time"),),
}  # fmt: skip


@dataclass(slots=True)
class _Line:
    """A step of a text plan that is being read."""

    indent: int
    node: dict[str, Any]
    below: list["_Line"] = field(default_factory=list)

    def built(self) -> PlanNode:
        return PlanNode(**self.node, children=tuple(line.built() for line in self.below))


def text_plan(text: str) -> PlanNode | None:
    """The last plan in a text; None where there is none. Times are per loop, as they are written."""
    lines = [line.removeprefix("\t") for line in text.splitlines()]  # a log indents the lines of an entry by a tab
    roots = [place for place, line in enumerate(lines) if line[:1] not in ("", " ", "-") and NODE.match(line)]
    if not roots:
        return None
    stack: list[_Line] = []
    role, role_indent = "", -1
    for line in lines[roots[-1] :]:
        if found := NODE.match(line):
            indent = len(found["indent"])
            while stack and stack[-1].indent >= indent:
                stack.pop()
            below = _Line(indent, _text_node(found, role if indent > role_indent else ""))
            role, role_indent = "", -1
            if stack and len(stack) < DEEPEST:
                stack[-1].below.append(below)
            root = stack[0] if stack else below
            stack.append(below)
        elif line[:1] != " ":
            break  # what follows the plan: planning, triggers, JIT
        elif part := PART.match(line):
            role, role_indent = part["role"], len(part["indent"])
        elif detail := DETAIL.match(line):
            _add_detail(stack[-1].node, detail["name"], detail["value"])
    return root.built()


def _text_node(found: re.Match[str], role: str) -> dict[str, Any]:
    label = PREFIX.sub("", found["label"])
    target = TARGET.match(label)
    kind = (target["type"] if target else label).removesuffix(" Backward")
    relation, index = (_unquoted(target[name] or "") if target else "" for name in ("relation", "index"))
    if kind == "Bitmap Index Scan":
        relation, index = "", relation
    join = JOIN.match(kind)
    is_table = not kind.startswith(OTHER_SOURCES)
    alias = _unquoted((target["alias"] if target else None) or "")
    return {
        "type": _joined(join) if join else kind.split(" Except")[0].split(" Intersect")[0],
        "relation": relation if is_table else "",
        "alias": alias or relation,
        "index": index,
        "join_type": (join["join"] or "Inner") if join else "",
        "role": role,
        "cost": float(found["cost"]),
        "estimated_rows": float(found["estimated"]),
        "actual_rows": 0.0 if found["never"] else None if found["rows"] is None else float(found["rows"]),
        "loops": 0 if found["never"] else None if found["loops"] is None else int(found["loops"]),
        "total_ms": 0.0 if found["never"] else None if found["ms"] is None else float(found["ms"]),
        "conditions": {},
        "facts": {},
    }


def _joined(join: re.Match[str]) -> str:
    return f"{join['type']} Join" if join["type"] in ("Hash", "Merge") else "Nested Loop"


def _add_detail(node: dict[str, Any], name: str, value: str) -> None:
    """Add what a line below a step says of it."""
    if name in CONDITIONS:
        node["conditions"].setdefault(name, masked(value))
    for pattern, fact in TEXT_FACTS.get(name, ()):
        if found := pattern.search(value):
            node["facts"].setdefault(fact, float(found[1]))
    if name in COUNTS and (found := re.match(r"[\d.]+", value)):
        node["facts"].setdefault(name, float(found[0]))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
