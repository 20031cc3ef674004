"""Files that have the same bytes for the same content: no clock, no file name in a gzip header."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

GZIP_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the truth, and when the first alarm of the window went off (epoch ms)."""

    truth: dict[str, object]
    first_alarm_ms: int | None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, gzipped where the name ends in .gz."""
    _write(path, text.encode("utf-8"))


def write_items(path: Path, items: Iterable[str], *, before: str = "", between: str = "", after: str = "") -> None:
    """The same of many texts; long texts with a few wide characters would take four times the memory as one."""
    joined = between.encode("utf-8").join([item.encode("utf-8") for item in items])
    _write(path, b"".join((before.encode("utf-8"), joined, after.encode("utf-8"))))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else content)


def write_json(path: Path, content: object, *, indent: int | None = 4) -> None:
    """Write JSON as the AWS CLI prints it: indent 4, unicode as it is."""
    write_text(path, json.dumps(content, indent=indent, ensure_ascii=False) + "\n")
