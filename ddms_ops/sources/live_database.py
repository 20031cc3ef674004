"""What a live source asks of the profile's Postgres; its driver is loaded when it is first asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ddms_ops.coverage import Status
from ddms_ops.declaration import Profile
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import RECORDS, AuditQuery, Provenance, Pull, Query, RecordQuery, TrailQuery, no_records
from ddms_ops.sources.queries import POSTURE, STATISTICS

if TYPE_CHECKING:
    import pyarrow as pa

    from ddms_ops.sources.postgres import PostgresReader

SOURCE = "live"
NO_DATABASE = "the profile declares no database"
DATABASE_TOPICS = (STATISTICS, POSTURE)


class LiveDatabase:
    """The database's part of a live source, which brings the profile, the accounts and a scratch folder."""

    profile: Profile
    sessions: dict[str, AwsSession]
    _environ: Mapping[str, str]
    _scratch: Path

    def fetch_audit_rows(self, query: AuditQuery, *, pull: str) -> Pull:
        """Rows of one audit table of the profile's Postgres, in a Parquet file."""
        from ddms_ops.sources.postgres import fetch_audit_rows

        reader = self._postgres()
        if reader is None:
            return _no_database(query, pull, query.schema)
        return fetch_audit_rows(reader, query, pull=pull, scratch=self._scratch, source=SOURCE)

    def fetch_trail_answer(self, query: TrailQuery, *, pull: str) -> Pull:
        """The answer to one question of a tenant audit, from the profile's Postgres."""
        from ddms_ops.sources.postgres import fetch_trail_answer

        reader = self._postgres()
        if reader is None:
            return _no_database(query, pull, query.schema)
        return fetch_trail_answer(reader, query, pull=pull, source=SOURCE)

    def database_records(self, query: RecordQuery, pull: str) -> Pull:
        """Records of one of DATABASE_TOPICS, as the profile's Postgres is now."""
        from ddms_ops.sources.postgres import fetch_posture, fetch_statistics

        reader = self._postgres()
        if reader is None:
            return _no_database(query, pull, RECORDS)
        with reader:
            fetch = fetch_posture if query.topic == POSTURE else fetch_statistics
            return fetch(reader, query, pull=pull, source=SOURCE)

    def _postgres(self) -> "PostgresReader | None":
        """The profile's Postgres, None where it declares none."""
        from ddms_ops.sources.postgres import PostgresReader

        if self.profile.database is None:
            return None
        session = next(iter(self.sessions.values()))
        secret, token = session.secret_value, session.database_token
        return PostgresReader(self.profile.database, environ=self._environ, secret_value=secret, token=token)


def _no_database(query: Query, pull: str, schema: "pa.Schema") -> Pull:
    return no_records(pull, query, Provenance(SOURCE), schema, Status.NOT_CONFIGURED, NO_DATABASE)
