"""The database of a simulated incident: counters that add up, a log as Postgres writes it, a planted cause."""

import csv
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from reading import endpoint_of, minute, parsed

MOMENTS = 3
ENTRY = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:([\d.]+\(\d+\))?:([\w\[\]]*)@([\w\[\]]*):\[(\d+)\]:"
    r"(LOG|ERROR|FATAL|STATEMENT):  (.*)"
)
SLOW = re.compile(r"duration: ([\d.]+) ms  statement: (.*)")
REFUSED = "remaining connection slots are reserved for non-replication superuser connections"


def rows(export: Path, view: str) -> list[list[dict[str, str]]]:
    """Rows of a view in each of its snapshots, in order of time."""
    found = []
    for path in sorted((export / "database").glob(f"{view}.*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.append(list(csv.DictReader(file)))
    return found


def log(export: Path) -> list[tuple[str, ...]]:
    """Entries of the log: time, client, user, database, pid, level, first line of the message."""
    lines = (export / "database" / "postgresql.log").read_text(encoding="utf-8").splitlines()
    return [found.groups() for line in lines if not line.startswith("\t") and (found := ENTRY.fullmatch(line))]


def counted(snapshot: list[dict[str, str]]) -> dict[tuple[str, str], tuple[int, float]]:
    """Calls and milliseconds by statement and role."""
    return {(row["query"], row["rolname"]): (int(row["calls"]), float(row["total_exec_time"])) for row in snapshot}


def slow_of(played) -> dict:
    """What the truth says of the statement that lost its index."""
    return played.truth["database"]["slow"]


def test_counters_grow_by_what_the_truth_counts(played):
    """Baseline and window are the differences of three snapshots; nothing was reset in between."""
    told, snapshots = played.truth["database"], [counted(shot) for shot in rows(played.export, "pg_stat_statements")]
    assert len(snapshots) == MOMENTS
    drop = [spent for (text, _), spent in snapshots[-1].items() if text.startswith("DROP")] or [(0, 0.0)]
    for name, (before, after) in zip(("baseline", "window"), pairwise(snapshots), strict=True):
        own = drop[0] if name == "window" else (0, 0.0)
        calls, spent = (sum(one[place] for one in after.values()) for place in (0, 1))
        assert calls - sum(one[0] for one in before.values()) - own[0] == told["calls"][name]
        assert spent - sum(one[1] for one in before.values()) - own[1] == pytest.approx(told["total_ms"][name])
    assert len({row["stats_reset"] for shot in rows(played.export, "pg_stat_statements_info") for row in shot}) == 1


def test_no_counter_goes_back(played):
    """Calls, time, rows and blocks of each statement only grow, and the mean is between the least and the most."""
    for before, after in pairwise(rows(played.export, "pg_stat_statements")):
        earlier = {(row["queryid"], row["rolname"]): row for row in before}
        for row in after:
            was = earlier.get((row["queryid"], row["rolname"]), dict.fromkeys(row, "0"))
            for name in ("calls", "total_exec_time", "rows", "shared_blks_hit", "shared_blks_read", "wal_bytes"):
                assert float(row[name]) >= float(was[name])
            assert float(row["min_exec_time"]) <= float(row["mean_exec_time"]) <= float(row["max_exec_time"])


def test_statements_are_called_as_often_as_their_requests_come(played):
    """Each row of the audit trail, but those of denied requests, is one INSERT."""
    with (played.export / "audit" / "audit_logs.csv").open(encoding="utf-8", newline="") as file:
        written = sum(int(row["status"]) < 400 for row in csv.DictReader(file))
    inserts = [
        sum(calls for (text, _), (calls, _) in counted(shot).items() if text.startswith("INSERT INTO audit_logs"))
        for shot in rows(played.export, "pg_stat_statements")
    ]
    assert inserts[-1] - inserts[0] == written


def test_the_log_is_in_order_and_each_line_is_an_entry_or_continues_one(played):
    """Times never go back; what is no entry begins with a tab; only slow calls are logged."""
    text = (played.export / "database" / "postgresql.log").read_text(encoding="utf-8")
    assert all(line.startswith("\t") or ENTRY.fullmatch(line) for line in text.splitlines())
    times = [entry[0] for entry in log(played.export)]
    assert times == sorted(times)
    slow = [found for *_, message in log(played.export) if (found := SLOW.fullmatch(message))]
    assert len(slow) == played.truth["database"]["slow_calls"]
    assert min(float(found[1]) for found in slow) >= 250


def test_slow_calls_name_requests_of_the_api(play):
    """The request id in a statement's comment is that of a request of the endpoint that the comment names."""
    played = play("slow_query")
    endpoints = {e["requestId"]: endpoint_of(e) for _, e in parsed(played.export, "api") if "status" in e}
    tags = [
        found.groups()
        for *_, message in log(played.export)
        if (found := re.search(r"/\*request_id='([^']+)',route='([^']+)'\*/$", message))
    ]
    named = [(endpoints[request], route) for request, route in tags if request in endpoints]
    assert len(named) > 100
    assert {quote(endpoint, safe="") == route for endpoint, route in named} == {True}


@pytest.mark.parametrize("name", ["quiet_day", "bad_deploy", "noisy_quiet_day", "traffic_drop", "retries_hide"])
def test_the_database_of_other_incidents_is_quiet(name, play):
    """No statement that matters gets slower, nothing is refused, nobody idles in a transaction, no index goes."""
    played = play(name)
    first, middle, last = (counted(shot) for shot in rows(played.export, "pg_stat_statements"))
    for key, (calls, spent) in last.items():
        now = [end - start for end, start in zip((calls, spent), middle.get(key, (0, 0)), strict=True)]
        before = [end - start for end, start in zip(middle.get(key, (0, 0)), first.get(key, (0, 0)), strict=True)]
        assert now[1] < 0.01 * played.truth["database"]["total_ms"]["window"] or (
            now[1] / now[0] < 1.6 * before[1] / before[0]
        )
    assert "FATAL" not in {entry[5] for entry in log(played.export)}
    assert {row["state"] for shot in rows(played.export, "pg_stat_activity") for row in shot} == {"idle"}
    indexes = [{row["indexname"] for row in shot} for shot in rows(played.export, "pg_indexes")]
    assert indexes[0] == indexes[-1]


def test_connections_run_out_in_the_log_in_the_minutes_of_the_api(play):
    """One refusal for each request or job that got no connection; in the end nearly all sessions hold a transaction."""
    played = play("db_connections")
    refused = [entry[0][:16] for entry in log(played.export) if entry[5:] == ("FATAL", REFUSED)]
    said = [
        minute(stamp) for kind in ("api", "worker") for stamp, event in parsed(played.export, kind)
        if REFUSED in event.get("errorMessage", "")
    ]  # fmt: skip
    assert len(refused) == len(said) == played.truth["database"]["refused"]
    assert min(refused) == played.truth["onset"][:16].replace("T", " ")
    states = Counter(row["state"] for row in rows(played.export, "pg_stat_activity")[-1])
    [limit] = [row["setting"] for row in rows(played.export, "pg_settings")[-1] if row["name"] == "max_connections"]
    assert states["idle in transaction"] > states["idle"] > 50
    assert sum(states.values()) == int(limit) - 3


def test_a_dropped_index_makes_one_statement_slow(play):
    """Ten to twenty times as long a call since the drop, which the log tells; the index is in the first snapshots."""
    played = play("slow_query")
    slow = slow_of(played)
    assert 10 <= slow["mean_after_ms"] / slow["mean_before_ms"] <= 20
    [drop] = [entry for entry in log(played.export) if "DROP INDEX" in entry[6]]
    assert drop[0].replace(" ", "T") + "Z" == slow["dropped_at"] < played.truth["onset"]
    assert drop[6] == f"statement: DROP INDEX CONCURRENTLY {slow['index']}"
    there = [slow["index"] in {row["indexname"] for row in shot} for shot in rows(played.export, "pg_indexes")]
    assert there == [True, True, False]


def test_the_endpoint_of_the_slow_statement_is_slow_for_all_tenants(play):
    """Its requests take over a second at p95 after the onset, a fraction of it before, for who uses it by how much."""
    played = play("slow_query")
    slow = slow_of(played)
    took: dict[bool, list[int]] = {False: [], True: []}
    for stamp, event in parsed(played.export, "api"):
        if "status" in event and endpoint_of(event) == slow["endpoint"] and event["status"] < 400:
            took[minute(stamp) > played.truth["onset"]].append(event["duration"])
    p95 = {is_after: sorted(found)[int(0.95 * len(found))] for is_after, found in took.items()}
    assert p95[True] > 1_000 > 2 * p95[False]
    assert len(slow["slow_by_tenant"]) > 20
    assert sum(slow["slow_by_tenant"].values()) == slow["slow_calls"]


def test_plans_show_the_index_before_and_a_scan_after(play):
    """auto_explain's plans of the statement: by the index until it is dropped, then the whole table."""
    played = play("slow_query")
    slow = slow_of(played)
    text = (played.export / "database" / "postgresql.log").read_text(encoding="utf-8")
    at = slow["dropped_at"].replace("T", " ").rstrip("Z")
    plans = re.findall(r"(?m)^(\S+ \S+) UTC:\S+:LOG:  duration: [\d.]+ ms  plan:\n((?:\t.*\n)+)", text)
    by_index = [stamp for stamp, plan in plans if f"Index Scan using {slow['index']} on {slow['table']}" in plan]
    scans = [(stamp, plan) for stamp, plan in plans if f"Parallel Seq Scan on {slow['table']}" in plan]
    assert 0 < len(by_index) < len(scans)
    assert max(by_index) < at < min(stamp for stamp, _ in scans)
    assert all("Rows Removed by Filter: " in plan for _, plan in scans)


def test_few_calls_time_out(play):
    """Each cancelled statement is an error in the database's log and one of the API's."""
    played = play("slow_query")
    errors = [entry for entry in log(played.export) if entry[5] == "ERROR"]
    said = [e for _, e in parsed(played.export, "api") if "statement timeout" in e.get("errorMessage", "")]
    assert {entry[6] for entry in errors} == {"canceling statement due to statement timeout"}
    assert len(errors) == len(said) == played.truth["database"]["cancelled"] <= 12
