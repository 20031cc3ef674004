"""Progress and interrupt in a notebook run by hand: a real kernel, as JupyterLab has it, and a served AWS."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from ddms_ops.incident import read_incident
from ddms_ops.kernel import ThisInterpreter
from ddms_ops.progress import SESSION, VARIABLE
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import write_case
from ddms_ops.sources.live import NOW, ROUTE

SLOW = """
import time
from decimal import Decimal
from ddms_ops.progress import Meter
with Meter("<img src=x onerror=alert(1)>\\n/aws/api", "events", parts=100) as meter:
    for _ in range(100):
        meter.add(1_000, parts=1, usd=Decimal("0.01"))
        time.sleep(0.025)
"""


@dataclass
class Kernel:
    """A kernel, and how to run a cell in it."""

    manager: KernelManager
    client: BlockingKernelClient
    times: list[float] = field(default_factory=list)

    def run(self, code: str, *, interrupted_when: Callable[[], object] | None = None) -> list[dict[str, Any]]:
        """Contents of the cell's outputs, each with its `type`; interrupted as by the button once something holds."""
        asked, found = self.client.execute(code), []
        self.times.clear()
        if interrupted_when:
            until = time.monotonic() + 60
            while not interrupted_when() and time.monotonic() < until:
                time.sleep(0.05)
            self.manager.interrupt_kernel()
        while True:
            message = self.client.get_iopub_msg(timeout=25)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return found
            if kind in ("display_data", "update_display_data", "stream", "error", "execute_result"):
                found.append({**content, "type": kind})
                self.times.append(time.monotonic())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """The bad deploy of dms, over HTTP, and its incident file."""
    case = write_case("dms", "bad_deploy", tmp_path_factory.mktemp("incident"), seed=7, events=2_000)
    with Sandbox(case.export) as sandbox:
        yield sandbox, case.incident


@pytest.fixture(scope="module")
def kernel(served: tuple[Sandbox, Path]) -> Iterator[Kernel]:
    """A kernel with the environment that the Jupyter server gives it, and that of the drill."""
    own = {SESSION: "notebooks/error_triage.ipynb", NOW: "2026-03-05T00:00Z", ROUTE: "insights"}
    environment = {**os.environ, **served[0].environment, **own}
    environment.pop(VARIABLE, None)
    manager = KernelManager(kernel_spec_manager=ThisInterpreter())
    manager.start_kernel(env=environment)
    client = manager.blocking_client()
    client.start_channels(hb=False)
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def texts(outputs: list[dict[str, Any]]) -> list[str]:
    """Plain texts of what was displayed."""
    return [output["data"]["text/plain"] for output in outputs if "data" in output]


def test_one_line_changes_in_place_and_ends_quiet(kernel: Kernel):
    """At most five times a second; in the end nothing is said to be under way."""
    outputs = kernel.run(SLOW)
    assert [output["type"] for output in outputs] == ["display_data"] + ["update_display_data"] * (len(outputs) - 1)
    assert len({output["transient"]["display_id"] for output in outputs}) == 1
    assert 3 <= len(outputs) <= 5 * (kernel.times[-1] - kernel.times[0]) + 2
    first, *_, last = texts(outputs)
    assert first.startswith("under way for 1 s: <img src=x onerror=alert(1)> /aws/api: ")
    assert last in [f"took {seconds} s, about 1.00 USD" for seconds in (2, 3, 4)]
    assert all("<img" not in output["data"]["text/html"] and "\n" not in text
               for output, text in zip(outputs, texts(outputs), strict=True))  # fmt: skip


def test_the_time_left_is_shown(kernel: Kernel):
    """Once it can be told."""
    shown = texts(kernel.run(SLOW.replace("0.025", "0.04")))
    assert [text for text in shown if text.endswith("a few seconds left")]


def test_a_quick_cell_shows_nothing(kernel: Kernel):
    """Nor is anything left for the next one."""
    assert kernel.run("from ddms_ops.progress import report_progress; report_progress('x')") == []
    assert kernel.run("import time; time.sleep(1.5)") == []


def test_the_time_is_the_cells(kernel: Kernel):
    """What it did before anything was told of is part of it; what is begun is told at once, and only to a person."""
    code = """
import time
from ddms_ops.progress import report_step
time.sleep(2)
report_step("metrics: asked for")
time.sleep(0.5)
"""
    shown = texts(kernel.run(code))
    assert shown[0] == "under way for 2 s: metrics: asked for"
    assert shown[-1] in ("took 2 s", "took 3 s")


def test_without_somebody_who_looks_there_is_no_line(kernel: Kernel):
    """A headless run's notebook stays as it is."""
    outputs = kernel.run(f"import os\nname = os.environ.pop({SESSION!r})\n{SLOW}\nos.environ[{SESSION!r}] = name")
    assert outputs == []


def test_an_interrupted_pull_is_one_line_and_is_pulled_again(
    kernel: Kernel, served: tuple[Sandbox, Path], tmp_path: Path
):
    """The queries are stopped, what came stays, and the same cell pulls what was partial and only that."""
    sandbox, incident = served
    given = {**read_incident(incident), "source": "live"}
    kernel.run(
        f"from ddms_ops.case import open_case\ncase = open_case(out={str(tmp_path)!r}, **{given!r})\ncase.metrics"
    )
    before = sandbox.calls.count("cloudwatch", "GetMetricData")
    sandbox.query_delay_s = 60
    cell = "case.metrics\n[(row.pull, str(row.status)) for kind in ('metrics', 'logs') for row in case.pulls(kind)]"
    try:
        *shown, error = kernel.run(cell, interrupted_when=lambda: sandbox.running_queries)
    finally:
        sandbox.query_delay_s = 0
    assert sandbox.running_queries == []
    assert (error["type"], error["ename"]) == ("error", "Stopped")
    [line] = error["traceback"]
    assert line.startswith("stopped by hand; kept nothing of logs/")
    assert not [text for text in texts(shown) if "Traceback" in text]
    [pulls] = [output["data"]["text/plain"] for output in kernel.run(cell) if output["type"] == "execute_result"]
    assert ("'partial'" in pulls, "'failed'" in pulls, pulls.count("'complete'")) == (False, False, 3)
    assert sandbox.calls.count("cloudwatch", "GetMetricData") - before <= 2 * 10  # those of log groups' sizes
    assert kernel.run("[row.reason for row in case.coverage if row.reason]")[0]["data"]["text/plain"] == "[]"


def test_an_interrupted_computation_is_one_line(kernel: Kernel, tmp_path: Path):
    """An engine's query ends at once."""
    began = tmp_path / "began"
    code = f"""
from pathlib import Path
from ddms_ops.engine import offline_engine
from ddms_ops.interrupts import stopped_as
with stopped_as("sorting log events into groups"):
    Path({str(began)!r}).touch()
    offline_engine().execute(
        "CREATE TABLE t AS SELECT count(*) FROM range(100000) a, range(1000000) b WHERE hash(a.range + b.range) = 3"
    )
"""
    until = time.monotonic()
    [*_, error] = kernel.run(code, interrupted_when=lambda: began.exists() and time.sleep(0.3) is None)
    assert time.monotonic() - until < 30
    assert error["traceback"] == ["stopped by hand while sorting log events into groups; run the cell again to do it"]


def test_ctrl_c_between_two_pieces_of_work_is_one_line_too(kernel: Kernel):
    """Wherever in this package it comes; in code of a person's own the traceback stays."""
    code = """
import signal
class Stopping(dict):
    def __getitem__(self, name):
        signal.raise_signal(signal.SIGINT)

from ddms_ops import open_case
from ddms_ops.analysis.m4 import drawn_points
drawn_points(Stopping(), window=None, columns=1, gap=None)
"""
    [error] = kernel.run(code)
    assert (error["ename"], error["traceback"]) == ("Stopped", ["stopped by hand; run the cell again to go on"])
    [error] = kernel.run("import signal; signal.raise_signal(signal.SIGINT)")
    assert (error["ename"], len(error["traceback"]) > 1) == ("KeyboardInterrupt", True)
