"""A small audit trail as an export, in sight of the test, and the case over it."""

from pathlib import Path

from builders import DAY, window

from ddms_ops.analysis.crossings import Context, judged
from ddms_ops.normalize.trail_answers import answer_frame
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.tenancy import Tenants

COLUMNS = (
    "seq,id,created_at,tenant_id,user_tenant_id,user_id,action,resource_type,resource_id,request_id,status,details"
)
TABLES = {
    "documents": "id,tenant_id",
    "document_owners": "document_id,tenant_id,valid_from,valid_until",
    "user_tenants": "user_id,tenant_id,valid_from,valid_until",
    "document_shares": "document_id,tenant_id,created_at,expires_at,revoked_at",
    "memberships": "user_id,tenant_id,since,until",
    "support_sessions": "user_id,tenant_id,began_at,ended_at,ticket",
    "tenants": "id",
}
DECLARED = {
    "known": {"table": "tenants", "id": "id", "tenant": "id"},
    "trail": {
        "table": "audit_logs", "id": "id", "time": "created_at", "row_tenant": "tenant_id",
        "actor_tenant": "user_tenant_id", "user": "user_id", "action": "action", "record_type": "resource_type",
        "record": "resource_id", "request": "request_id", "outcome": "status", "sequence": "seq", "details": "details",
        "results": "results", "object_key": "key",
    },
    "records": {"table": "documents", "id": "id", "tenant": "tenant_id"},
    "users": {"table": "user_tenants", "id": "user_id", "tenant": "tenant_id", "since": "valid_from",
              "until": ["valid_until"]},
    "grants": {"table": "document_shares", "record": "document_id", "tenant": "tenant_id", "since": "created_at",
               "until": ["expires_at", "revoked_at"]},
    "members": {"table": "memberships", "user": "user_id", "tenant": "tenant_id", "since": "since", "until": ["until"]},
    "impersonations": {"table": "support_sessions", "user": "user_id", "tenant": "tenant_id", "since": "began_at",
                       "until": ["ended_at"], "ticket": "ticket"},
    "objects": {"buckets": {"documents": {"key": "^(?P<tenant>[^/]+)/"}}},
}  # fmt: skip
HISTORY = {"table": "document_owners", "id": "document_id", "tenant": "tenant_id", "since": "valid_from",
           "until": ["valid_until"]}  # fmt: skip


def declared(**changed: object) -> Tenants:
    """The declaration of these tables, some sections changed; None leaves one out."""
    sections = {name: section for name, section in {**DECLARED, **changed}.items() if section is not None}
    return Tenants.model_validate(sections)


def stamp(clock: str) -> str:
    """A time of the test day as psql prints it."""
    return f"{DAY} {clock}+00"


def row(clock: str, **columns: str) -> str:
    """One audit row: u1 of t1 reads d1, but for what is given; `details` as JSON."""
    usual = {"id": f"a-{clock}", "created_at": stamp(clock), "tenant_id": "t1", "user_tenant_id": "t1", "user_id": "u1",
             "action": "document.read", "resource_type": "document", "resource_id": "d1", "request_id": f"r-{clock}",
             "status": "200", "details": "", "seq": ""}  # fmt: skip
    values = {**usual, **columns}
    return ",".join(quoted(values[name]) for name in COLUMNS.split(","))


def quoted(value: str) -> str:
    """A CSV field; empty is null."""
    return '"' + value.replace('"', '""') + '"' if set(value) & set('",\n') else value


def write_trail(root: Path, *rows: str, **tables: list[str]) -> Path:
    """An export with d1 and u1 of t1, d2 and u2 of t2; `tables` gives the rows of others."""
    folder = root / "audit"
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"documents": ["d1,t1", "d2,t2"], "tenants": ["t1", "t2"],
             "user_tenants": ["u1,t1,2020-01-01 00:00:00+00,", "u2,t2,2020-01-01 00:00:00+00,"]}  # fmt: skip
    for name, header in TABLES.items():
        lines = tables.get(name, usual.get(name, []))
        (folder / f"{name}.csv").write_text("".join(f"{line}\n" for line in [header, *lines]), encoding="utf-8")
    (folder / "audit_logs.csv").write_text("".join(f"{line}\n" for line in [COLUMNS, *rows]), encoding="utf-8")
    return root


def crossings_of(root: Path, tenants: Tenants | None = None):
    """CROSSINGS of 10:00 to 11:00 of an export."""
    tenants = tenants or declared()
    source = FilesSource(root)

    def answer(part: str):
        query = TrailQuery(window("10:00", "11:00"), part, tenants)
        return answer_frame(source.fetch_trail_answer(query, pull=f"trail/{part}").table, f"trail/{part}")

    context = Context(
        *(answer(part) if getattr(tenants, part) else None for part in ("grants", "members", "impersonations"))
    )
    return judged(answer("crossings"), context, tenants)
