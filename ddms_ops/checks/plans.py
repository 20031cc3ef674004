"""Which plans changed, and what is wrong with them?"""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ddms_ops.analysis.plan_nodes import PlanNode
from ddms_ops.analysis.plan_problems import Problem, TableState, plan_problems
from ddms_ops.analysis.plans import plan_changes, plan_of, plan_shape
from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs, ms_words
from ddms_ops.checks.slow_sign import OF_DATABASE
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

STATEMENTS, EACH = 100, 30
SHOWN = 5
SCANS = 3
FEWEST = 3  # plans read of a statement on each side, to be sure of a change
MARKUP = re.compile(r"\s*<|(?:.*\n)?\s*(?:- )?Plan:\s*\n")
HOW = "auto_explain logs plans: shared_preload_libraries = 'auto_explain', auto_explain.log_min_duration, log_analyze"
HOW_READABLE = "auto_explain.log_format = text or json makes plans that can be"


def check_plans(facts: Facts) -> list[Finding]:
    """Statements whose usual plan has another shape than in the baseline, and what is wrong with plans of slow ones."""
    plans = facts.plans
    if plans.empty:
        raise CannotTell(_why_none(facts))
    changes = plan_changes(plans, window=facts.window, baseline=facts.baseline)
    changed = changes[changes["is_changed"]]
    found = [_change(facts, str(name), part, plans) for name, part in changed.groupby("statement", sort=True)]
    found.sort(key=lambda finding: (finding.severity.order, -finding.strength))
    return [*found[:SHOWN], *_problems(facts, plans)]


def unlogged_plans(facts: Facts) -> str:
    """Why no change may not mean that no plan changed: plans of one side only."""
    sides = set(facts.plans["side"])
    return "" if {NOW, BEFORE} <= sides else "the log has plans of the window or of the baseline only"


def read_plans(facts: Facts) -> pd.DataFrame:
    """Plans of the log that can be read, sampled: those of `StatementLog.plans` with `node` and `shape`."""
    plans = facts.statement_log.plans(statements=STATEMENTS, each=EACH)
    nodes = [plan_of(text) for text in plans.pop("plan")]
    read = plans.assign(node=nodes, shape=[plan_shape(node) if node else None for node in nodes])
    return read[read["shape"].notna()].reset_index(drop=True)


def _why_none(facts: Facts) -> str:
    """Why there is no plan to look at: none was logged, or none of those logged can be read."""
    logged = facts.statement_log.plans(statements=STATEMENTS, each=EACH)["plan"]
    if logged.empty:
        return f"the Postgres log has no plan; {HOW}"
    if any(MARKUP.match(text) for text in logged):
        return f"plans in XML or YAML cannot be read ({_logged(facts):,} are in the log); {HOW_READABLE}"
    return f"none of {counted(_logged(facts), 'plan')} in the log can be read: cut off, or not in a known form"


def _logged(facts: Facts) -> int:
    """Plans that the log has of window and baseline."""
    counts = facts.statement_log.counts()
    return int(counts["plan"].sum()) if "plan" in counts else 0


def plans_read(facts: Facts, findings: list[Finding]) -> str:  # noqa: ARG001
    """How many plans were read of how many there are."""
    return f"{_of(len(facts.plans), max(_logged(facts), len(facts.plans)))} read"


def paths(node: PlanNode) -> str:
    """How a plan reaches its tables, in words: `Seq Scan on documents; Index Scan using …`."""
    found = [
        f"{each.type}{f' using {each.index}' if each.index else ''} on {each.relation}"
        for each in _steps(node)
        if each.relation
    ]
    found = list(dict.fromkeys(found))
    more = f" and {len(found) - SCANS} more" if len(found) > SCANS else ""
    return redact("; ".join(found[:SCANS]) or node.type) + more


def _steps(node: PlanNode) -> Iterator[PlanNode]:
    yield node
    for child in node.children:
        yield from _steps(child)


def _change(facts: Facts, statement: str, shapes: pd.DataFrame, plans: pd.DataFrame) -> Finding:
    """A statement whose usual plan is another one."""
    every = plans[plans["statement"] == statement]
    new = shapes[shapes["is_usual_now"]].iloc[0]
    old = shapes[shapes["is_usual_before"]].iloc[0]
    after = every[(every["shape"] == new["shape"]) & (every["side"] == NOW)]
    earlier = every[(every["shape"] == old["shape"]) & (every["side"] != NOW)]
    ratio = float(new["median_now_ms"] / old["median_before_ms"]) if old["median_before_ms"] else float("inf")
    first = after["timestamp"].min()
    now, before = int(shapes["calls_now"].sum()), int(shapes["calls_before"].sum())
    is_sure = min(now, before) >= FEWEST and ratio >= facts.profile.triage.rise
    return Finding(
        check="plans",
        severity=Severity.MEDIUM if is_sure else Severity.LOW,
        statement=(
            f"The plan of {facts.statement_text(statement)} changed, first seen {first:%Y-%m-%d %H:%M:%S} UTC:"
            f" {paths(after['node'].iloc[0])} (median {ms_words(new['median_now_ms'])},"
            f" {_of(int(new['calls_now']), now)} read), before {paths(earlier['node'].iloc[0])}"
            f" (median {ms_words(old['median_before_ms'])}, {_of(int(old['calls_before']), before)} read)"
        ),
        subject={"statement": statement, "kind": "changed", "shape": str(new["shape"])},
        evidence=log_refs(pd.concat([after, earlier])),
        strength=ratio,
        first_seen=first,
        last_seen=after["timestamp"].max(),
        observed=float(new["median_now_ms"]),
        baseline=float(old["median_before_ms"]),
        unit="ms",
        next_step="Compare both plans; ANALYZE its tables if their statistics are behind; look for a dropped index",
    )


def _problems(facts: Facts, plans: pd.DataFrame) -> list[Finding]:
    """What is wrong with the slowest plan of each slow statement, once a kind."""
    slow = [
        f.subject["statement"] for name in OF_DATABASE for f in facts.result(name).findings if "statement" in f.subject
    ]
    tables = table_states(facts)
    found = []
    for statement in dict.fromkeys(slow):
        ours = plans[(plans["statement"] == statement) & (plans["side"] == NOW)]
        if ours.empty:
            continue
        worst = ours.loc[ours["duration_ms"].idxmax()]
        kinds = {problem.kind: problem for problem in reversed(plan_problems(worst["node"], tables=tables))}
        found += [_problem(facts, statement, problem, worst) for problem in kinds.values()]
    return found[: 2 * SHOWN]


def _problem(facts: Facts, statement: str, problem: Problem, plan: Any) -> Finding:
    return Finding(
        check="plans",
        severity=Severity.LOW,
        statement=(
            f"{redact(problem.words)}, in the slowest plan ({ms_words(plan['duration_ms'])}) of"
            f" {facts.statement_text(statement)} at {plan['timestamp']:%Y-%m-%d %H:%M:%S} UTC"
        ),
        subject={"statement": statement, "kind": problem.kind},
        evidence=(EvidenceRef.of(str(plan["pull"]), [plan["row"]]),),
        strength=-float(problem.severity_hint.order),
        first_seen=plan["timestamp"],
        last_seen=plan["timestamp"],
    )


def table_states(facts: Facts) -> dict[str, TableState]:
    """How far the statistics of tables are behind, by the last snapshot; by name with and without schema."""
    _, frame = facts.statistics.ends(facts.statistics.tables)
    states: dict[str, TableState] = {}
    for row in frame.itertuples():
        age = (row.captured_at - row.last_analyze) / pd.Timedelta(hours=1)
        state = TableState(float(row.rows_live), float(row.changed_since_analyze), None if pd.isna(age) else float(age))
        if pd.notna(row.rows_live) and pd.notna(row.changed_since_analyze):
            states |= {str(row.table): state, f"{row.schema}.{row.table}": state}
    return states


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {counted(whole, 'plan')}"
