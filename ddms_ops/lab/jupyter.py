"""JupyterLab as a process of its own: on this machine only, with our kernel, without asking the network."""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from jupyter_core.paths import jupyter_runtime_dir

from ddms_ops import progress
from ddms_ops.errors import BadInput, RunError

HOST = "127.0.0.1"
DEFAULTS = Path(__file__).parent / "config"  # it does not ask whether to fetch news; one's own settings go first
STOP_S = 30
SOCKET_ROOM = 50  # bytes of the folder; with kernel-<uuid>-ipc-1 it stays below the 107 that a path may have
SETTINGS = (
    f"--ServerApp.ip={HOST}",
    "--ServerApp.allow_root=True",
    "--ServerApp.kernel_spec_manager_class=ddms_ops.kernel.ThisInterpreter",
    "--ServerApp.kernel_manager_class=ddms_ops.lab.kernels.FolderKernels",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",  # the other one asks a package index
    "--log-level=ERROR",
)


def check_lab(port: int | None = None) -> None:
    """Whether JupyterLab can be started.

    Raises:
        RunError: it is not installed.
        BadInput: the port is taken.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise RunError("JupyterLab is not installed; run make lab, or pip install 'ddms-ops[lab]'")
    if port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as fault:
                raise BadInput(f"--port {port}: {fault.strerror}; give another, or leave it out") from None


def serve_lab(
    folder: Path,
    *,
    opens: str = "notebooks",
    has_browser: bool = True,
    port: int | None = None,
) -> int:
    """Run JupyterLab on a folder until it is shut down, or Ctrl-C; 0 afterwards. Its kernels end with it.

    Args:
        folder: what it shows, and where kernels work.
        opens: path below the folder of what it opens with.
        has_browser: whether it opens a browser.
        port: where it listens, 0 for any that is free; None for 8888 or the next that is free.

    Raises:
        RunError: it did not start.
    """
    command = [sys.executable, "-P", "-m", "jupyterlab", *SETTINGS, f"--ServerApp.root_dir={folder}",
               f"--LabApp.default_url=/lab/tree/{quote(opens)}"]  # fmt: skip
    command += ["--KernelManager.transport=ipc"] if _has_room_for_sockets() else []
    command += [] if has_browser else ["--no-browser"]
    command += [] if port is None else [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    known = dict(os.environ)
    known["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, (known.get("JUPYTER_CONFIG_PATH"), str(DEFAULTS))))
    known.pop(progress.VARIABLE, None)  # a person looks, no runner
    process = subprocess.Popen(command, cwd=folder, env=known, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(process)
    if status:
        raise RunError(f"JupyterLab ended with status {status}; what it said stands above")
    return 0


def _has_room_for_sockets() -> bool:
    """Whether kernels can be reached over Unix sockets, which nobody else on the machine can listen to."""
    return os.name == "posix" and len(os.fsencode(jupyter_runtime_dir())) <= SOCKET_ROOM


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let it end its kernels and itself; at the second Ctrl-C, or when it takes too long, it is killed with them."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
