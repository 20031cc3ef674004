"""How fast the rows of an audit table come out of Postgres, against the bytes that the server can send.

    python benchmarks/postgres_rows.py [--rows 1000000] [--runs 3] [--only ours] [--with-pg8000]

Makes a table of 11 columns (5 uuid, timestamptz, inet, jsonb of about 260 bytes) in a temporary server on 127.0.0.1,
once, and reads all of it in each way, each in a process of its own, one at a time; all must find the same rows and the
same checksum. Times are the median of the runs, memory the greatest, imports are not counted; CPU is the client's.
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from measuring import Cost, costs_of, median_cost, table
from row_peers import DSN, PEERS, TABLE, install_pg8000

from ddms_ops.sandbox.postgres import PostgresServer

SCRIPT = str(Path(__file__).parent / "row_peers.py")
FLOOR, OURS, PSQL = "COPY BINARY, not decoded (floor)", "ours, Arrow", "psql COPY BINARY >/dev/null"
TIMEOUT_S = 1_800.0
MAKE = f"""
CREATE UNLOGGED TABLE {TABLE} (
    id uuid NOT NULL, created_at timestamptz NOT NULL, tenant_id uuid NOT NULL, user_id uuid, resource_id uuid,
    request_id uuid, action text NOT NULL, resource_type text NOT NULL, status integer, ip_address inet, details jsonb);
INSERT INTO {TABLE}
SELECT md5('id' || n)::uuid, timestamptz '2026-03-04 00:00Z' + n * interval '17 ms', md5('tenant' || n % 211)::uuid,
    md5('user' || n % 19001)::uuid, md5('document' || n % 400009)::uuid, md5('request' || n)::uuid,
    (ARRAY['document.read', 'document.write', 'document.share', 'search'])[1 + n % 4], 'document',
    CASE WHEN n % 33 = 0 THEN 403 ELSE 200 END, '10.0.0.0'::inet + n % 65536,
    jsonb_build_object('requestId', md5('request' || n), 'userAgent', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0',
        'path', '/documents/' || md5('document' || n % 400009), 'duration', n % 1900, 'region', 'eu-west-1',
        'version', '1.42.0', 'size', n * 7919::int8 % 1000000, 'cache', CASE WHEN n % 5 = 0 THEN 'HIT' ELSE 'MISS' END)
FROM generate_series(1, {{rows}}) AS n;
CREATE INDEX ON {TABLE} (created_at);
"""


def checked(cost: Cost, wanted: Cost, rows: int) -> Cost:
    """The cost of an answer that is right; `failed` where rows or checksum are wrong."""
    if "failed" in cost:
        return cost
    if cost["rows"] is None:
        return {**cost, "rows": rows, "note": "   rows not counted"}
    if cost["rows"] != rows or cost["checksum"] not in (None, wanted.get("checksum")):
        return {"failed": f"WRONG: {cost['rows']:,} rows, checksum {cost['checksum']}; {wanted.get('checksum')}"}
    return cost


def measured(rows: int, runs: int, only: str) -> dict[str, Cost]:
    """The cost of each way; the checksum of ours is what the others must find."""
    names = [name for name in PEERS if name in (FLOOR, OURS) or only in name]
    names = [name for name in names if name != PSQL or shutil.which("psql")]
    found: dict[str, list[Cost]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            found[name].append(costs_of(SCRIPT, name, timeout_s=TIMEOUT_S))
    wanted = found[OURS][0]
    return {name: median_cost([checked(cost, wanted, rows) for cost in costs]) for name, costs in found.items()}


def arguments() -> Any:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare ways to read rows of Postgres.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="measure the floor, ours, and names that hold this text")
    parser.add_argument(
        "--with-pg8000", action="store_true", help="install awswrangler's driver in a folder of its own"
    )
    return parser.parse_args()


def main() -> None:
    """Make the table, measure, print one table."""
    asked = arguments()
    if asked.with_pg8000:
        install_pg8000()
    with PostgresServer() as server:
        started = time.perf_counter()
        server.load(MAKE.format(rows=asked.rows))
        server.load(f"VACUUM ANALYZE {TABLE}")
        print(f"made {asked.rows:,} rows in {time.perf_counter() - started:.1f} s; {asked.runs} runs each")
        os.environ[DSN] = server.dsn("postgres")
        costs = measured(asked.rows, asked.runs, asked.only)
    table(costs, ours=OURS)
    if "failed" not in costs[OURS]:
        share = costs[FLOOR]["wall_s"] / costs[OURS]["wall_s"]
        print(f"ours into Arrow reaches {share:.0%} of COPY BINARY")
    sys.exit(any("failed" in cost for name, cost in costs.items() if name.startswith("ours")))


if __name__ == "__main__":
    main()
