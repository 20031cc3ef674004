"""The rows of a piece of a log file: every entry with all its lines, and every line that is part of none."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.postgres_log.blocks import LONGEST, Block, clipped
from ddms_ops.postgres_log.clock import epoch_us, times_at
from ddms_ops.postgres_log.prefix import compiled
from ddms_ops.postgres_log.shapes import CONTINUES, CSV, JSON, JSON_TIME, Shape

NEWLINE, QUOTE, LETTER_T, LETTER_Z = 10, 34, 84, 90
LEAD_ENDS = (19, 23, 26, 29)  # where the Z of CloudWatch's time stands


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a piece, in the order they stand in.

    `times` are microseconds, -1 where no entry is before a row; `lines` is how many lines a row has; `clipped` how many
    rows are cut at 1 MiB; `zones` how many times have an unknown or doubtful zone, by its name.
    """

    times: np.ndarray
    numbers: np.ndarray
    lines: np.ndarray
    prefixes: pa.Array
    entries: pa.Array
    clipped: int = 0
    zones: dict[str, int] = field(default_factory=dict)


def rows_of(block: Block, shape: Shape) -> Rows:
    """Cut a piece into rows."""
    data = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(data == NEWLINE) + 1
    ends = ends if len(ends) and ends[-1] == len(data) else np.append(ends, len(data))
    places = np.concatenate([[0], ends[:-1]])
    which = _fitting(_texts(block.data, places), shape)
    begins = which >= 0
    begins[~begins] = _foreign(block.data, data, places, begins, shape)
    begins[0] = True
    first = np.flatnonzero(begins)
    which, starts = which[first], places[first]
    zones: dict[str, int] = {}
    entries, count = _shortened(_texts(block.data, starts))
    times = _filled(_times(data, starts, entries, which, shape, zones))
    prefixes = pa.DictionaryArray.from_arrays(
        pa.array(which, mask=which < 0), pa.array(shape.prefixes or ("",), pa.string())
    )
    lines = np.diff(np.append(first, len(places)))
    return Rows(times, first + block.line, lines, prefixes, entries, count + block.is_clipped, zones)


def _texts(data: bytes, places: np.ndarray) -> pa.StringArray:
    """The texts between some places, without copying."""
    offsets = np.append(places, len(data)).astype(np.int32)
    return pa.StringArray.from_buffers(len(places), pa.py_buffer(offsets), pa.py_buffer(data))


def _fitting(lines: pa.StringArray, shape: Shape) -> np.ndarray:
    """Which of the prefixes each line begins with, -1 for none."""
    found = np.full(len(lines), -1, np.int8)
    for place, pattern in enumerate(shape.starts):
        fits = pc.match_substring_regex(lines, f"^(?:{pattern})").to_numpy(zero_copy_only=False)
        found[(found < 0) & fits] = place
    return found


def _foreign(data: bytes, codes: np.ndarray, places: np.ndarray, begins: np.ndarray, shape: Shape) -> np.ndarray:
    """Which of the lines that begin no entry are part of none either."""
    others = np.flatnonzero(~begins)
    if not len(others):
        return np.zeros(0, bool)
    if shape.is_csv:
        quotes = np.searchsorted(np.flatnonzero(codes == QUOTE), places)
        entry = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
        return (quotes[others] - quotes[entry[others]]) % 2 == 0
    lines = _texts(data, places).take(pa.array(others))
    if shape.foreign:
        return pc.match_substring_regex(lines, f"^(?:{shape.foreign})").to_numpy(zero_copy_only=False)
    return ~pc.match_substring_regex(lines, f"^(?:{CONTINUES})").to_numpy(zero_copy_only=False)


def _shortened(texts: pa.StringArray) -> tuple[pa.Array, int]:
    """The texts without their last line's end, each of 1 MiB at most, and how many were longer."""
    sizes = np.diff(np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1])
    long = np.flatnonzero(sizes > LONGEST)
    count = 0
    if len(long):
        mask = np.zeros(len(texts), bool)
        mask[long] = True
        whole = [texts[int(place)].as_py().rstrip("\r\n").encode() for place in long]
        count = sum(len(text) > LONGEST for text in whole)
        texts = pc.replace_with_mask(texts, pa.array(mask), pa.array([clipped(text).decode() for text in whole]))
    return pc.ascii_rtrim(texts, "\r\n"), count


def _times(
    data: np.ndarray, starts: np.ndarray, entries: pa.Array, which: np.ndarray, shape: Shape, zones: dict[str, int]
) -> np.ndarray:
    """Microseconds of each row, -1 where it is no entry."""
    found = np.full(len(starts), -1, np.int64)
    for place, name in enumerate(shape.prefixes):
        rows = np.flatnonzero(which == place)
        if not len(rows):
            continue
        if name == CSV or name[:2] in ("%t", "%m"):
            found[rows] = times_at(data, starts[rows] + (0 if name == CSV else _leads(data, starts[rows])), zones)
        else:
            found[rows] = _read_times(entries.take(pa.array(rows)), name, zones)
    return found


def _leads(data: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Width of CloudWatch's time before each entry, 0 where there is none."""
    has, width = data[places + 10] == LETTER_T, np.zeros(len(places), np.int64)
    if has.any():
        for end in LEAD_ENDS:
            width = np.where(
                has & (width == 0) & (data[np.minimum(places + end, len(data) - 1)] == LETTER_Z), end + 2, width
            )
    return width


def _read_times(entries: pa.Array, name: str, zones: dict[str, int]) -> np.ndarray:
    """Times of entries whose prefix does not begin with them."""
    found = pc.extract_regex(entries, JSON_TIME if name == JSON else f"^{compiled(name).pattern}")
    if "epoch" in {field.name for field in found.type}:
        return np.array([epoch_us(text) for text in pc.struct_field(found, "epoch").to_pylist()], np.int64)
    stamps = pc.binary_join_element_wise(pc.struct_field(found, "stamp"), "", "\n")  # no zone runs into the next time
    offsets = np.frombuffer(stamps.buffers()[1], np.int32)[stamps.offset : stamps.offset + len(stamps)]
    text = np.frombuffer(stamps.buffers()[2], np.uint8)
    return times_at(text, offsets.astype(np.int64), zones)


def _filled(times: np.ndarray) -> np.ndarray:
    """Times in which a row that is no entry has that of the entry before."""
    last = np.maximum.accumulate(np.where(times >= 0, np.arange(len(times)), -1))
    return np.where(last >= 0, times[np.maximum(last, 0)], -1)
