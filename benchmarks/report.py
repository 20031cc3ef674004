"""Wall time and peak memory of a whole report, and where the time goes.

    python benchmarks/report.py [EVENTS]

Simulates a bad deploy of dms with that many log events (1,000,000 unless told), then measures, each in a process of
its own: an empty notebook through papermill (the floor), the whole report as `ddms-ops run` makes it, and, inside one
process, the stages pull, parse, analysis and drawing. Peak memory is the largest resident set of any one process.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STAGES = """
import json, sys, time
t0 = time.perf_counter()
from ddms_ops import panels
from ddms_ops.case import open_case
from ddms_ops.incident import read_incident
from pathlib import Path
t1 = time.perf_counter()
case = open_case(**read_incident(Path(sys.argv[1])), out=sys.argv[2])
for kind in ("metrics", "metrics.baseline", "changes", "alarms", "logs"):
    case.pulls(kind)
t2 = time.perf_counter()
rows = len(case.log_events) + len(case.baseline_log_events)
t3 = time.perf_counter()
panels.answer_panel(case)
panels.findings_panel(case)
t4 = time.perf_counter()
for panel in (panels.when_panel, panels.groups_table, panels.where_panel, panels.tenants_table, panels.threads_panel,
              panels.metrics_panel, panels.timeline_panel):
    panel(case)
t5 = time.perf_counter()
print(json.dumps({"first findings": t4 - t0,
                  "import": t1 - t0, "pull and record": t2 - t1, "parse and group": t3 - t2, "analysis": t4 - t3,
                  "drawing": t5 - t4, "rows": rows}))
"""
EMPTY = """
import sys, nbformat
from pathlib import Path
from ddms_ops.runner import run_notebook
run_notebook(Path(sys.argv[1]), Path(sys.argv[2]), {}, on_progress=lambda *a: None)
"""


def measured(*command: str) -> tuple[float, float, str]:
    """Wall seconds, peak MB of the largest process below, and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", REPORTING, *command], capture_output=True, text=True, check=False, env=os.environ
    )
    wall = time.perf_counter() - start
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    *printed, peak = done.stdout.rstrip().splitlines()
    return wall, float(peak) / 1024, "\n".join(printed)


REPORTING = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(done.stdout); print(done.stderr[-1500:], file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def empty_notebook(folder: Path) -> Path:
    """A notebook that does nothing, with the tagged cell that the runner asks for."""
    import nbformat

    cell = nbformat.v4.new_code_cell("x: int = 1", metadata={"tags": ["parameters"]})
    path = folder / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell("x")]), path)
    return path


def main(events: int) -> None:
    """Measure and print one table."""
    from ddms_ops.simulate import write_case

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        case = write_case("dms", "bad_deploy", folder / "case", events=events)
        size = sum(path.stat().st_size for path in case.export.rglob("*") if path.is_file())
        print(
            f"simulated {events:,} log events, {size / 1e6:,.0f} MB of exports, in {time.perf_counter() - start:.1f} s"
        )
        python = sys.executable
        floor, floor_mb, _ = measured(python, "-c", EMPTY, str(empty_notebook(folder)), str(folder / "out.ipynb"))
        print(f"{'empty notebook (floor)':<28}{floor:8.1f} s {floor_mb:8.0f} MB")
        tool = str(Path(python).with_name("ddms-ops"))
        whole, peak, _ = measured(tool, "run", str(case.incident), "--out", str(folder / "reports"))
        print(f"{'whole report':<28}{whole:8.1f} s {peak:8.0f} MB")
        _, stage_mb, printed = measured(python, "-c", STAGES, str(case.incident), str(folder / "stages"))
        stages = json.loads(printed.strip().splitlines()[-1])
        rows, first = stages.pop("rows"), stages.pop("first findings")
        assert abs(rows - events) <= events * 0.02, f"{rows:,} rows of {events:,} events"
        work = sum(stages.values())
        for stage, seconds in [*stages.items(), ("kernels, export, post-mortem", whole - work)]:
            print(f"  {stage:<26}{seconds:8.1f} s {seconds / whole:8.0%} of the report")
        print(f"  first findings after {first:.1f} s, without starting the kernel")
        print(f"  (stages measured in one process of {stage_mb:,.0f} MB)")
        print(
            f"overhead over pull and analysis: {(whole - work) / floor:.2f} × the floor; {rows / whole:,.0f} events/s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
