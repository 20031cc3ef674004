"""A step of a Postgres plan with the steps below it, however the plan was written.

Conditions come masked: a plan in a log holds the literals of its statement.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ddms_ops.sql_text import Predicate, predicates_of

DEEPEST = 200  # steps below each other that are read
CONDITIONS = (
    "Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "One-Time Filter", "Sort Key",
    "Group Key", "TID Cond", "Order By", "Cache Key", "Presorted Key",
)  # fmt: skip
FACTS = (
    "Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck", "Heap Fetches",
    "Exact Heap Blocks", "Lossy Heap Blocks", "Sort Space Used", "Hash Batches", "HashAgg Batches", "Disk Usage",
    "Workers Launched", "Workers Planned", "Shared Hit Blocks", "Shared Read Blocks", "Temp Read Blocks",
    "Temp Written Blocks", "I/O Read Time",
)  # fmt: skip
SUBPLAN = re.compile(r"\((?:hashed )?(?:SubPlan|InitPlan) [^\s()]+\)(?:\.col\$?\d*)?")


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A step of a plan with the steps below it.

    `type` is as text plans print it, without Parallel, Partial and the join's type. `estimated_rows` and `actual_rows`
    are per loop; the latter, `loops` and `total_ms` (all loops, with the steps below, as one worker of several) are
    None where the plan was not measured. `loops` is 0 where the step was never executed. `role` is "InitPlan",
    "SubPlan", "CTE" or "". `conditions` are masked; `facts` are the numbers of FACTS by the names in JSON plans.
    """

    type: str
    relation: str = ""
    alias: str = ""
    index: str = ""
    join_type: str = ""
    role: str = ""
    cost: float = 0.0
    estimated_rows: float = 0.0
    actual_rows: float | None = None
    loops: int | None = None
    total_ms: float | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    children: tuple["PlanNode", ...] = ()

    def walk(self) -> Iterator["PlanNode"]:
        """This step and all below it, in the order of the plan."""
        yield self
        for child in self.children:
            yield from child.walk()


def node_predicates(node: PlanNode) -> tuple[Predicate, ...]:
    """The columns by which a step finds rows of its relation, from its conditions; kinds as in `predicates_of`."""
    if not node.relation:
        return ()
    source = f"{_quoted(node.relation)} {_quoted(node.alias or node.relation)}"
    names = ("Index Cond", "Filter") if "Index Cond" in node.conditions else ("Recheck Cond", "Filter")
    found: list[Predicate] = []
    for name in names:
        if condition := node.conditions.get(name):
            found += predicates_of(f"SELECT FROM {source} WHERE {SUBPLAN.sub('$1', condition)}")
    return tuple(dict.fromkeys(found))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
