"""A page on JupyterLab in a headless Chromium, driven as a person would.

`LabPage` opens a notebook, runs, interrupts, restarts, saves, closes and reopens it, and reads its cells. Commands go
through the application that JupyterLab shows to the page (`window.jupyterapp`), clicks through Playwright.
"""

from pathlib import Path
from typing import Any

from lab_server import Lab

WAIT_MS = 120_000
CURRENT = """
const panel = window.jupyterapp.shell.currentWidget;
const cells = panel && panel.content.widgets || [];
const status = panel && panel.sessionContext && panel.sessionContext.session?.kernel?.status;
"""
AREA = """
const cell = cells.filter(c => c.model.type === 'code')[given[0]];
const isDrawn = one => (one.naturalWidth ?? one.width) > 0;
const area = {
    outputs: cell.model.outputs.length,
    text: cell.outputArea.node.innerText.trim(),
    drawn: [...cell.outputArea.node.querySelectorAll('img, canvas')].filter(isDrawn).length,
};
"""


class LabPage:
    """One browser page on a lab; what it asked of other places and what its console complained of is kept."""

    def __init__(self, browser: Any, server: Lab, *, width: int = 1400, height: int = 1000) -> None:
        self.server = server
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.page.set_default_timeout(WAIT_MS)
        self._marked = 0
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self._note_request(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        self.page.on("console", lambda said: self._note_console(said))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))

    def _note_request(self, url: str) -> None:
        ours = url.startswith((self.server.url, "data:", "blob:"))
        if not ours or "/lab/api/news" in url or "/lab/api/update" in url:  # the server would ask for these elsewhere
            self.outside.append(url)

    def _note_console(self, said: Any) -> None:
        if said.type == "error":
            self.complaints.append(f"console {said.text}")

    def js(self, body: str, argument: object = None) -> Any:
        """What a piece of JavaScript returns; `panel`, `cells`, `status` are those of the open notebook."""
        return self.page.evaluate(f"async (given) => {{ {CURRENT} {body} }}", argument)

    def until(self, condition: str, argument: object = None, *, timeout_s: float = WAIT_MS / 1000) -> None:
        """Wait until a JavaScript expression over `panel`, `cells`, `status` holds."""
        wanted = f"(given) => {{ {CURRENT} return {condition}; }}"
        self.page.wait_for_function(wanted, arg=argument, timeout=timeout_s * 1000, polling=100)

    def command(self, name: str, arguments: dict[str, object] | None = None, *, wait: bool = True) -> None:
        """Run one of JupyterLab's commands; without `wait` go on at once."""
        self.js("window.given = window.jupyterapp.commands.execute(given[0], given[1]);", [name, arguments or {}])
        if wait:
            self.wait_done()

    def wait_done(self) -> None:
        """Until the command that was given last has ended."""
        late = f"new Promise((_, fail) => setTimeout(() => fail(Error('took too long')), {WAIT_MS}))"
        self.js(f"await Promise.race([window.given, {late}]);")

    def load(self) -> None:
        """Load JupyterLab anew, with nothing open: what an earlier page had is forgotten."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.server.url}lab/workspaces/test?reset&token={self.server.token}")
        self.page.wait_for_function("() => window.jupyterapp")
        self.js("await window.jupyterapp.restored;")

    def open_notebook(self, path: str, *, kernel: bool = True) -> None:
        """Open a notebook, a path below the served folder; wait for its kernel, if it is to have one."""
        if self.page.url == "about:blank":
            self.load()
        preference = {} if kernel else {"kernelPreference": {"shouldStart": False, "autoStartDefault": False}}
        self.command("docmanager:open", {"path": path, "factory": "Notebook", **preference})
        self.until("panel.context && panel.context.isReady && panel.context.path === given && cells.length > 0", path)
        if kernel:
            self.until("status === 'idle'")

    def close_notebook(self) -> None:
        """Close the open notebook, which was saved, and end its kernel."""
        path = self.js("return panel.context.path;")
        self.command("application:close")
        self.server.close(path)

    def run_all(self, *, wait: bool = True) -> None:
        """Run > Run All Cells."""
        self.command("runmenu:run-all", wait=wait)
        if wait:
            self.wait_idle()

    def wait_idle(self, *, timeout_s: float = WAIT_MS / 1000) -> None:
        """Until the kernel is idle and no cell waits or runs."""
        busy = "cells.some(c => c.model.type === 'code' && c.model.executionState !== 'idle')"
        self.until(f"status === 'idle' && !{busy}", timeout_s=timeout_s)

    def run_cell(self, number: int, *, wait: bool = True) -> None:
        """Run the n-th code cell."""
        self.select(number)
        self.command("notebook:run-cell", wait=wait)
        if wait:
            self.wait_idle()

    def select(self, number: int) -> None:
        """Make the n-th code cell the active one, and scroll to it."""
        self.js(
            "const code = cells.filter(c => c.model.type === 'code');"
            "panel.content.activeCellIndex = cells.indexOf(code[given]);"
            "await panel.content.scrollToCell(code[given], 'start');",
            number,
        )

    def add_cell(self, source: str, *, run: bool = True) -> int:
        """Append a code cell as a person would type it; its number."""
        self.js("panel.content.activeCellIndex = cells.length - 1;")
        self.command("notebook:insert-cell-below")
        self.js("panel.content.activeCell.model.sharedModel.setSource(given);", source)
        number = self.count() - 1
        if run:
            self.run_cell(number)
        return number

    def count(self) -> int:
        """How many code cells there are."""
        return int(self.js("return cells.filter(c => c.model.type === 'code').length;"))

    def cell(self, number: int) -> Any:
        """The n-th code cell on the page, scrolled to, as a Playwright locator."""
        self.select(number)
        self._marked += 1
        self.js(
            "cells.filter(c => c.model.type === 'code')[given[0]].node.dataset.under = given[1];",
            [number, f"test-{self._marked}"],
        )
        return self.page.locator(f"[data-under='test-{self._marked}']")

    def control(self, number: int) -> Any:
        """The control above the panel of the n-th code cell, as a Playwright locator."""
        return self.cell(number).locator(".jp-OutputArea-output.lm-Panel > .jupyter-widgets").first

    def outputs(self, number: int) -> list[dict[str, Any]]:
        """Outputs of the n-th code cell as they would be saved."""
        found: list[dict[str, Any]] = self.js(
            "return cells.filter(c => c.model.type === 'code')[given].model.outputs.toJSON();", number
        )
        return found

    def shown_text(self, number: int) -> str:
        """What a person reads below the n-th code cell; what is hidden is not there."""
        return str(self.cell(number).locator(".jp-Cell-outputArea").inner_text()).strip()

    def until_text(self, locator: Any, words: str) -> None:
        """Wait until something on the page shows some words."""
        locator.filter(has_text=words).first.wait_for()

    def everything_shown(self, pictures: list[int]) -> list[str]:
        """What a person who goes from code cell to code cell reads below each, once so many pictures are drawn."""
        assert len(pictures) == self.count()
        return [self._shown(number, drawn) for number, drawn in enumerate(pictures)]

    def _shown(self, number: int, pictures: int) -> str:
        self.select(number)
        is_there = "area.drawn === given[1] && (area.drawn || area.text || !area.outputs)"
        self.page.wait_for_function(
            f"(given) => {{ {CURRENT} {AREA} return {is_there} }}", arg=[number, pictures], polling=100
        )
        return str(self.js(f"{AREA} return area.text;", [number]))

    def number_of(self, words: str) -> int:
        """Which code cell has these words in its source."""
        found = self.js(
            "return cells.filter(c => c.model.type === 'code')"
            ".findIndex(c => c.model.sharedModel.getSource().includes(given));",
            words,
        )
        assert found >= 0, f"no cell with {words!r}"
        return int(found)

    def errors(self) -> list[str]:
        """`name: message` of every error that stands in an output."""
        rows = [row for number in range(self.count()) for row in self.outputs(number)]
        return [f"{row['ename']}: {row['evalue']}" for row in rows if row["output_type"] == "error"]

    def interrupt(self) -> None:
        """Kernel > Interrupt Kernel."""
        self.command("notebook:interrupt-kernel")

    def restart_and_run_all(self) -> None:
        """Kernel > Restart Kernel and Run All Cells, its question answered."""
        self.command("runmenu:restart-and-run-all", wait=False)
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.wait_done()
        self.wait_idle()

    def save(self) -> Path:
        """File > Save Notebook; where it is on the disk."""
        self.js("await panel.context.save();")
        return self.server.folder / str(self.js("return panel.context.path;"))

    def close(self) -> None:
        """Close the page."""
        self.page.close()
