"""Files that have the same bytes for the same content: no clock, no file name in a gzip header."""

import gzip
import json
from pathlib import Path

GZIP_LEVEL = 3


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, gzipped where the name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode("utf-8")
    path.write_bytes(gzip.compress(content, GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else content)


def write_json(path: Path, content: object, *, indent: int | None = 4) -> None:
    """Write JSON as the AWS CLI prints it: indent 4, unicode as it is."""
    write_text(path, json.dumps(content, indent=indent, ensure_ascii=False) + "\n")
