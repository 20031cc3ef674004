"""Plays docs/first-investigation.md in a real JupyterLab and renews its pictures; prints how long each step took.

python docs/first_investigation.py

The page is read as steps. A block marked `sh` is typed into a shell, one marked `python` into a new cell at the end of
the notebook that `ddms-ops lab` opens; all cells of that notebook are run first. A block marked `text` is what is seen
then, in this order, with … for what is left out. A picture shows what is there at that point.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

PAGE = Path(__file__).with_name("first-investigation.md")
PICTURES = PAGE.with_name("pictures")
BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```$|^!\[[^\]]*\]\(([^) ]+)\)$", re.MULTILINE | re.DOTALL)
LAB, REPORT = "ddms-ops lab", "ddms-ops report"
START_S = 120
WAIT_MS = 120_000
NOT_OURS = ("DDMS_OPS_PROGRESS", "JPY_SESSION_NAME", "JPY_PARENT_PID", "JUPYTER_CONFIG_PATH")
SIZE = {"width": 1180, "height": 820}
COLOURS = 96
PINNED = "What did people pin?"
SHOWN = {  # the cell that a picture shows where that is not the last one, and what is typed into its control
    "first-answer.png": ("panels.answer_panel(case)", ""),
    "first-findings.png": ("widgets.checks(case)", ""),
    "first-groups.png": ("widgets.groups(case)", "ENOSPC"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, or a picture; `expected` are lines of what is seen then."""

    kind: str
    source: str
    expected: tuple[str, ...] = ()

    @property
    def is_lab(self) -> bool:
        """Whether it opens JupyterLab."""
        return self.kind == "sh" and self.source.startswith(LAB)


def steps(text: str) -> list[Step]:
    """The steps of a page, in order."""
    found: list[Step] = []
    for kind, block, picture in BLOCK.findall(text):
        if kind == "text":
            last = found.pop()
            found.append(Step(last.kind, last.source, tuple(block.strip().splitlines())))
        else:
            found.append(Step(kind or "picture", block.strip() or picture))
    return found


def missed(expected: tuple[str, ...], said: str) -> list[str]:
    """Lines that were expected and were not seen, or not after those before them; … stands for anything in a line."""
    place, lacking = 0, []
    for line in expected:
        pattern = ".*".join(re.escape(part.strip()) for part in line.split("…"))
        seen = re.compile(pattern).search(said, place)
        if seen is None:
            lacking.append(line)
        else:
            place = seen.end()
    return lacking


def own_environment(home: Path) -> dict[str, str]:
    """This process's, with folders for Jupyter and IPython below `home`, the installed commands first."""
    folders = {name: home / name.lower() for name in ("CONFIG", "DATA", "RUNTIME")}
    folders["CONFIG"].mkdir(parents=True, exist_ok=True)
    settings = {"LabApp": {"expose_app_in_browser": True}}  # for the pictures: commands can be given by name
    (folders["CONFIG"] / "jupyter_lab_config.json").write_text(json.dumps(settings))
    own = {"IPYTHONDIR": home / "ipython", **{f"JUPYTER_{key}_DIR": at for key, at in folders.items()}}
    env = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    return {**env, "PATH": path, **{name: str(value) for name, value in own.items()}}


def typed(source: str, folder: Path, env: dict[str, str]) -> str:
    """What a shell says to a block.

    Raises:
        AssertionError: a command failed.
    """
    done = subprocess.run(["sh", "-ec", source], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{source}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class LabServer:
    """A JupyterLab that answers, and the notebook that it opens."""

    url: str
    token: str
    notebook: str
    runtime: Path

    def api(self, path: str, *, given: object = None) -> Any:
        """What the server's REST API answers; a POST where something is given."""
        body = None if given is None else json.dumps(given).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}api/{path}", data=body, headers=headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)


@contextmanager
def opened_lab(command: str, folder: Path, env: dict[str, str]) -> Iterator[LabServer]:
    """The lab that a block opens, without a browser; ended as by closing its terminal."""
    log = folder / "lab.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command} --no-browser --port 0"], cwd=folder, env=env, stdin=subprocess.DEVNULL,
            stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        yield _answering(process, folder, Path(env["JUPYTER_RUNTIME_DIR"]), log)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answering(process: "subprocess.Popen[bytes]", folder: Path, runtime: Path, log: Path) -> LabServer:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            with suppress(OSError, ValueError, StopIteration):
                known = json.loads(path.read_text())
                root = Path(known["root_dir"])
                first = next(root.glob("cases/*/error_triage.ipynb")).relative_to(root)
                server = LabServer(known["url"], known["token"], first.as_posix(), runtime)
                server.api("status")
                return server
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start in {folder}: {log.read_text(errors='replace')[-2000:]}")


class Notebook:
    """The notebook in a browser, driven by JupyterLab's commands as their menus and keys do."""

    def __init__(self, page: Any, server: LabServer) -> None:
        self.page = page
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{server.url}lab/tree/{quote(server.notebook)}?reset&token={server.token}")
        page.wait_for_function("() => window.jupyterapp")
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        self._until("panel?.context?.isReady && cells.length && panel.sessionContext.session?.kernel?.status == 'idle'")
        self.command("application:toggle-left-area")

    @property
    def has_left(self) -> bool:
        """Whether the browser shows the post-mortem by now."""
        return bool(self.page.url.startswith("file:"))

    def command(self, name: str) -> None:
        """One of JupyterLab's commands, without waiting for its end."""
        self._js(f"window.jupyterapp.commands.execute('{name}');")

    def run_all(self) -> None:
        """Run > Run All Cells."""
        self.command("runmenu:run-all")
        self._wait_idle()

    def add(self, source: str) -> None:
        """Type a cell at the end and run it."""
        self._js("panel.content.activeCellIndex = cells.length - 1;")
        self._js("await window.jupyterapp.commands.execute('notebook:insert-cell-below');")
        self._js("panel.content.activeCell.model.sharedModel.setSource(given);", source)
        self.command("notebook:run-cell")
        self._wait_idle()

    def look_at(self, words: str, choice: str) -> None:
        """Scroll to the cell with these words, the last where there are none; choose in its control by typing."""
        found = "cells.find(c => given && c.model.sharedModel.getSource().includes(given)) ?? cells[cells.length - 1]"
        self._js(f"const cell = {found}; panel.content.activeCellIndex = cells.indexOf(cell);", words)
        self._js(f"const cell = {found}; cell.node.dataset.shown = 'yes'; cell.node.scrollIntoView();", words)
        self.page.wait_for_timeout(600)
        if choice:
            cell = self.page.locator("[data-shown='yes']")
            field = cell.locator("input").first
            offered = cell.locator("datalist option").evaluate_all("all => all.map(each => each.value)")
            field.fill(next(label for label in offered if choice in label))
            field.press("Enter")
            cell.locator("table").nth(1).wait_for()
            self.page.wait_for_timeout(600)
        self._js("cells.forEach(c => delete c.node.dataset.shown);")

    def leave_for(self, report: Path) -> None:
        """The post-mortem of a report folder instead, at what was pinned."""
        self.page.goto((report.absolute() / "post_mortem.html").as_uri())
        self.page.get_by_role("heading", name=PINNED).evaluate(
            "heading => heading.scrollIntoView({behavior: 'instant'})"
        )
        self.page.wait_for_timeout(300)

    def picture(self, path: Path) -> None:
        """What is on the screen, in few colours."""
        from PIL import Image

        for button in self.page.get_by_role("button", name="No", exact=True).all():  # Jupyter's news
            button.click()
            button.wait_for(state="detached")
        shot = Image.open(BytesIO(self.page.screenshot()))
        shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)

    def _js(self, body: str, given: object = None) -> Any:
        known = (
            "const panel = window.jupyterapp.shell.currentWidget; const cells = panel?.content?.widgets ?? [];"
            "const busy = cells.some(c => c.model.type === 'code' && c.model.executionState !== 'idle');"
        )
        return self.page.evaluate(f"async (given) => {{ {known} {body} }}", given)

    def _until(self, condition: str) -> None:
        until = time.monotonic() + WAIT_MS / 1000
        while not self._js(f"return {condition};"):
            assert time.monotonic() < until, f"waited in vain for {condition}"
            time.sleep(0.05)

    def _wait_idle(self) -> None:
        self.page.wait_for_timeout(100)
        self._until("!busy && panel.sessionContext.session?.kernel?.status == 'idle'")


def play(browser: Any, folder: Path) -> None:
    """Every step in a browser; pictures are written, seconds printed."""
    env = own_environment(folder / "home")
    work = folder / "work"
    work.mkdir()
    todo = steps(PAGE.read_text(encoding="utf-8"))
    opens = next(place for place, step in enumerate(todo) if step.is_lab)
    for step in todo[:opens]:
        typed(step.source, work, env)
    began = time.monotonic()
    with opened_lab(todo[opens].source, work, env) as server:
        _tell(began, "the lab answers")
        notebook = Notebook(browser.new_page(viewport=SIZE), server)
        _tell(began, "JupyterLab shows the notebook")
        notebook.run_all()
        _tell(began, "all cells have run")
        for step in todo[opens + 1 :]:
            before = time.monotonic()
            if step.kind == "python":
                notebook.add(step.source)
            elif step.kind == "sh":
                typed(step.source, work, env)
                if step.source.startswith(REPORT):
                    notebook.leave_for(work / step.source.removeprefix(REPORT).strip())
            else:
                if not notebook.has_left:
                    notebook.look_at(*SHOWN.get(Path(step.source).name, ("", "")))
                notebook.picture(PAGE.parent / step.source)
                began += time.monotonic() - before  # only the machine's own time is told
                continue
            _tell(began, step.source.splitlines()[0])


def _tell(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)


def main() -> None:
    """Renew the pictures."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(exist_ok=True)
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        play(browser, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
