"""Fields of JSON events that the profile does not map: what else sets one event apart from another.

A field is found in a sample of each pull: about 1,000 events, picked by a hash of their row.
"""

import json
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ddms_ops.declaration import Logs
from ddms_ops.engine import offline_engine
from ddms_ops.normalize.log_text import payload

PREFIX = "fields."
"""What the columns of unmapped fields begin with in a LOGS frame."""
SAMPLE = 1000
MOST = 100
VALUE_CHARS = 120
FEW = 50
WITHOUT_COLUMN = ("method", "document_id", "attempts")  # of the names a profile maps
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
OUTCOME = re.compile(
    r"(?:(?:is|has|last|root|api|http|response|reply|job|final)_)?"
    r"(?:(?:err|error|exception|fault|failure|status)s?"
    r"(?:_(?:code|type|name|class|kind|category|message|msg|text|detail|details|reason|description|id|info|object|family))?"
    r"|(?:success|succeeded|successful|ok|failed|outcome|result|retries|retry_count|attempts?)"
    r"|stack|stack_?trace|traceback|trace|exc_info|reason)"
    r"|level|severity(?:_text|_number)?|message|msg|time|timestamp|ts|date|duration(?:_\w+)?|(?:\w+_)?latency(?:_\w+)?|elapsed(?:_\w+)?"
)
"""Keys, their words in lower case and joined by `_`, whose values say how it ended, or when: never a reason for it."""
SECRET = re.compile(
    r"(?:^|_)(?:pass|passwd|password|passphrase|passcode|pwd|pin|secret|secrets|token(?!_(?:count|type))|credential|credentials"
    r"|authorization|cookie|cookies|session|signature|jwt|otp|api_key|access_key|private_key|ssn|iban|email|mail|phone)(?:_|$)"
)
"""Keys whose values are secret or personal: nothing is compared by them."""


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
    is_number: bool = True


def find_attributes(pulls: Sequence[tuple[Path, str, Logs]]) -> Attributes:
    """Fields of the pulls' JSON events, to a depth of two keys, that no LOGS column holds.

    Left out: those with nearly a value an event (identifiers), long texts, measures, and
    secrets, and fields that tell the outcome. At most 100 are kept, those in most events first.
    """
    seen = _seen(pulls)
    found = Attributes()
    for keys, held in sorted(seen.items(), key=lambda item: (-item[1].count, item[0])):
        name = PREFIX + ".".join(keys)
        if name in found.paths or name in found.left_out:  # {"a.b": …} beside {"a": {"b": …}}
            name = PREFIX + "/".join(keys) if len(keys) > 1 else name + " "
        if reason := _aside(keys) or _reason(held) or ("too many fields" if len(found.paths) == MOST else ""):
            found.left_out[name] = reason
        else:
            found.paths[name] = keys
    return found


def _seen(pulls: Sequence[tuple[Path, str, Logs]]) -> dict[tuple[str, ...], _Seen]:
    seen: dict[tuple[str, ...], _Seen] = {}
    with closing(offline_engine()) as engine:
        for path, _, declared in pulls:
            mapped = {name for ours, theirs in declared.fields.items() if ours not in WITHOUT_COLUMN for name in theirs}
            for message in _sample(engine, path):
                for keys, value in _scalars(_loads(message)):
                    if ".".join(keys) not in mapped and not (len(keys) > 1 and keys[-1] == "id" and keys[0] in mapped):
                        _note(seen.setdefault(keys, _Seen()), value)
    return seen


def _sample(engine: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    rows = pq.read_metadata(path).num_rows
    if not rows:
        return []
    found = engine.execute(
        f"""SELECT json FROM (SELECT {payload()} AS json, file_row_number FROM
            read_parquet(?, file_row_number = true)) WHERE hash(file_row_number) % ? = 0 AND json IS NOT NULL""",
        [str(path), max(1, -(-rows // SAMPLE))],
    ).fetchall()
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
    held.is_number &= isinstance(value, int | float) and not isinstance(value, bool)


def _aside(keys: tuple[str, ...]) -> str:
    """Why values of a key are not compared whatever they are, empty when they may be."""
    names = ["_".join(WORDS.findall(key)).lower() for key in keys]
    if any(map(SECRET.search, names)):
        return "may be secret or personal"
    return "says how or when it ended" if any(map(OUTCOME.fullmatch, names)) else ""


def _reason(held: _Seen) -> str:
    if held.longest > VALUE_CHARS:
        return "long texts"
    if len(held.values) > FEW and len(held.values) > held.count / 2:
        return f"identifier-like: {len(held.values):,} values in {held.count:,} events of a sample"
    return "a measure, not a name" if held.is_number and len(held.values) > FEW / 5 else ""
