"""Metrics, CloudTrail records and alarm history out of the JSON that AWS's tools print.

Each reader takes the documents of one file and yields raw rows; what a file should hold and
does not is a fault for coverage. Files may be gzipped and may hold several documents.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.schema import UTC
from ddms_ops.sources.base import RECORDS
from ddms_ops.sources.opening import open_export

Row = dict[str, object]
Reader = Callable[[dict[str, object], str], Iterator[Row]]
FAULT = "fault"
MS_FROM = 1e11  # seconds until the year 5138; larger numbers are milliseconds
BLANK = re.compile(r"\s*")
STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")


class NotThatShape(Exception):
    """A document is not what its folder should hold; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of one file, and words for what was wrong with it."""

    path: Path
    rows: tuple[Row, ...]
    faults: tuple[str, ...]
    is_denied: bool = False


def read_json_file(path: Path, reader: Reader, scratch: Path) -> FileRows:
    """All rows that `reader` finds in the documents of one file."""
    opened = open_export(path, scratch)
    if not opened.is_readable:
        return FileRows(path, (), opened.faults, opened.is_denied)
    rows: list[Row] = []
    faults = list(opened.faults)
    try:
        for document in documents(opened.plain.read_text(encoding="utf-8-sig")):
            if document.get("NextToken") or document.get("nextToken"):
                faults.append("ends in a NextToken: there are more records than it holds")
            for row in reader(document, path.name.split(".")[0]):
                if FAULT in row:
                    faults.append(str(row[FAULT]))
                else:
                    rows.append(row)
    except NotThatShape as fault:
        faults.append(str(fault))
    except (ValueError, RecursionError):
        faults.append(f"not whole JSON: {len(rows):,} records read before the damage")
    return FileRows(path, tuple(rows), tuple(faults))


def documents(text: str) -> Iterator[dict[str, object]]:
    """The JSON objects that follow each other in a text.

    Raises:
        ValueError: text that is not JSON, after the objects before it.
        NotThatShape: JSON that is not an object.
    """
    decoder = json.JSONDecoder()
    place = 0
    while (place := BLANK.match(text, place).end()) < len(text):  # type: ignore[union-attr]
        document, place = decoder.raw_decode(text, place)
        if not isinstance(document, dict):
            raise NotThatShape("is JSON, but not an object as the AWS CLI prints it")
        yield document


def metric_points(document: dict[str, object], stem: str) -> Iterator[Row]:
    """Points of get-metric-data or get-metric-statistics output."""
    if "MetricDataResults" in document:
        for series in _objects(document["MetricDataResults"]):
            stamps, values = series.get("Timestamps") or [], series.get("Values") or []
            if not isinstance(stamps, list) or not isinstance(values, list) or len(stamps) != len(values):
                yield {FAULT: f"series {str(series.get('Id'))[:40]!r} has not one value a timestamp"}
                continue
            label = series.get("Label") or series.get("Id")
            for stamp, value in zip(stamps, values, strict=True):
                yield _point(stamp, series.get("Id") or label, label, None, None, value)
            if series.get("StatusCode", "Complete") != "Complete":
                yield {FAULT: f"series {str(label)[:40]!r} is {series['StatusCode']}: AWS returned only a part"}
    elif "Datapoints" in document:
        for datum in _objects(document["Datapoints"]):
            measured = {name: datum[name] for name in STATISTICS if name in datum}
            extended = datum.get("ExtendedStatistics")
            measured |= extended if isinstance(extended, dict) else {}
            for statistic, value in measured.items():
                yield _point(datum.get("Timestamp"), stem, document.get("Label"), statistic, datum.get("Unit"), value)
    else:
        raise NotThatShape("has neither MetricDataResults nor Datapoints")


def _point(stamp: object, name: object, label: object, statistic: object, unit: object, value: object) -> Row:
    return {"timestamp": stamp, "id": name, "label": label, "statistic": statistic, "unit": unit, "value": value}


def change_records(document: dict[str, object], _stem: str) -> Iterator[Row]:
    """Records of a CloudTrail file or of lookup-events output."""
    if "Records" in document:
        records = list(_objects(document["Records"]))
    elif "Events" in document:
        records = [_looked_up(event) for event in _objects(document["Events"])]
    else:
        raise NotThatShape("has neither Records nor Events")
    for record in records:
        yield {
            "timestamp": record.get("eventTime"),
            "event_id": record.get("eventID"),
            "name": record.get("eventName"),
            "record": json.dumps(record, ensure_ascii=False, sort_keys=True),
        }


def _looked_up(event: dict[str, object]) -> dict[str, object]:
    """The record inside one lookup-events event."""
    inner = event.get("CloudTrailEvent")
    record = json.loads(inner) if isinstance(inner, str) else None
    if isinstance(record, dict):
        return record
    return {
        "eventTime": event.get("EventTime"),
        "eventID": event.get("EventId"),
        "eventName": event.get("EventName"),
        "eventSource": event.get("EventSource"),
        "userIdentity": {"userName": event.get("Username")},
        "readOnly": str(event.get("ReadOnly")).lower() == "true",
    }


def alarm_changes(document: dict[str, object], _stem: str) -> Iterator[Row]:
    """Items of describe-alarm-history, or the present states of describe-alarms."""
    if "AlarmHistoryItems" in document:
        for item in _objects(document["AlarmHistoryItems"]):
            yield {
                "timestamp": item.get("Timestamp"),
                "alarm": item.get("AlarmName"),
                "type": item.get("HistoryItemType"),
                "summary": item.get("HistorySummary"),
                "data": item.get("HistoryData"),
            }
    elif "MetricAlarms" in document:
        yield {FAULT: "holds present states of alarms only, no history"}
        for alarm in _objects(document["MetricAlarms"]):
            yield {
                "timestamp": alarm.get("StateUpdatedTimestamp"),
                "alarm": alarm.get("AlarmName"),
                "type": "StateUpdate",
                "summary": f"Alarm is in {alarm.get('StateValue')}",
                "data": json.dumps({"newState": {"stateValue": alarm.get("StateValue")}}),
            }
    else:
        raise NotThatShape("has neither AlarmHistoryItems nor MetricAlarms")


def _objects(value: object) -> Iterator[dict[str, object]]:
    """The objects of a list; anything else is not that shape."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise NotThatShape("holds something else than a list of objects")
    yield from value


def to_table(rows: list[Row], schema: pa.Schema) -> tuple[pa.Table, int, int]:
    """The rows as a raw table ordered by time; how many had no usable time or value; how many repeat another.

    Rows alike in every column are one (a record delivered in two files).
    """
    if not rows:
        return schema.empty_table(), 0, 0
    frame = pd.DataFrame(rows, columns=schema.names, dtype="object")  # half a surrogate is no Arrow text yet
    frame["timestamp"] = _times(frame["timestamp"])
    for name in schema.names[1:]:
        is_number = pa.types.is_floating(schema.field(name).type)
        frame[name] = pd.to_numeric(frame[name], errors="coerce") if is_number else frame[name].map(_text)
    needed = [name for name in ("timestamp", "value") if name in frame and schema != RECORDS]
    kept = frame.dropna(subset=needed)
    unique = kept.drop_duplicates()
    ordered = unique.sort_values(schema.names, kind="stable", na_position="first")
    columns = [pa.array(ordered["timestamp"].dt.tz_convert(None).to_numpy()).cast(schema.field("timestamp").type)]
    columns += [pa.array(ordered[name], type=schema.field(name).type, from_pandas=True) for name in schema.names[1:]]
    table = pa.table(columns, schema=schema)
    return table, len(frame) - len(kept), len(kept) - len(unique)


def _text(value: object) -> str | None:
    if value is None or value != value:
        return None
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate is no text


def _times(values: pd.Series) -> pd.Series:
    """Aware UTC times of ISO texts, epoch seconds or epoch milliseconds; NaT for anything else."""
    seconds = pd.to_numeric(values, errors="coerce")
    stamps = pd.to_datetime(values.where(seconds.isna()).astype("str"), utc=True, errors="coerce", format="ISO8601")
    seconds = seconds.where(seconds.abs() < MS_FROM, seconds / 1000)
    epochs = pd.to_datetime(seconds.where(seconds.abs() < MS_FROM), unit="s", utc=True, errors="coerce")
    return stamps.astype(UTC).fillna(epochs.astype(UTC))
