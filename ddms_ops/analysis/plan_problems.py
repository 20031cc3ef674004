"""What is wrong with a plan: the problems that pganalyze names in its EXPLAIN insights, where a plan shows them.

The names are pganalyze's. The thresholds are ours, and each stands in the words of its problem.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ddms_ops.analysis.plan_nodes import PlanNode
from ddms_ops.findings import Severity

SPILL_KB = 1  # a sort on disk, at least
BATCHES = 2  # of a hash, at least
REMOVED_SHARE, REMOVED_ROWS = 0.9, 1_000  # of the rows that a step read
SCANNED_ROWS = 10_000  # of a sequential scan, at least
OFFSET_ROWS = 1_000
LOSSY_SHARE = 0.1  # of the heap blocks of a bitmap
WRONG_TIMES, WRONG_ROWS = 100, 1_000  # estimate against rows
OWN_SHARE, OWN_MS = 0.5, 1_000.0  # of the time of the whole plan
READ_SHARE, READ_BLOCKS = 0.5, 10_000  # from outside the cache; blocks of 8 kB
STALE_SHARE, STALE_ROWS = 0.2, 1_000  # changed since the last analyze
INDEX_SCANS = ("Index Scan", "Index Only Scan", "Bitmap Heap Scan")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at one step of a plan, in words that hold its numbers and the threshold."""

    kind: str
    words: str
    severity_hint: Severity
    node: PlanNode
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TableState:
    """How far a table's statistics are behind; hours is None where it was never analyzed, or nobody knows."""

    rows: float
    changed_rows: float
    hours_since_analyze: float | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """A step, whether a Limit may have stopped it, the time of its plan, and whether it is all of it."""

    node: PlanNode
    is_stopped: bool
    whole_ms: float | None
    is_only: bool


def plan_problems(root: PlanNode, *, tables: Mapping[str, TableState] | None = None) -> list[Problem]:
    """The problems of a plan.

    A plan that was not measured shows none, but for stale statistics.

    Args:
        root: the topmost step, as `plan_of` gives it.
        tables: state of tables by name, with or without schema; without it no stale statistics are found.

    Returns:
        Problems in the order of the plan's steps; kinds: disk_sort, hash_batches, wrong_index_order_by,
        inefficient_index, slow_scan, large_offset, lossy_bitmaps, mis_estimate, expensive_node, io_heavy, stale_stats.
        Empty: none is seen.
    """
    stopped = _below_limits(root)
    found: list[Problem] = []
    for node in root.walk():
        if node.loops:
            step = _Step(node, id(node) in stopped, root.total_ms, not root.children)
            for rule in RULES:
                found += rule(step)
        found += _stale_stats(node, tables or {})
    return found


def _below_limits(root: PlanNode) -> set[int]:
    """Steps that a Limit may have stopped before their end."""
    stopped: set[int] = set()
    for node in root.walk():
        if node.type == "Limit":
            stopped |= _streamed(node)
    return stopped


def _streamed(node: PlanNode) -> set[int]:
    """What is below a step, up to the steps that read all of their input first."""
    found = set()
    for child in node.children:
        found.add(id(child))
        if child.type not in ("Sort", "Hash", "HashAggregate", "Aggregate"):
            found |= _streamed(child)
    return found


def _disk_sort(step: _Step) -> Iterator[Problem]:
    node = step.node
    disk_kb = node.facts.get("Sort Space Used", 0)
    if disk_kb >= SPILL_KB:
        words = f"A sort went to disk with {disk_kb:,.0f} kB (threshold {SPILL_KB} kB)"
        yield Problem("disk_sort", words, Severity.MEDIUM, node, {"disk_kb": disk_kb})


def _hash_batches(step: _Step) -> Iterator[Problem]:
    node = step.node
    batches = max(node.facts.get("Hash Batches", 0), node.facts.get("HashAgg Batches", 0))
    if batches >= BATCHES:
        words = f"A hash did not fit into memory and was split into {batches:.0f} batches (threshold {BATCHES})"
        yield Problem("hash_batches", words, Severity.MEDIUM, node, {"batches": batches})


def _removed_rows(step: _Step) -> Iterator[Problem]:
    """Rows read and thrown away by a scan: by an index for the order's sake, by a poor index, or without an index."""
    node = step.node
    loops = node.loops or 0
    removed = node.facts.get("Rows Removed by Filter", 0) * loops
    share = removed / max(removed + (node.actual_rows or 0) * loops, 1)
    numbers = {"removed_rows": removed, "removed_share": share}
    if share < REMOVED_SHARE or removed < REMOVED_ROWS:
        return
    said = f"{removed:,.0f} of the rows read, {share:.1%}, were thrown away"
    limits = f"thresholds {REMOVED_SHARE:.0%} and {{:,}} rows"
    if step.is_stopped and node.type in INDEX_SCANS[:2] and "Index Cond" not in node.conditions:
        words = f"{said} by {_named(node)}, which was walked for the order of its rows ({limits.format(REMOVED_ROWS)})"
        yield Problem("wrong_index_order_by", words, Severity.HIGH, node, numbers)
    elif node.type in INDEX_SCANS:
        words = f"{said} after {_named(node)} had found them ({limits.format(REMOVED_ROWS)})"
        yield Problem("inefficient_index", words, Severity.MEDIUM, node, numbers)
    elif node.type == "Seq Scan" and removed >= SCANNED_ROWS:
        words = f"{said} in a scan of the whole table {node.relation} ({limits.format(SCANNED_ROWS)})"
        yield Problem("slow_scan", words, Severity.HIGH, node, numbers)


def _large_offset(step: _Step) -> Iterator[Problem]:
    node = step.node
    if node.type != "Limit" or not node.children:
        return
    rows = [(rows_of.actual_rows or 0) * (rows_of.loops or 0) for rows_of in (node.children[-1], node)]
    skipped = rows[0] - rows[1]
    if skipped >= OFFSET_ROWS:
        words = f"{skipped:,.0f} rows were made and skipped by OFFSET (threshold {OFFSET_ROWS:,})"
        yield Problem("large_offset", words, Severity.MEDIUM, node, {"skipped_rows": skipped})


def _lossy_bitmaps(step: _Step) -> Iterator[Problem]:
    node = step.node
    lossy, exact = (node.facts.get(f"{name} Heap Blocks", 0) for name in ("Lossy", "Exact"))
    share = lossy / max(lossy + exact, 1)
    if share >= LOSSY_SHARE:
        blocks = f"{share:.1%} of its {lossy + exact:,.0f} blocks are lossy"
        words = f"A bitmap outgrew work_mem: {blocks} (threshold {LOSSY_SHARE:.0%})"
        yield Problem("lossy_bitmaps", words, Severity.LOW, node, {"lossy_share": share, "lossy_blocks": lossy})


def _mis_estimate(step: _Step) -> Iterator[Problem]:
    """A wrong estimate where it begins: no step below it is wrong alike."""
    node = step.node
    if _is_wrong(node, step.is_stopped) and not any(_is_wrong(child, step.is_stopped) for child in node.children):
        actual = node.actual_rows or 0.0
        times = _times(node)
        words = (
            f"The planner expected {node.estimated_rows:,.0f} rows of {_named(node)} and got {actual:,.0f}, "
            f"{times:,.0f} times off (thresholds {WRONG_TIMES} times and {WRONG_ROWS:,} rows)"
        )
        numbers = {"estimated_rows": node.estimated_rows, "actual_rows": actual, "times": times}
        yield Problem("mis_estimate", words, Severity.HIGH, node, numbers)


def _is_wrong(node: PlanNode, is_stopped: bool) -> bool:
    actual = node.actual_rows or 0.0
    off = (actual - node.estimated_rows) * (node.loops or 0)
    is_counted = bool(node.loops) and node.type not in ("BitmapAnd", "BitmapOr")
    return is_counted and _times(node) >= WRONG_TIMES and (off if is_stopped else abs(off)) >= WRONG_ROWS


def _times(node: PlanNode) -> float:
    rows = max(node.actual_rows or 0.0, 1.0), max(node.estimated_rows, 1.0)
    return max(rows) / min(rows)


def _expensive_node(step: _Step) -> Iterator[Problem]:
    node = step.node
    if node.total_ms is None or not step.whole_ms or step.is_only:
        return
    own_ms = max(node.total_ms - sum(child.total_ms or 0 for child in node.children if child.role != "CTE"), 0)
    share = own_ms / step.whole_ms
    if share >= OWN_SHARE and own_ms >= OWN_MS:
        words = (
            f"{_named(node)} took {own_ms:,.0f} ms itself, {share:.0%} of the plan (thresholds {OWN_SHARE:.0%} and "
            f"{OWN_MS:,.0f} ms)"
        )
        yield Problem("expensive_node", words, Severity.LOW, node, {"own_ms": own_ms, "own_share": min(share, 1.0)})


def _io_heavy(step: _Step) -> Iterator[Problem]:
    node = step.node
    hit, read = (_own_blocks(node, f"Shared {name} Blocks") for name in ("Hit", "Read"))
    share = read / max(hit + read, 1)
    if read >= READ_BLOCKS and share >= READ_SHARE:
        words = (
            f"{_named(node)} read {read:,.0f} blocks from outside the cache, {share:.0%} of its blocks (thresholds "
            f"{READ_BLOCKS:,} and {READ_SHARE:.0%})"
        )
        yield Problem("io_heavy", words, Severity.MEDIUM, node, {"read_blocks": read, "read_share": share})


def _own_blocks(node: PlanNode, name: str) -> float:
    """Blocks of a step without those of the steps below."""
    return max(node.facts.get(name, 0) - sum(child.facts.get(name, 0) for child in node.children), 0)


def _stale_stats(node: PlanNode, tables: Mapping[str, TableState]) -> Iterator[Problem]:
    state = next((state for name, state in tables.items() if name.split(".")[-1] == node.relation), None)
    if not node.relation or state is None:
        return
    share = state.changed_rows / max(state.rows, 1)
    if share >= STALE_SHARE and state.changed_rows >= STALE_ROWS:
        hours = state.hours_since_analyze
        when = "" if hours is None else f", {hours:,.1f} hours ago"
        words = (
            f"{state.changed_rows:,.0f} rows of {node.relation}, {share:.0%}, changed since its last analyze{when} "
            f"(thresholds {STALE_SHARE:.0%} and {STALE_ROWS:,} rows)"
        )
        numbers = {"changed_rows": state.changed_rows, "changed_share": share}
        yield Problem("stale_stats", words, Severity.MEDIUM, node, numbers)


def _named(node: PlanNode) -> str:
    """A step in words."""
    return node.type + (f" with {node.index}" if node.index else "") + (f" on {node.relation}" if node.relation else "")


RULES: tuple[Callable[[_Step], Iterator[Problem]], ...] = (
    _disk_sort, _hash_batches, _removed_rows, _large_offset, _lossy_bitmaps, _mis_estimate, _expensive_node, _io_heavy,
)  # fmt: skip
