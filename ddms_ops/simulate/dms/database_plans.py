"""Plans as auto_explain writes them: by an index, and what is left without it."""

from dataclasses import dataclass

from ddms_ops.simulate.dms.database_statements import TABLE_OF, Statement, Table

WORKERS = 2
WIDTH = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan: its statement and that filled with the values of one call, how long it took, by index or not."""

    statement: Statement
    condition: str
    exec_us: int
    is_scan: bool

    @property
    def ms(self) -> float:
        """How long it took."""
        return self.exec_us / 1000


def plan_text(plan: Plan) -> str:
    """The steps of a plan, one a line, each line after a tab."""
    steps = _scan(plan) if plan.is_scan else _by_index(plan) if plan.statement.index else _insert(plan)
    return "\n".join(f"\t{step}" for step in steps)


def _insert(plan: Plan) -> list[str]:
    ms, table = plan.ms, plan.statement.table
    return [
        f"Insert on {table}  (cost=0.00..0.02 rows=0 width=0) (actual time={ms:.3f}..{ms:.3f} rows=0 loops=1)",
        f"  Buffers: shared hit={plan.statement.blocks} read=2 dirtied=3",
        f"  ->  Result  (cost=0.00..0.02 rows=1 width={WIDTH}) (actual time=0.009..0.010 rows=1 loops=1)",
    ]


def _by_index(plan: Plan) -> list[str]:
    """An index scan, below what the statement does with its rows."""
    statement, ms = plan.statement, plan.ms
    cost = 8.45 + 1.2 * statement.rows
    buffers = [f"Buffers: shared hit={statement.blocks // 4} read={statement.blocks - statement.blocks // 4}",
               f"I/O Timings: shared read={ms * 0.97:.3f}"]  # fmt: skip
    scan = [
        f"Index Scan using {statement.index} on {statement.table}  (cost=0.42..{cost:.2f} rows={max(statement.rows, 1)}"
        f" width={WIDTH}) (actual time={ms * 0.04:.3f}..{ms * 0.99:.3f} rows={statement.rows} loops=1)",
        f"  Index Cond: ({plan.condition})",
        *(f"  {line}" for line in buffers),
    ]
    return _below(_head(plan, cost=cost), buffers, scan)


def _scan(plan: Plan) -> list[str]:
    """A parallel sequential scan of the whole table, below what the statement does with its rows."""
    statement, table, ms = plan.statement, TABLE_OF[plan.statement.table], plan.ms
    kept, cost = statement.rows, table.pages + table.rows * 0.00625
    buffers = [f"Buffers: shared hit={table.pages // 9} read={table.pages - table.pages // 9}",
               f"I/O Timings: shared read={ms * 1.9:.3f}"]  # fmt: skip
    scan = _gathered(plan, kept, cost, buffers, _parallel_scan(plan, table, kept, cost))
    return _below(_head(plan, cost=cost + 1000), buffers, scan)


def _parallel_scan(plan: Plan, table: Table, kept: int, cost: float) -> list[str]:
    each, ms = kept // (WORKERS + 1), plan.ms
    return [
        f"Parallel Seq Scan on {table.name}  (cost=0.00..{cost:.2f} rows={max(each, 1)} width={WIDTH})"
        f" (actual time={ms * 0.4:.3f}..{ms * 0.96:.3f} rows={each} loops={WORKERS + 1})",
        f"  Filter: ({plan.condition})",
        f"  Rows Removed by Filter: {(table.rows - kept) // (WORKERS + 1)}",
        f"  Buffers: shared hit={table.pages // 9} read={table.pages - table.pages // 9}",
        f"  I/O Timings: shared read={ms * 1.9:.3f}",
    ]


def _gathered(plan: Plan, kept: int, cost: float, buffers: list[str], below: list[str]) -> list[str]:
    ms = plan.ms
    head = [
        f"Gather  (cost=1000.00..{cost + 1000:.2f} rows={max(kept, 1)} width={WIDTH})"
        f" (actual time={ms * 0.98:.3f}..{ms * 0.998:.3f} rows={plan.statement.rows} loops=1)",
        f"  Workers Planned: {WORKERS}",
        f"  Workers Launched: {WORKERS}",
        *(f"  {line}" for line in buffers),
    ]
    return _below(head, [], below)


def _head(plan: Plan, *, cost: float) -> list[str]:
    """What stands above a scan: a limit, an aggregate, an update, or nothing."""
    statement, ms = plan.statement, plan.ms
    measured = f"(actual time={ms * 0.99:.3f}..{ms:.3f} rows={statement.rows} loops=1)"
    if " LIMIT " in statement.text:
        return [f"Limit  (cost=0.42..{cost:.2f} rows={statement.rows} width={WIDTH}) {measured}"]
    if "count(*)" in statement.text:
        return [f"Aggregate  (cost={cost:.2f}..{cost + 0.01:.2f} rows=1 width=16) {measured}"]
    if statement.verb == "UPDATE":
        return [f"Update on {statement.table}  (cost=0.42..{cost:.2f} rows=0 width=0)"
                f" (actual time={ms:.3f}..{ms:.3f} rows=0 loops=1)"]  # fmt: skip
    return []


def _below(head: list[str], buffers: list[str], scan: list[str]) -> list[str]:
    """A step and its only child, as EXPLAIN indents it."""
    if not head:
        return scan
    first, *others = scan
    return [*head, *(f"  {line}" for line in buffers), f"  ->  {first}", *(f"      {line}" for line in others)]
