"""Plans of Postgres in JSON, as EXPLAIN (an array) or auto_explain (an object) writes them."""

import json
from collections.abc import Mapping
from typing import Any

from ddms_ops.analysis.plan_nodes import CONDITIONS, DEEPEST, FACTS, PlanNode
from ddms_ops.sql_text import masked

STRATEGIES = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}


def json_plan(text: str) -> PlanNode | None:
    """The plan in a text of JSON; None where there is none. Times are per loop, as they are written."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    document = document[0] if isinstance(document, list) and document else document
    plan = document.get("Plan") if isinstance(document, dict) else None
    return _json_node(plan, 0) if isinstance(plan, dict) else None


def _json_node(plan: Mapping[str, Any], depth: int) -> PlanNode:
    below = plan.get("Plans", []) if depth < DEEPEST else []
    kind, name = _text(plan, "Parent Relationship"), _text(plan, "Subplan Name")
    loops = _number(plan, "Actual Loops")
    return PlanNode(
        type=_json_type(plan),
        relation=_text(plan, "Relation Name"),
        alias=_text(plan, "Alias"),
        index=_text(plan, "Index Name"),
        join_type=_text(plan, "Join Type"),
        role="CTE" if name.startswith("CTE ") else kind if kind in ("InitPlan", "SubPlan") else "",
        cost=_number(plan, "Total Cost") or 0.0,
        estimated_rows=_number(plan, "Plan Rows") or 0.0,
        actual_rows=_number(plan, "Actual Rows"),
        loops=None if loops is None else int(loops),
        total_ms=_number(plan, "Actual Total Time"),
        conditions={key: _condition(plan[key]) for key in CONDITIONS if key in plan},
        facts=_json_facts(plan),
        children=tuple(_json_node(child, depth + 1) for child in below if isinstance(child, dict)),
    )


def _json_type(plan: Mapping[str, Any]) -> str:
    """The type of a step as text plans print it."""
    kind, strategy = _text(plan, "Node Type"), _text(plan, "Strategy")
    if kind == "Aggregate":
        return STRATEGIES.get(strategy, kind)
    if kind == "SetOp":
        return "HashSetOp" if strategy == "Hashed" else kind
    return _text(plan, "Operation") or kind if kind == "ModifyTable" else kind


def _json_facts(plan: Mapping[str, Any]) -> dict[str, float]:
    named = {name: _number(plan, name) for name in FACTS}
    if named["I/O Read Time"] is None:
        named["I/O Read Time"] = _number(plan, "Shared I/O Read Time")
    facts = {name: value for name, value in named.items() if value is not None}
    if _text(plan, "Sort Space Type") != "Disk":
        facts.pop("Sort Space Used", None)
    return facts


def _text(plan: Mapping[str, Any], key: str) -> str:
    value = plan.get(key, "")
    return value if isinstance(value, str) else ""


def _number(plan: Mapping[str, Any], key: str) -> float | None:
    value = plan.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _condition(value: Any) -> str:
    return masked(", ".join(map(str, value)) if isinstance(value, list) else str(value))
