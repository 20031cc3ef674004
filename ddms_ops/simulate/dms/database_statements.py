"""The statements that requests and jobs send to the database, and the tables and indexes that they use.

A request of an endpoint, and a job, sends each of its statements a fixed number of times; a statement takes a share of
the time of the request or job.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from ddms_ops.simulate.dms.catalog import ENDPOINTS

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: what it looks like, who sends it, how long it takes.

    `text` is that of pg_stat_statements; `sent` is formatted with tenant, user, document, hex and number.
    """

    name: str
    text: str
    sent: str
    shares: Mapping[str, float] = field(default_factory=dict)  # of the request's time, by action
    job_shares: Mapping[str, float] = field(default_factory=dict)  # of the job's time, by job type
    rows: int = 1
    blocks: int = 4
    table: str = ""
    index: str = ""  # that it is found by
    condition: str = ""  # of the index, formatted as `sent` is
    job_calls: int = 1

    @property
    def verb(self) -> str:
        """SELECT, INSERT, …"""
        return self.text.split(" ")[0]

    @property
    def is_write(self) -> bool:
        """Whether it is only sent where the request succeeds."""
        return self.verb in ("INSERT", "UPDATE", "COMMIT")

    @property
    def is_ending(self) -> bool:
        """Whether it ends a transaction that succeeded, or one that did not."""
        return self.verb in ("COMMIT", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Table:
    """One table as pg_stat_user_tables and the planner know it."""

    name: str
    rows: int
    pages: int
    indexes: Mapping[str, str]  # definition after USING, by name; one that ends in _pkey is the primary key


OF_DOCUMENTS = tuple(endpoint.action for endpoint in ENDPOINTS if endpoint.action.startswith("document."))
DUPLICATES, DOWNLOADS, SHARED = "duplicates", "downloads", "shared"

STATEMENTS = (
    Statement("begin", "BEGIN", "BEGIN", {EVERY: 0.0003}, {EVERY: 0.00002}, rows=0, blocks=0),
    Statement(
        "set_config", "SELECT set_config($1, $2, $3)", "SELECT set_config('app.tenant_id', '{tenant}', true)",
        {EVERY: 0.002}, {EVERY: 0.00005}, blocks=0,
    ),
    Statement(
        "user", "SELECT id, role, locale FROM users WHERE id = $1 AND tenant_id = $2",
        "SELECT id, role, locale FROM users WHERE id = '{user}' AND tenant_id = '{tenant}'",
        {EVERY: 0.015}, table="users", index="users_pkey", condition="id = '{user}'::text",
    ),
    Statement(
        "list",
        "SELECT id, name, status, size_bytes, created_by, created_at FROM documents"
        " WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC LIMIT $2",
        "SELECT id, name, status, size_bytes, created_by, created_at FROM documents"
        " WHERE tenant_id = '{tenant}' AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 50",
        {"document.list": 0.78}, rows=50, blocks=54, table="documents", index="documents_tenant_id_created_at_idx",
        condition="tenant_id = '{tenant}'::text",
    ),
    Statement(
        "document", "SELECT id, name, status, folder_id, created_by FROM documents WHERE id = $1 AND tenant_id = $2",
        "SELECT id, name, status, folder_id, created_by FROM documents WHERE id = '{document}'"
        " AND tenant_id = '{tenant}'",
        {"document.view": 0.35, "document.download": 0.05, "document.versions": 0.1, "document.update": 0.15,
         "document.delete": 0.2, "document.share": 0.1},
        table="documents", index="documents_pkey", condition="id = '{document}'::uuid",
    ),
    Statement(
        "versions",
        "SELECT id, number, checksum, size_bytes, storage_key FROM versions WHERE document_id = $1"
        " ORDER BY number DESC",
        "SELECT id, number, checksum, size_bytes, storage_key FROM versions WHERE document_id = '{document}'"
        " ORDER BY number DESC",
        {"document.versions": 0.5, "document.view": 0.2, "document.download": 0.05}, rows=3, blocks=7,
        table="versions", index="versions_document_id_number_idx", condition="document_id = '{document}'::uuid",
    ),
    Statement(
        DUPLICATES, "SELECT id, document_id, number FROM versions WHERE tenant_id = $1 AND checksum = $2",
        "SELECT id, document_id, number FROM versions WHERE tenant_id = '{tenant}' AND checksum = '{hex}'",
        {"document.upload": 0.5}, rows=0, table="versions", index="versions_tenant_id_checksum_idx",
        condition="(tenant_id = '{tenant}'::text) AND (checksum = '{hex}'::text)",
    ),
    Statement(
        DOWNLOADS, "SELECT count(*), max(created_at) FROM audit_logs WHERE resource_id = $1 AND action = $2",
        "SELECT count(*), max(created_at) FROM audit_logs WHERE resource_id = '{document}'"
        " AND action = 'document.download'",
        {"document.download": 0.7}, blocks=19, table="audit_logs", index="audit_logs_resource_id_action_idx",
        condition="(resource_id = '{document}'::text) AND (action = 'document.download'::text)",
    ),
    Statement(
        SHARED, "SELECT document_id, permission FROM shares WHERE user_id = $1",
        "SELECT document_id, permission FROM shares WHERE user_id = '{user}'",
        {"document.search": 0.44}, rows=41, blocks=44, table="shares", index="shares_user_id_idx",
        condition="user_id = '{user}'::text",
    ),
    Statement(
        "folder",
        "SELECT id, name, status FROM documents WHERE tenant_id = $1 AND folder_id = $2 ORDER BY name LIMIT $3",
        "SELECT id, name, status FROM documents WHERE tenant_id = '{tenant}' AND folder_id = '{document}'"
        " ORDER BY name LIMIT 100",
        {"folder.view": 0.5}, rows=27, blocks=31, table="documents", index="documents_tenant_id_folder_id_name_idx",
        condition="(tenant_id = '{tenant}'::text) AND (folder_id = '{document}'::uuid)",
    ),
    Statement(
        "usage", "SELECT versions_count, size_bytes FROM tenants WHERE id = $1",
        "SELECT versions_count, size_bytes FROM tenants WHERE id = '{tenant}'",
        {"tenant.usage": 0.3}, table="tenants", index="tenants_pkey", condition="id = '{tenant}'::text",
    ),
    Statement(
        "new_document",
        "INSERT INTO documents (id, tenant_id, name, status, created_by, created_at)"
        " VALUES ($1, $2, $3, $4, $5, now())",
        "INSERT INTO documents (id, tenant_id, name, status, created_by, created_at)"
        " VALUES ('{document}', '{tenant}', '{hex}.pdf', 'new', '{user}', now())",
        {"document.create": 0.12}, blocks=17, table="documents",
    ),
    Statement(
        "new_version",
        "INSERT INTO versions (id, document_id, tenant_id, number, checksum, storage_key)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        "INSERT INTO versions (id, document_id, tenant_id, number, checksum, storage_key)"
        " VALUES (gen_random_uuid(), '{document}', '{tenant}', {number}, '{hex}', '{tenant}/{hex}')",
        {"document.create": 0.1, "document.upload": 0.1}, blocks=15, table="versions",
    ),
    Statement(
        "new_job", "INSERT INTO jobs (document_id, tenant_id, type, status) VALUES ($1, $2, $3, $4)",
        "INSERT INTO jobs (document_id, tenant_id, type, status) VALUES ('{document}', '{tenant}', 'scan', 'queued')",
        {"document.create": 0.03, "document.upload": 0.03}, blocks=9, table="jobs",
    ),
    Statement(
        "changed", "UPDATE documents SET status = $1, updated_at = now() WHERE id = $2",
        "UPDATE documents SET status = 'ready', updated_at = now() WHERE id = '{document}'",
        {"document.update": 0.25, "document.delete": 0.25}, {"thumbnail": 0.02, "malware-scan": 0.01}, blocks=11,
        table="documents", index="documents_pkey", condition="id = '{document}'::uuid",
    ),
    Statement(
        "share", "INSERT INTO shares (document_id, user_id, permission) VALUES ($1, $2, $3)",
        "INSERT INTO shares (document_id, user_id, permission) VALUES ('{document}', '{user}', 'read')",
        {"document.share": 0.15}, blocks=9, table="shares",
    ),
    Statement(
        "audit",
        "INSERT INTO audit_logs (id, created_at, tenant_id, user_id, action, resource_id, status)"
        " VALUES ($1, now(), $2, $3, $4, $5, $6)",
        "INSERT INTO audit_logs (id, created_at, tenant_id, user_id, action, resource_id, status)"
        " VALUES (gen_random_uuid(), now(), '{tenant}', '{user}', 'document', '{document}', 200)",
        dict.fromkeys(OF_DOCUMENTS, 0.03), blocks=12, table="audit_logs",
    ),
    Statement(
        "job", "UPDATE jobs SET status = $1, attempts = attempts + $2, updated_at = now() WHERE id = $3",
        "UPDATE jobs SET status = 'running', attempts = attempts + 1, updated_at = now() WHERE id = {number}",
        {}, {"textract-ocr": 0.0003, "thumbnail": 0.003, "index": 0.008, "malware-scan": 0.001}, blocks=8,
        table="jobs", index="jobs_pkey", condition="id = {number}", job_calls=2,
    ),
    Statement(
        "recognized", "UPDATE versions SET ocr_text = $1 WHERE document_id = $2 AND number = $3",
        "UPDATE versions SET ocr_text = '{hex}' WHERE document_id = '{document}' AND number = 1",
        {}, {"textract-ocr": 0.015}, blocks=61, table="versions", index="versions_document_id_number_idx",
        condition="(document_id = '{document}'::uuid) AND (number = 1)",
    ),
    Statement(
        "indexed", "SELECT id, ocr_text FROM versions WHERE document_id = $1 AND number = $2",
        "SELECT id, ocr_text FROM versions WHERE document_id = '{document}' AND number = 1",
        {}, {"index": 0.3}, blocks=38, table="versions", index="versions_document_id_number_idx",
        condition="(document_id = '{document}'::uuid) AND (number = 1)",
    ),
    Statement("commit", "COMMIT", "COMMIT", {EVERY: 0.012}, {EVERY: 0.0004}, rows=0, blocks=0),
    Statement("rollback", "ROLLBACK", "ROLLBACK", {EVERY: 0.0005}, {EVERY: 0.00005}, rows=0, blocks=0),
)  # fmt: skip
NUMBERS = {statement.name: number for number, statement in enumerate(STATEMENTS)}

TABLES = (
    Table("tenants", 40, 1, {"tenants_pkey": "(id)"}),
    Table("users", 3_600, 61, {"users_pkey": "(id)", "users_tenant_id_idx": "(tenant_id)"}),
    Table("documents", 800_000, 16_327, {
        "documents_pkey": "(id)",
        "documents_tenant_id_created_at_idx": "(tenant_id, created_at DESC)",
        "documents_tenant_id_folder_id_name_idx": "(tenant_id, folder_id, name)",
    }),
    Table("versions", 2_100_000, 40_384, {
        "versions_pkey": "(id)",
        "versions_document_id_number_idx": "(document_id, number DESC)",
        "versions_tenant_id_checksum_idx": "(tenant_id, checksum)",
    }),
    Table("jobs", 412_000, 6_180, {"jobs_pkey": "(id)", "jobs_status_idx": "(status)"}),
    Table("shares", 3_100_000, 25_833, {"shares_pkey": "(id)", "shares_user_id_idx": "(user_id)"}),
    Table("audit_logs", 6_400_000, 104_918, {
        "audit_logs_pkey": "(id)",
        "audit_logs_created_at_idx": "(created_at)",
        "audit_logs_resource_id_action_idx": "(resource_id, action)",
    }),
)  # fmt: skip
TABLE_OF = {table.name: table for table in TABLES}


def request_comment(request_id: str, endpoint: str) -> str:
    """The tags that the API appends to what it sends, as sqlcommenter does."""
    return f"/*request_id='{request_id}',route='{quote(endpoint, safe='')}'*/"


def job_comment(job_type: str) -> str:
    """The tag that the worker appends."""
    return f"/*job='{job_type}'*/"


def endpoint_of(statement: Statement) -> str:
    """The endpoint whose requests spend most of their time on a statement."""
    share, name = max((statement.shares.get(endpoint.action, 0.0), endpoint.name) for endpoint in ENDPOINTS)
    return name if share else ""
