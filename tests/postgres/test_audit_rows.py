"""Audit rows: the window half-open, the text that Postgres prints, one order, and words for every lack."""

from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from builders import DAY, at, window
from pg_builders import table

from ddms_ops.coverage import Status
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import AuditQuery, Pull
from ddms_ops.sources.postgres import fetch_audit_rows
from ddms_ops.sources.postgres.ordered import OrderedFile
from ddms_ops.window import Window

COLUMNS = ("id", "created_at", "tenant_id", "user_tenant_id", "ip_address", "status", "details")
HOUR = window("10:00", "11:00")


@pytest.fixture
def pulled(reader_of, tmp_path: Path):
    """The pull of some columns of a table."""

    def pulled(
        *columns: str,
        name: str = "audit_logs",
        time: str = "created_at",
        inside: Window = HOUR,
        user: str = "ddms_ops_ro",
    ) -> Pull:
        query = AuditQuery(inside, name, columns or COLUMNS, time)
        return fetch_audit_rows(reader_of(user), query, pull="audit/rows", scratch=tmp_path)

    return pulled


def said(pull: Pull) -> tuple[Status, str]:
    """Status and reason."""
    return pull.coverage.status, pull.coverage.reason


def test_rows_are_the_text_that_postgres_prints(pulled):
    """Null stays null, jsonb and inet are as psql shows them; rows of one time are ordered by the other columns."""
    pull = pulled()
    assert isinstance(pull.records, Path)
    rows = pull.table.to_pylist()
    assert [row["id"][-1] for row in rows] == ["1", "2", "3"]
    assert rows[1] == {
        "id": "00000000-0000-4000-8000-000000000002", "created_at": at("10:00:00.5"), "tenant_id": "t1",
        "user_tenant_id": "t1", "ip_address": "10.0.0.1", "status": "200", "details": '{"a": 1}',
    }  # fmt: skip
    assert (rows[0]["ip_address"], rows[0]["details"], rows[2]["user_tenant_id"]) == ("2001:db8::1", None, None)


def test_coverage_and_provenance(pulled):
    """All rows of the window, who read them and where."""
    pull = pulled()
    assert (said(pull), pull.coverage.rows, pull.coverage.matched) == ((Status.COMPLETE, ""), 3, 3)
    assert pull.coverage.got == Window(at("10:00:00.5"), at("10:01:00.000001"))
    assert pull.provenance.identity.startswith("ddms_ops_ro on dms, PostgreSQL ")
    assert pull.table.schema == AuditQuery(HOUR, "audit_logs", COLUMNS, "created_at").schema


def test_the_window_is_half_open(pulled):
    """The start belongs to it, the end does not, to the microsecond and beyond."""
    assert pulled("created_at", inside=Window(at("10:00:00.5"), at("10:01"))).coverage.rows == 2
    assert pulled("created_at", inside=Window(at("10:00:00.500001"), at("10:01:00.000001"))).coverage.rows == 1
    finer = Window(at("10:00:00.500000001"), at("10:01:00.000000001"))
    assert pulled("created_at", inside=finer).coverage.rows == 1


def test_nothing_in_the_window(pulled):
    """Empty, with all columns."""
    pull = pulled(inside=window("12:00", "13:00"))
    assert (said(pull), pull.coverage.matched, pull.table.column_names) == ((Status.EMPTY, ""), 0, [*COLUMNS])


def test_hostile_names(pulled, superuser: psycopg.Connection):
    """Names are quoted, never part of the statement."""
    name = 'x"; DROP TABLE audit_logs; -- 😀.$1 %s {0}'
    quoted = name.replace('"', '""').replace("%", "%%")
    table(superuser, f'("{quoted}" text, "select" timestamptz)'.replace("%%", "%"), name=quoted.replace("%%", "%"))
    superuser.execute(f'INSERT INTO public."{quoted}" VALUES (%s, %s)', ["a", f"{DAY} 10:00Z"])
    pull = pulled("select", name, name=name, time="select", user="postgres")
    assert (said(pull), pull.table[name].to_pylist()) == ((Status.COMPLETE, ""), ["a"])


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_times_without_a_zone_are_utc(pulled, superuser: psycopg.Connection, kind: str):
    """As the database's own clock has them."""
    table(superuser, f"AS SELECT '{DAY} 00:00'::{kind} AS t")
    rows = pulled("t", name="probe", time="t", inside=window("00:00", "00:01"), user="postgres").table
    assert rows["t"].to_pylist() == [at("00:00")]


def test_what_is_not_there_is_named(pulled, superuser: psycopg.Connection):
    """Table, column, a time that is none, and a name that two schemas have."""
    assert said(pulled(name="audit_log")) == (
        Status.NOT_CONFIGURED, "the database dms has no table 'audit_log'; did you mean 'audit_logs'?",
    )  # fmt: skip
    assert said(pulled("created_at", "tenant")) == (
        Status.FAILED, "table 'audit_logs' has no column 'tenant'; did you mean 'tenant_id'?",
    )  # fmt: skip
    assert said(pulled("status", time="status")) == (
        Status.FAILED, "column 'status' of 'audit_logs' is of type integer, which is no time",
    )  # fmt: skip
    superuser.execute("CREATE SCHEMA other; CREATE TABLE other.tenants (LIKE public.tenants)")
    assert said(pulled("created_at", name="tenants")) == (
        Status.NOT_CONFIGURED, "there are several tables 'tenants': write one of other.tenants, public.tenants",
    )  # fmt: skip
    superuser.execute("DROP SCHEMA other CASCADE")
    assert pulled("created_at", name="public.tenants").coverage.status is Status.EMPTY


def test_what_is_not_allowed_names_the_grant(pulled, server: PostgresServer):
    """Column by column; the schema before them."""
    server.load(f"CREATE ROLE narrow LOGIN PASSWORD '{server.password}'; GRANT SELECT (id) ON audit_logs TO narrow")
    assert said(pulled("id", "created_at", "status", user="narrow")) == (
        Status.NO_PERMISSION,
        'not allowed; add: GRANT SELECT ("created_at", "status") ON "public"."audit_logs" TO "narrow"',
    )
    server.load("CREATE SCHEMA closed; CREATE TABLE closed.rows (t timestamptz)")
    assert said(pulled("t", name="rows", time="t", user="narrow")) == (
        Status.NO_PERMISSION, 'not allowed; add: GRANT USAGE ON SCHEMA "closed" TO "narrow"',
    )  # fmt: skip
    server.load("DROP SCHEMA closed CASCADE; DROP OWNED BY narrow; DROP ROLE narrow")


def test_hidden_rows_are_no_empty_answer(pulled, server: PostgresServer):
    """A role under row-level security would see none of them, without any error."""
    server.load(f"CREATE ROLE hidden LOGIN PASSWORD '{server.password}'; GRANT SELECT ON audit_logs TO hidden")
    assert said(pulled(user="hidden")) == (
        Status.NO_PERMISSION,
        'rows are hidden by row-level security; the role needs BYPASSRLS: ALTER ROLE "hidden" BYPASSRLS',
    )
    server.load("DROP OWNED BY hidden; DROP ROLE hidden")


def test_order_does_not_hang_on_batches(superuser: psycopg.Connection, pulled, tmp_path: Path):
    """Rows of one time are in one order, however the answer is cut."""
    table(superuser, f"AS SELECT '{DAY} 10:00Z'::timestamptz + i / 7 * interval '1 s' AS t, md5(i::text) AS v"
                     " FROM generate_series(1, 1000) AS i")  # fmt: skip
    whole = pulled("v", "t", name="probe", time="t", user="postgres").table
    assert whole.equals(whole.sort_by([("t", "ascending"), ("v", "ascending")]))
    shuffled = whole.sort_by([("t", "ascending"), ("v", "descending")])
    for size in (1, 3, 7, 500):
        file = OrderedFile(tmp_path / "rows.parquet", whole.schema, "t")
        for start in range(0, 1000, size):
            file.add(shuffled.slice(start, size))
        file.close()
        assert (pq.read_table(file.path).equals(whole), file.rows) == (True, 1000)
