"""An export's Cost and Usage Report as Cost Explorer knows it: lines with dimensions, exact costs and usage.

Only columns of CUR 2.0 are read; files of another kind below costs/ are passed over. A line that two files hold counts
once. What a line lacks is called as AWS calls it (NoUsageType …), taxes and the parts of EC2 are services of their own.
"""

import threading
from pathlib import Path

import duckdb

from ddms_ops.engine import offline_engine

KINDS = (".parquet", ".csv", ".csv.gz")
NEEDED = ("line_item_usage_start_date", "line_item_line_item_type", "line_item_unblended_cost")
MONEY = "DECIMAL(38, 12)"
DIMENSIONS = {
    "SERVICE": "service", "USAGE_TYPE": "usage_type", "OPERATION": "operation", "REGION": "region",
    "LINKED_ACCOUNT": "account", "RECORD_TYPE": "record_type",
}  # fmt: skip
COLUMNS = (
    *NEEDED, "identity_line_item_id", "identity_time_interval", "bill_invoice_id", "line_item_product_code",
    "product_product_name", "product", "line_item_usage_type", "line_item_operation", "product_region_code",
    "line_item_usage_account_id", "line_item_usage_amount", "pricing_unit", "line_item_currency_code",
    "reservation_effective_cost", "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee", "reservation_reservation_a_r_n", "resource_tags",
    "savings_plan_savings_plan_effective_cost", "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
)  # fmt: skip


def _number(column: str) -> str:
    return f"coalesce(try_cast({column} AS {MONEY}), 0)"


INSTANCES = "(BoxUsage|SpotUsage|DedicatedUsage|HostBoxUsage|ReservedHostUsage|UnusedBox|UnusedDed)"
SERVICE = f"""CASE WHEN line_item_line_item_type = 'Tax' THEN 'Tax'
    WHEN line_item_product_code = 'AmazonEC2' AND regexp_matches(coalesce(line_item_usage_type, ''), '{INSTANCES}')
    THEN 'Amazon Elastic Compute Cloud - Compute' WHEN line_item_product_code = 'AmazonEC2' THEN 'EC2 - Other'
    ELSE coalesce(nullif(product_product_name, ''), CASE WHEN json_valid(product) THEN product ->> '$.product_name' END,
    nullif(line_item_product_code, ''), 'NoService') END"""
AMORTISED = f"""CASE line_item_line_item_type
    WHEN 'DiscountedUsage' THEN {_number("reservation_effective_cost")}
    WHEN 'RIFee' THEN {_number("reservation_unused_amortized_upfront_fee_for_billing_period")}
        + {_number("reservation_unused_recurring_fee")}
    WHEN 'SavingsPlanCoveredUsage' THEN {_number("savings_plan_savings_plan_effective_cost")}
    WHEN 'SavingsPlanRecurringFee' THEN {_number("savings_plan_total_commitment_to_date")}
        - {_number("savings_plan_used_commitment")}
    WHEN 'SavingsPlanNegation' THEN 0 WHEN 'SavingsPlanUpfrontFee' THEN 0
    ELSE CASE WHEN line_item_line_item_type = 'Fee' AND coalesce(reservation_reservation_a_r_n, '') <> '' THEN 0
        ELSE {_number("line_item_unblended_cost")} END END"""
LINES = f"""SELECT try_cast(line_item_usage_start_date AS TIMESTAMP) AS started, {SERVICE} AS service,
    coalesce(nullif(line_item_usage_type, ''), 'NoUsageType') AS usage_type,
    coalesce(nullif(line_item_operation, ''), 'NoOperation') AS operation,
    coalesce(nullif(product_region_code, ''), 'NoRegion') AS region,
    coalesce(line_item_usage_account_id, '') AS account, line_item_line_item_type AS record_type,
    CASE WHEN json_valid(resource_tags) THEN resource_tags END AS tags,
    CAST({_number("line_item_unblended_cost")} AS {MONEY}) AS "UnblendedCost",
    CAST({AMORTISED} AS {MONEY}) AS "AmortizedCost",
    CAST({_number("line_item_usage_amount")} AS {MONEY}) AS "UsageQuantity",
    nullif(pricing_unit, '') AS unit, coalesce(line_item_currency_code, 'USD') AS currency,
    coalesce(bill_invoice_id, '') = '' AS estimated FROM once"""
ONCE = """SELECT * FROM given QUALIFY identity_line_item_id IS NULL OR row_number() OVER (
    PARTITION BY identity_line_item_id, identity_time_interval ORDER BY line_item_unblended_cost) = 1"""


class Bill:
    """The lines of an export's bill, in a table `lines`; read when first asked for. Threads may share it.

    Args:
        root: the export; None where there is none.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own, with the table `lines`; close it."""
        with self._lock:
            if self._connection is None:
                self._connection = _read(self._root)
            return self._connection.cursor()


def _read(root: Path | None) -> duckdb.DuckDBPyConnection:
    connection = offline_engine()
    empty = ", ".join(f"{column} VARCHAR" for column in COLUMNS)
    connection.execute(f"CREATE TABLE given ({empty})")
    for path in sorted((root / "costs").rglob("*")) if root is not None else []:
        if path.is_file() and path.name.endswith(KINDS):
            _add(connection, path)
    connection.execute(f"CREATE TABLE lines AS WITH once AS ({ONCE}) {LINES}")
    connection.execute("DELETE FROM lines WHERE started IS NULL")
    connection.execute("DROP TABLE given")
    return connection


def _add(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The lines of one file, every value as text; none where the file is no Cost and Usage Report."""
    is_parquet = path.name.endswith(".parquet")
    rows = (
        connection.read_parquet(str(path), hive_partitioning=False)
        if is_parquet
        else connection.read_csv(str(path), all_varchar=True, header=True, quotechar='"', escapechar='"')
    )
    if not set(NEEDED) <= set(rows.columns):
        return
    kinds = dict(zip(rows.columns, map(str, rows.types), strict=True))
    picked = ", ".join(_text(column, kinds.get(column, "")) for column in COLUMNS)
    rows.query("file", f"INSERT INTO given SELECT {picked} FROM file")


def _text(column: str, kind: str) -> str:
    """SQL for a column as text, maps as JSON; null where the file has none."""
    if not kind:
        return f"CAST(NULL AS VARCHAR) AS {column}"
    return f"CAST({f'to_json({column})' if kind.startswith(('MAP', 'STRUCT')) else column} AS VARCHAR) AS {column}"
