"""docs/first-investigation.md: what it tells a new user to type is typed, and what it says they see is what came."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

ROOT = Path(__file__).parent.parent
CELL_S = 120


def load_script() -> ModuleType:
    """docs/first_investigation.py, which reads the page."""
    path = ROOT / "docs" / "first_investigation.py"
    spec = importlib.util.spec_from_file_location("first_investigation", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = load_script()
TEXT = SCRIPT.PAGE.read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())
STEPS = SCRIPT.steps(TEXT)
TYPED = [place for place, step in enumerate(STEPS) if step.kind != "picture"]


@contextmanager
def kernel_of(server: Any) -> Iterator[Callable[[str], str]]:
    """Runs cells in a kernel that the lab starts for its notebook, in its folder."""
    asked = {"path": server.notebook, "name": "", "type": "notebook", "kernel": {"name": "python3"}}
    kernel = server.api("sessions", given=asked)["kernel"]["id"]
    client = BlockingKernelClient(connection_file=str(server.runtime / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels(hb=False)
    client.wait_for_ready(timeout=CELL_S)
    try:
        yield lambda source: said_to(client, source)
    finally:
        client.stop_channels()


def said_to(client: BlockingKernelClient, source: str) -> str:
    """All that a cell shows, as text.

    Raises:
        AssertionError: the cell failed.
    """
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(str(content.get("text") or content.get("data", {}).get("text/plain", "")))

    reply = client.execute_interactive(source, output_hook=hear, timeout=CELL_S)
    assert reply["content"]["status"] == "ok", f"{source}\n{reply['content'].get('evalue')}"
    return "\n".join(said)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The empty folder in which everything is typed."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def played(work: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What each step of the page said, by its place: shells in one folder, cells in the lab's own kernel."""
    env = SCRIPT.own_environment(tmp_path_factory.mktemp("home"))
    said = {}
    with ExitStack() as opened:
        run = None
        for place in TYPED:
            step = STEPS[place]
            if step.is_lab:
                server = opened.enter_context(SCRIPT.opened_lab(step.source, work, env))
                run = opened.enter_context(kernel_of(server))
                [path] = work.glob(f"*/{server.notebook}")
                cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
                said[place] = "\n".join(map(run, cells))
            else:
                said[place] = run(step.source) if step.kind == "python" else SCRIPT.typed(step.source, work, env)
    return said


@pytest.mark.parametrize("place", [place for place in TYPED if STEPS[place].expected])
def test_what_the_page_shows_is_what_came(place: int, played: dict[int, str]):
    """Each line below a step, in its order."""
    assert SCRIPT.missed(STEPS[place].expected, played[place]) == [], played[place]


def test_a_line_that_did_not_come_is_missed():
    """The comparison can fail: words that are not there, and words in another order."""
    assert SCRIPT.missed(("a … c", "d"), "a b c\nd") == []
    assert SCRIPT.missed(("a … d", "c"), "a b c\nd") == ["a … d"]
    assert SCRIPT.missed(("d", "a"), "a b c\nd") == ["a"]


def test_it_takes_as_many_commands_and_cells_as_the_page_says():
    """The counts on top are those of the blocks below."""
    commands = [step for step in STEPS if step.kind == "sh" and step.source.startswith("ddms-ops")]
    cells = [step.source for step in STEPS if step.kind == "python"]
    assert f"**{len(commands)} commands, one click and {len(cells)} cells**" in WORDS
    before = next(place for place, source in enumerate(cells, 1) if source.startswith("errors = "))
    assert f"lines are there after {before} of them" in WORDS


def test_its_pictures_are_there_and_small():
    """At most six, at most 150 kB each, and none that the page does not show."""
    pictures = [SCRIPT.PAGE.parent / step.source for step in STEPS if step.kind == "picture"]
    assert sorted(pictures) == sorted(SCRIPT.PICTURES.glob("first-*.png"))
    assert len(pictures) <= 6
    assert all(path.stat().st_size <= 150_000 for path in pictures)


def test_what_the_page_tells_is_what_was_planted(work: Path, played: dict[int, str]):
    """Error, beginning and the number of the customer's failed downloads are those of the simulation."""
    truth = json.loads((work / "page" / "truth.json").read_text())
    assert f"New error {truth['error']} on {truth['endpoint']}" in TEXT
    assert f"more and more since {truth['onset'][11:16]}" in WORDS
    assert f"the {truth['failing_by_tenant']['tenant-004']} of these that say {truth['error']}" in TEXT
    assert len(played) == len(TYPED)
