"""`ddms-ops lab` as a process of its own, and what a browser would ask of it."""

import json
import os
import signal
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
START_S, END_S = 60, 30


class Lab:
    """A running lab; `info` is what JupyterLab's server says of itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", info: dict[str, Any], runtime: Path) -> None:
        self.process, self.info, self.runtime = process, info, runtime

    def ask(self, path: str, body: object = None, *, token: str | None = None) -> Any:
        """An answer of its API, POST where there is a body."""
        text = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.info['token'] if token is None else token}"}
        with urlopen(Request(self.info["url"] + path, data=text, headers=headers), timeout=END_S) as answer:
            return json.loads(answer.read())

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

    def run(self, kernel: str, code: str) -> str:
        """What code in a kernel prints."""
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels()
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
    """`ddms-ops ARGUMENTS` with a lab on a free port, in a folder; ended as Ctrl-C ends it."""
    own = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "run"), **(environment or {})}
    known = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY"))}
    process = subprocess.Popen(
        [*command, *arguments, "--no-browser", "--port", "0"], cwd=folder, env={**known, **own},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Lab(process, _info(process, home / "run"), home / "run")
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(END_S)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _info(process: "subprocess.Popen[bytes]", runtime: Path) -> dict[str, Any]:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return dict(json.loads(path.read_text()))
            except ValueError:
                continue
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"no JupyterLab: {process.communicate()[1].decode()[-2000:]}")


def is_running(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
