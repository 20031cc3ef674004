"""`ddms-ops lab` as people start it: the right kernel, in the right folder, for this user only, and gone afterwards."""

import json
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import envelope, write_logs
from lab_server import END_S, Lab, is_running, running_lab

from ddms_ops.cli import main

STALE = {"argv": ["/nowhere/python", "-f", "{connection_file}"], "display_name": "Stale", "language": "python"}
INCIDENT = """\
incident_id: i1
system: dms
start: "2026-03-04T10:00Z"
end: "2026-03-04T11:00Z"
source: files:export
"""
WHERE = "import os, sys, ddms_ops; print(os.getcwd(), sys.executable, os.getpid(), sep='|')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export and an incident about it."""
    folder = tmp_path_factory.mktemp("lab")
    write_logs(folder / "export", "/aws/lambda/dms-api-handler-prod", envelope("10:01", "hello"))
    (folder / "incident.yaml").write_text(INCIDENT)
    return folder


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home where `python3` is registered as an interpreter that does not exist; short, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        kernel = Path(name) / ".local/share/jupyter/kernels/python3"
        kernel.mkdir(parents=True)
        (kernel / "kernel.json").write_text(json.dumps(STALE))
        yield Path(name)


@pytest.fixture(scope="module")
def lab(folder: Path, home: Path) -> Iterator[Lab]:
    """A lab on the incident, from where its file lies."""
    with running_lab("lab", "incident.yaml", "--dir", ".", folder=folder, home=home) as lab:
        yield lab


def test_the_only_kernel_is_this_interpreter(lab: Lab):
    """A stale kernel of the user's does not matter: neither is it listed, nor is it used."""
    said = lab.ask("api/kernelspecs")
    assert list(said["kernelspecs"]) == [said["default"]] == ["python3"]
    assert said["kernelspecs"]["python3"]["spec"]["argv"][0] == sys.executable


def test_a_notebook_that_names_another_kernel_gets_ours_in_the_folder(lab: Lab, folder: Path):
    """Never "No such kernel"; relative paths mean what they mean in a shell, though the notebook lies deeper."""
    kernel = lab.open("cases/i1/error_triage.ipynb", "somebody-elses-env")
    place, executable, _ = lab.run(kernel, WHERE).split("|")
    assert (place, executable) == (str(folder), sys.executable)


def test_the_cells_of_an_incident_open_it(lab: Lab, folder: Path):
    """The parameters that were written into a notebook are those that `open_case` wants."""
    kernel = lab.open("cases/i1/error_triage.ipynb", "python3")
    cells = json.loads((folder / "cases/i1/error_triage.ipynb").read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"][:3]
    opens = sources[2].rstrip().rpartition("\n")[0]  # without the line that shows it
    assert lab.run(kernel, "\n".join([*sources[:2], opens, "print(case)"])) == (
        "i1: 2026-03-04 10:00–11:00 UTC against 2026-03-04 09:00–10:00 UTC"
    )
    assert (folder / "reports" / "i1").is_dir()


def test_only_this_user_is_let_in(lab: Lab):
    """It listens on this machine only, wants its token, and its kernels are reached over the user's own sockets."""
    assert lab.info["hostname"] == "127.0.0.1"
    assert lab.status("api/kernelspecs", token="") == 403
    kernel = lab.open("cases/i1/error_triage.ipynb", "python3")
    said = lab.run(kernel, "import ipykernel.connect; print(ipykernel.connect.get_connection_info())")
    assert json.loads(said)["transport"] == "ipc"


def test_nothing_is_asked_of_the_network(lab: Lab):
    """Neither for a newer version, nor for news."""
    assert lab.ask("lab/api/update")["notification"] is None
    assert lab.ask("lab/api/news")["news"] == []


def test_a_port_that_is_taken_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Nothing is started, nothing is written."""
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["lab", "--port", str(taken.getsockname()[1])]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "give another, or leave it out" in line
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_the_lab_and_its_kernels(lab: Lab):
    """With status 0, and no process is left; the last test of this lab."""
    kernel = lab.open("cases/i1/error_triage.ipynb", "python3")
    pids = [lab.info["pid"], int(lab.run(kernel, WHERE).split("|")[2])]
    assert all(map(is_running, pids))
    lab.process.send_signal(signal.SIGINT)
    assert lab.process.wait(END_S) == 0
    end = time.monotonic() + 5
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(is_running, pids))
