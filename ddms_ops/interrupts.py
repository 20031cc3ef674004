"""Ctrl-C and a notebook's interrupt button: felt at once, and told in one line.

Python heeds a signal between two of its instructions, and an engine's query is one, however long it takes. Within
`interruptible` a thread hears of the signal first and ends the queries of every engine that is known here.
"""

import contextlib
import os
import signal
import socket
import threading
import traceback
import weakref
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

import duckdb

PATIENCE_S, ROUND_S, ROUNDS = 2.0, 0.1, 600

_engines: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
_lock = threading.Lock()
_pressed, _over = threading.Event(), threading.Event()


class Stopped(KeyboardInterrupt):
    """Ctrl-C during long work, in words of one line; a notebook shows them in place of a traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [str(self)]


def told_in_a_line(shell: Any) -> None:
    """Have IPython show Ctrl-C as one line where it ended work of this package, also between two of its blocks."""
    shell.set_custom_exc((KeyboardInterrupt,), _show)


def _show(shell: Any, kind: type[BaseException], fault: BaseException, at: TracebackType, **told: Any) -> None:
    """Ctrl-C in a person's own code has its traceback as ever."""
    is_ours = any(frame.f_globals.get("__name__", "").startswith("ddms_ops.") for frame, _ in traceback.walk_tb(at))
    if is_ours and not isinstance(fault, Stopped):
        kind, fault = Stopped, Stopped("stopped by hand; run the cell again to go on")
    shell.showtraceback((kind, fault, at), **told)


def heed(engine: duckdb.DuckDBPyConnection) -> None:
    """From now on Ctrl-C ends the engine's queries, within `interruptible`; also in threads."""
    with _lock:
        _engines.add(engine)


def is_pressed() -> bool:
    """Whether Ctrl-C was pressed within the block of `interruptible` that is not over yet."""
    return _pressed.is_set()


def check_pressed() -> None:
    """Called between two steps of work in a thread that Ctrl-C does not reach by itself.

    Raises:
        KeyboardInterrupt: it was pressed, and whoever waits for the thread is being stopped.
    """
    if _pressed.is_set():
        raise KeyboardInterrupt


def interruptible() -> "Block":
    """A block within which Ctrl-C ends the queries that run, and is a KeyboardInterrupt at its end in any case.

    Does nothing but in the main thread, which alone can be interrupted.
    """
    return Block("")


def stopped_as(what: str) -> "Block":
    """`interruptible`, and Ctrl-C is `Stopped`, in one line that names what was stopped."""
    return Block(what)


@contextlib.contextmanager
def whole_step() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, so that what is in it is done whole, or not begun."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[bool] = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


class Block:
    """See `interruptible`. A class: Ctrl-C at the end of a generator's block skips its cleaning up.

    Args:
        what: is being done, for `Stopped`; a plain KeyboardInterrupt without it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_main = threading.current_thread() is threading.main_thread()
        self._is_outermost = self._is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def __enter__(self) -> None:
        if self._is_outermost:
            self._begin()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        is_pressed = self._is_main and _pressed.is_set()
        if self._is_outermost:
            self._end()
        is_of_it = error is None or isinstance(error, KeyboardInterrupt | duckdb.Error | RuntimeError | OSError)
        if isinstance(error, Stopped) or not (is_of_it and is_pressed or isinstance(error, KeyboardInterrupt)):
            return
        if self._what:
            raise Stopped(f"stopped by hand while {self._what}; run the cell again to do it") from None
        if not isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt from None

    def _begin(self) -> None:
        """Have a thread end all queries when Ctrl-C comes; only then the main thread has its KeyboardInterrupt."""
        _over.clear()
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)
        self._before = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        self._listener = threading.Thread(
            target=_listen, args=(self._heard, self._before), name="ddms-ops-interrupts", daemon=True
        )
        try:
            self._listener.start()
            signal.signal(signal.SIGINT, _interrupt)
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(self._before)
        self._told.close()
        _over.set()
        self._listener.join()
        self._heard.close()
        _pressed.clear()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A KeyboardInterrupt once the queries are ended: what catches it may ask an engine again."""
    _pressed.wait(PATIENCE_S)
    if frame is None or frame.f_code is not Block.__exit__.__code__:  # which raises it by itself
        signal.default_int_handler(number, frame)


def _listen(heard: socket.socket, before: int) -> None:
    """End all queries when Ctrl-C comes; whoever listened before hears of every signal too.

    Again and again until the block is over: a query that just begins takes no notice. Engines that are made after it
    was pressed are let alone: what came is put in order with them.
    """
    while numbers := heard.recv(64):
        if before >= 0:
            with contextlib.suppress(OSError):
                os.write(before, numbers)
        if signal.SIGINT in numbers:
            with _lock:
                engines = list(_engines)
            for _ in range(ROUNDS):
                for engine in engines:
                    with contextlib.suppress(duckdb.Error):  # closed
                        engine.interrupt()
                _pressed.set()
                if _over.wait(ROUND_S):
                    break
