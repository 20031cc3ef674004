"""A private kernel: this interpreter, reached over Unix sockets, gone afterwards whatever happens."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import cast

from ipykernel.kernelspec import RESOURCES
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from ddms_ops import progress

IS_POSIX = os.name == "posix"
SOCKET_PATH_ROOM = 80  # a Unix socket's path may have about 107 bytes
LOG = "kernel.log"
GRACE_S = 75
BEGIN_S = 0.3


class KernelFailed(Exception):
    """The kernel did not come up."""


class ThisInterpreter(KernelSpecManager):
    """The kernel is the interpreter that runs now, whatever is registered for this user or named by a notebook."""

    def find_kernel_specs(self) -> dict[str, str]:
        """The one kernel that there is, and where its logos are."""
        return {NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002
        """How to start it, by any name."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python", resource_dir=RESOURCES)


class Tail:
    """The lines that a growing file has got since the last look."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        self._stream = path.open(encoding="utf-8", errors="replace")
        self._rest = ""

    def new_lines(self) -> list[str]:
        """Whole lines since the last call."""
        *lines, self._rest = (self._rest + self._stream.read()).split("\n")
        return [line for line in lines if line.strip()]

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()


@contextmanager
def private_kernel() -> Iterator[tuple[AsyncKernelManager, Path]]:
    """A kernel manager, not yet started, and its private folder; both are gone afterwards."""
    root = None if len(os.fsencode(tempfile.gettempdir())) < SOCKET_PATH_ROOM else "/tmp"
    folder = Path(tempfile.mkdtemp(prefix="ddms-", dir=root))
    manager = AsyncKernelManager(kernel_spec_manager=ThisInterpreter(), connection_file=str(folder / "kernel.json"))
    if IS_POSIX:
        manager.transport, manager.ip = "ipc", str(folder / "k")
    try:
        yield manager, folder
    finally:
        process = getattr(manager.provisioner, "process", None)
        if process is not None:
            _kill_group(process.pid)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def start_kernel(client: NotebookClient, folder: Path, progress_file: Path) -> None:
    """Start the client's kernel and wait until it answers.

    Args:
        client: which knows the kernel's manager.
        folder: the private folder.
        progress_file: where the kernel's `ddms_ops.progress` appends lines.

    Raises:
        KernelFailed: it did not come up; with the last line it wrote.
    """
    scratch = folder / "tmp"  # goes with the folder, also when the kernel is killed
    scratch.mkdir()
    own = {progress.VARIABLE: str(progress_file), "IPYTHONDIR": str(folder / "ipython"), "TMPDIR": str(scratch)}
    env = {**os.environ, **own}
    with (folder / LOG).open("wb") as log:
        try:
            await client.async_start_new_kernel(env=env, stdout=log, stderr=log)
            await client.async_start_new_kernel_client()
        except (RuntimeError, OSError) as fault:
            said = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise KernelFailed(said[-1] if said else str(fault)) from None


async def interrupt_kernel(client: NotebookClient, manager: AsyncKernelManager) -> None:
    """Interrupt the running cell as Ctrl-C would, and wait at most GRACE_S until it has ended.

    A pull under way stops its queries and records what it has. A cell that was only just sent is given a moment to
    begin: a kernel that does nothing yet takes no notice.
    """
    if client.kc is None or not await manager.is_alive():
        return
    asked = cast(AsyncKernelClient, client.kc)
    await asyncio.sleep(BEGIN_S)
    await manager.interrupt_kernel()
    answer = asked.kernel_info()  # is answered after the cell
    with suppress(Empty):
        while True:
            reply = await asked.get_shell_msg(timeout=GRACE_S)
            if reply["parent_header"].get("msg_id") == answer:
                return


async def stop_kernel(client: NotebookClient, manager: AsyncKernelManager, *, now: bool) -> None:
    """Close the channels and end the kernel with everything it started.

    Args:
        client: whose channels to close.
        manager: of the kernel.
        now: kill it at once, without its own cleaning up.
    """
    if client.kc is not None:
        client.kc.stop_channels()
    process = getattr(manager.provisioner, "process", None)
    await asyncio.shield(manager.shutdown_kernel(now=now))
    if process is not None:
        _kill_group(process.pid)


def died_of(client: NotebookClient) -> str:
    """Why a dead kernel died, as far as its exit status tells."""
    process = getattr(client.km.provisioner, "process", None) if client.km else None
    status = process.poll() if process else None
    if status is None or status >= 0:
        return f"the kernel ended by itself{'' if status is None else f' with status {status}'}"
    name = signal.Signals(-status).name
    return f"the kernel was ended by {name}{'; often the machine ran out of memory' if name == 'SIGKILL' else ''}"


def _kill_group(group: int | None) -> None:
    """What the kernel started and left running."""
    if IS_POSIX and group:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
