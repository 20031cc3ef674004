"""An Athena for tests: its SQL is rendered for DuckDB, and put to the bill's rows in a table typed as AWS types it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from live_bill import COLUMNS

from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.aws.bill_lake import Table, bill_statement, sides_apart
from ddms_ops.sources.base import Pull
from ddms_ops.sources.cost_files import CostFiles
from ddms_ops.sources.queries import CostQuery

ALWAYS = 10_000
DOUBLES = ("cost", "amount", "fee", "commitment_to_date", "used_commitment", "billing_period")
TYPES = {
    name: "double" if name.endswith(DOUBLES) else "timestamp" if name.endswith("_date") else "string"
    for name in COLUMNS
} | {"resource_tags": "map<string,string>"}  # fmt: skip
SQL_TYPES = {"double": "DOUBLE", "timestamp": "TIMESTAMP", "string": "VARCHAR", "map<string,string>": "JSON"}
PLACE = {"ResultConfiguration": {"OutputLocation": "s3://ops-results/"}, "EnforceWorkGroupConfiguration": True}


class Lake:
    """Answers Athena and Glue in a sandbox; `queries` are the SQL and values that came."""

    def __init__(self, sandbox: Sandbox, bill: Path, types: dict[str, str] = TYPES) -> None:
        self.queries: list[tuple[str, list[str]]] = []
        self._connection = duckdb.connect()
        picked = ", ".join(f'nullif("{name}", \'\')::{SQL_TYPES[kind]} AS "{name}"' for name, kind in types.items())
        parted = "regexp_extract(filename, 'BILLING_PERIOD=([0-9-]+)', 1) AS billing_period"
        source = "read_csv(?, all_varchar=true, quote='\"', escape='\"', filename=true, hive_partitioning=false)"
        self._connection.execute(f"CREATE TABLE bill AS SELECT {picked}, {parted} FROM {source}", [f"{bill}/**/*.csv"])
        columns = [{"Name": name, "Type": kind} for name, kind in types.items()]
        table = {"Name": "bill", "StorageDescriptor": {"Columns": columns}}
        table["PartitionKeys"] = [{"Name": "billing_period", "Type": "string"}]
        sandbox.canned["glue", "GetTable"] = {"Table": table}
        sandbox.canned["athena", "GetWorkGroup"] = {"WorkGroup": {"Name": "ops", "Configuration": PLACE}}
        sandbox.faults.add("athena", "StartQueryExecution", self._start, times=ALWAYS)
        sandbox.faults.add("athena", "GetQueryExecution", self._state, times=ALWAYS)
        self._s3 = boto3.client("s3")
        self._s3.create_bucket(Bucket="ops-results")

    def _start(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Run a query, its result in S3 as Athena writes it."""
        values = [value.strip("'") for value in asked.get("ExecutionParameters", [])]
        self.queries.append((asked["QueryString"], values))
        sql = sqlglot.transpile(asked["QueryString"], read="athena", write="duckdb")[0]
        found = self._connection.execute(sql, values)
        rows = [[column[0] for column in found.description], *found.fetchall()]
        cells = [["" if value is None else '"' + str(value).replace('"', '""') + '"' for value in row] for row in rows]
        query = f"q-{uuid4()}"
        self._s3.put_object(Bucket="ops-results", Key=f"{query}.csv", Body="\n".join(map(",".join, cells)) + "\n")
        return {"QueryExecutionId": query}

    def _state(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = asked["QueryExecutionId"]
        told = {"QueryExecutionId": query, "StatementType": "DML", "Statistics": {"DataScannedInBytes": 4_096}}
        told |= {"Status": {"State": "SUCCEEDED", "SubmissionDateTime": 1_772_625_600.0}, "Query": "SELECT"}
        told["ResultConfiguration"] = {"OutputLocation": f"s3://ops-results/{query}.csv"}
        return {"QueryExecution": told}


def summed(bill: Path, types: dict[str, str], query: CostQuery, folder: Path) -> Pull:
    """What a bill's file answers, after Athena would have summed it; the text NULL in it is null.

    Args:
        bill: a CSV file.
        types: Athena's type of each of its columns.
        query: the question.
        folder: where the sums are put.
    """
    statement = bill_statement(Table("bill", types, {}), query)
    connection = duckdb.connect()
    cells = {name: f"nullif(\"{name}\", 'NULL')" for name in types}
    picked = ", ".join(f'try_cast({cell} AS {SQL_TYPES[types[name]]}) AS "{name}"' for name, cell in cells.items())
    connection.execute(f"CREATE TABLE bill AS SELECT {picked} FROM read_csv(?, all_varchar=true)", [str(bill)])
    sql = sqlglot.transpile(statement.sql, read="athena", write="duckdb")[0]
    rows = connection.sql(sql, params=statement.values).to_arrow_table()
    sums, path = pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names}), folder / "sums.parquet"
    if query.part == "details":
        sums, query = sides_apart(sums, Table("bill", types, {}).form, query)
    pq.write_table(sums, path)
    return CostFiles([path], folder, folder).answer(query, pull="costs")
