"""JupyterLab as a process: on 127.0.0.1, over a folder, with a home of its own; it ends with everything it started."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_S, STOP_S = 60, 40
POLL_S = 0.1
TOKEN = "for-the-test"
NOT_OURS = ("DDMS_OPS_PROGRESS", "JPY_SESSION_NAME", "JPY_PARENT_PID")


@dataclass(frozen=True)
class LabServer:
    """A JupyterLab that answers."""

    url: str
    folder: Path
    log: Path

    def api(self, path: str, *, method: str = "GET") -> Any:
        """What the server's REST API answers, as JSON."""
        given = {"Authorization": f"token {TOKEN}"}
        asked = urllib.request.Request(f"{self.url}/api/{path}", method=method, headers=given)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def plain_lab(folder: Path, port: int) -> list[str]:
    """JupyterLab itself over a folder, without `ddms-ops lab`."""
    python = Path(sys.executable)
    return [
        str(python.with_name("jupyter-lab")), "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
        "--ServerApp.terminals_enabled=False",
    ]  # fmt: skip


def our_lab(folder: Path, port: int) -> list[str]:
    """`ddms-ops lab` over a folder."""
    return [sys.executable, "-m", "ddms_ops.cli", "lab", "--no-browser", "--dir", str(folder), "--port", str(port)]


def own_environment(home: Path) -> dict[str, str]:
    """This process's, with a home and Jupyter folders of the test's own, and nothing that marks a headless run.

    The settings of the test come by file and variable, so that they hold for whatever command starts JupyterLab.
    """
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    own = {"HOME": home, "IPYTHONDIR": home / "ipython", "JUPYTER_CONFIG_DIR": config}
    own |= {f"JUPYTER_{name}_DIR": home / name.lower() for name in ("DATA", "RUNTIME")}
    env = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return {**env, "JUPYTER_TOKEN": TOKEN, **{name: str(path) for name, path in own.items()}}


@contextmanager
def running_lab(
    folder: Path,
    home: Path,
    *,
    command: Sequence[str] = (),
    port: int = 0,
    env: dict[str, str] | None = None,
) -> Iterator[LabServer]:
    """A JupyterLab over a folder; it and its kernels are gone afterwards.

    Args:
        folder: which it serves and where it stands.
        home: an empty folder for settings and run-time files.
        command: what starts it on `port`; empty means JupyterLab itself.
        port: on 127.0.0.1; 0 means a free one.
        env: variables to set for it and its kernels.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    log = home / "lab.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command or plain_lab(folder, port), cwd=folder, env={**own_environment(home), **(env or {})},
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    server = LabServer(f"http://127.0.0.1:{port}", folder, log)
    try:
        _wait_until_up(server, process)
        yield server
    finally:
        _end(server, process)


def _wait_until_up(server: LabServer, process: subprocess.Popen[bytes]) -> None:
    """Until it answers, or fail with the end of its log."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError):
            server.api("status")
            return
        time.sleep(POLL_S)
    raise AssertionError(f"JupyterLab did not start: {server.log.read_text(errors='replace')[-2000:]}")


def _end(server: LabServer, process: subprocess.Popen[bytes]) -> None:
    """Its kernels, then the server and what is left of its group."""
    with suppress(OSError):
        for kernel in server.api("kernels"):
            server.api(f"kernels/{kernel['id']}", method="DELETE")
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
