"""How fast a large Postgres log becomes statements with their times, beside pgBadger, and whether the numbers are true.

    python benchmarks/postgres_log.py [--megabytes 1000] [--keep DIR] [--only ours]

The log is a real server's (see postgres_log_made.py), replicated to the size; its base is recorded once into the
system's temporary folder. Each way runs in a process of its own, one at a time: the whole log, and five minutes of it,
which are one replica. Calls must equal those of pg_stat_statements; the time of statements of LEAST_MS or more
must be within TOLERANCE in all (below, what the log counts besides planning and execution weighs); each call that
followed a tenant's setting must be that tenant's. pgBadger's numbers stand beside.
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measuring import Cost, costs_of, table
from postgres_log_made import Made, made_log
from postgres_log_peers import OURS, OURS_WINDOW, PGBADGER, PGBADGER_WINDOW, beginning, is_there

from ddms_ops.sql_text import statement_id

SCRIPT = str(Path(__file__).parent / "postgres_log_peers.py")
TIMEOUT_S = 3_600.0
TOLERANCE = 0.005
LEAST_MS = 10.0
UNCOUNTED = tuple(statement_id(text) for text in ("BEGIN", "COMMIT"))  # see TRUTH of postgres_log_made
SHOWN = 12
Totals = dict[str, tuple[str, int, float]]  # statement id: a text, calls, milliseconds


def truth(made: Made) -> Totals:
    """Calls and milliseconds by statement, as pg_stat_statements has them of one replica."""
    found: Totals = {}
    for row in made.statements:
        name = statement_id(row["text"])
        text, calls, total_ms = found.get(name, (row["text"], 0, 0.0))
        found[name] = (text, calls + row["calls"], total_ms + row["total_ms"])
    return found


def wrong_calls(wanted: Totals, ours: dict[str, list[float]], replicas: int) -> list[str]:
    """A line for each statement whose calls are not those of pg_stat_statements."""
    names = sorted({*wanted, *ours} - {*UNCOUNTED})
    return [
        f"WRONG: {name}: {ours.get(name, [0])[0]:,.0f} calls, {wanted.get(name, ('', 0))[1] * replicas:,} in"
        f" pg_stat_statements; {' '.join(wanted.get(name, ('a text that it does not have',))[0].split())[:70]}"
        for name in names
        if ours.get(name, [0])[0] != wanted.get(name, ("", 0))[1] * replicas
    ]


def wrong_tenants(made: Made, ours: dict[str, dict[str, int]]) -> tuple[int, list[str]]:
    """How many calls have a tenant, and a line for each statement of which one has another than in truth."""
    wanted: dict[str, dict[str, int]] = {}
    for text, calls in made.tenants.items():
        of = wanted.setdefault(statement_id(text), {})
        for tenant, count in calls.items():
            of[tenant] = of.get(tenant, 0) + count
    lines = [
        f"WRONG: {name}: {sum(ours.get(name, {}).get(t, 0) != n for t, n in calls.items())} of {len(calls)} tenants"
        f" have other calls, {ours.get(name, {}).get('unknown', 0):,} calls unknown"
        for name, calls in wanted.items()
        if ours.get(name) != calls
    ]
    return sum(sum(calls.values()) for calls in wanted.values()), lines


def print_exactness(wanted: Totals, ours: dict[str, list[float]], peer: dict[str, list[float]]) -> None:
    """The statements that took most, side by side; pgBadger merges what begins alike."""
    print(f"\n{'calls and seconds of one replica':<64}{'pg_stat_statements':>20}{'ours':>18}{'pgBadger':>18}")
    for name, (text, calls, total_ms) in sorted(wanted.items(), key=lambda item: -item[1][2])[:SHOWN]:
        mine, other = ours.get(name, [0, 0.0]), peer.get(beginning(text), [0, 0.0])
        columns = "".join(f"{n:>9,.0f}{ms / 1000:>9.2f}" for n, ms in (mine, other))
        print(f"{beginning(text)[:62]:<64}{calls:>11,}{total_ms / 1000:>9.2f}{columns}")


def judged(made: Made, costs: dict[str, Cost]) -> list[str]:
    """What is wrong with our numbers; prints what is compared."""
    wanted, ours = truth(made), costs[OURS_WINDOW]["statements"]
    print_exactness(wanted, ours, costs.get(PGBADGER_WINDOW, {}).get("beginnings", {}))
    slow = [name for name, (_, calls, total_ms) in wanted.items() if total_ms >= LEAST_MS * calls]
    (true_s, our_s), (all_s, our_all_s) = (_seconds(names, wanted, ours) for names in (slow, list(wanted)))
    calls, faults = wrong_tenants(made, costs[OURS_WINDOW]["tenants"])
    print(
        f"statements of {LEAST_MS:.0f} ms or more: {our_s:,.2f} s of {true_s:,.2f} s, {our_s / true_s - 1:+.3%};"
        f" all: {our_all_s / all_s - 1:+.1%}\n"
        f"{calls:,} calls of {len(made.tenants)} statements have a tenant, {len(faults)} statements wrong;"
        f" found in {costs[OURS_WINDOW]['tenants_s']:.1f} s more"
    )
    faults += wrong_calls(wanted, ours, 1)
    if abs(our_s / true_s - 1) > TOLERANCE:
        faults.append(f"WRONG: total time is off by more than {TOLERANCE:.1%}")
    whole = costs.get(OURS, {})
    return faults + (wrong_calls(wanted, whole["statements"], made.replicas) if "statements" in whole else [])


def _seconds(names: list[str], wanted: Totals, ours: dict[str, list[float]]) -> tuple[float, float]:
    """Time of some statements in truth and in ours, seconds."""
    return sum(wanted[name][2] for name in names) / 1000, sum(ours.get(name, [0, 0.0])[1] for name in names) / 1000


def print_ratios(made: Made, costs: dict[str, Cost]) -> None:
    """Ours against the other, and the size read in a second."""
    for ours, other in ((OURS, PGBADGER), (OURS_WINDOW, PGBADGER_WINDOW)):
        mine, theirs = costs.get(ours, {}), costs.get(other, {})
        if "wall_s" in mine:
            line = f"{ours:<46}{made.megabytes / mine['wall_s']:,.0f} MB/s of log, peak {mine['peak_mb']:,.0f} MB"
            print(
                line + (f", {theirs['wall_s'] / mine['wall_s']:.1f} × as fast as {other}" if "wall_s" in theirs else "")
            )


@contextlib.contextmanager
def folder_of(keep: Path | None) -> Iterator[Path]:
    """Where the log is made: kept, or gone at the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def arguments() -> Any:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare ways to read a large Postgres log.")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--keep", type=Path, default=None, help="make the log in this folder and leave it there")
    parser.add_argument("--only", default="", help="measure ways that hold this text only, and our five minutes")
    return parser.parse_args()


def main() -> None:
    """Make the log, measure, print one table and what is wrong."""
    asked = arguments()
    names = [
        name for name in (OURS, OURS_WINDOW, PGBADGER, PGBADGER_WINDOW) if asked.only in name or name == OURS_WINDOW
    ]
    for name in [name for name in names if not is_there(name)]:
        print(f"{name:<46}not installed; Debian's package is pgbadger")
        names.remove(name)
    with folder_of(asked.keep) as folder, tempfile.TemporaryDirectory() as scratch:
        made = made_log(folder, megabytes=asked.megabytes)
        window = tuple(moment.isoformat() for moment in made.window)
        each = made.megabytes / made.replicas
        print(f"{made.megabytes:,.0f} MB of Postgres log, {made.replicas} replicas of {each:,.0f} MB")
        export = str(made.path.parent.parent)
        costs = {
            name: costs_of(SCRIPT, name, export, scratch, *(window if "5 minutes" in name else ()), timeout_s=TIMEOUT_S)
            for name in names
        }
        table(costs, ours=OURS if OURS in costs else OURS_WINDOW)
        print_ratios(made, costs)
        if "failed" in costs[OURS_WINDOW]:
            sys.exit(1)
        faults = judged(made, costs)
    print("\n".join(faults) or "calls equal to pg_stat_statements, every tenant right")
    sys.exit(bool(faults) or any("failed" in cost for cost in costs.values()))


if __name__ == "__main__":
    main()
