"""Ways to read all rows of an audit table, one a process: `python benchmarks/row_peers.py NAME`.

The connection is the libpq URL in BENCH_DATABASE_URL. The checksum (rows, sum of `status`, least `id` as text) is
taken after the clock has stopped.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from measuring import report_cost

DSN = "BENCH_DATABASE_URL"
TABLE = "public.bench_audit"
AS_TEXT = ("id", "tenant_id", "user_id", "resource_id", "request_id", "ip_address", "details")
COLUMNS = (
    "id", "created_at", "tenant_id", "user_id", "resource_id", "request_id", "action", "resource_type", "status",
    "ip_address", "details",
)  # fmt: skip
SELECT = f"SELECT {', '.join(COLUMNS)} FROM {TABLE}"
CAST = f"SELECT {', '.join(f'{name}::text' if name in AS_TEXT else name for name in COLUMNS)} FROM {TABLE}"
COPY = f"COPY ({SELECT}) TO STDOUT (FORMAT BINARY)"
TIMEOUT_S = 1_800
PG8000 = Path(tempfile.gettempdir()) / "ddms-ops-bench-pg8000"
Work = Callable[[], Any]


class Peer(NamedTuple):
    """How it is measured: `load` imports, its answer does the work, `check` finds the checksum."""

    load: Callable[[], Work]
    check: Callable[[Any], dict[str, Any]]


def raw_copy() -> Work:
    """The floor: COPY BINARY, the bytes read and dropped."""
    import psycopg

    def work() -> tuple[int, int]:
        with psycopg.connect(os.environ[DSN]) as connection, connection.cursor() as cursor:
            with cursor.copy(COPY) as copy:
                size = sum(len(part) for part in copy)
            return cursor.rowcount, size

    return work


def psql() -> Work:
    """The same, by psql."""

    def work() -> None:
        command = ["psql", "--no-psqlrc", "--quiet", os.environ[DSN], "--command", COPY]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    return work


def ours_arrow() -> Work:
    """This package's reader, into one Arrow table."""
    reader = _reader()

    def work() -> Any:
        with reader:
            return reader.read_arrow(SELECT)

    return work


def ours_stream() -> Work:
    """This package's reader, batch by batch into a Parquet file."""
    import pyarrow.parquet as pq

    reader = _reader()

    def work() -> Path:
        path = _file()
        with reader, reader.stream(SELECT) as batches, pq.ParquetWriter(path, batches.schema, **ZSTD) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return path

    return work


def ours_audit() -> Work:
    """A whole pull of this package: checked against the catalog, ordered by time, all but the time as text."""
    import pandas as pd

    from ddms_ops.sources.base import AuditQuery
    from ddms_ops.sources.postgres import fetch_audit_rows
    from ddms_ops.window import Window

    reader = _reader()
    window = Window(pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2027-03-01", tz="UTC"))
    query = AuditQuery(window, TABLE, COLUMNS, "created_at")

    def work() -> Path:
        pull = fetch_audit_rows(reader, query, pull="audit/bench", scratch=Path(tempfile.gettempdir()))
        assert isinstance(pull.records, Path), pull.coverage.reason
        return pull.records

    return work


def pandas_sql() -> Work:
    """What most people write: read_sql by SQLAlchemy and psycopg."""
    import pandas as pd
    import sqlalchemy

    def work() -> Any:
        engine = sqlalchemy.create_engine(os.environ[DSN].replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection:
            return pd.read_sql(sqlalchemy.text(SELECT), connection)

    return work


def wrangler(statement: str) -> Work:
    """awswrangler by pg8000."""
    if not PG8000.exists():
        sys.exit("pg8000 is not installed; --with-pg8000 installs it")
    sys.path.append(str(PG8000))
    import awswrangler as wr
    import pg8000

    at = urlsplit(os.environ[DSN])

    def work() -> Any:
        connection = pg8000.connect(
            user=at.username, password=at.password, host=at.hostname, port=at.port, database=at.path.strip("/")
        )
        with contextlib.closing(connection):
            return wr.postgresql.read_sql_query(statement, con=connection)

    return work


def install_pg8000() -> None:
    """Put awswrangler's driver into a folder of its own, once."""
    if not PG8000.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(PG8000)]
        subprocess.run([*command, "pg8000", "scramp", "asn1crypto"], check=True)


def copied(answer: tuple[int, int]) -> dict[str, Any]:
    """Rows only: nothing was decoded."""
    rows, size = answer
    return {"rows": rows, "checksum": None, "note": f"   {size / 1e6:,.0f} MB"}


def uncounted(_: None) -> dict[str, Any]:
    """Nothing: psql does not say how many rows it copied."""
    return {"rows": None, "checksum": None}


def arrow_sum(table: Any) -> dict[str, Any]:
    """Checksum of an Arrow table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    total = pc.sum(table["status"].cast(pa.int64())).as_py()
    return {"rows": table.num_rows, "checksum": [total, str(pc.min(table["id"]))]}


def parquet_sum(path: Path) -> dict[str, Any]:
    """Checksum of a Parquet file, which is then removed."""
    import pyarrow.parquet as pq

    said = arrow_sum(pq.read_table(path, columns=["status", "id"]))
    size = path.stat().st_size
    path.unlink()
    return {**said, "note": f"   {size / 1e6:,.0f} MB of Parquet"}


def frame_sum(frame: Any) -> dict[str, Any]:
    """Checksum of a frame."""
    return {"rows": len(frame), "checksum": [int(frame["status"].sum()), str(min(frame["id"]))]}


def _reader() -> Any:
    from ddms_ops.deployment import Database
    from ddms_ops.sources.postgres import PostgresReader

    return PostgresReader(Database(dsn_variable=DSN, statement_timeout_s=TIMEOUT_S), environ=os.environ)


def _file() -> Path:
    handle, name = tempfile.mkstemp(suffix=".parquet")
    os.close(handle)
    return Path(name)


ZSTD: dict[str, Any] = {"compression": "zstd", "compression_level": 1}
PEERS = {
    "COPY BINARY, not decoded (floor)": Peer(raw_copy, copied),
    "psql COPY BINARY >/dev/null": Peer(psql, uncounted),
    "ours, Arrow": Peer(ours_arrow, arrow_sum),
    "ours, streamed to Parquet": Peer(ours_stream, parquet_sum),
    "ours, audit pull (ordered, text) to Parquet": Peer(ours_audit, parquet_sum),
    "pandas.read_sql, SQLAlchemy + psycopg": Peer(pandas_sql, frame_sum),
    "awswrangler.postgresql": Peer(lambda: wrangler(SELECT), frame_sum),
    "awswrangler.postgresql, ::text": Peer(lambda: wrangler(CAST), frame_sum),
}


def main(name: str) -> None:
    """Measure one peer."""
    report_cost(PEERS[name].load(), PEERS[name].check)


if __name__ == "__main__":
    main(*sys.argv[1:])
