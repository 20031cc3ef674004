"""How far long work is, for whoever waits for it.

In a run by `ddms-ops` each line is appended to a file that the runner watches. In a notebook run by hand there is one
line below the running cell: it appears after a second, changes in place, and ends as a quiet one with the time it took.
Anywhere else nothing is told. The time is the cell's, from its beginning.
"""

import html
import os
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from ddms_ops.interrupts import told_in_a_line
from ddms_ops.redact import redact

VARIABLE = "DDMS_OPS_PROGRESS"  # names the file; set by the runner for its kernel
SESSION = "JPY_SESSION_NAME"  # set by the Jupyter server for the kernel of an open notebook
DELAY_S, EVERY_S, LINE_EVERY_S = 1.0, 0.2, 2.0
LEAST_SHARE, LEAST_S = 0.05, 2.0
MARK = "ddms_ops_progress"  # in the metadata of an output: a report leaves it out
LONGEST = 300  # characters of a line
NOTHING, LEAST_USD = Decimal(0), Decimal("0.0001")


def report_progress(text: str) -> None:
    """Tell one line at once; it may hold any text, also a log group's name."""
    path = os.environ.get(VARIABLE)
    if path:
        _append(path, text)
    elif line := _line():
        line.told = lambda: text


def report_step(text: str) -> None:
    """Tell a person at a notebook what is begun; a run by ddms-ops is told of what comes of it only."""
    if VARIABLE not in os.environ and (line := _line()):
        line.told = lambda: text


class Meter:
    """How far one piece of long work is: rows, bytes, parts, money, and the time left where it can be told.

    Tells by itself: in a notebook five times a second, to the runner at first, every two seconds and at the end of a
    `with` block. Threads may share it.

    Args:
        name: of the pull or the file.
        unit: what is counted, in the plural.
        total: how many there will be.
        size: bytes there will be.
        parts: pieces that the work is cut into, about as long each.
        clock: seconds, of this process.

    What is not known beforehand is 0.
    """

    def __init__(
        self, name: str, unit: str = "rows", *, total: int = 0, size: int = 0, parts: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.name, self.unit = name, unit
        self.total, self.size, self.parts = total, size, parts
        self.done, self.bytes_done, self.parts_done, self.usd = 0, 0, 0, NOTHING
        self._clock, self._lock = clock, threading.Lock()
        self._began = clock()
        self._written: float | None = None
        self._said = ""
        self._paid = NOTHING
        self._tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def add(self, done: int = 0, *, size: int = 0, parts: int = 0, usd: Decimal = NOTHING) -> None:
        """Count what has come: rows, bytes, parts, and what they cost."""
        with self._lock:
            self.done += done
            self.bytes_done += size
            self.parts_done += parts
            self.usd += usd
        self._tell()

    def end(self) -> None:
        """Tell what it came to, where that is anything."""
        if not (self.done or self.bytes_done or self.parts_done):
            return
        path = os.environ.get(VARIABLE)
        if path:
            if self._said != self._counted:
                _append(path, self._counted)
        elif line := _line():
            line.told = lambda: self._counted
            line.usd += self.usd - self._paid
            self._paid = self.usd

    @property
    def words(self) -> str:
        """One line: what there is of what there will be, and how long that takes."""
        return ", ".join(part for part in (self._counted, self._left) if part)

    @property
    def _counted(self) -> str:
        done = [f"{self.done:,}{_of(self.total)} {self.unit}"] if self.done or not self.bytes_done else []
        if self.bytes_done:
            done.append(size_words(self.bytes_done) + (f" of {size_words(self.size)}" if self.size else ""))
        if self.parts_done < self.parts:
            done.append(f"{self.parts_done:,} of {self.parts:,} parts")
        if self.usd:
            done.append(usd_words(self.usd))
        return f"{self.name}: {', '.join(done)}"

    @property
    def _left(self) -> str:
        """Words for the time left, empty as long as it cannot be told, or where there is none."""
        spent_s = self._clock() - self._began
        pairs = ((self.bytes_done, self.size), (self.parts_done, self.parts), (self.done, self.total))
        share = next((done / whole for done, whole in pairs if whole), 0.0)
        if share < LEAST_SHARE or share >= 1 or spent_s < LEAST_S:
            return ""
        return left_words(spent_s * (1 - share) / share)

    def _tell(self) -> None:
        path = os.environ.get(VARIABLE)
        if path:
            now = self._clock()
            is_due = self._written is None or now - self._written >= LINE_EVERY_S
            if is_due and (self.done or self.bytes_done):
                self._written, self._said = now, self.words
                _append(path, self._said)
        elif line := _line():
            line.told = lambda: self.words


def size_words(size: int) -> str:
    """A number of bytes: 512 bytes, 3.4 MB."""
    for unit, scale in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size:,} bytes"


def usd_words(usd: Decimal) -> str:
    """An amount, by list prices: to the cent, below a dollar to a cent's hundredth."""
    if usd < LEAST_USD:
        return f"less than {LEAST_USD} USD"
    amount = f"{usd:,.2f}" if usd >= 1 else f"{usd:.4f}"
    return f"about {amount.removesuffix('00') if usd < 1 else amount} USD"


def left_words(seconds: float) -> str:
    """The time left, no more exact than an estimate is."""
    if seconds < 8:
        return "a few seconds left"
    if seconds < 100:
        return f"about {round(seconds, -1):.0f} s left"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.0f} h left"


def _of(whole: int) -> str:
    return f" of {whole:,}" if whole else ""


def _plain(text: str) -> str:
    """The text as one line, without secrets and without characters that cannot be seen."""
    seen = "".join(char if char.isprintable() else " " for char in redact(text))
    return " ".join(seen.split())[:LONGEST]


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write(_plain(text) + "\n")


class _Line:
    """One line below the running cell of a notebook; a thread writes it, so that the work neither waits nor is cut.

    Args:
        shell: IPython's, of a kernel.
    """

    def __init__(self, shell: Any) -> None:
        self.told: Callable[[], str] = str
        self.usd = NOTHING
        self._shell, self._began = shell, _began
        self._name, self._shown = uuid4().hex, ""
        self._is_over = threading.Event()
        shell.events.register("post_run_cell", self._end)
        self._writer = threading.Thread(target=self._write, name="ddms-ops-progress", daemon=True)
        self._writer.start()

    def _write(self) -> None:
        wait_s = max(EVERY_S, DELAY_S - self._spent_s)
        while not self._is_over.wait(wait_s):
            wait_s = EVERY_S
            self._show(f"under way for {self._spent_s:.0f} s: {self.told()}")

    def _end(self, result: Any = None) -> None:
        """The cell is done: no more of what was under way."""
        global _shown
        self._shell.events.unregister("post_run_cell", self._end)
        self._is_over.set()
        self._writer.join()
        _shown = None
        if self._shown:
            spent = f"{self._spent_s:.0f} s" + (f", {usd_words(self.usd)}" if self.usd else "")
            self._show(f"took {spent}" if getattr(result, "success", False) else f"stopped after {spent}")

    @property
    def _spent_s(self) -> float:
        return time.monotonic() - self._began

    def _show(self, text: str) -> None:
        text = _plain(text)
        if text != self._shown:
            data = {"text/plain": text, "text/html": f"<small>{html.escape(text)}</small>"}
            publish, is_new = self._shell.display_pub.publish, not self._shown
            self._shown = text
            publish(data=data, metadata={MARK: True}, transient={"display_id": self._name}, update=not is_new)


_began = time.monotonic()  # when the running cell began, or the first one imported this
_shown: _Line | None = None
_lock = threading.Lock()


def _line() -> _Line | None:
    """The line of the running cell, made when first asked for; None where nobody looks at one."""
    global _shown
    if _shown is None and (shell := _kernel_shell()) and _runs_a_cell(shell):
        with _lock:
            _shown = _shown or _Line(shell)
    return _shown


def _kernel_shell() -> Any:
    """IPython's shell in the kernel of an open notebook, else None."""
    shell = sys.modules["IPython"].get_ipython() if SESSION in os.environ and "IPython" in sys.modules else None
    return shell if hasattr(shell, "kernel") else None


def _runs_a_cell(shell: Any) -> bool:
    """Whether a cell is being run; what a control does has no cell to stand below."""
    asked = shell.get_parent()
    return isinstance(asked, dict) and asked.get("header", {}).get("msg_type") == "execute_request"


def _begin(_: object = None) -> None:
    global _began
    _began = time.monotonic()


if _shell := _kernel_shell():
    _shell.events.register("pre_run_cell", _begin)
    told_in_a_line(_shell)
