"""The simulator's export in a real Postgres: its rows are those that the export has."""

from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.simulate import write_case
from ddms_ops.sources.base import AuditQuery
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.postgres import PostgresReader, fetch_audit_rows
from ddms_ops.window import Window

COLUMNS = {
    "tenants": ("id", "name", "created_at"),
    "users": ("id", "tenant_id", "created_at"),
    "documents": ("id", "tenant_id", "name", "created_by", "created_at"),
    "audit_logs": ("id", "created_at", "tenant_id", "user_tenant_id", "user_id", "action", "resource_type",
                   "resource_id", "request_id", "ip_address", "status", "details"),
}  # fmt: skip
ALWAYS = Window(pd.Timestamp("2000-01-01T00:00Z"), pd.Timestamp("2030-01-01T00:00Z"))


@pytest.mark.usefixtures("server")
def test_rows_are_those_of_the_export(tmp_path: Path):
    """Every table, every column the role may read, in the same order, to the byte."""
    export = write_case("dms", "bad_deploy", tmp_path / "case", events=5_000).export
    with PostgresServer() as server:
        server.load_scenario(export)
        for table, columns in COLUMNS.items():
            query = AuditQuery(ALWAYS, table, columns, "created_at")
            reader = PostgresReader(Database(dsn_variable="URL"), environ={"URL": server.dsn("ddms_ops_ro")})
            live = fetch_audit_rows(reader, query, pull="audit/rows", scratch=tmp_path)
            assert (live.coverage.status, live.coverage.reason) == (Status.COMPLETE, "")
            assert live.table.equals(FilesSource(export).fetch_audit_rows(query, pull="audit/rows").table), table
