"""Opening one export file: inflated, known to be text, and its damage known.

Damage never stops a run: what can be read is read, the rest is named in `faults`.
"""

import codecs
import gzip
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ddms_ops.interrupts import check_pressed
from ddms_ops.progress import Meter

CHUNK = 1 << 20
MAX_LINE = 4 << 20
GZIP_MAGIC = b"\x1f\x8b"
SAMPLE = 1 << 16
JUNK_SHARE = 0.1
TEXT_CONTROL = frozenset(b"\t\n\r\x0b\x0c\x1b")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that can be read as UTF-8 text at `plain`.

    `faults` are words for coverage, empty when nothing is wrong; `is_readable` is False where
    nothing can be had of it. `longest` is the longest line in bytes (of 1 MiB at least).
    """

    path: Path
    plain: Path
    size: int = 0
    longest: int = 0
    faults: tuple[str, ...] = ()
    is_readable: bool = True
    is_denied: bool = False


def open_export(path: Path, scratch: Path) -> Opened:
    """The file made readable; inflated or mended copies go into `scratch`."""
    try:
        with path.open("rb") as stream:
            head = stream.read(SAMPLE)
    except PermissionError:
        return Opened(path, path, faults=("no permission to read it",), is_readable=False, is_denied=True)
    except OSError as fault:
        return Opened(path, path, faults=(f"cannot be read ({fault.strerror})",), is_readable=False)
    opened = Opened(path, path)
    if head.startswith(GZIP_MAGIC):
        opened = _inflate(path, scratch)
        with opened.plain.open("rb") as stream:
            head = stream.read(SAMPLE)
    if not head:
        return replace(opened, faults=opened.faults or ("is empty",), is_readable=False)
    if _junk_share(head) > JUNK_SHARE:
        return replace(opened, faults=(*opened.faults, "is not text"), is_readable=False)
    return _scan(opened, scratch)


def without_long_lines(opened: Opened, scratch: Path) -> Opened:
    """The same file, lines over 4 MiB left out and counted."""
    if opened.longest <= MAX_LINE:
        return opened
    target = scratch_file(scratch)
    dropped = 0
    with target.open("wb") as out:
        for piece, is_long in _lines(opened.plain):
            dropped += is_long
            out.write(b"\n" if is_long else piece)
    lines = "1 line" if dropped == 1 else f"{dropped} lines"
    return replace(opened, plain=target, faults=(*opened.faults, f"{lines} over {MAX_LINE >> 20} MiB left out"))


def _lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Each line with its end, or b"" and True for one that is too long (never held whole)."""
    with path.open("rb") as stream:
        while piece := stream.readline(MAX_LINE + 1):
            if len(piece) <= MAX_LINE or piece.endswith(b"\n"):
                yield piece, False
                continue
            while piece and not piece.endswith(b"\n"):
                piece = stream.readline(MAX_LINE)
            yield b"", True


def _inflate(path: Path, scratch: Path) -> Opened:
    target = scratch_file(scratch)
    faults: tuple[str, ...] = ()
    with path.open("rb") as packed, gzip.open(packed) as stream, target.open("wb") as out:
        try:
            with Meter(f"{path.name}, unpacked", size=path.stat().st_size) as meter:
                while chunk := stream.read(CHUNK):
                    out.write(chunk)
                    check_pressed()
                    meter.add(size=packed.tell() - meter.bytes_done)
        except EOFError:
            faults = ("gzip data ends early",)
        except (gzip.BadGzipFile, zlib.error):
            faults = ("gzip data is damaged",)
    if faults:
        _salvage(path, target)
    return Opened(path, target, faults=faults)


def _salvage(path: Path, target: Path) -> None:
    """Write all that a damaged gzip file still yields."""
    inflater = zlib.decompressobj(wbits=31)
    with path.open("rb") as stream, target.open("wb") as out:
        while chunk := stream.read(4096):
            try:
                out.write(inflater.decompress(chunk))
            except zlib.error:
                return
            if inflater.eof:
                rest = inflater.unused_data
                inflater = zlib.decompressobj(wbits=31)
                try:
                    out.write(inflater.decompress(rest))
                except zlib.error:
                    return


def _junk_share(head: bytes) -> float:
    """Share of bytes that no text file has: control bytes and what is not UTF-8."""
    text = head.decode("utf-8", errors="replace")
    broken = text.count("�") - head.count("�".encode())
    control = sum(1 for byte in head if byte < 32 and byte not in TEXT_CONTROL)
    return (broken + control) / len(head)


def _scan(opened: Opened, scratch: Path) -> Opened:
    """Size, longest line and encoding of the file; bytes that are not UTF-8 or NUL are replaced."""
    size, gap, longest, is_clean = 0, 0, 0, True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened.plain.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            check_pressed()
            size += len(chunk)
            newline = chunk.find(b"\n")
            longest = max(longest, gap + (newline if newline >= 0 else len(chunk)))
            gap = gap + len(chunk) if newline < 0 else len(chunk) - chunk.rfind(b"\n") - 1
            is_clean = is_clean and b"\0" not in chunk and b"\x01" not in chunk and _decodes(decoder, chunk)
    opened = replace(opened, size=size, longest=max(longest, gap))
    return opened if is_clean else _mend(opened, scratch)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _mend(opened: Opened, scratch: Path) -> Opened:
    target = scratch_file(scratch)
    with opened.plain.open("r", encoding="utf-8", errors="replace", newline="") as stream, target.open("wb") as out:
        while text := stream.read(CHUNK):
            out.write(text.replace("\0", "�").replace("\x01", "�").encode())
    return replace(opened, plain=target, faults=(*opened.faults, "bytes that are no text replaced"))


def scratch_file(folder: Path, suffix: str = "") -> Path:
    """A new empty file in a folder, with a name of its own."""
    handle, name = tempfile.mkstemp(dir=folder, suffix=suffix)
    os.close(handle)
    return Path(name)
