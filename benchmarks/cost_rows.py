"""The three questions of the cost notebook and its bridge, over a large bill in Parquet, against plain pandas.

    python benchmarks/cost_rows.py [--rows 10000000] [--runs 3]

Makes a month of a Cost and Usage Report in the form of CUR 2.0 once, in five files of lines in no order: each line has
an id, an hour, one of 240 kinds, one of 20,000 resources of six kinds each, and tags in a map; about one in a hundred
is covered by a savings plan. Both ways read the same files, each in a process of its own, one at a time; both must find
the same sums. Times are the median of the runs, memory the greatest, imports are not counted.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
from measuring import Cost, costs_of, median_cost, report_cost, table

from ddms_ops.analysis.cost_bridge import bridge, period_totals, residual, sides
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.cost_schemas import COSTS, DETAILS
from ddms_ops.engine import offline_engine
from ddms_ops.normalize.costs import cost_frame
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs
from ddms_ops.window import Window

FOLDER = "BENCH_COSTS"
TIMEOUT_S = 900.0
FILES = 5
OURS, PANDAS = "ours: days, hours, details", "pandas: the same by hand"
MOST_S, MOST_MB = 10.0, 1_536.0
MAKE = """
COPY (SELECT
    lower(to_base64(encode(md5('line' || n)))) || 'aa' AS identity_line_item_id,
    strftime(begun, '%Y-%m-%dT%H:%M:%SZ') || '/' || strftime(begun + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ')
        AS identity_time_interval,
    '' AS bill_invoice_id, '210987654321' AS bill_payer_account_id, 'Anniversary' AS bill_bill_type,
    TIMESTAMP '2026-03-01' AS bill_billing_period_start_date,
    begun AS line_item_usage_start_date, begun + INTERVAL 1 HOUR AS line_item_usage_end_date,
    CASE WHEN n % 101 = 0 THEN 'SavingsPlanCoveredUsage' ELSE 'Usage' END AS line_item_line_item_type,
    'Product' || (kind % 30) AS line_item_product_code, 'USE1-Usage' || kind AS line_item_usage_type,
    'Operation' || (kind % 7) AS line_item_operation, '12345678901' || (n % 4) AS line_item_usage_account_id,
    CASE WHEN kind % 5 <> 0 THEN 'arn:aws:thing:us-east-1:123456789012:thing/r-' || lpad(resource::VARCHAR, 17, '0')
        END AS line_item_resource_id,
    amount AS line_item_usage_amount, 'USD' AS line_item_currency_code,
    round(amount * price, 10) AS line_item_unblended_cost, price AS line_item_unblended_rate,
    round(amount * price, 10) AS line_item_blended_cost,
    '$' || price || ' per unit of usage ' || kind AS line_item_line_item_description,
    'GB' AS pricing_unit, round(amount * price * 1.1, 10) AS pricing_public_on_demand_cost,
    'us-east-1' AS product_region_code,
    MAP {'product_name': 'Product ' || (kind % 30), 'group': 'g' || (kind % 9)} AS product,
    CASE WHEN n % 3 = 0 THEN MAP {'user_component': 'c' || (resource % 12)} END AS resource_tags,
    CASE WHEN n % 101 = 0 THEN round(amount * price * 0.7, 10) ELSE 0.0 END
        AS savings_plan_savings_plan_effective_cost,
    CAST(0.0 AS DOUBLE) AS reservation_effective_cost, '' AS reservation_reservation_a_r_n
FROM (SELECT *, (kind + 1) / 1000.0 AS price, own + 500 * (kind % 40) AS resource FROM (
    SELECT n, hash(n) % 240 AS kind, hash(n + 1e9::BIGINT) % 500 AS own,
        0.001 + hash(n + 2e9::BIGINT) % 100000 / 1e5 AS amount,
        TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * (hash(n + 3e9::BIGINT) % 744) AS begun
    FROM range($first, $last) AS r(n))))
TO '$path' (FORMAT parquet, COMPRESSION snappy)
"""
MONTH = Window.of("2026-03-01T00:00Z", "2026-04-01T00:00Z")
COMPARED = Window.of("2026-03-17T00:00Z", "2026-03-31T00:00Z")
BEFORE, NOW = ([f"2026-03-{day:02d}" for day in days] for days in (range(17, 24), range(24, 31)))


def make(folder: Path, rows: int) -> int:
    """The bill's files; their bytes when inflated, as Parquet counts them."""
    (folder / "costs").mkdir()
    engine = offline_engine()
    each = -(-rows // FILES)
    for place in range(FILES):
        path = folder / "costs" / f"bill-{place + 1:05d}.snappy.parquet"
        values = {"$first": place * each, "$last": min(rows, (place + 1) * each), "$path": path}
        sql = MAKE
        for name, value in values.items():
            sql = sql.replace(name, str(value))
        engine.execute(sql)
    pattern = str(folder / "costs" / "*.parquet")
    [(size,)] = engine.execute("SELECT sum(total_uncompressed_size) FROM parquet_metadata(?)", [pattern]).fetchall()
    return int(size)


def ours() -> dict[str, Any]:
    """The three questions as the notebook asks them, and the bridge between two weeks."""
    source = FilesSource(Path(os.environ[FOLDER]))
    costs = Costs(currency="USD", tags=("component",))
    pulls = {}
    for part in ("days", "hours", "details"):
        started = time.perf_counter()
        query = CostQuery(MONTH if part == "days" else COMPARED, part, costs, now=tuple(NOW), before=tuple(BEFORE))
        pulls[part] = source.fetch_cost_answer(query, pull=part)
        print(f"{part} {time.perf_counter() - started:.2f} s", file=sys.stderr)
    if faulty := [pull.coverage.reason for pull in pulls.values() if not pull.coverage.is_all_there]:
        raise RuntimeError("; ".join(faulty))
    started = time.perf_counter()
    days = cost_frame(pulls["days"].table, "costs", COSTS)
    details = cost_frame(pulls["details"].table, "details", DETAILS)
    periods = CostPeriods(*(tuple(pd.Timestamp(day, tz="UTC") for day in side) for side in (NOW, BEFORE)))
    found = bridge(*sides(days, periods), scale=periods.scale, measure="amortised")
    left = residual(found, *period_totals(days, periods, measure="amortised"))
    print(f"bridge {time.perf_counter() - started:.2f} s, residual {left}", file=sys.stderr)
    hours = pulls["hours"].table["amortised"].to_pylist()
    sums = {side: sum(details.loc[details["side"] == side, "amortised"]) for side in ("now", "before")}
    return {
        "rows": int(days["lines"].sum()), "total": sum(days["amortised"]), "delta": sum(found["delta"]),
        "hours": sum(hours), "details": sums["now"] - sums["before"],
    }  # fmt: skip


def by_hand() -> dict[str, Any]:
    """What a person would type: the columns read into pandas, amounts in float, three groupings."""
    columns = [
        "line_item_usage_start_date", "line_item_line_item_type", "line_item_product_code", "line_item_usage_type",
        "line_item_operation", "line_item_usage_account_id", "line_item_resource_id", "line_item_usage_amount",
        "line_item_unblended_cost", "savings_plan_savings_plan_effective_cost", "product_region_code", "pricing_unit",
        "identity_line_item_id",
    ]  # fmt: skip
    lines = ds.dataset(Path(os.environ[FOLDER]) / "costs").to_table(columns=columns).to_pandas()
    lines = lines.drop_duplicates(["identity_line_item_id", "line_item_usage_start_date"])
    covered = lines["line_item_line_item_type"] == "SavingsPlanCoveredUsage"
    effective = lines["savings_plan_savings_plan_effective_cost"]
    lines["amortised"] = lines["line_item_unblended_cost"].where(~covered, effective)
    lines["day"] = lines["line_item_usage_start_date"].dt.floor("D")
    kind = ["line_item_product_code", "line_item_usage_type", "line_item_operation"]
    sums = ["line_item_unblended_cost", "amortised", "line_item_usage_amount"]
    where = ["line_item_usage_account_id", "product_region_code", "pricing_unit"]
    days = lines.groupby(["day", *kind, *where])[sums].sum().reset_index()
    compared = lines["day"].isin(pd.to_datetime([*NOW, *BEFORE]))
    hours = lines[compared].groupby(["line_item_usage_start_date", *kind[:2]])[sums].sum()
    found = {}
    for side, asked in (("now", NOW), ("before", BEFORE)):
        some = lines[lines["day"].isin(pd.to_datetime(asked))]
        found[side] = some.groupby([*kind, "line_item_resource_id"], dropna=False)[sums].sum()
    by_day = days.groupby("day")["amortised"].sum()
    delta = by_day[pd.to_datetime(NOW)].sum() - by_day[pd.to_datetime(BEFORE)].sum()
    return {
        "rows": len(lines), "total": days["amortised"].sum(), "delta": delta, "hours": hours["amortised"].sum(),
        "details": found["now"]["amortised"].sum() - found["before"]["amortised"].sum(),
    }  # fmt: skip


WAYS: dict[str, Callable[[], dict[str, Any]]] = {OURS: ours, PANDAS: by_hand}


def told(found: dict[str, Any]) -> Cost:
    """What was found, as JSON may hold it: money as text to the cent."""
    return {"rows": found["rows"], **{name: f"{Decimal(found[name]):.2f}" for name in found if name != "rows"}}


def checked(costs: dict[str, Cost], rows: int) -> dict[str, Cost]:
    """The same; `failed` where a way did not read every line, or found other sums than the first."""
    names = ("total", "delta", "hours", "details")
    for name, cost in costs.items():
        if "failed" not in cost and cost["rows"] != rows:
            costs[name] = {"failed": f"WRONG: {cost['rows']:,} lines of {rows:,}"}
        elif "failed" not in cost and any(cost[key] != costs[OURS].get(key) for key in names):
            costs[name] = {"failed": f"WRONG: {[cost[key] for key in names]}"}
    return costs


def main() -> None:
    """Make the bill, measure, print one table."""
    if len(sys.argv) == 2 and sys.argv[1] in WAYS:
        report_cost(WAYS[sys.argv[1]], told)
        return
    parser = argparse.ArgumentParser(description="Answer the questions about a large bill.")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        size = make(Path(folder), asked.rows)
        made_s = time.perf_counter() - started
        print(f"made {asked.rows:,} lines, {size / 1e6:,.0f} MB of Parquet uncompressed, in {made_s:.1f} s", flush=True)
        os.environ[FOLDER] = folder
        found: dict[str, list[Cost]] = {name: [] for name in WAYS}
        for _ in range(asked.runs):
            for name in WAYS:
                found[name].append(costs_of(__file__, name, timeout_s=TIMEOUT_S))
    costs = checked({name: median_cost(runs) for name, runs in found.items()}, asked.rows)
    table(costs, ours=OURS)
    cost = costs[OURS]
    if "failed" not in cost:
        print(f"ours: {cost['wall_s']:.1f} s and {cost['peak_mb']:,.0f} MB (bar: {MOST_S:.0f} s, {MOST_MB:,.0f} MB)")
    sys.exit(any("failed" in one for one in costs.values()))


if __name__ == "__main__":
    main()
