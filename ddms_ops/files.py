"""Files of a report folder: written whole or not at all, and hashed again only where they were written anew."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ddms_ops.errors import EvidenceError

AGAIN = "run open_case again"
CELL_AGAIN = "run the cell again when that is mended"


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file is written anew: its inode, size and times; to know without reading it."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def refused(what: object, *, way_out: str) -> Iterator[None]:
    """Within the block a refusal of the disk is told in one line.

    Args:
        what: could not be done, `reports/x: cannot be written`.
        way_out: what works.

    Raises:
        EvidenceError: no permission, no room, or whatever else the disk refuses.
    """
    try:
        yield
    except (OSError, duckdb.IOException) as fault:  # whose message may quote a record
        why = os.strerror(fault.errno) if isinstance(fault, OSError) and fault.errno else type(fault).__name__
        raise EvidenceError(f"{what}: {why}; {way_out}") from None


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write a file: it takes the place of `path` at the end of the block; where that fails, it is gone.

    Raises:
        EvidenceError: it cannot be written.
    """
    partial = path.with_suffix(".part")
    try:
        with refused(f"{path}: cannot be written", way_out=CELL_AGAIN):
            yield partial
            partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


class Watched:
    """Files of a folder that were recorded with their hash: each is read again only where its stamp is another one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[Path, str, tuple[int, ...]]] = {}

    def trust(self, name: str, sha256: str) -> None:
        """Take a file that was just written, or just hashed, for what it is."""
        path = self._folder / name
        self._known[name] = path, sha256, stamp(path)

    def check(self, name: str, sha256: str) -> Path:
        """The file, which is what was recorded.

        Raises:
            EvidenceError: it is missing, cannot be read, or was changed.
        """
        if not self._is_as_known(name, sha256):
            path = self._folder / name
            self._known[name] = path, sha256, _verified(path, sha256)
        return self._known[name][0]

    def _is_as_known(self, name: str, sha256: str) -> bool:
        try:
            path, *known = self._known[name]
            return known == [sha256, stamp(path)]
        except (KeyError, OSError):
            return False


def _verified(path: Path, sha256: str) -> tuple[int, ...]:
    """The stamp of a file that has this hash."""
    with refused(f"{path}: cannot be read", way_out=AGAIN):
        if not path.exists():
            raise EvidenceError(f"{path}: is missing; {AGAIN}")
        at = stamp(path)  # before it is read: what is written meanwhile is seen by the next
        if file_digest(path) != sha256:
            raise EvidenceError(f"{path}: was changed: its SHA-256 is not the manifest's; {AGAIN}")
        return at
