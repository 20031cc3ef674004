"""Questions about the bill answered from its table in Athena: summed there, then read as a bill's file is."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.coverage import Status
from ddms_ops.deployment import Athena
from ddms_ops.sources.aws.athena import NAME, athena_rows
from ddms_ops.sources.aws.bill_lake import MOST, Table, bill_statement, days_of, sides_apart
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.session import AwsSession, first_that_may
from ddms_ops.sources.base import INTERRUPTED, Provenance, Pull, no_records
from ddms_ops.sources.cost_files import CostFiles
from ddms_ops.sources.queries import CostQuery

NO_DATABASE = "costs.bill.athena_table is a table of the section athena, which the profile has not; name its database"
NO_NAME = "costs.bill.athena_table, or athena.database, is no name; letters, digits and _ only"
SUMMED = "lines are those that Athena summed, not the bill's"
TOO_MANY = f"only the {MOST:,} largest sums by resource were taken"


class LakeBill:
    """A bill that is a table of the account's data lake.

    Args:
        sessions: the accounts; the table is asked for as each in turn until one may read it.
        athena: database and workgroup; None where the profile has none.
        source: the name of the source.
        scratch: where answers are kept.
    """

    def __init__(self, sessions: Iterable[AwsSession], athena: Athena | None, *, source: str, scratch: Path) -> None:
        self._sessions, self._athena, self._source, self._scratch = list(sessions), athena, source, scratch
        self._tables: dict[str, tuple[AwsSession, Table]] = {}

    def fetch(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question; see `Source.fetch_cost_answer`."""
        where, name = Provenance(self._source), query.costs.bill.athena_table
        if self._athena is None or not (NAME.fullmatch(name) and NAME.fullmatch(self._athena.database)):
            reason = NO_DATABASE if self._athena is None else NO_NAME
            return no_records(pull, query, where, query.schema, Status.NOT_CONFIGURED, reason)
        try:
            session, table = self._table(name, self._athena.database)
            account, arn = session.identity
            where = Provenance(self._source, account, session.region, arn)
            return self._answer(query, pull, session, table, self._athena, where)
        except AwsFault as fault:
            return no_records(pull, query, where, query.schema, fault.status, fault.words)
        except KeyboardInterrupt:
            empty = no_records(pull, query, where, query.schema, Status.FAILED, INTERRUPTED)
            return replace(empty, is_interrupted=True)

    def _answer(
        self, query: CostQuery, pull: str, session: AwsSession, table: Table, athena: Athena, where: Provenance
    ) -> Pull:
        statement, sizes = bill_statement(table, query), list[int]()
        rows = athena_rows(session, statement.sql, statement.values, athena, scanned=sizes.append)
        where = replace(where, bytes_scanned=sum(sizes))
        if not rows.num_rows:
            return no_records(pull, query, where, query.schema, Status.EMPTY, "the table has no lines in these days")
        faults = [TOO_MANY] if query.part == "details" and rows.num_rows > MOST else []
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        path = folder / f"{table.name}.parquet"
        sums, asked = _texts(rows.slice(0, MOST)), query
        if query.part == "details":
            sums, asked = sides_apart(sums, table.form, query)
        pq.write_table(sums, path)
        answer = CostFiles([path], folder, folder, source=self._source).answer(asked, pull=pull)
        coverage = replace(answer.coverage, query=query.text, asked=query.window)
        if query.part == "details" and coverage.got is not None:
            coverage = replace(coverage, got=days_of(rows, table.form))
        reason = "; ".join(part for part in (*faults, coverage.reason, SUMMED) if part)
        status = Status.PARTIAL if faults and coverage.status is Status.COMPLETE else coverage.status
        return replace(answer, coverage=replace(coverage, status=status, reason=reason), provenance=where, keeper=self)

    def _table(self, name: str, database: str) -> tuple[AwsSession, Table]:
        """Who may read the table, and its columns; asked once.

        Raises:
            AwsFault: nobody may.
        """
        if name not in self._tables:
            self._tables[name] = first_that_may(self._sessions, lambda one: _described(one, database, name))
        return self._tables[name]


def _described(session: AwsSession, database: str, name: str) -> Table:
    """A table of the data lake.

    Raises:
        AwsFault: not answered.
    """
    told = session.call("glue", "GetTable", DatabaseName=database, Name=name)["Table"]
    columns = _types(told.get("StorageDescriptor", {}).get("Columns", []))
    return Table(name, columns, _types(told.get("PartitionKeys", [])))


def _types(columns: list[dict[str, str]]) -> dict[str, str]:
    return {column["Name"].lower(): column.get("Type", "string").lower() for column in columns}


def _texts(rows: pa.Table) -> pa.Table:
    """The same rows, every value as text."""
    return pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})
