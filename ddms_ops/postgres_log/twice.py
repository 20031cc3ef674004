"""What several files of one server hold twice: copies of a file, and one log in two shapes (`stderr,csvlog`)."""

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import BinaryIO

import numpy as np

from ddms_ops.postgres_log.blocks import TimedFile
from ddms_ops.postgres_log.heads import server_of

HEAD = 4096  # bytes at a file's beginning that are looked for in another
CHUNK = 1 << 20
SECOND_US = 1_000_000
NO_SPANS = np.zeros((0, 2), np.int64)


@dataclass(slots=True)
class Part:
    """What is taken of a file.

    `until` is the byte where another file of the server goes on with the same (0: that one has all of it), `elsewhere`
    are times [start, end) microseconds that a csvlog or jsonlog of the server holds, `note` words for coverage.
    """

    until: int
    elsewhere: np.ndarray = field(default_factory=lambda: NO_SPANS)
    note: str = ""

    def is_elsewhere(self, times: np.ndarray) -> np.ndarray:
        """Which of some times are those that another file holds."""
        if not len(self.elsewhere):
            return np.zeros(len(times), bool)
        place = np.searchsorted(self.elsewhere[:, 0], times, "right") - 1
        return (place >= 0) & (times < self.elsewhere[place, 1])


def parts(files: Mapping[str, TimedFile]) -> dict[str, Part]:
    """What to take of each file, so that nothing is taken twice.

    A file that another holds, as its beginning or anywhere, is left out; of one that another goes on with, the part
    before that is taken. A stderr log is not taken where a csvlog or jsonlog of the same server has the time, nor a
    jsonlog where a csvlog has it.

    Args:
        files: by name, below the folder of the logs; files of one folder are of one server.

    Returns:
        By name.
    """
    found = {name: Part(file.size) for name, file in files.items()}
    names = sorted(files, key=lambda name: server_of([name]))
    for _, group in groupby(names, key=lambda name: server_of([name])):
        timed = [(name, files[name]) for name in group if files[name].first is not None]
        timed.sort(key=lambda item: (item[1].first, item[0]))
        if len(timed) > 1:
            _leave_out_copies(timed, found)
            _leave_out_shapes([item for item in timed if found[item[0]].until], found)
    return found


def _leave_out_copies(files: Sequence[tuple[str, TimedFile]], found: dict[str, Part]) -> None:
    for number, (name, later) in enumerate(files):
        for other, earlier in files[:number]:
            if not found[other].until or (place := _repeated_from(earlier, later)) is None:
                continue
            if _end(later) <= earlier.size - place:
                found[name] = Part(0, note=f"{name} left out: {other} holds the same")
                break
            if place < found[other].until:
                words = f"taken up to where {name} begins with the same" if place else f"left out: {name} holds it"
                found[other] = Part(place, note=f"{other} {words}")


def _leave_out_shapes(files: Sequence[tuple[str, TimedFile]], found: dict[str, Part]) -> None:
    """Note the times that a file of a better shape holds."""
    for name, file in files:
        better = [other for _, other in files if _rank(other) < _rank(file)]
        found[name].elsewhere = _merged([_span(other) for other in better])


def _rank(file: TimedFile) -> int:
    return 0 if file.shape.is_csv else 1 if file.shape.is_json else 2


def _span(file: TimedFile) -> tuple[int, int]:
    """The whole seconds of a file, as a prefix may have no more."""
    first, last = (file.extent or (0, 0))[0], file.last or 0
    return first // SECOND_US * SECOND_US, (last // SECOND_US + 1) * SECOND_US


def _merged(spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """The spans in order, none meeting another."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return np.array(merged, np.int64) if merged else NO_SPANS


def _repeated_from(earlier: TimedFile, later: TimedFile) -> int | None:
    """The byte of a file from which another repeats it; None where it does not."""
    if _rank(earlier) != _rank(later) or earlier.first is None or later.first is None:
        return None
    if earlier.last is None or later.first > earlier.last:
        return None
    with earlier.path.open("rb") as one, later.path.open("rb") as two:
        head = two.read(HEAD)[: _end(later)]
        begin, end = earlier.range_of(later.first, later.first + 1)
        with mmap.mmap(one.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if text[: len(head)] == head[: earlier.size] and _is_same(text, two, 0):
                return 0
            place = text.find(b"\n" + head, max(0, begin - 1), end + HEAD) + 1
            return place if place and _is_same(text, two, place) else None


def _is_same(text: mmap.mmap, stream: BinaryIO, place: int) -> bool:
    """Whether a text from a place, and another from its beginning, are the same until one of them ends."""
    stream.seek(0)
    while place < len(text) and (chunk := stream.read(CHUNK)):
        part = text[place : place + CHUNK]
        width = min(len(part), len(chunk))
        if part[:width] != chunk[:width]:
            return False
        place += len(chunk)
    return True


def _end(file: TimedFile) -> int:
    """The size of a file without the end of its last line."""
    with file.path.open("rb") as stream:
        stream.seek(max(0, file.size - 2))
        return file.size - len(ending) + len(ending.rstrip(b"\r\n")) if (ending := stream.read()) else 0
