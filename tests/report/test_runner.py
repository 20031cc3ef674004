"""The strict runner, on real kernels."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from report_builders import notebook, outputs_of

from ddms_ops.errors import IncidentError, RunError
from ddms_ops.runner import SectionFailure, check_parameters, notebook_parameters, run_notebook

RUN = """
import sys
from pathlib import Path
from ddms_ops.runner import run_notebook
print(run_notebook(*map(Path, sys.argv[1:]), {}).status)
"""


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def can_unshare() -> bool:
    """Whether this machine lets us leave the network."""
    return (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0
    )


def test_parameters_are_the_literals_of_the_tagged_cell(tmp_path: Path):
    """Names and defaults, annotations aside."""
    path = notebook(tmp_path, parameters="a: int = 1  # one\nb = 'x'\nc: float = -0.5\nd = None")
    assert notebook_parameters(path) == {"a": 1, "b": "x", "c": -0.5, "d": None}


@pytest.mark.parametrize("cell", ["a = f()", "import os", "a += 1", "a = b = 1", "a: int", "a ="])
def test_parameters_cell_holds_literals_only(tmp_path: Path, cell: str):
    """A computed value would keep the old input."""
    with pytest.raises(RunError, match="may hold `name = literal` lines only"):
        notebook_parameters(notebook(tmp_path, parameters=cell))


def test_no_parameters_cell_is_refused(tmp_path: Path):
    """Injected values would be overwritten."""
    with pytest.raises(RunError, match=r"made\.ipynb: has 0 cells tagged 'parameters'; tag exactly one"):
        notebook_parameters(notebook(tmp_path, "1", parameters=None))


def test_two_parameters_cells_are_refused(tmp_path: Path):
    """Papermill would take the first in silence."""
    path = notebook(tmp_path, "1")
    made = nbformat.read(path, as_version=4)
    made.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(made, path)
    with pytest.raises(RunError, match="has 2 cells"):
        notebook_parameters(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "nonsense"])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str):
    """One line with the file."""
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(RunError, match=r"x\.ipynb"):
        notebook_parameters(path)


def test_every_parameter_fault_at_once(tmp_path: Path):
    """Misspelt and mistyped names are all named, with what would work."""
    with pytest.raises(IncidentError) as caught:
        check_parameters(notebook(tmp_path), {"minuets": 5, "minutes": "5", "system": 3})
    assert caught.value.faults == (
        "made.ipynb: minuets: unknown parameter; did you mean 'minutes'?; known: minutes, system",
        "made.ipynb: minutes: '5' is str; give int, e.g. 60",
        "made.ipynb: system: 3 is int; give str, e.g. 'dms'",
    )


def test_true_is_not_a_number(tmp_path: Path):
    """A bool is refused for an int, an int is taken for a float."""
    path = notebook(tmp_path, parameters="n: int = 1\nx: float = 0.5")
    check_parameters(path, {"x": 1})
    with pytest.raises(IncidentError, match="True is bool"):
        check_parameters(path, {"n": True})


def test_nothing_starts_on_bad_parameters(tmp_path: Path):
    """No file is written."""
    with pytest.raises(IncidentError):
        run_notebook(notebook(tmp_path), tmp_path / "out.ipynb", {"other": 1})
    assert not (tmp_path / "out.ipynb").exists()


def test_values_are_injected(tmp_path: Path):
    """Quotes, backslashes, braces and unicode arrive as they were."""
    text = 'it\'s "{x}" \\n \u65e5\u672c $HOME'
    run = run_notebook(
        notebook(tmp_path, "ascii((minutes, system))"), tmp_path / "{o}.ipynb", {"system": text, "minutes": 5}
    )
    assert run.status == "ok"
    assert outputs_of(run.path) == [repr(ascii((5, text)))]


def test_the_kernel_is_this_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever the user has registered as python3."""
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    run = run_notebook(notebook(tmp_path, "import sys; sys.executable"), tmp_path / "out.ipynb", {})
    assert outputs_of(run.path) == [repr(sys.executable)]


def test_a_mistake_has_no_traceback(tmp_path: Path):
    """What this package raises on purpose is its message, in a notebook too."""
    cell = "from ddms_ops.errors import BadInput; raise BadInput('start: no time')"
    run = run_notebook(notebook(tmp_path, cell), tmp_path / "out.ipynb", {})
    [output] = nbformat.read(run.path, as_version=4).cells[-1].outputs
    assert output.traceback == ["BadInput: start: no time"]


def test_a_failing_section_does_not_stop_the_rest(tmp_path: Path):
    """Its heading and one line of its error are recorded; the next cell runs."""
    path = notebook(tmp_path, "## First", "1/0", "## Second", "6 * 7")
    run = run_notebook(path, tmp_path / "out.ipynb", {})
    assert (run.status, run.cells_run) == ("failed", 3)
    assert run.failed_sections == (SectionFailure("First", "ZeroDivisionError: division by zero"),)
    assert outputs_of(run.path) == ["division by zero", "42"]


def test_secrets_in_an_error_are_redacted(tmp_path: Path):
    """Neither the run nor the saved notebook keeps them."""
    run = run_notebook(
        notebook(tmp_path, "## A", "raise ValueError('password=' + 'hun' + 'ter2')"), tmp_path / "out.ipynb", {}
    )
    assert run.failed_sections[0].error == "ValueError: [secret_pair]"
    assert "hunter2" not in run.path.read_text()


def test_a_killed_kernel_ends_the_notebook(tmp_path: Path):
    """What ran is saved, the section that died and those not run are named, and nothing hangs."""
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    run = run_notebook(notebook(tmp_path, "## A", "'kept'", "## B", kill, "## C", "1"), tmp_path / "out.ipynb", {})
    assert [failure.heading for failure in run.failed_sections] == ["B", "C"]
    assert run.failed_sections[0].error.startswith("KernelDied: the kernel was ended by SIGKILL")
    assert run.failed_sections[1].error == "not run: KernelDied in section 'B'"
    assert outputs_of(run.path)[0] == "'kept'"


def test_a_cell_over_its_time_ends_the_notebook(tmp_path: Path):
    """The kernel is killed, the rest is named."""
    began = time.monotonic()
    path = notebook(tmp_path, "## A", "import time; time.sleep(99)", "## B", "1")
    run = run_notebook(path, tmp_path / "out.ipynb", {}, timeout_s=1)
    assert run.failed_sections[0] == SectionFailure("A", "CellTimeout: the cell took longer than 1 s")
    assert time.monotonic() - began < 20


def test_no_process_is_left_behind(tmp_path: Path):
    """Neither the kernel nor what it started."""
    cell = "import os, subprocess; (os.getpid(), subprocess.Popen(['sleep', '99']).pid)"
    run = run_notebook(notebook(tmp_path, cell), tmp_path / "out.ipynb", {})
    pids = json.loads(outputs_of(run.path)[0].replace("(", "[").replace(")", "]"))
    time.sleep(0.2)
    assert [is_alive(pid) for pid in pids] == [False, False]


def test_the_private_folder_is_removed(tmp_path: Path):
    """Sockets and connection file are gone, and were for this user only."""
    cell = "import os; folder = os.path.dirname(os.environ['IPYTHONDIR']); (folder, oct(os.stat(folder).st_mode)[-3:])"
    run = run_notebook(notebook(tmp_path, cell), tmp_path / "out.ipynb", {})
    folder, mode = json.loads(outputs_of(run.path)[0].translate(str.maketrans("()'", '[]"')))
    assert (Path(folder).exists(), mode) == (False, "700")


def test_progress_is_told_by_cell_and_by_line(tmp_path: Path):
    """Each cell as it begins, and each line that a long cell reports."""
    told = []
    cell = "from ddms_ops.progress import report_progress\nreport_progress('logs 120,000 rows')"
    run_notebook(
        notebook(tmp_path, "## Logs", cell),
        tmp_path / "out.ipynb",
        {},
        on_progress=lambda progress: told.append(str(progress)),
    )
    assert told == ["[1/2] Start", "[2/2] Logs", "[2/2] Logs: logs 120,000 rows"]


def test_a_long_temporary_path_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A Unix socket's path may have 107 bytes."""
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    assert run_notebook(notebook(tmp_path, "1"), tmp_path / "out.ipynb", {}).status == "ok"


def test_runs_from_inside_a_running_loop(tmp_path: Path):
    """As in a notebook, where an event loop runs already."""

    async def inside() -> str:
        return run_notebook(notebook(tmp_path, "1"), tmp_path / "out.ipynb", {}).status

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, inside()).result() == "ok"


@pytest.mark.skipif(not can_unshare(), reason="this machine does not allow unshare -rn")
def test_needs_no_network_at_all(tmp_path: Path):
    """Not even the loopback interface is up."""
    command = ["unshare", "-rn", sys.executable, "-c", RUN, str(notebook(tmp_path, "1")), str(tmp_path / "out.ipynb")]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).stdout == "ok\n"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupt_stops_the_kernel_and_saves(tmp_path: Path):
    """Ctrl-C: the kernel is gone, the notebook has what it has, KeyboardInterrupt comes out."""
    pid_file, out = tmp_path / "pid", tmp_path / "out.ipynb"
    cell = f"import os, pathlib, time\npathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\ntime.sleep(99)"
    command = [sys.executable, "-c", RUN, str(notebook(tmp_path, "## A", "'kept'", "## B", cell)), str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (pid_file.exists() and pid_file.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert outputs_of(out) == ["'kept'", "stopped by the user"]
    assert not is_alive(int(pid_file.read_text()))
