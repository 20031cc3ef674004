"""Strict papermill: a notebook is run to its end, or what ended it is said; no kernel is left behind.

Parameters are checked before a kernel is started. A failing cell is recorded and the rest still runs;
a dead kernel, or a cell over its time, ends the notebook, and what it has is saved. The kernel is this
interpreter's, reached over Unix sockets in a private folder, so that no network is needed.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import Engine, NotebookExecutionManager
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from ddms_ops.kernel import KernelFailed, Tail, died_of, interrupt_kernel, private_kernel, start_kernel, stop_kernel
from ddms_ops.notebook import ANSI, check_parameters, headings, notebook_parameters, one_line
from ddms_ops.redact import redact

TIMEOUT_S = 1800
IOPUB_TIMEOUT_S = 120
POLL_S = 0.2

__all__ = ["NotebookRun", "Progress", "SectionFailure", "check_parameters", "notebook_parameters", "run_notebook"]


@dataclass(frozen=True, slots=True)
class SectionFailure:
    """A section with a cell that failed or was not run, and why, in one line."""

    heading: str
    error: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A code cell (1..cells) began, or, with a `line`, said how far it is."""

    cell: int
    cells: int
    section: str
    line: str = ""

    def __str__(self) -> str:
        return f"[{self.cell}/{self.cells}] {self.section}{': ' if self.line else ''}{self.line}"


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """How a run ended. `status` is ok or failed; `seconds` are by stage: kernel, cells."""

    path: Path
    status: str
    failed_sections: tuple[SectionFailure, ...]
    cells_run: int
    seconds: dict[str, float] = field(compare=False)


OnProgress = Callable[[Progress], None]


def run_notebook(
    path: Path,
    out_path: Path,
    parameters: Mapping[str, object],
    *,
    on_progress: OnProgress = lambda _: None,
    timeout_s: int = TIMEOUT_S,
) -> NotebookRun:
    """Run a notebook with parameters injected by papermill and save it, also when it fails.

    Args:
        path: the notebook.
        out_path: where to save the executed notebook; its folder must exist.
        parameters: by name; see `check_parameters`.
        on_progress: called as each code cell begins and for each line of `ddms_ops.progress`.
        timeout_s: seconds that one cell may take.

    Returns:
        What was run and what failed; a cell that failed does not raise.

    Raises:
        IncidentError: unknown or mistyped parameters; nothing was started.
        RunError: `path` is not a notebook that can be given parameters.
        KeyboardInterrupt: on Ctrl-C, after the kernel was stopped and the notebook saved.
    """
    check_parameters(path, parameters)
    notebook = load_notebook_node(str(path))
    if parameters:
        notebook = parameterize_notebook(notebook, dict(parameters), kernel_name="python3", language="python")
    session = _Session(notebook, on_progress, timeout_s)
    target = str(out_path.absolute())
    _StrictEngine.execute_notebook(notebook, "python3", output_path=target, progress_bar=False, session=session)
    failed = tuple(session.failures)
    return NotebookRun(out_path, "failed" if failed else "ok", failed, session.cells_run, session.seconds)


class _StrictEngine(Engine):
    """papermill's bookkeeping around a session: metadata, and a save after each cell and at any end."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **kwargs: Any) -> None:  # noqa: ARG003
        session: _Session = kwargs["session"]
        with private_kernel() as (manager, folder):
            _in_own_loop(session.run(nb_man, manager, folder))


class _Session:
    """One run of one notebook's code cells."""

    def __init__(self, notebook: nbformat.NotebookNode, on_progress: OnProgress, timeout_s: int) -> None:
        self.on_progress = on_progress
        self.timeout_s = timeout_s
        self.headings = headings(notebook)
        self.code = [
            place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()
        ]
        self.failures: list[SectionFailure] = []
        self.cells_run = 0
        self.seconds = {"kernel": 0.0, "cells": 0.0}
        self.error: tuple[str, str] | None = None

    async def run(self, nb_man: NotebookExecutionManager, manager: AsyncKernelManager, folder: Path) -> None:
        """Start the kernel, run every code cell, stop the kernel."""
        began = time.monotonic()
        client = NotebookClient(
            nb_man.nb, km=manager, timeout=self.timeout_s, allow_errors=True, coalesce_streams=True,
            iopub_timeout=IOPUB_TIMEOUT_S, raise_on_iopub_timeout=True, on_cell_error=self._note_error,
        )  # fmt: skip
        tail = Tail(folder / "progress")
        watch = asyncio.create_task(self._watch(tail))
        try:
            await start_kernel(client, folder, tail.path)
            self.seconds["kernel"] = time.monotonic() - began
            await self._run_cells(client, nb_man, tail)
        except KernelFailed as fault:
            self._end(nb_man, 0, "KernelFailed", str(fault))
        except asyncio.CancelledError:
            self._end(nb_man, self.cells_run, "Interrupted", "stopped by the user")
            await interrupt_kernel(client, manager)
            raise
        finally:
            watch.cancel()
            self._tell_lines(tail)
            tail.close()
            self.seconds["cells"] = time.monotonic() - began - self.seconds["kernel"]
            await stop_kernel(client, manager, now=self.cells_run < len(self.code))

    async def _run_cells(self, client: NotebookClient, nb_man: NotebookExecutionManager, tail: Tail) -> None:
        for number, place in enumerate(self.code):
            cell = nb_man.nb.cells[place]
            self.on_progress(Progress(number + 1, len(self.code), self.headings[place]))
            nb_man.cell_start(cell, place)
            self.error = None
            try:
                await client.async_execute_cell(cell, place)
            except CellTimeoutError:
                await interrupt_kernel(client, cast(AsyncKernelManager, client.km))
                return self._end(nb_man, number, "CellTimeout", f"the cell took longer than {self.timeout_s} s")
            except DeadKernelError:
                if _is_cancelled():  # nbclient takes our own cancellation for a dead kernel
                    raise asyncio.CancelledError from None
                return self._end(nb_man, number, "KernelDied", died_of(client))
            if self.error:
                self._fail(nb_man, place, one_line(*self.error))
            _redact_errors(cell)
            self._tell_lines(tail)
            self.cells_run += 1
            nb_man.cell_complete(cell, place)
        return None

    def _note_error(self, *, cell: nbformat.NotebookNode, execute_reply: dict[str, Any], **_: object) -> None:
        if "raises-exception" not in cell.metadata.get("tags", []):
            self.error = (execute_reply["content"]["ename"], execute_reply["content"]["evalue"])

    def _fail(self, nb_man: NotebookExecutionManager, place: int, error: str) -> None:
        nb_man.cell_exception(nb_man.nb.cells[place], place)
        self._record(self.headings[place], error)

    def _record(self, heading: str, error: str) -> None:
        if heading not in [failure.heading for failure in self.failures]:
            self.failures.append(SectionFailure(heading, error))

    def _end(self, nb_man: NotebookExecutionManager, number: int, name: str, why: str) -> None:
        """The notebook cannot go on: say so in this cell, and name the sections that were not run."""
        for place in self.code[number:][:1]:
            cell = nb_man.nb.cells[place]
            cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=why, traceback=[f"{name}: {why}"]))
            self._fail(nb_man, place, one_line(name, why))
            nb_man.cell_complete(cell, place)
        for place in self.code[number + 1 :]:
            self._record(self.headings[place], f"not run: {name} in section {self.headings[self.code[number]]!r}")

    async def _watch(self, tail: Tail) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            self._tell_lines(tail)

    def _tell_lines(self, tail: Tail) -> None:
        number = min(self.cells_run, len(self.code) - 1)
        for line in tail.new_lines():
            self.on_progress(Progress(number + 1, len(self.code), self.headings[self.code[number]], line))


def _redact_errors(cell: nbformat.NotebookNode) -> None:
    for output in cell.outputs:
        if output.output_type == "error":
            output.evalue = redact(output.evalue)
            output.traceback = [redact(ANSI.sub("", line)) for line in output.traceback]


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _in_own_loop(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run to the end, also where a loop is running already, as it is in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
