"""Who brings an hour of log events here fastest, from the same bytes of the same stub service.

    python benchmarks/peers_logs.py [--events 1000000] [--runs 3] [--quota] [--route insights] [--only ours]
        [--with-awslogs]

Each way runs in a process of its own, one at a time; all must find the same rows and the same checksum. Times are the
median of the runs, memory the greatest; imports are not counted. Without --quota the service takes as many calls as
come, and ours asks as fast as it can; with it, 10 calls a second of each operation are the limit, and
the floor that this sets is printed: pages divided by 10. The stub's CPU is used on the same machine, so both are shown.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from log_peers import PEERS, install_awslogs
from measuring import Cost, costs_of, median_cost, table

HERE = Path(__file__).parent
QUOTA = 10
SHORT = "awswrangler read_logs"  # gives 10,000 rows at most
AWSLOGS = "awslogs 0.15, text"
OURS = {"filter": "ours, FilterLogEvents, typed frame", "insights": "ours, Insights, typed frame"}
TIMEOUT_S = 1_800.0


@contextlib.contextmanager
def stub(events: int, quota: int) -> Iterator[str]:
    """The URL of a stub service, in a process of its own."""
    command = [sys.executable, str(HERE / "stub_logs.py"), "--events", str(events), "--quota", str(quota)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def told(url: str, path: str) -> dict[str, Any]:
    """What the stub says of itself."""
    with urllib.request.urlopen(url + path, timeout=10) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


def measured(name: str, url: str, events: int, *, is_limited: bool) -> Cost:
    """One run, with what it cost the stub."""
    before = told(url, "/account")
    limits = ("quota",) if is_limited else ()
    cost = costs_of(str(HERE / "log_peers.py"), name, url, str(events), *limits, timeout_s=TIMEOUT_S)
    after = told(url, "/account")
    calls = {
        kind: {op: count - before[kind].get(op, 0) for op, count in after[kind].items()}
        for kind in ("calls", "throttled")
    }
    return {
        **cost,
        **calls,
        "server_cpu_s": after["cpu_s"] - before["cpu_s"],
        "bytes": after["bytes"] - before["bytes"],
    }


def checked(name: str, cost: Cost, truth: dict[str, Any]) -> Cost:
    """The cost of an answer that is right; `failed` where rows or checksum are wrong, a note where that is known."""
    if "failed" in cost:
        return cost
    if name == SHORT and cost["rows"] < truth["rows"]:
        return {**cost, "note": f"   stops at {cost['rows']:,} of {truth['rows']:,} rows, without a word"}
    wanted = [truth["duration"], truth["errors"]]
    if cost["rows"] != truth["rows"] or cost["checksum"] not in (None, wanted):
        return {"failed": f"WRONG: {cost['rows']:,} rows, checksum {cost['checksum']}; {truth['rows']:,}, {wanted}"}
    return cost


def print_floor(name: str, cost: Cost) -> None:
    """Seconds that the quota alone takes for the calls that were made."""
    for operation in ("FilterLogEvents", "GetQueryResults"):
        if calls := cost.get("calls", {}).get(operation):
            took = f"{cost['wall_s']:.1f} s" if "wall_s" in cost else "failed"
            refused = cost["throttled"].get(operation, 0)
            print(f"{name:<46}{calls:,} {operation}, floor {calls / QUOTA:.1f} s, took {took}, {refused} refused")


def chosen(asked: argparse.Namespace) -> list[str]:
    """Names of the ways to measure."""
    routes = {"filter": ("Insights", "read_logs"), "insights": ("FilterLogEvents", "filter_log_events", "boto3", "raw")}
    left_out = () if asked.route == "both" else routes[asked.route]
    names = [name for name in PEERS if not any(word in name for word in left_out)]
    return names if asked.with_awslogs else [name for name in names if name != AWSLOGS]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare ways to bring log events here.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quota", action="store_true", help=f"{QUOTA} calls a second of each operation")
    parser.add_argument("--route", choices=("both", *OURS), default="both")
    parser.add_argument("--only", default="", help="measure names that hold this text only")
    parser.add_argument("--with-awslogs", action="store_true", help="install awslogs in an environment of its own")
    return parser.parse_args()


def main() -> None:
    """Measure and print one table."""
    asked = arguments()
    if asked.with_awslogs:
        install_awslogs()
    names = [name for name in chosen(asked) if asked.only in name]
    with stub(asked.events, QUOTA if asked.quota else 0) as url:
        truth = told(url, "/truth")
        runs: dict[str, list[Cost]] = {name: [] for name in names}
        for _ in range(asked.runs):
            for name in names:
                cost = measured(name, url, asked.events, is_limited=asked.quota)
                runs[name].append(checked(name, cost, truth))
    costs = {name: median_cost(found) for name, found in runs.items()}
    sent = max(cost["bytes"] for cost in costs.values())
    print(f"{truth['rows']:,} events, {sent / 1e6:,.0f} MB on the wire at most, {asked.runs} runs")
    table(costs, ours=OURS["insights" if asked.route == "insights" else "filter"])
    if not asked.with_awslogs and asked.only in AWSLOGS:
        print(f"{AWSLOGS:<46}not installed; --with-awslogs installs it")
    for name in names if asked.quota else ():
        print_floor(name, costs[name])
    sys.exit(any(name.startswith("ours") and "failed" in cost for name, cost in costs.items()))


if __name__ == "__main__":
    main()
