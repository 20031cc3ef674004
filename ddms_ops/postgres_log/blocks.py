"""A log file in pieces that begin where an entry begins, and where in it a time stands."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ddms_ops.postgres_log.shapes import Shape

PIECE = 32 << 20
LONGEST = 1 << 20  # bytes kept of one entry
NEAR = 1 << 16
PROBES = 32
LAST = 20  # entries at a file's end of which the latest is its last
BOM = b"\xef\xbb\xbf"
MARGIN_US = 600_000_000  # how far a log may be out of order


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file; `line` is the position of the first, `is_clipped` that of its one entry a part is left."""

    data: bytes
    line: int
    is_clipped: bool = False


def blocks(path: Path, shape: Shape, *, begin: int = 0, end: int, size: int = PIECE) -> Iterator[Block]:
    """Pieces of a file from a byte to another, each from an entry's beginning to just before another's.

    Of an entry that does not fit a piece, the first 1 MiB is kept.
    """
    line = _lines_before(path, begin)
    with path.open("rb") as stream:
        stream.seek(begin)
        left, held = end - begin, b""
        if begin == 0 and stream.read(len(BOM)) != BOM:
            stream.seek(0)
        while left > 0 and (chunk := stream.read(min(size, left))):
            left -= len(chunk)
            held += chunk
            cut = _last(held, shape.entry_start)
            if not cut and len(held) > size + 2 * LONGEST:
                cut = _last(held, shape.row_start)
                if not cut:
                    yield Block(clipped(held) + b"\n", line, is_clipped=True)
                    skipped, held, left = _skip(stream, held, left, shape)
                    line += skipped
                    continue
            if cut:
                yield Block(held[:cut], line)
                line, held = line + held.count(b"\n", 0, cut), held[cut:]
    if held:
        yield Block(held, line)


def clipped(text: bytes) -> bytes:
    """The first 1 MiB of a text, to a whole character."""
    return text[:LONGEST].decode("utf-8", errors="ignore").encode()


def _last(text: bytes, pattern: re.Pattern[bytes]) -> int:
    """Place of the last match at a line's beginning; 0 where there is none but at the text's own."""
    for width in (NEAR, 16 * NEAR, len(text)):
        begin = text.find(b"\n", max(0, len(text) - width)) + 1
        last = 0
        for found in pattern.finditer(text, begin) if begin else ():
            last = found.start()
        if last:
            return last
    return 0


def _skip(stream, held: bytes, left: int, shape: Shape) -> tuple[int, bytes, int]:  # type: ignore[no-untyped-def]
    """Go on to the next beginning of anything: lines passed by, what is held from there, bytes left."""
    passed = 0
    while True:
        newline = held.find(b"\n")
        found = shape.row_start.search(held, newline + 1) if newline >= 0 else None
        if found and found.start() < len(held):
            return passed + held.count(b"\n", 0, found.start()), held[found.start() :], left
        chunk = stream.read(min(PIECE, left)) if left > 0 else b""
        if not chunk:
            return passed + held.count(b"\n"), b"", 0
        left -= len(chunk)
        newline = held.rfind(b"\n")
        rest = held[newline:] if newline >= 0 and len(held) - newline < NEAR else b""
        passed += held.count(b"\n") - rest.count(b"\n")
        held = rest + chunk if rest else b" " + chunk


def _lines_before(path: Path, place: int) -> int:
    """How many lines end before a byte of a file."""
    count, left = 0, place
    with path.open("rb") as stream:
        while left > 0 and (chunk := stream.read(min(PIECE >> 2, left))):
            count += chunk.count(b"\n")
            left -= len(chunk)
    return count


class TimedFile:
    """Where in a file a time stands.

    A log is nearly in order. Where samples of it are not, the whole file is to be read.
    """

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path, self.shape, self.size = path, shape, path.stat().st_size
        places = sorted({self.size * part // PROBES for part in range(PROBES)} | {max(0, self.size - NEAR)})
        self._probes = [probe for probe in map(self._at, places) if probe is not None]
        times = [time for _, time in self._probes]
        self.is_ordered = bool(times) and all(
            later >= earlier - MARGIN_US for earlier, later in zip(times, times[1:], strict=False)
        )

    @property
    def first(self) -> int | None:
        """Time of its first entry, microseconds; None without any."""
        return self._probes[0][1] if self._probes else None

    @property
    def extent(self) -> tuple[int, int] | None:
        """Earliest and latest time, microseconds, as samples of the file say; None without any."""
        times = [time for _, time in self._probes]
        return (min(times), max(times)) if times else None

    @cached_property
    def last(self) -> int | None:
        """Latest time among its last entries, microseconds; None without any."""
        with self.path.open("rb") as stream:
            stream.seek(max(0, self.size - NEAR))
            text = stream.read()
        places = deque((found.start() for found in self.shape.entry_start.finditer(text)), LAST)
        heads = (text[place : place + NEAR].decode("utf-8", errors="replace") for place in places)
        times = [time for time in map(self.shape.time_of, heads) if time is not None]
        extent = self.extent
        return max([*times, *(extent[1:] if extent else ())], default=None)

    def meets(self, start: int, end: int) -> bool:
        """Whether it seems to hold entries in [start, end) microseconds."""
        extent = self.extent
        return extent is not None and extent[0] < end and extent[1] >= start

    def range_of(self, start: int, end: int) -> tuple[int, int]:
        """Bytes that hold every entry in [start, end) microseconds, and some before and after."""
        if not self.is_ordered:
            return 0, self.size
        return self._before(start - MARGIN_US), self._after(end + MARGIN_US)

    def _before(self, time: int) -> int:
        """An entry's place such that all before it are older."""
        low, high = 0, self.size
        while high - low > NEAR:
            probe = self._at((low + high) // 2)
            if probe is None or probe[1] >= time:
                high = (low + high) // 2
            else:
                low = max(probe[0], (low + high) // 2)
        place = self._at(max(0, low - NEAR))
        return 0 if place is None or place[1] >= time else place[0]

    def _after(self, time: int) -> int:
        """A place such that all after it are younger."""
        low, high = 0, self.size
        while high - low > NEAR:
            probe = self._at((low + high) // 2)
            if probe is None or probe[1] >= time:
                high = (low + high) // 2
            else:
                low = (low + high) // 2
        place = self._at(min(self.size, high + NEAR))
        return self.size if place is None else place[0]

    def _at(self, place: int) -> tuple[int, int] | None:
        """Place and time of the first entry that begins at a byte or after it, within 4 MiB."""
        with self.path.open("rb") as stream:
            stream.seek(max(0, place - 1))
            text = stream.read(NEAR)
            for width in (NEAR * 16, NEAR * 48):
                if found := self._first(text, place):
                    return found
                text += stream.read(width)
        return self._first(text, place)

    def _first(self, text: bytes, place: int) -> tuple[int, int] | None:
        begin = len(BOM) * text.startswith(BOM) if place == 0 else text.find(b"\n") + 1
        if place and not begin:
            return None
        view = text[begin:]
        found = self.shape.entry_start.search(view)
        if found is None:
            return None
        time = self.shape.time_of(view[found.start() : found.start() + NEAR].decode("utf-8", errors="replace"))
        return None if time is None else (max(0, place - 1) + begin + found.start(), time)
