"""Rows of RECORDS out of list and describe answers, without what may hold a secret."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.collect import STATUS
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.window import iso

UNTOLD = frozenset({"ResponseMetadata"})


def record_row(kind: str, identifier: str, record: Mapping[str, Any], *, timestamp: datetime | None = None) -> Row:
    """One row of RECORDS; without a timestamp it is a present state."""
    kept = {name: value for name, value in record.items() if name not in UNTOLD}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True, default=_text)
    return {"timestamp": iso_text(timestamp), "kind": kind, "id": identifier, "record": text}


def iso_text(stamp: datetime | None) -> str | None:
    """A time of an answer as ISO text in UTC."""
    return None if stamp is None else iso(pd.Timestamp(stamp))


def picked(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of the named fields that a record has."""
    return {name: record[name] for name in names if name in record}


def of_each(what: str, names: Iterable[str], rows_of: Callable[[str], Iterator[Row]]) -> Iterator[Row]:
    """The rows of each name; one that cannot be had is a fault and loses no other.

    Raises:
        AwsFault: the credentials have ended: none of the others can be had either.
    """
    for name in names:
        try:
            yield from rows_of(name)
        except AwsFault as fault:
            if fault.is_signed_out:
                raise
            yield {FAULT: f"{what} {name}: {fault.words}", STATUS: fault.status}


def absent(what: str, name: str) -> Row:
    """The fault of a name that a list does not hold."""
    return {
        FAULT: f"{what} {name}: there is none of that name in this account and region",
        STATUS: Status.NOT_CONFIGURED,
    }


def _text(value: object) -> str | None:
    return iso_text(value) if isinstance(value, datetime) else str(value)
