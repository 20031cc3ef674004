"""Generated messages of a software service with the template that each came from.

Sixty templates, a third each plain text, JSON and key=value, drawn by Zipf's law with exponent 1.05; about 84 % of the
messages are distinct. The same seed gives the same messages.
"""

import random
import re
import string
from collections.abc import Callable

import numpy as np

PLAIN = (
    "Connection to {ip}:{port} refused after {ms} ms",
    "Timeout waiting for connection from pool after {ms}ms (active={int}, idle={int}, waiting={int})",
    "User {email} failed to sign in from {ip}",
    "Request {uuid} to {path} took {ms} ms",
    "Failed to process order {int} for tenant {tenant}: card declined",
    "Failed to process order {int} for tenant {tenant}: insufficient funds",
    "java.sql.SQLTransientConnectionException: HikariPool-{small} - request timed out after {ms}ms.",
    "ERROR: deadlock detected (SQLSTATE 40P01) process {int} waits for ShareLock on transaction {int}",
    "ERROR: duplicate key value violates unique constraint (SQLSTATE 23505) id={int}",
    "Upload of {file} failed: part {small} of {small} rejected",
    "Job {uuid} started on worker-{small}",
    "Job {uuid} finished on worker-{small} in {float}s",
    "Cache miss for key session:{hex}",
    "Lambda function timed out after {float} seconds RequestId: {uuid}",
    "Retrying message {hex} attempt {small} of 5",
    "GET {path} HTTP/1.1 500 {int} {ms}ms",
    "GET {path} HTTP/1.1 404 {int} {ms}ms",
    "Could not parse date {ts} in row {int}",
    "Webhook delivery {uuid} to https://hooks.{tenant}.example.com/v1/{hex} returned 503",
    "Disk usage at {small}% on /dev/nvme{small}n1",
)
PAIRS = (
    'level=error msg="payment failed" tenant={tenant} order={int} amount={float} reason=declined',
    'level=error msg="payment failed" tenant={tenant} order={int} amount={float} reason=expired',
    'level=warn msg="slow query" table=orders duration={ms}ms rows={int} trace={hex}',
    'level=warn msg="slow query" table=invoices duration={ms}ms rows={int} trace={hex}',
    'level=error msg="upstream unavailable" host={ip} port={port} retries={small}',
    'level=info msg="cache refreshed" keys={int} took={ms}ms',
    "event=login_failed user={email} ip={ip} attempts={small}",
    "event=password_reset user={email} ip={ip} token={hex}",
    'level=error msg="queue full" queue=exports depth={int} tenant={tenant}',
    'level=error msg="queue full" queue=mails depth={int} tenant={tenant}',
    "at={ts} level=error component=scheduler job={uuid} error=ECONNRESET",
    "at={ts} level=error component=scheduler job={uuid} error=ETIMEDOUT",
    "lock=acquire resource=invoice/{int} owner={uuid} wait_ms={ms}",
    "lock=release resource=invoice/{int} owner={uuid} wait_ms={ms}",
    "method=POST path={path} status=502 duration={ms}ms request_id={uuid}",
    "method=POST path={path} status=201 duration={ms}ms request_id={uuid}",
    'level=error msg="token expired" user={int} issued={ts}',
    'level=warn msg="quota near limit" tenant={tenant} used={small}% limit={int}',
    'level=error msg="export failed" file={path} bytes={int} code=AccessDenied',
    'level=error msg="export failed" file={path} bytes={int} code=NoSuchBucket',
)
JSON = (
    '{"level":"error","msg":"payment gateway timeout","order":{int},"tenant":"{tenant}","latency_ms":{ms}}',
    '{"level":"error","msg":"payment gateway refused","order":{int},"tenant":"{tenant}","latency_ms":{ms}}',
    '{"level":"error","error":{"type":"TimeoutError","message":"no answer from {ip} in {ms} ms"},"id":"{uuid}"}',
    '{"level":"error","error":{"type":"ValidationError","message":"field amount must be positive"},"id":"{uuid}"}',
    '{"level":"warn","message":"rate limit reached","tenant":"{tenant}","limit":{int},"window_s":{small}}',
    '{"level":"info","message":"invoice sent","invoice":"{uuid}","to":"{email}"}',
    '{"level":"info","message":"invoice paid","invoice":"{uuid}","amount":{float}}',
    '{"type":"AccessDenied","message":"not allowed","user":"{email}","path":"{path}"}',
    '{"type":"NotFound","message":"no such document","user":"{email}","path":"{path}"}',
    '{"time":"{ts}","level":"error","message":"socket hang up","code":"ECONNRESET","host":"{ip}"}',
    '{"time":"{ts}","level":"error","message":"connect failed","code":"ECONNREFUSED","host":"{ip}","port":{port}}',
    '{"event":"job_failed","job":"{uuid}","attempt":{small},"error":"out of memory"}',
    '{"event":"job_failed","job":"{uuid}","attempt":{small},"error":"cancelled by user"}',
    '{"level":"error","message":"statement cancelled","sqlstate":"57014","query_id":"{hex}","duration_ms":{ms}}',
    '{"level":"warn","msg":"retrying request","url":"https://api.example.com{path}","attempt":{small},"status":503}',
    '{"level":"warn","msg":"retrying request","url":"https://api.example.com{path}","attempt":{small},"status":429}',
    '{"level":"info","msg":"tenant onboarded","tenant":"{tenant}","plan":"team","seats":{int}}',
    '{"level":"error","msg":"email bounced","to":"{email}","smtp":{int},"queue":"{hex}"}',
    '{"level":"error","message":"thumbnail failed","file":"{file}","width":{int},"height":{int}}',
    '{"level":"debug","msg":"feature evaluated","flag":"{tenant}-flag","value":{small},"trace":"{uuid}"}',
)
TEMPLATES = tuple(text for trio in zip(PLAIN, PAIRS, JSON, strict=True) for text in trio)
WORDS = ("acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "wonka", "cyberdyne", "tyrell")
SLOT = re.compile(r"\{(ip|port|ms|int|email|uuid|path|tenant|small|float|hex|file|ts)\}")


def _slots(rng: random.Random) -> dict[str, Callable[[], str]]:
    def hexes(count: int) -> str:
        return f"{rng.getrandbits(4 * count):0{count}x}"

    return {
        "ip": lambda: f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}",
        "port": lambda: str(rng.randrange(1024, 65536)),
        "ms": lambda: str(int(rng.lognormvariate(5, 1.2))),
        "int": lambda: str(rng.randrange(10**6)),
        "email": lambda: f"{rng.choice(WORDS)}.{rng.choice(string.ascii_lowercase)}{rng.randrange(999)}@example.com",
        "uuid": lambda: f"{hexes(8)}-{hexes(4)}-4{hexes(3)}-a{hexes(3)}-{hexes(12)}",
        "path": lambda: f"/api/v{rng.randrange(1, 4)}/{rng.choice(WORDS)}/{rng.randrange(10**5)}",
        "tenant": lambda: f"{rng.choice(WORDS)}-{rng.randrange(40)}",
        "small": lambda: str(rng.randrange(1, 60)),
        "float": lambda: f"{rng.random() * 100:.2f}",
        "hex": lambda: hexes(16),
        "file": lambda: f"{rng.choice(WORDS)}_{rng.randrange(10**4)}.pdf",
        "ts": lambda: (
            f"2024-05-{rng.randrange(1, 29):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:"
            f"{rng.randrange(60):02d}.{rng.randrange(1000):03d}Z"
        ),
    }


def generated_messages(rows: int, *, seed: int = 1) -> tuple[list[str], np.ndarray]:
    """Messages and, for each, the place of its template in TEMPLATES."""
    rng = random.Random(seed)
    slots = _slots(rng)
    order = np.random.default_rng(seed)
    weights = np.arange(1, len(TEMPLATES) + 1) ** -1.05
    truth = order.choice(len(TEMPLATES), size=rows, p=weights / weights.sum())
    texts = [SLOT.split(text) for text in TEMPLATES]
    messages: list[str] = []
    for kind in truth.tolist():
        parts = texts[kind].copy()
        parts[1::2] = [slots[name]() for name in parts[1::2]]
        messages.append("".join(parts))
    repeated = order.random(rows) < 0.19
    places = np.arange(rows)
    places[repeated] = order.integers(0, rows, repeated.sum())
    return [messages[place] for place in places.tolist()], truth[places]
