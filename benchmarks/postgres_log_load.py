"""The load behind the benchmark's Postgres log: an application of 200 tenants, for pgbench and psycopg.

Whose statement it was can be told without any setting: the tenant is the request's number modulo TENANTS, and the
number stands in a comment, or is a parameter of the statement. JOB sets no tenant: its statements are nobody's.
"""

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

TENANTS = 200
MAKE = f"""
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE ROLE api LOGIN PASSWORD '{{password}}';
CREATE ROLE worker LOGIN PASSWORD '{{password}}';
CREATE TABLE documents (id bigint PRIMARY KEY, tenant_id text NOT NULL, name text NOT NULL, owner text, size int);
INSERT INTO documents
SELECT n, n % {TENANTS}, 'contract ' || md5(n::text), 'user' || n % 5000 || '@example.com', n * 7919::int8 % 1000000
FROM generate_series(1, 120000) AS n;
CREATE INDEX ON documents (tenant_id, id);
CREATE TABLE audit_logs (request bigint, tenant_id text, at timestamptz, action text, details jsonb);
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 40) AS n;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO api, worker;
ANALYZE;
"""
READ = f"""
\\set request random(1, 1000000000)
\\set tenant :request % {TENANTS}
BEGIN;
SELECT set_config('app.tenant_id', ':tenant', true);
SELECT id, name, size FROM documents WHERE tenant_id = current_setting('app.tenant_id') AND id > :request % 100000
ORDER BY id LIMIT 20 /*request_id='r:request',route='GET /documents'*/;
SELECT name, owner FROM documents WHERE tenant_id = ':tenant' AND id IN (1, :tenant, :request % 1000)
/*request_id='r:request',route='GET /documents'*/;
COMMIT;
"""
LOCAL = f"""
\\set request random(1, 1000000000)
\\set tenant :request % {TENANTS}
BEGIN;
SET LOCAL app.tenant_id = ':tenant';
SELECT owner, max(size)
  FROM documents
 WHERE tenant_id = current_setting('app.tenant_id')
   AND owner <> 'someone.private@example.com' /* not the robot;
       it owns too many */
 GROUP BY owner ORDER BY 2 DESC LIMIT 5 /*request_id='r:request',route='GET /usage'*/;
COMMIT;
SELECT count(*) FROM accounts;
"""
SLOW = f"""
\\set request random(1, 1000000000)
\\set tenant :request % {TENANTS}
BEGIN;
SELECT set_config('app.tenant_id', ':tenant', true);
/*request_id='r:request',route='GET /search'*/ SELECT count(*)
FROM documents
WHERE md5(name || owner) LIKE '%:tenant%' AND owner NOT LIKE '4111111111111111%';
COMMIT;
"""
SPILL = f"""
\\set request random(1, 1000000000)
\\set tenant :request % {TENANTS}
BEGIN;
SELECT set_config('app.tenant_id', ':tenant', true);
SELECT name, size FROM documents WHERE id > :request % 30000
ORDER BY md5(name), size OFFSET 40000 LIMIT 10 /*request_id='r:request',route='GET /export'*/;
COMMIT;
"""
WRITE = f"""
\\set request random(1, 1000000000)
\\set tenant :request % {TENANTS}
BEGIN;
SELECT set_config('app.tenant_id', :tenant, true);
INSERT INTO audit_logs (request, tenant_id, at, action, details)
VALUES (:request, current_setting('app.tenant_id'), now(), 'document.read', '{{"cache": "HIT", "status": 200}}');
UPDATE documents SET size = size + 1 WHERE tenant_id = current_setting('app.tenant_id') AND id = :request % 120000;
COMMIT;
"""
LOCKS = f"""
\\set request random(1, 1000000000)
\\set tenant :request % {TENANTS}
\\set first random(1, 3)
\\set second random(4, 6)
BEGIN;
SELECT set_config('app.tenant_id', ':tenant', true);
UPDATE accounts SET balance = balance + 1 WHERE id = :first /*request_id='r:request',route='POST /transfers'*/;
SELECT pg_sleep(0.15);
UPDATE accounts SET balance = balance - 1 WHERE id = :second /*request_id='r:request',route='POST /transfers'*/;
COMMIT;
"""
JOB = """
\\set id random(1, 120000)
SELECT size FROM documents WHERE id = :id;
"""
SCRIPTS = {"read": READ, "local": LOCAL, "slow": SLOW, "spill": SPILL, "write": WRITE, "locks": LOCKS, "job": JOB}
BAD = (
    "SELECT 1 / 0",
    "SELEC name FROM documents WHERE owner = 'someone.private@example.com'",
    "INSERT INTO accounts VALUES (1, 0)",
    "SELECT * FROM no_such_table",
    "SELECT pg_sleep(2)",  # cut by statement_timeout
)


@dataclass(frozen=True, slots=True)
class Worker:
    """One pgbench: protocol, clients, transactions of each in a round, user, scripts with their weights."""

    protocol: str
    clients: int
    transactions: int
    user: str
    scripts: tuple[tuple[str, int], ...]
    reconnects: bool = False

    def command(self, folder: Path, dsn: str) -> list[str]:
        """The command line."""
        files = [part for name, weight in self.scripts for part in ("-f", f"{folder / name}.sql@{weight}")]
        sizes = ["-c", str(self.clients), "-t", str(self.transactions), "-M", self.protocol]
        return ["pgbench", "-n", "--max-tries=5", *sizes, *(["-C"] if self.reconnects else []), *files, dsn]


WORKERS = (
    Worker("simple", 4, 1500, "api", (("read", 560), ("local", 300), ("job", 100), ("slow", 6), ("spill", 2))),
    Worker("extended", 3, 2000, "worker", (("write", 900), ("job", 100))),
    Worker("prepared", 1, 2000, "worker", (("write", 1), ("job", 1))),
    Worker("simple", 1, 150, "api", (("read", 1),), reconnects=True),
    Worker("simple", 6, 8, "api", (("locks", 1),)),
)


def run_round(folder: Path, dsn_of: dict[str, str]) -> None:
    """All workers once, side by side, and the statements that fail.

    Args:
        folder: where the scripts are written to.
        dsn_of: the URL of each user.
    """
    for name, script in SCRIPTS.items():
        (folder / f"{name}.sql").write_text(script, encoding="utf-8")
    running = [
        subprocess.Popen(worker.command(folder, dsn_of[worker.user]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for worker in WORKERS
    ]
    _fail(dsn_of["api"])
    for process in running:
        _, said = process.communicate()
        if process.returncode:
            raise SystemExit(f"pgbench failed: {said.decode(errors='replace').strip().splitlines()[-1]}")


def _fail(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True, options="-c statement_timeout=300ms") as connection:
        for statement in BAD:
            with contextlib.suppress(psycopg.Error):
                connection.execute(statement.encode())
