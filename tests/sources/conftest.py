"""Each backend over the same records."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_sources import AUDIT, COLUMNS, exported, served

from ddms_ops.errors import RunError
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import Source


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The connection to a Postgres with AUDIT."""
    kinds = {"created_at": "timestamptz", "ip_address": "inet", "details": "jsonb"}
    columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in COLUMNS)
    try:
        with PostgresServer() as server:
            server.load(f"CREATE TABLE audit_logs ({columns})")
            for row in AUDIT:
                values = [f"2026-03-04T{row['created_at']}Z", *list(row.values())[1:]]
                texts = ["NULL" if text is None else "'" + text.replace("'", "''") + "'" for text in values]
                server.load(f"INSERT INTO audit_logs VALUES ({', '.join(texts)})")
            yield server.dsn()
    except RunError as lack:
        pytest.skip(str(lack))


@pytest.fixture(params=["files", "case", "live"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """Each backend over the same records."""
    if request.param == "live":
        yield from served(tmp_path / "export", request.getfixturevalue("database"))
    else:
        yield exported(request.param, tmp_path)


@pytest.fixture(params=["files", "case"])
def export_source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """The backends that read what AWS's tools printed."""
    return exported(request.param, tmp_path)
