"""Seconds and peak memory of an export with more events than are read: counted by the engine, a sample of them pulled.

    python benchmarks/scale.py [EVENTS] [MAX_EVENTS]

Writes an export of dms with that many log events (6,000,000 unless told) in two groups over two windows of two hours,
then measures, each in a process of its own: reading and counting them; the log pulls of a case that reads at most
MAX_EVENTS (1,000,000 unless told), and its groups; the pulls of one that reads all. Totals and estimates of the
sampled case are printed beside the truth.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
from measuring import Cost, costs_of, report_cost, table

from ddms_ops.case import Case
from ddms_ops.incident import resolve
from ddms_ops.settings import assets
from ddms_ops.sources.base import LogCountQuery
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.log_share import counted_events, log_pull_names

GROUPS = {"/aws/lambda/dms-api-handler-prod": 3, "/aws/lambda/dms-processing-worker-prod": 1}  # parts of the events
START, END = "2026-03-04T10:00:00Z", "2026-03-04T12:00:00Z"
LATER = pd.Timestamp("2026-03-05T00:00Z")
FIRST_MS, MIDDLE_MS, SPAN_MS = 1772611200000, 1772618400000, 14_400_000  # of baseline, window, and both
FILES = 4
EVENTS = """SELECT ms AS timestamp, CASE
        WHEN kind < 0.004 AND ms >= {middle} + 2220000 THEN concat('{{"level":"error","message":"unhandled",',
            '"error":"TypeError","errorMessage":"Cannot read properties of undefined (', n % 97, ')",', rest)
        WHEN kind < 0.006 THEN concat('{{"level":"error","message":"unhandled","error":"TimeoutError",',
            '"errorMessage":"connect timed out after ', n % 900, ' ms",', rest)
        ELSE concat('{{"level":"info","message":"request completed","status":200,"duration":', n % 300, ',', rest) END
        AS message
    FROM (SELECT i AS n, ({first} + i * {span} // {events}) AS ms, (hash(i) % 1000003) / 1000003.0 AS kind,
        concat('"requestId":"r-', i, '","tenantId":"t', hash(i + 7) % 40, '","method":"GET","path":"/documents/',
            i % 5000, '","version":"2.14.', i % 2, '"}}') AS rest
        FROM range({begin}, {end}) r(i))"""
TRUTH = """SELECT timestamp >= {middle} AS in_window, contains(message, 'TypeError') AS is_new,
    contains(message, 'TimeoutError') AS is_old, count(*) AS events
    FROM read_json('{export}/logs/*/*.jsonl', columns={{timestamp: 'BIGINT', message: 'VARCHAR'}}) GROUP BY ALL"""


def write_export(folder: Path, events: int) -> None:
    """The export below a folder, in a few files a group, and how many events of each kind are in it."""
    numbers = {"first": FIRST_MS, "middle": MIDDLE_MS, "span": SPAN_MS}
    with duckdb.connect() as engine:
        for group, parts in GROUPS.items():
            place = folder / "export/logs" / group.replace("/", "__")
            place.mkdir(parents=True)
            own = events * parts // sum(GROUPS.values())
            for part in range(FILES):
                begin, end = own * part // FILES, own * (part + 1) // FILES
                rows = EVENTS.format(**numbers, events=own, begin=begin, end=end)
                engine.execute(f"COPY ({rows}) TO '{place / f'{part}.jsonl'}' (FORMAT json)")
        found = engine.execute(TRUTH.format(middle=MIDDLE_MS, export=folder / "export")).fetchall()
    total = {name: sum(n for inside, *_, n in found if inside == is_in) for name, is_in in SIDES.items()}
    new = {name: sum(n for inside, new, _, n in found if inside == is_in and new) for name, is_in in SIDES.items()}
    old = {name: sum(n for inside, _, old, n in found if inside == is_in and old) for name, is_in in SIDES.items()}
    (folder / "truth.json").write_text(json.dumps({"events": total, "TypeError": new, "TimeoutError": old}))


SIDES = {"window": True, "baseline": False}


def open_case(folder: Path, most: int) -> Case:
    """The case over the export, with a limit of events in its profile."""
    own = Path(tempfile.mkdtemp(dir=folder))
    profiles = shutil.copytree(assets("parameters") / "systems", own / "systems")
    text = (profiles / "dms.yaml").read_text()
    (profiles / "dms.yaml").write_text(text.replace("logs:\n", f"logs:\n  max_events: {most}\n", 1))
    given = {
        "incident_id": "scale",
        "system": "dms",
        "start": START,
        "end": END,
        "source": f"files:{folder / 'export'}",
    }
    incident, profile = resolve(given, now=LATER, where="scale", profiles=profiles)
    return Case(incident, profile, FilesSource(folder / "export"), own, clock=lambda: LATER, profiles=profiles)


def count(folder: Path) -> int:
    """All events, counted."""
    case = open_case(folder, 1)
    named = log_pull_names("log_counts", case.log_groups, case.window, case.baseline)
    asked = [LogCountQuery(window, group) for window, group in named.values()]
    return sum(counted_events(case.source.fetch_log_counts(query, pull="x")) for query in asked)


def pulled(folder: Path, most: int) -> Case:
    """A case with its log pulls made."""
    case = open_case(folder, most)
    assert case.log_pulls
    return case


def grouped(folder: Path, most: int) -> Case:
    """A case with its groups."""
    case = open_case(folder, most)
    assert len(case.groups)
    return case


def rows_of(case: Case) -> Cost:
    """How many events were read."""
    return {"rows": sum(row.rows for kind in ("logs", "logs.baseline") for row in case.pulls(kind))}


def estimates_of(case: Case) -> Cost:
    """Totals, which are counted, and the estimated number of events of each error."""
    one_in, *totals = case.sample or (1, len(case.log_events), len(case.baseline_log_events))
    found = {"events": dict(zip(SIDES, totals, strict=True))}
    for error in ("TypeError", "TimeoutError"):
        frames = zip(SIDES, (case.log_events, case.baseline_log_events), strict=True)
        found[error] = {name: one_in * int((logs["error"] == error).sum()) for name, logs in frames}
    return {**rows_of(case), "note": f"  1 in {one_in}", "found": found}


STAGES = {
    "read and count": lambda folder, _: report_cost(lambda: count(folder), lambda rows: {"rows": rows}),
    "log pulls of a sample": lambda folder, most: report_cost(lambda: pulled(folder, most), rows_of),
    "groups of a sample": lambda folder, most: report_cost(lambda: grouped(folder, most), estimates_of),
    "log pulls of all": lambda folder, _: report_cost(lambda: pulled(folder, 10**12), rows_of),
}


def main(events: int, most: int) -> None:
    """Write the export, run each stage, print the costs and the sample beside the truth."""
    with tempfile.TemporaryDirectory(prefix="ddms-ops-scale-") as name:
        write_export(Path(name), events)
        size = sum(path.stat().st_size for path in Path(name).rglob("*.jsonl"))
        costs = {stage: costs_of(__file__, stage, name, str(most), timeout_s=1_800) for stage in STAGES}
        truth = json.loads((Path(name) / "truth.json").read_text())
    print(f"{events:,} events, {size / 1e6:,.0f} MB of JSON lines; at most {most:,} are read")
    table(costs, ours="groups of a sample")
    found = costs["groups of a sample"].get("found", {})
    for what, sides in truth.items():
        told = "counted" if what == "events" else "estimated"
        for side, number in sides.items():
            print(f"{what} of {side}: {told} {found.get(what, {}).get(side, 0):,}, in truth {number:,}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STAGES:
        STAGES[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sizes = [int(text.replace(",", "").replace("_", "")) for text in sys.argv[1:3]]
        main(*[*sizes, *(6_000_000, 1_000_000)[len(sizes) :]])
