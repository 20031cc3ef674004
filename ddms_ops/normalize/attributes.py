"""Fields of JSON events that the profile does not map: what else sets one event apart from another.

A field is found in a sample of each pull: up to 1,000 events spread evenly over it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ddms_ops.declaration import Logs
from ddms_ops.engine import offline_engine

PREFIX = "fields."
"""What the columns of unmapped fields begin with in a LOGS frame."""
SAMPLE = 1000
MOST = 24
VALUE_CHARS = 120
FEW = 50
WITHOUT_COLUMN = ("method", "document_id", "attempts")  # of the names a profile maps
OUTCOME = re.compile(
    r"(?i)err(?:$|or)|exception|fault|failure|stack|^trace$|^status|^(?:level|severity|message|msg|time|@?timestamp)$"
)
"""Keys whose values say how it ended, or when: never a reason for it."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Unmapped fields worth comparing, and why the others are not.

    `paths` holds the keys to each by its column name; `left_out` the reason by name.
    """

    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Seen:
    values: set[str] = field(default_factory=set)
    count: int = 0
    longest: int = 0
    is_fraction: bool = False


def find_attributes(pulls: Sequence[tuple[Path, str, Logs]]) -> Attributes:
    """Fields of the pulls' JSON events, to a depth of two keys, that no LOGS column holds.

    Left out: those with nearly a value an event (identifiers), long texts, measured fractions, and
    fields that tell the outcome. At most 24 are kept, those in most events first.
    """
    seen: dict[tuple[str, ...], _Seen] = {}
    for path, _, declared in pulls:
        mapped = {name for ours, theirs in declared.fields.items() if ours not in WITHOUT_COLUMN for name in theirs}
        for message in _sample(path):
            for keys, value in _scalars(_loads(message)):
                if not mapped & {keys[0], ".".join(keys)} and not any(map(OUTCOME.search, keys)):
                    _note(seen.setdefault(keys, _Seen()), value)
    found = Attributes()
    for keys, held in sorted(seen.items(), key=lambda item: (-item[1].count, item[0])):
        name = PREFIX + ".".join(keys)
        if reason := _reason(held) or ("too many fields" if len(found.paths) == MOST else ""):
            found.left_out[name] = reason
        else:
            found.paths[name] = keys
    return found


def _sample(path: Path) -> list[str]:
    connection = offline_engine()
    try:
        [(rows,)] = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
        found = connection.execute(
            """SELECT message FROM read_parquet(?, file_row_number = true)
            WHERE file_row_number % ? = 0 AND starts_with(ltrim(message), '{')""",
            [str(path), max(1, -(-rows // SAMPLE))],
        ).fetchall()
    finally:
        connection.close()
    return [message for (message,) in found]


def _loads(message: str) -> dict[str, object]:
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _scalars(event: dict[str, object]) -> list[tuple[tuple[str, ...], object]]:
    """Scalar values with the keys that lead to them, one and two deep, the first 200."""
    found: list[tuple[tuple[str, ...], object]] = []
    for key, value in islice(event.items(), 200):
        if isinstance(value, dict):
            found += [((key, inner), each) for inner, each in islice(value.items(), 200)]
        else:
            found.append(((key,), value))
    return [(keys, value) for keys, value in found if isinstance(value, str | int | float) and value != ""]


def _note(held: _Seen, value: object) -> None:
    text = str(value)
    held.count += 1
    held.values.add(text[:VALUE_CHARS])
    held.longest = max(held.longest, len(text))
    held.is_fraction |= isinstance(value, float)


def _reason(held: _Seen) -> str:
    if held.longest > VALUE_CHARS:
        return "long texts"
    if len(held.values) > FEW and len(held.values) > held.count / 2:
        return f"identifier-like: {len(held.values):,} values in {held.count:,} events of a sample"
    return "a measure, not a name" if held.is_fraction and len(held.values) > FEW / 5 else ""
