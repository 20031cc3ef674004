"""What the database does by itself and logs: checkpoints, vacuum, and connections that come and go; and a migration."""

import numpy as np

from ddms_ops.simulate.dms.catalog import ACCOUNT, REGION
from ddms_ops.simulate.dms.database_log import API_USER, BACKENDS, Backend, Line, backend_of
from ddms_ops.simulate.dms.database_statements import TABLE_OF
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

CHECKPOINT_MIN = 5
CHECKPOINTER = 412
VACUUM_MIN = 17
VACUUMED = ("jobs", "documents", "versions", "audit_logs")
MIGRATOR = Backend(31_007, "dms_migrator@dms")
DROPPED_MS, DROP_MS = -2_600, 1_912.406  # when the index is dropped, from the onset, and how long that takes
SERVER = f"{ACCOUNT}.{REGION}"


def upkeep_lines(scenario: Scenario, rng: np.random.Generator) -> list[Line]:
    """Checkpoints every five minutes, vacuum now and then, and some backends that are replaced."""
    return [*_checkpoints(scenario, rng), *_vacuums(scenario, rng), *_connections(scenario, rng)]


def migration_lines(scenario: Scenario) -> list[Line]:
    """The index that is dropped just before the onset: by log_statement = ddl, then its duration."""
    if scenario.dropped_index is None:
        return []
    begun = (scenario.anchor_ms + DROPPED_MS) * 1000
    host, port = MIGRATOR.client.rstrip(")").split("(")
    received = Backend(MIGRATOR.pid, "[unknown]@[unknown]").entry(
        "LOG", f"connection received: host={host} port={port}"
    )
    return [
        (begun - 40_000, received + MIGRATOR.entry("LOG", "connection authorized: user=dms_migrator database=dms")),
        (begun, MIGRATOR.entry("LOG", f"statement: {drop_text(scenario)}")),
        (begun + round(DROP_MS * 1000), MIGRATOR.entry("LOG", f"duration: {DROP_MS:.3f} ms")),
    ]


def drop_text(scenario: Scenario) -> str:
    """The statement of the migration; empty without one."""
    dropped = scenario.dropped_index
    return f"DROP INDEX CONCURRENTLY {dropped.index}" if dropped else ""


def _own(pid: int, message: str) -> str:
    """An entry of the server's own."""
    return f"{{t}}::@:[{pid}]:LOG:  {message}\n"


def _checkpoints(scenario: Scenario, rng: np.random.Generator) -> list[Line]:
    found = []
    estimate = 61_440
    for at in range(scenario.first_ms, scenario.end_ms, CHECKPOINT_MIN * MINUTE_MS):
        begun = at * 1000 + 1_204_000
        wrote, files, distance = (int(rng.integers(*ends)) for ends in ((900, 2_600), (30, 80), (21_000, 64_000)))
        write_s, longest_s = float(rng.uniform(96, 262)), float(rng.uniform(0.003, 0.009))
        estimate = max(distance, round(estimate * 0.9 + distance * 0.1))
        found.append((begun, _own(CHECKPOINTER, "checkpoint starting: time")))
        found.append((begun + round(write_s * 1e6) + 40_000, _own(CHECKPOINTER, (
            f"checkpoint complete: wrote {wrote} buffers ({wrote / 10_485.76:.1f}%); 0 WAL file(s) added, 0 removed,"
            f" {distance // 16_384} recycled; write={write_s:.3f} s, sync=0.011 s, total={write_s + 0.038:.3f} s;"
            f" sync files={files}, longest={longest_s:.3f} s, average=0.001 s; distance={distance} kB,"
            f" estimate={estimate} kB"
        ))))  # fmt: skip
    return [line for line in found if line[0] < scenario.end_ms * 1000]


def _vacuums(scenario: Scenario, rng: np.random.Generator) -> list[Line]:
    found = []
    for number, at in enumerate(range(scenario.first_ms, scenario.end_ms, VACUUM_MIN * MINUTE_MS)):
        table = TABLE_OF[VACUUMED[number % len(VACUUMED)]]
        time_us = (at + int(rng.integers(2, 14)) * MINUTE_MS) * 1000 + int(rng.integers(0, 1_000_000))
        removed, xid, hits = (
            int(rng.integers(*ends)) for ends in ((700, 9_000), (48_000_000, 48_100_000), (3_000, 9_000))
        )
        pid, elapsed = 14_000 + 11 * number, float(rng.uniform(0.6, 4.4))
        usage = [
            "avg read rate: 4.426 MB/s, avg write rate: 2.558 MB/s",
            f"buffer usage: {hits} hits, {hits // 5} misses, {hits // 9} dirtied",
        ]
        system = f"system usage: CPU: user: {elapsed / 9:.2f} s, system: {elapsed / 30:.2f} s, elapsed: {elapsed:.2f} s"
        vacuum = [
            f'automatic vacuum of table "dms.public.{table.name}": index scans: 1',
            f"pages: 0 removed, {table.pages} remain, {table.pages // 7} scanned (14.29% of total)",
            f"tuples: {removed} removed, {table.rows} remain, 0 are dead but not yet removable",
            f"removable cutoff: {xid}, which was 2 XIDs old when operation ended",
            *usage,
            f"WAL usage: {hits // 6} records, 0 full page images, {hits * 29} bytes",
            system,
        ]
        analyze = [f'automatic analyze of table "dms.public.{table.name}"', *usage, system]
        text = _own(pid, "\n\t".join(vacuum)) + _own(pid, "\n\t".join(analyze))
        found.append((time_us, text))
    return [line for line in found if line[0] < scenario.end_ms * 1000]


def _connections(scenario: Scenario, rng: np.random.Generator) -> list[Line]:
    """Each backend is closed once or twice, and its client connects again."""
    found = []
    span_us = (scenario.end_ms - scenario.first_ms) * 1000
    for place in range(BACKENDS):
        old = backend_of(place, is_of_jobs=False)
        host, port = old.client.rstrip(")").split("(")
        at = scenario.first_ms * 1000 + int(rng.integers(0, span_us - 2_000_000))
        hours, rest = divmod(int(rng.integers(1_700, 7_100)), 3_600)
        session = f"{hours}:{rest // 60:02d}:{rest % 60:02d}.{at % 1000:03d}"
        who = "user=dms_app database=dms"
        closed = old.entry("LOG", f"disconnection: session time: {session} {who} host={host} port={port}")
        unknown = Backend(old.pid, "[unknown]@[unknown]").entry("LOG", f"connection received: host={host} port={port}")
        opened = Backend(old.pid, API_USER).entry(
            "LOG",
            f"connection authorized: {who} application_name=dms-api"
            " SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)",
        )
        found += [(at, closed), (at + 900_000, unknown + opened)]
    return found
