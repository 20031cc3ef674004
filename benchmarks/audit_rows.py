"""The matrix of actor and owner tenants over a large audit table in Postgres, against the bare SQL aggregate.

    python benchmarks/audit_rows.py [--rows 10000000] [--runs 3]

Makes an audit table of 11 columns and its documents in a temporary server on 127.0.0.1, once, and counts all of it in
each way, each in a process of its own, one at a time. One row in a thousand crosses tenants, one in fifty is a job
without a user, one in 33 a search that lists documents. The bare aggregate is what a person would type, read by a raw
cursor; all must count the same rows. Times are the median of the runs, memory the greatest, imports are not counted.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import psycopg
from measuring import Cost, costs_of, median_cost, report_cost, table

from ddms_ops.deployment import Database
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.postgres import PostgresReader, fetch_trail_answer
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.tenancy import Ownership, Tenants, Trail
from ddms_ops.window import Window

DSN = "BENCH_DATABASE_URL"
TIMEOUT_S = 3_600.0
DOCUMENTS, TENANTS = 500_000, 300
BARE, OURS = "bare SQL aggregate, raw cursor", "ours, the matrix"
MATRIX = """
SELECT user_tenant_id, audit_logs.tenant_id, documents.tenant_id AS owner, status, count(*),
    min(audit_logs.created_at), max(audit_logs.created_at)
FROM audit_logs LEFT JOIN documents ON documents.id = audit_logs.resource_id
WHERE audit_logs.created_at >= '2026-03-04Z' AND audit_logs.created_at < '2026-03-05Z'
GROUP BY 1, 2, 3, 4
"""
MAKE = f"""
CREATE FUNCTION tenant_of(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT md5('tenant' || (n % {TENANTS}) * (n % 7) / 7)::uuid::text $$;
CREATE FUNCTION document_of(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT md5('document' || n % {DOCUMENTS})::uuid $$;
CREATE UNLOGGED TABLE tenants AS SELECT DISTINCT tenant_of(n) AS id FROM generate_series(0, {TENANTS * 7}) AS n;
CREATE UNLOGGED TABLE documents (id uuid NOT NULL, tenant_id text NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO documents SELECT document_of(n), tenant_of(n), '2025-01-01Z' FROM generate_series(0, {DOCUMENTS - 1}) AS n;
ALTER TABLE documents ADD PRIMARY KEY (id);
CREATE UNLOGGED TABLE audit_logs (
    id bigint NOT NULL, created_at timestamptz NOT NULL, tenant_id text, user_tenant_id text, user_id uuid,
    action text NOT NULL, resource_type text NOT NULL, resource_id uuid, request_id uuid, status integer,
    details jsonb);
INSERT INTO audit_logs
SELECT n, timestamptz '2026-03-04Z' + make_interval(secs => n * 86399.0 / {{rows}}), tenant,
    CASE WHEN n % 50 = 0 THEN NULL WHEN n % 1009 = 0 THEN tenant_of(document + 1) ELSE tenant END,
    CASE WHEN n % 50 <> 0 THEN md5('user' || tenant || n % 20)::uuid END,
    CASE WHEN n % 50 = 0 THEN 'job.process' WHEN n % 33 = 0 THEN 'search.query' ELSE 'document.read' END,
    CASE WHEN n % 50 <> 0 AND n % 33 = 0 THEN 'search' ELSE 'document' END,
    CASE WHEN n % 50 = 0 OR n % 33 <> 0 THEN document_of(document) END,
    md5('request' || n)::uuid, CASE WHEN n % 97 = 0 THEN 403 ELSE 200 END,
    CASE WHEN n % 50 <> 0 AND n % 33 = 0 THEN jsonb_build_object('results', jsonb_build_array(document_of(document)))
    WHEN n % 5 = 0 THEN '{{{{"cache": "HIT"}}}}' ELSE '{{{{"cache": "MISS"}}}}' END
FROM (SELECT n, document, tenant_of(document) AS tenant FROM (
    SELECT n, n * 7919::bigint % {DOCUMENTS} AS document FROM generate_series(1, {{rows}}::bigint) AS n) AS numbered
) AS drawn;
CREATE INDEX ON audit_logs (created_at);
"""


def declared() -> Tenants:
    """What a profile would say of these tables."""
    return Tenants(
        known=Ownership(table="tenants", id="id", tenant="id"),
        trail=Trail(
            table="audit_logs", id="id", time="created_at", row_tenant="tenant_id", actor_tenant="user_tenant_id",
            user="user_id", action="action", record_type="resource_type", record="resource_id", request="request_id",
            outcome="status", sequence="id", details="details", results="results",
        ),
        records=Ownership(table="documents", id="id", tenant="tenant_id"),
    )  # fmt: skip


def bare() -> Cost:
    """The aggregate as a person types it, every cell read."""
    with psycopg.connect(os.environ[DSN]) as connection:
        cells = connection.execute(MATRIX).fetchall()
    return {"rows": sum(cell[4] for cell in cells), "cells": len(cells)}


def ours() -> Cost:
    """The matrix as our reader pulls it, from the same server, by what `declared` says."""
    reader = PostgresReader(Database(dsn_variable=DSN, statement_timeout_s=int(TIMEOUT_S)), environ=os.environ)
    day = Window(pd.Timestamp("2026-03-04", tz="UTC"), pd.Timestamp("2026-03-05", tz="UTC"))
    pull = fetch_trail_answer(reader, TrailQuery(day, "matrix", declared()), pull="trail/matrix")
    if not pull.coverage.is_all_there:
        return {"failed": f"{pull.coverage.status}: {pull.coverage.reason}"}
    return {"rows": sum(pull.table["rows"].to_pylist()), "cells": pull.coverage.rows}


WAYS: dict[str, Callable[[], Cost]] = {BARE: bare, OURS: ours}


def checked(cost: Cost, rows: int) -> Cost:
    """The cost of an answer that counted every row; `failed` where it did not."""
    if "failed" in cost or cost["rows"] == rows:
        return cost
    return {"failed": f"WRONG: {cost['rows']:,} rows counted of {rows:,}"}


def measured(rows: int, runs: int) -> dict[str, Cost]:
    """The cost of each way, in turns; a first round only warms the server and is not counted."""
    found: dict[str, list[Cost]] = {name: [] for name in WAYS}
    for number in range(runs + 1):
        for name in WAYS:
            cost = costs_of(__file__, name, timeout_s=TIMEOUT_S)
            if number:
                found[name].append(checked(cost, rows))
    return {name: median_cost(costs) for name, costs in found.items()}


def arguments() -> Any:
    """The command line."""
    parser = argparse.ArgumentParser(description="Count a large audit table by actor and owner.")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def main() -> None:
    """Make the tables, measure, print one table."""
    if len(sys.argv) == 2 and sys.argv[1] in WAYS:
        report_cost(WAYS[sys.argv[1]], dict)
        return
    asked = arguments()
    with PostgresServer() as server:
        started = time.perf_counter()
        server.load(MAKE.format(rows=asked.rows))
        server.load("VACUUM ANALYZE audit_logs")
        server.load("VACUUM ANALYZE documents")
        print(f"made {asked.rows:,} rows in {time.perf_counter() - started:.1f} s; {asked.runs} runs each", flush=True)
        os.environ[DSN] = server.dsn("postgres")
        costs = measured(asked.rows, asked.runs)
    table(costs, ours=OURS)
    if "failed" not in costs[OURS]:
        print(f"ours takes {costs[OURS]['wall_s'] / costs[BARE]['wall_s']:.2f} × the bare aggregate (bar: 1.5)")
    sys.exit(any("failed" in cost for cost in costs.values()))


if __name__ == "__main__":
    main()
