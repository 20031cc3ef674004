"""Work measured in a process of its own, and one table of all who did the same.

A script that is run with a name as its first argument does that one piece of work and prints what it cost as JSON
(`report_cost`); without, it runs itself once for each name (`costs_of`) and prints `table`.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Cost = dict[str, Any]
STATUS = Path("/proc/self/status")


def report_cost(work: Callable[[], T], check: Callable[[T], dict[str, Any]]) -> None:
    """Do the work, print its seconds and peak memory, and what the unmeasured check says of its answer.

    CPU and memory are those of this process, or of the programs that it ran where they took more memory.
    """
    imported_s = time.process_time()
    started = time.perf_counter()
    answer = work()
    cost: Cost = {"wall_s": time.perf_counter() - started, "cpu_s": time.process_time() - imported_s}
    programs = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost["cpu_s"] += programs.ru_utime + programs.ru_stime
    cost |= {"peak_mb": max(_peak_kb(), programs.ru_maxrss) / 1024, "import_s": imported_s}
    print(json.dumps({**cost, **check(answer)}))


def costs_of(script: str, name: str, *arguments: str, timeout_s: float) -> Cost:
    """What the script prints for a name; `failed` with its last words where it does not end well."""
    command = [sys.executable, script, name, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {timeout_s:.0f} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip() or "no words").splitlines()[-1]}
    cost: Cost = json.loads(done.stdout.strip().splitlines()[-1])
    return cost


def median_cost(runs: Sequence[Cost]) -> Cost:
    """The median of each number; the greatest peak; words as the first run has them."""
    if failed := [run for run in runs if "failed" in run]:
        return failed[0]
    numbers = {
        name: statistics.median(run[name] for run in runs)
        for name, value in runs[0].items()
        if isinstance(value, float)
    }
    return {**runs[0], **numbers, "peak_mb": max(run["peak_mb"] for run in runs)}


def table(costs: dict[str, Cost], *, ours: str) -> None:
    """Print one line a name; ratios are to `ours`, above 1 where more is spent."""
    base = costs.get(ours, {})
    print(
        f"{'':<46}{'rows':>10}{'wall s':>9}{'CPU s':>9}{'server':>8}{'peak MB':>9}{'krows/s':>9}   × ours (wall CPU MB)"
    )
    for name, cost in costs.items():
        if "failed" in cost:
            print(f"{name:<46}{cost['failed'][:90]}")
            continue
        numbers = (cost["wall_s"], cost["cpu_s"], cost["peak_mb"])
        ratios = [
            f"{number / base[column]:6.2f}"
            for number, column in zip(numbers, ("wall_s", "cpu_s", "peak_mb"), strict=True)
            if base.get(column)
        ]
        server = f"{cost['server_cpu_s']:8.2f}" if "server_cpu_s" in cost else f"{'':8}"
        print(
            f"{name:<46}{cost['rows']:>10,}{numbers[0]:>9.1f}{numbers[1]:>9.1f}{server}{numbers[2]:>9,.0f}"
            f"{cost['rows'] / numbers[0] / 1000:>9,.0f}   {' '.join(ratios)}{cost.get('note', '')}"
        )


def _peak_kb() -> int:
    """The largest resident set of this process; Linux's getrusage would count the parent's, before exec, too."""
    if STATUS.exists():
        [line] = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
