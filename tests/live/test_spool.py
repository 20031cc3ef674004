"""Slices arrive in any order; the file is in order of time."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from builders import at

from ddms_ops.sources.aws.log_answer import each_once
from ddms_ops.sources.aws.log_pages import COLUMNS
from ddms_ops.sources.aws.spool import Spool
from ddms_ops.sources.base import LOG_EVENTS


def events(*lines: str) -> pa.Table:
    """Events from `10:00:01 stream text` lines; the id is the text."""
    parts = [line.split(" ", 2) for line in lines]
    rows = [
        {"timestamp": at(clock), "log_stream": stream, "message": text, "event_id": text, "ingestion_time": at(clock)}
        for clock, stream, text in parts
    ]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def written(folder: Path, *slices: tuple[int, pa.Table]) -> pa.Table:
    """The file's rows after these slices."""
    spool = Spool(folder / "x.parquet", "/g")
    for place, table in slices:
        spool.add(place, table)
    spool.close()
    return pq.read_table(folder / "x.parquet")


def test_later_slices_wait_for_earlier_ones(tmp_path: Path):
    """Whichever is there first."""
    table = written(tmp_path, (1, events("10:02:00 s b")), (0, events("10:01:00 s a")), (2, events("10:03:00 s c")))
    assert table["message"].to_pylist() == ["a", "b", "c"]


def test_a_missing_slice_keeps_none_back(tmp_path: Path):
    """What came after one that never came is written at the end."""
    table = written(tmp_path, (0, events("10:01:00 s a")), (2, events("10:03:00 s c")))
    assert table["message"].to_pylist() == ["a", "c"]


def test_ties_are_ordered_by_stream_and_text(tmp_path: Path):
    """As every other source orders them."""
    table = written(tmp_path, (0, events("10:01:00 t a", "10:01:00 s z", "10:01:00 s b")))
    assert table["message"].to_pylist() == ["b", "z", "a"]


def test_the_file_has_the_columns_of_log_events(tmp_path: Path):
    """Also without a single event, with the group's name in each row."""
    assert written(tmp_path).schema == LOG_EVENTS
    assert written(tmp_path, (0, events("10:01:00 s a")))["log_group"].to_pylist() == ["/g"]


def test_an_event_is_taken_once():
    """By its id; the first stays, and events without an id all stay."""
    twice = events("10:01:00 s a", "10:01:01 s b", "10:01:02 s a")
    assert each_once(twice)["timestamp"].to_pylist() == [at("10:01:00"), at("10:01:01")]
    nameless = twice.set_column(3, "event_id", pa.nulls(3, pa.string()))
    assert each_once(nameless).num_rows == 3
