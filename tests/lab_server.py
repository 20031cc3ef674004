"""`ddms-ops lab` as a process of its own, over a folder, with a home of its own; and what a browser would ask of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from jupyter_client.blocking import BlockingKernelClient

OURS = (sys.executable, "-m", "ddms_ops.cli")
START_S, END_S = 60, 40
POLL_S = 0.05
NOT_OURS = ("JUPYTER", "JPY", "IPYTHON", "DDMS_OPS_PROGRESS")


class Lab:
    """A running lab; `info` is what JupyterLab's server says of itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", info: dict[str, Any], runtime: Path) -> None:
        self.process, self.info, self.runtime = process, info, runtime
        self.url, self.token, self.folder = str(info["url"]), str(info["token"]), Path(info["root_dir"])

    def ask(self, path: str, body: object = None, *, token: str | None = None, method: str | None = None) -> Any:
        """An answer of its API, POST where there is a body; None where it is empty."""
        text = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.token if token is None else token}"}
        with urlopen(Request(self.url + path, data=text, headers=headers, method=method), timeout=END_S) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def status(self, path: str, *, token: str) -> int:
        """The HTTP status of a refused answer."""
        try:
            self.ask(path, token=token)
        except HTTPError as fault:
            return fault.code
        return 200

    def open(self, path: str, kernel: str) -> str:
        """Open a notebook below the folder, with the kernel that its metadata names; the kernel's id."""
        session = {"path": path, "name": Path(path).name, "type": "notebook", "kernel": {"name": kernel}}
        return str(self.ask("api/sessions", session)["kernel"]["id"])

    def close(self, path: str) -> None:
        """End the kernel of a notebook."""
        for session in self.ask("api/sessions"):
            if session["path"] == path:
                self.ask(f"api/sessions/{session['id']}", method="DELETE")

    def run(self, kernel: str, code: str) -> str:
        """What code in a kernel prints."""
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels(hb=False)  # a heartbeat that is stopped before it began opens sockets without end
        said: list[dict[str, Any]] = []
        try:
            _wait_for(client)
            client.execute_interactive(code, output_hook=said.append, timeout=END_S)
        finally:
            client.stop_channels()
            client.context.term()
        failed = [line for message in said for line in message["content"].get("traceback", ())]
        assert not failed, "\n".join(failed)
        return "".join(message["content"].get("text", "") for message in said).strip()


def _wait_for(client: BlockingKernelClient) -> None:
    """Until the kernel answers, and what it puts out comes through."""
    while True:
        client.kernel_info(reply=True, timeout=START_S)
        with suppress(Empty):
            client.get_iopub_msg(timeout=1)
            return


@contextmanager
def running_lab(
    *arguments: str,
    folder: Path,
    home: Path,
    command: tuple[str, ...] = OURS,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Lab]:
    """`ddms-ops ARGUMENTS` with a lab on a free port, in a folder; ended as Ctrl-C ends it.

    Args:
        arguments: of `ddms-ops`, `lab` first.
        folder: where it is started.
        home: the user's; a test's own, with nothing of Jupyter in it. Pages may give commands by name.
        command: what `ddms-ops` is.
        environment: variables to set for it and its kernels.
    """
    settings = home / ".jupyter" / "jupyter_lab_config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    own = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "run"), **(environment or {})}
    known = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    log = home / "lab.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, *arguments, "--no-browser", "--port", "0"], cwd=folder, env={**known, **own},
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
        )  # fmt: skip
    try:
        yield Lab(process, _info(process, home / "run", log), home / "run")
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _info(process: "subprocess.Popen[bytes]", runtime: Path, log: Path) -> dict[str, Any]:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            with suppress(ValueError, OSError):
                info = dict(json.loads(path.read_text()))
                urlopen(info["url"] + "api", timeout=END_S).close()
                return info
        time.sleep(POLL_S)
    raise AssertionError(f"no JupyterLab: {log.read_text(errors='replace')[-2000:]}")


def is_running(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
