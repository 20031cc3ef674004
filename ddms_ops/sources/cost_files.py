"""The questions about a bill, answered from its files: only sums leave the engine.

    costs/**   CUR 2.0 or the older report, FOCUS 1.0 to 1.2 (Parquet or CSV), get-cost-and-usage output (JSON)

A charge counts once: lines that files share are found by the bill's own id, or, where it has none, by all lines of a
day being alike; and files that hold the same bill in other forms, or by other lines, are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ddms_ops.cost_sql import days_sql, details_sql, facts_sql, file_days_sql, hours_sql, line_columns
from ddms_ops.coverage import Coverage, Status
from ddms_ops.engine import offline_engine
from ddms_ops.interrupts import check_pressed
from ddms_ops.progress import Meter, report_progress
from ddms_ops.sources.base import Provenance, Pull, no_records, relative_paths
from ddms_ops.sources.bill_documents import CostLine
from ddms_ops.sources.bill_doubles import each_once, rivals_of
from ddms_ops.sources.bill_facts import BillFacts, Fact, Rivals
from ddms_ops.sources.bill_stage import BillStage
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs

MEMORY, THREADS = "800MB", 2
NO_BILL = "no costs/ in the export; put CUR 2.0 or FOCUS files, or get-cost-and-usage output by day, there"


@dataclass(frozen=True, slots=True)
class _Bill:
    """A bill that is ready to be asked: its relation of lines, and the account of its files."""

    lines: str
    facts: BillFacts


class CostFiles:
    """A bill out of files, or out of what Cost Explorer said.

    Args:
        paths: the files.
        root: the folder by which they are named.
        scratch: where what is read is kept.
        source: the name that coverage gives it.
        explored: lines of Cost Explorer to add, by a name.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        root: Path,
        scratch: Path,
        *,
        source: str = "files",
        explored: dict[str, Sequence[CostLine]] | None = None,
    ) -> None:
        self._paths, self._root, self._scratch, self._source = list(paths), root, scratch, source
        self._explored = explored or {}
        self._bills: dict[str, _Bill] = {}
        self._connection: duckdb.DuckDBPyConnection | None = None

    def answer(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question, and its account."""
        provenance = Provenance(self._source, files=relative_paths(self._paths, self._root))
        if not self._paths and not self._explored:
            return no_records(pull, query, provenance, query.schema, Status.NOT_CONFIGURED, NO_BILL)
        try:
            return self._answered(query, pull, provenance)
        except duckdb.Error as fault:  # its own text may quote a record
            check_pressed()
            reason = f"could not be answered ({type(fault).__name__})"
            return no_records(pull, query, provenance, query.schema, Status.FAILED, reason)

    def _answered(self, query: CostQuery, pull: str, provenance: Provenance) -> Pull:
        bill = self._bill(query.costs)
        if refusal := bill.facts.why_not(query):
            status = Status.NO_PERMISSION if bill.facts.is_denied and not bill.facts.usable else Status.FAILED
            return no_records(pull, query, provenance, query.schema, status, refusal)
        report_progress(f"costs: {query.asked.words}")
        table = self._engine().sql(_question(bill.lines, query)).to_arrow_table().cast(query.schema)
        rows = table.num_rows
        status, reason = bill.facts.account(query, rows)
        got = bill.facts.got(query.window) if rows else None
        coverage = Coverage(pull, self._source, query.text, query.window, got, rows, rows, status, reason)
        return Pull(table, coverage, provenance)

    def _engine(self) -> duckdb.DuckDBPyConnection:
        self._connection = self._connection or offline_engine(
            self._scratch / "bill.duckdb",
            memory_limit=MEMORY,
            threads=str(THREADS),
            temp_directory=str(self._scratch / "bill.tmp"),
            preserve_insertion_order=False,
        )
        return self._connection

    def _bill(self, costs: Costs) -> _Bill:
        """The files as this profile section has them, staged when first asked for."""
        known = costs.model_dump_json(include={"tags", "tenant_tag", "only_tags", "only_accounts"})
        if known not in self._bills:
            self._bills[known] = self._staged(f"bill_{len(self._bills)}", costs)
        return self._bills[known]

    def _staged(self, name: str, costs: Costs) -> _Bill:
        connection = self._engine()
        stage = BillStage(connection, costs, self._scratch, name)
        sizes = {path: path.stat().st_size for path in self._paths}
        with Meter("costs", "files", total=len(sizes), size=sum(sizes.values())) as meter:
            for path, size in sizes.items():
                stage.add_file(path, path.relative_to(self._root).as_posix())
                meter.add(1, size=size)
        for told, lines in self._explored.items():
            stage.add_lines(lines, told)
        staged = stage.finish()
        facts: list[Fact] = []
        rivals: list[Rivals] = []
        if staged.relations:
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {' UNION ALL '.join(staged.relations)}")
            if staged.has_ids or len(staged.relations) > 1:
                name, rivals = each_once(connection, name, line_columns(costs), staged)
            connection.execute(f"CREATE OR REPLACE TABLE {name}_by_day AS {file_days_sql(name)}")
            facts = [Fact(*row) for row in connection.execute(facts_sql(f"{name}_by_day")).fetchall()]
            rivals += rivals_of(connection, f"{name}_by_day", staged.names)
        return _Bill(name, staged.account(facts, rivals))


def _question(lines: str, query: CostQuery) -> str:
    if query.part == "days":
        return days_sql(f"{lines}_by_day", query.window)
    if query.part == "hours":
        return hours_sql(lines, query.window)
    return details_sql(lines, query.costs, now=query.now, before=query.before)
