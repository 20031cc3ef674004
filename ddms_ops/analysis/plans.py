"""Plans of statements: read into one tree, their shapes, and which statement changed its plan."""

import hashlib
import re
from dataclasses import replace

import pandas as pd

from ddms_ops.analysis.plan_json import json_plan
from ddms_ops.analysis.plan_nodes import PlanNode
from ddms_ops.analysis.plan_text import text_plan
from ddms_ops.window import Window

LONGEST = 5_000_000  # characters of a plan that is read
DIGITS = 12
CHANGES = (
    "statement", "shape", "first_seen", "calls_before", "calls_now", "median_before_ms", "median_now_ms",
    "is_usual_before", "is_usual_now", "is_changed",
)  # fmt: skip
APPENDS = ("Append", "Merge Append")
DIGIT = re.compile(r"\d+")
GROWN = 0.5  # of a statement's plans: by so much the share of a shape must grow to be a change


def plan_of(text: str) -> PlanNode | None:
    """The plan in a text.

    Args:
        text: what EXPLAIN or auto_explain wrote, as JSON (object or array) or as text; what stands before the plan in
            an entry of a log ("Query Text: …") does not disturb.

    Returns:
        The topmost step; None where there is no plan, or one in another format.
    """
    if len(text) > LONGEST:
        return None
    root = json_plan(text) if text.lstrip()[:1] in ("{", "[") else text_plan(text)
    return None if root is None else _measured(root, 1)


def plan_shape(node: PlanNode) -> str:
    """What a plan does, apart from how much of it: 12 hex digits.

    Types of steps, relations, indexes, kinds of join and structure count; costs, rows, literals, measurements and the
    number of workers do not. Digits in names of tables do not count, nor those in names of their indexes; below an
    Append, steps alike count once, and one step is itself: partitions come and go.

    Args:
        node: the topmost step, as `plan_of` gives it; text and JSON of one plan have one shape.
    """
    return hashlib.sha256(_described(node, False).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _described(node: PlanNode, is_partition: bool) -> str:
    """A step in words; `is_partition`: digits in the name of its index do not count, whatever its table is called."""
    is_partition = is_partition or any(map(str.isdigit, node.relation))
    index = DIGIT.sub("#", node.index) if is_partition else node.index
    is_handed_on = is_partition and (node.type in APPENDS or node.type.startswith("Bitmap"))
    below = [_described(child, is_handed_on or node.type in APPENDS) for child in node.children]
    if node.type in APPENDS:
        below = sorted(set(below))
        if len(below) == 1 and not node.role:
            return below[0]
    return f"({node.type}|{DIGIT.sub('#', node.relation)}|{index}|{node.join_type}|{node.role}{''.join(below)})"


def _measured(node: PlanNode, workers: int) -> PlanNode:
    """The plan with the time of all loops, as one worker of several spent it."""
    total_ms = None if node.total_ms is None else node.total_ms * (node.loops or 0) / workers
    if node.type in ("Gather", "Gather Merge"):
        workers *= 1 + int(node.facts.get("Workers Launched", 0))
    return replace(node, total_ms=total_ms, children=tuple(_measured(child, workers) for child in node.children))


def plan_changes(plans: pd.DataFrame, *, window: Window, baseline: Window) -> pd.DataFrame:
    """Shapes of plans by statement, in the baseline and in the window, and the statements whose usual shape is another.

    A log holds the plans of slow calls alone: a shape that was quick before may not be seen there.

    Args:
        plans: statement (its id), timestamp (UTC), shape (as `plan_shape` gives it), duration_ms; may be empty.
        window: the time in question.
        baseline: the time before it.

    Returns:
        A row for each statement and shape: statement, shape, first_seen (UTC, of all plans given), calls_before,
        calls_now (plans of the shape, int64), median_before_ms, median_now_ms (float64, NaN without any),
        is_usual_before, is_usual_now (the shape of most calls there), is_changed (of the statement: both have a usual
        shape, it is not the same one, and the new one's share of the plans has grown by half of them). Changed
        statements first, then by time now. Statements without a plan in window or baseline are absent.
    """
    parts = [_by_shape(plans, span, suffix) for span, suffix in ((baseline, "before"), (window, "now"))]
    shapes = parts[0].join(parts[1], how="outer")
    first = plans.groupby(["statement", "shape"], sort=False)["timestamp"].min().rename("first_seen")
    shapes = shapes.join(first).reset_index()
    for name in ("before", "now"):
        shapes[f"calls_{name}"] = shapes[f"calls_{name}"].fillna(0).astype("int64")
        shapes[f"is_usual_{name}"] = _is_usual(shapes, name)
    shapes["is_changed"] = _is_changed(shapes)
    shapes["total"] = shapes.groupby("statement")["total_now_ms"].transform("sum")
    order = ["is_changed", "total", "statement", "calls_now", "shape"]
    return shapes.sort_values(order, ascending=[False, False, True, False, True], ignore_index=True)[list(CHANGES)]


def _by_shape(plans: pd.DataFrame, span: Window, suffix: str) -> pd.DataFrame:
    inside = plans[(plans["timestamp"] >= span.start) & (plans["timestamp"] < span.end)]
    durations = inside.groupby(["statement", "shape"], sort=False)["duration_ms"]
    found = {f"calls_{suffix}": durations.size(), f"median_{suffix}_ms": durations.median().astype("float64")}
    return pd.DataFrame({**found, f"total_{suffix}_ms": durations.sum().astype("float64")})


def _is_usual(shapes: pd.DataFrame, name: str) -> pd.Series:
    """Whether a shape is the one of most calls of its statement; of the longest time where several are."""
    keys = ["statement", f"calls_{name}", f"total_{name}_ms", "shape"]
    ranked = shapes.sort_values(keys, ascending=[True, False, False, True])
    return (ranked.groupby("statement").cumcount() == 0).reindex(shapes.index) & (shapes[f"calls_{name}"] > 0)


def _is_changed(shapes: pd.DataFrame) -> pd.Series:
    """Whether the usual shape of a shape's statement is another one, by its share of the plans."""
    usual = [shapes[shapes[f"is_usual_{name}"]].set_index("statement")["shape"] for name in ("before", "now")]
    before, now = (shapes["statement"].map(shape) for shape in usual)
    counts = shapes[["calls_before", "calls_now"]]
    share = counts / counts.groupby(shapes["statement"]).transform("sum")
    grown = (share["calls_now"] - share["calls_before"])[shapes["is_usual_now"]]
    grown = shapes["statement"].map(grown.set_axis(shapes.loc[shapes["is_usual_now"], "statement"]))
    return before.notna() & now.notna() & (before != now) & (grown >= GROWN)
