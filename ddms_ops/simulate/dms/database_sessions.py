"""The sessions of pg_stat_activity: mostly idle; where connections run out, many are left in transactions."""

from pathlib import Path

import numpy as np

from ddms_ops.simulate.dms.catalog import MAX_CONNECTIONS
from ddms_ops.simulate.dms.database_log import BACKENDS, backend_of
from ddms_ops.simulate.dms.database_statements import NUMBERS, STATEMENTS
from ddms_ops.simulate.dms.database_views import DATABASE_ID, ROLES, moments, query_id, stamp, write_view
from ddms_ops.simulate.ids import hexes, uuids
from ddms_ops.simulate.scenario import Scenario

USUAL = 118
RESERVED = 3
KEPT = ("document", "versions", "user", "set_config", "commit", "folder")
HELD = "job"  # the last statement of a session that does not end its transaction


def write_sessions(folder: Path, scenario: Scenario, names: tuple[str, ...], rng: np.random.Generator) -> int:
    """Write pg_stat_activity at the three moments; returns how many sessions the last one has."""
    rows: list[dict[str, object]] = []
    for moment, at in enumerate(moments(scenario)):
        is_full = scenario.connections_full and moment == 2
        count = MAX_CONNECTIONS - RESERVED if is_full else USUAL + int(rng.integers(-5, 6))
        rows = [_session(place, at, names, is_full and place >= USUAL, rng) for place in range(count)]
        write_view(folder, "pg_stat_activity", at, rows)
    return len(rows)


def _session(
    place: int, at_ms: int, names: tuple[str, ...], is_held: bool, rng: np.random.Generator
) -> dict[str, object]:
    """One session; a held one is the worker's, idle in its transaction."""
    is_worker = is_held or place % 6 == 5
    statement = STATEMENTS[NUMBERS[HELD if is_held else KEPT[place % len(KEPT)]]]
    quiet_ms = int(rng.integers(20_000, 900_000) if is_held else rng.integers(40, 60_000))
    changed = at_ms - quiet_ms
    backend = backend_of(place % BACKENDS, is_of_jobs=is_worker)
    role, host = backend.user.partition("@")[0], backend.client.partition("(")[0]
    number = np.array([place + at_ms % 99_991], dtype=np.int64)
    values = {
        "tenant": names[place % len(names)], "user": f"user-{place:05d}", "document": uuids(number, 5)[0],
        "hex": hexes(number, 6)[0], "number": place,
    }  # fmt: skip
    return {
        "datid": DATABASE_ID, "datname": "dms", "pid": backend.pid + place // BACKENDS * 5_000, "leader_pid": "",
        "usesysid": ROLES[role], "usename": role, "application_name": "dms-worker" if is_worker else "dms-api",
        "client_addr": host, "client_hostname": "", "client_port": 32_800 + place,
        "backend_start": stamp(changed - int(rng.integers(60_000, 6_000_000))),
        "xact_start": stamp(changed - 3) if is_held else "", "query_start": stamp(changed - 1),
        "state_change": stamp(changed), "wait_event_type": "Client", "wait_event": "ClientRead",
        "state": "idle in transaction" if is_held else "idle", "backend_xid": 48_112_000 + place if is_held else "",
        "backend_xmin": "", "query_id": query_id(NUMBERS[statement.name]), "query": statement.sent.format(**values),
        "backend_type": "client backend",
    }  # fmt: skip
