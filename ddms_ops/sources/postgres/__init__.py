"""Postgres, read-only: rows straight to Arrow by ADBC, settings and small reads by psycopg."""

from ddms_ops.sources.postgres.audit import fetch_audit_rows
from ddms_ops.sources.postgres.catalog import CATALOG
from ddms_ops.sources.postgres.faults import DatabaseFault
from ddms_ops.sources.postgres.guard import RefusedStatement
from ddms_ops.sources.postgres.posture import fetch_posture
from ddms_ops.sources.postgres.reader import PostgresReader, Server
from ddms_ops.sources.postgres.statistics import fetch_statistics
from ddms_ops.sources.postgres.trail import fetch_trail_answer

__all__ = [
    "CATALOG",
    "DatabaseFault",
    "PostgresReader",
    "RefusedStatement",
    "Server",
    "fetch_audit_rows",
    "fetch_posture",
    "fetch_statistics",
    "fetch_trail_answer",
]
