"""The bill that AWS delivers to S3: which files are a month's, and fetching them.

A month's files are those that its newest manifest names; without a manifest those of its newest folder, as AWS puts
each new version into one of its own.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from botocore.exceptions import BotoCoreError

from ddms_ops.coverage import Status
from ddms_ops.progress import Meter
from ddms_ops.sources.aws.faults import AwsFault, fault_of
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.queries import CostQuery
from ddms_ops.window import Window

MANIFEST = re.compile(r"manifest\.json$", re.IGNORECASE)
BILL = re.compile(r"\.(parquet|csv|csv\.gz)$", re.IGNORECASE)
UNREAD = re.compile(r"\.zip$", re.IGNORECASE)
MONTH = re.compile(
    r"(?:^|/)(?:billing_period=(\d{4})-(\d{2})|year=(\d{4})/month=(\d{1,2})|(\d{4})(\d{2})01-\d{8})(?=/|$)",
    re.IGNORECASE,
)
UNSAFE = re.compile(r"[^A-Za-z0-9._=+-]")
CHUNK = 1 << 20
ATTEMPTS = 3
NAME_CHARS = 100
MOST_MANIFEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of the bill: its key, size, and when it was written."""

    key: str
    size: int
    written: datetime

    @property
    def month(self) -> str:
        """The billing month that its key names, e.g. 2026-03; empty where it names none."""
        found = list(MONTH.finditer(self.key))
        if not found:
            return ""
        year, month = [part for part in found[-1].groups() if part]
        return f"{year}-{int(month):02d}"

    @property
    def folder(self) -> str:
        """All of the key before its name."""
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The objects to read, and what one should know of the choice."""

    objects: tuple[Stored, ...]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def months_of(window: Window) -> frozenset[str]:
    """The billing months that a window of days touches."""
    start, last = (stamp.tz_convert("UTC").tz_localize(None) for stamp in (window.start, window.end - pd.Timedelta(1)))
    return frozenset(str(month) for month in pd.period_range(start, last, freq="M"))


def months_asked(query: CostQuery) -> frozenset[str]:
    """The billing months of a question: of its window, and of the days that it adds up."""
    return months_of(query.window) | {day[:7] for day in (*query.now, *query.before)}


def place_of(url: str) -> tuple[str, str]:
    """Bucket and prefix of an s3:// address; the prefix ends in a slash where it is not empty."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""


def listed(session: AwsSession, bucket: str, prefix: str) -> list[Stored]:
    """Every object below a prefix.

    Raises:
        AwsFault: not answered.
    """
    asked = {"Bucket": bucket, "Prefix": prefix}
    pages = session.pages("s3", "ListObjectsV2", ask="ContinuationToken", answer="NextContinuationToken", **asked)
    return [
        Stored(str(one["Key"]), int(one["Size"]), one["LastModified"])
        for page in pages
        for one in page.get("Contents", [])
    ]


def chosen(session: AwsSession, bucket: str, objects: Sequence[Stored], months: frozenset[str]) -> Chosen:
    """The files of the months; those whose key names no month are all taken.

    Raises:
        AwsFault: a manifest cannot be had.
    """
    taken: list[Stored] = []
    faults: list[str] = []
    notes: list[str] = []
    for month in sorted(months | {""}):
        files = [one for one in objects if one.month == month and BILL.search(one.key)]
        manifests = [one for one in objects if month and one.month == month and MANIFEST.search(one.key)]
        named = _named(session, bucket, max(manifests, key=_age)) if manifests else None
        if named is not None:
            files, lacking = [one for one in files if one.key in named], len(named - {one.key for one in files})
            faults += [f"{lacking:,} files that the manifest of {month} names are not there"] if lacking else []
        elif month and files:
            newest = max(files, key=_age).folder
            older = sum(one.folder != newest for one in files)
            files = [one for one in files if one.folder == newest]
            notes += [f"{month}: only the newest folder is read, {older:,} files of others are not"] if older else []
        zipped = sum(one.month == month and bool(UNREAD.search(one.key)) for one in objects)
        faults += [f"{zipped:,} .zip files are not read; have the export written as gzip or Parquet"] if zipped else []
        taken += files
    return Chosen(tuple(sorted(taken, key=lambda one: one.key)), tuple(faults), tuple(notes))


def fetched(session: AwsSession, bucket: str, objects: Sequence[Stored], folder: Path) -> Iterator[int]:
    """Write each object into a folder, giving its bytes; a file that is there already is not asked for again.

    Raises:
        AwsFault: one cannot be had whole.
    """
    todo = [one for one in objects if not kept_at(one, folder).exists()]
    with Meter("costs: the bill in S3", "files", total=len(todo), size=sum(one.size for one in todo)) as meter:
        for one in todo:
            path = kept_at(one, folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}")
            before = meter.bytes_done
            for size in _written(session, bucket, one, part):
                meter.add(size=before + size - meter.bytes_done)
            part.rename(path)
            meter.add(1)
            yield one.size


def _written(session: AwsSession, bucket: str, one: Stored, part: Path) -> Iterator[int]:
    """Write one object, giving the bytes so far; asked for again where it breaks off.

    Raises:
        AwsFault: also then not whole.
    """
    for attempt in range(ATTEMPTS):
        body = session.call("s3", "GetObject", Bucket=bucket, Key=one.key)["Body"]
        size = 0
        try:
            with part.open("wb") as out:
                while chunk := body.read(CHUNK):
                    out.write(chunk)
                    size += len(chunk)
                    yield size
        except BotoCoreError as error:
            if attempt == ATTEMPTS - 1:
                raise fault_of(error, "s3", "GetObject") from None
            continue
        if size != one.size:
            raise AwsFault(Status.FAILED, "a file of the bill changed while it was fetched; run again")
        return


def _named(session: AwsSession, bucket: str, manifest: Stored) -> frozenset[str] | None:
    """Keys of the files that a manifest names; None where it names none in a way that is known.

    Raises:
        AwsFault: it cannot be had.
    """
    if manifest.size > MOST_MANIFEST:
        return None
    body = session.call("s3", "GetObject", Bucket=bucket, Key=manifest.key)["Body"]
    try:
        told: Any = json.loads(body.read())
    except BotoCoreError as error:
        raise fault_of(error, "s3", "GetObject") from None
    except ValueError:
        return None
    names = (told.get("dataFiles") or told.get("reportKeys")) if isinstance(told, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(name.removeprefix(f"s3://{bucket}/") for name in names)


def kept_at(one: Stored, folder: Path) -> Path:
    """Where an object is kept: below its month, under a name that is safe and its own."""
    mark = hashlib.sha256(f"{one.key}\n{one.written.isoformat()}".encode()).hexdigest()[:12]
    return folder / (one.month or "all") / f"{mark}-{UNSAFE.sub('_', one.key)[-NAME_CHARS:]}"


def _age(one: Stored) -> tuple[datetime, str]:
    return one.written, one.key
