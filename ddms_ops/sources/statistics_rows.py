"""Rows of one exported view, whichever tool wrote it: quoted or unaligned text, JSON, Parquet.

Null and empty fields are left out. A field of text is a number where it reads as one and its column is none of TEXTS.
"""

import csv
import gzip
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.sources.opening import GZIP_MAGIC, SAMPLE, open_export

ViewRow = dict[str, object]
TEXTS = frozenset({
    "query", "setting", "boot_val", "reset_val", "min_val", "max_val", "name", "usename", "rolname", "user", "role",
    "datname", "database", "application_name", "client_hostname", "schemaname", "schema", "relname", "indexrelname",
    "tablename", "indexname", "indexdef", "definition", "attname", "conname", "most_common_vals", "histogram_bounds",
    "transactionid", "virtualtransaction", "virtualxid", "queryid", "query_id",
})  # fmt: skip
SEPARATORS = ",\t;|"
NULL = r"\N"  # of COPY in its text format
INTEGER = re.compile(r"[+-]?\d{1,30}")
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
FOOTER = re.compile(r"\(\d+ rows?\)\s*")
RULE = re.compile(r"[-+| ]*---[-+| ]*")
BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
NEXT_LINE = re.compile(r"[\r\n]+")
COLUMN = re.compile(r"[^\W\d][\w$? ]*")
NO_HEADER = "has no header: its first line is no row of column names; export it with one (psql --csv)"
TWICE = "has more than one column of one name"
LARGEST_FIELD = 1 << 28
PARQUET_MAGIC = b"PAR1"


class CannotRead(Exception):
    """Nothing can be had from a file; the message says why."""

    def __init__(self, words: str, *, is_denied: bool = False) -> None:
        self.is_denied = is_denied
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class ViewRows:
    """The rows of one file and words for what is wrong with it; `names` are those of its header, where it has one."""

    rows: list[ViewRow]
    faults: tuple[str, ...] = ()
    names: frozenset[str] | None = None
    is_readable: bool = True
    is_denied: bool = False


def view_rows(path: Path, scratch: Path) -> ViewRows:
    """The rows of a file.

    Raises:
        CannotRead: there is nothing to be had from it.
        OSError, EOFError, zlib.error: it breaks off while it is read.
    """
    if (packed := _parquet(path)) is not None:
        return _parquet_rows(packed)
    opened = open_export(path, scratch)
    if not opened.is_readable:
        raise CannotRead("; ".join(opened.faults), is_denied=opened.is_denied)
    text = opened.plain.read_text(encoding="utf-8-sig", errors="replace")
    is_json = text.lstrip()[:1] in ("{", "[")
    read = _json_rows(text) if is_json else _text_rows(text)
    return ViewRows(read.rows, (*opened.faults, *read.faults), read.names)


def _parquet(path: Path) -> bytes | Path | None:
    """What holds the Parquet data of a file: itself, or its inflated bytes; None where it has none."""
    try:
        with path.open("rb") as stream:
            head = stream.read(SAMPLE)
    except OSError:
        return None  # `open_export` says why
    if head.startswith(PARQUET_MAGIC):
        return path
    if head.startswith(GZIP_MAGIC) and ".parquet" in path.name.lower():
        return gzip.decompress(path.read_bytes())
    return None


def _parquet_rows(packed: bytes | Path) -> ViewRows:
    try:
        table = pq.read_table(packed if isinstance(packed, Path) else BytesIO(packed), partitioning=None)
        names = [name.strip().lower() for name in table.column_names]
        rows = table.rename_columns([str(place) for place in range(len(names))]).to_pylist()
    except (pa.ArrowException, OSError, ValueError):  # its own text may quote a record
        raise CannotRead("is no whole Parquet file") from None
    if len(set(names)) < len(names):
        raise CannotRead(TWICE)
    return ViewRows(
        [_present(dict(zip(names, row.values(), strict=True))) for row in rows], names=frozenset(names)
    )  # fmt: skip


def _present(row: dict[str, object]) -> ViewRow:
    return {name: _plain(value) for name, value in row.items() if value is not None and value != ""}


def _plain(value: object) -> object:
    """The value as JSON has it."""
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        return int(value) if whole else _finite(float(value))
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _json_rows(text: str) -> ViewRows:
    """Objects that follow each other, one a line or not, in one list or several; the others are counted."""
    decoder = json.JSONDecoder(parse_constant=lambda _: None)
    rows: list[ViewRow] = []
    place, damaged = 0, 0
    while (place := BETWEEN.match(text, place).end()) < len(text):  # type: ignore[union-attr]
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            damaged += 1
            following = NEXT_LINE.search(text, place)
            place = following.end() if following else len(text)
            continue
        if isinstance(found, dict):
            rows.append({str(name).strip().lower(): value for name, value in _present(found).items()})
        else:
            damaged += 1
    return ViewRows(rows, (f"{damaged:,} places are no JSON object",) if damaged else ())


def _text_rows(text: str) -> ViewRows:
    """Rows of a text table: quoted as psql --csv and \\copy write it, or unaligned as psql -A does."""
    text = text.lstrip("\r\n")
    first, _, rest = text.partition("\n")
    if RULE.fullmatch(rest.partition("\n")[0].strip()):
        raise CannotRead("is psql's table for reading: export it with psql --csv")
    separator = max(SEPARATORS, key=first.count)
    names = [name.strip().strip('"').lower() for name in first.rstrip("\r").split(separator)]
    if not all(COLUMN.fullmatch(name) for name in names):
        raise CannotRead(NO_HEADER)
    if len(set(names)) < len(names):
        raise CannotRead(TWICE)
    quoted = _quoted(text, separator, len(names))
    rows, faults = quoted
    if faults and separator != ",":
        unaligned = _unaligned(rest, separator, len(names))
        rows, faults = min(quoted, unaligned, key=lambda read: (len(read[1]), -len(read[0])))
    return ViewRows([_row(names, fields) for fields in rows], faults, frozenset(names))


def _quoted(text: str, separator: str, width: int) -> tuple[list[list[str]], tuple[str, ...]]:
    """Rows below the header that have its width, and words for the others."""
    rows: list[list[str]] = []
    ragged, damage = 0, ""
    with _large_fields():
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            for number, fields in enumerate(reader):
                if number == 0 or not fields or _is_footer(fields):
                    continue
                if len(fields) == width:
                    rows.append(fields)
                else:
                    ragged += 1
        except csv.Error:  # its own text may quote a field
            damage = f"not whole CSV: {len(rows):,} rows read before the damage"
    words = [f"{ragged:,} rows do not have as many fields as the header"] if ragged else []
    return rows, (*words, *([damage] if damage else []))


@contextmanager
def _large_fields() -> Iterator[None]:
    """Fields of the length that a statement may have; the limit is the process's, so it is put back."""
    before = csv.field_size_limit(LARGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _unaligned(text: str, separator: str, width: int) -> tuple[list[list[str]], tuple[str, ...]]:
    """Rows whose fields are not quoted: a line short of fields goes on in the next, one that is whole begins anew."""
    rows: list[list[str]] = []
    held, broken = "", 0
    for line in text.split("\n"):
        line = line.removesuffix("\r")
        if FOOTER.fullmatch(line) or (not line and not held):
            continue
        if held and line.count(separator) == width - 1:
            held, broken = "", broken + 1
        held = f"{held}\n{line}" if held else line
        fields = held.split(separator)
        if len(fields) == width:
            rows.append(fields)
        broken += len(fields) > width
        held = "" if len(fields) >= width else held
    broken += bool(held.strip())
    return rows, (f"{broken:,} rows do not have as many fields as the header",) if broken else ()


def _is_footer(fields: list[str]) -> bool:
    return len(fields) == 1 and FOOTER.fullmatch(fields[0]) is not None


def _row(names: list[str], fields: list[str]) -> ViewRow:
    return {
        name: value if name in TEXTS else _value(value)
        for name, value in zip(names, fields, strict=True)
        if value not in ("", NULL)
    }


def _value(text: str) -> object:
    """A number where the text reads as one."""
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text
