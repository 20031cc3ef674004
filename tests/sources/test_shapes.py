"""Log exports in every shape, and with every damage: read what can be, name the rest."""

import gzip
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import envelope, window

from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import SourceError
from ddms_ops.sources.base import LogQuery
from ddms_ops.sources.files import FilesSource

HOUR = window("10:00", "11:00")
EVENTS = [
    {"timestamp": 1772618400000 + 1000 * n, "message": f"event {n}", "logStreamName": "s", "eventId": str(n)}
    for n in range(5)
]
LINES = "".join(json.dumps(event) + "\n" for event in EVENTS)
MORE = "".join(json.dumps({**event, "eventId": event["eventId"] + "b"}) + "\n" for event in EVENTS)
ISO = "".join(f"2026-03-04T10:00:0{n}.000Z event {n}\n" for n in range(5))


def fetch(root: Path, content: bytes | str, name: str = "a.json") -> tuple[list[str], Coverage]:
    """Messages and coverage of a group whose export is one file."""
    folder = root / "logs" / "group"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    pull = FilesSource(root).fetch_log_events(LogQuery(HOUR, "group"), pull="logs")
    return pull.table["message"].to_pylist(), pull.coverage


SHAPES = {
    "one document": json.dumps({"events": EVENTS, "searchedLogStreams": []}),
    "keys in another order": json.dumps({"searchedLogStreams": [], "events": EVENTS}),
    "pretty-printed": json.dumps({"events": EVENTS}, indent=4),
    "two documents": json.dumps({"events": EVENTS[:2]}) + "\n" + json.dumps({"events": EVENTS[2:]}),
    "array": json.dumps(EVENTS),
    "JSON lines": LINES,
    "JSON lines, Windows ends": LINES.replace("\n", "\r\n"),
    "S3 export": ISO,
    "S3 export, Windows ends": ISO.replace("\n", "\r\n"),
    "byte-order mark": "\ufeff" + json.dumps({"events": EVENTS}),
    "blank lines between": LINES.replace("\n", "\n\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_zipped", [False, True])
def test_every_shape_gives_the_same_events(tmp_path: Path, shape, is_zipped):
    """The shape is found in the content, plain or gzipped, whatever the name."""
    content = SHAPES[shape].encode()
    found, coverage = fetch(tmp_path, gzip.compress(content) if is_zipped else content, "000000")
    assert found == [f"event {n}" for n in range(5)]
    assert coverage.status is Status.COMPLETE, coverage.reason


def test_lines_below_a_time_belong_to_the_event(tmp_path: Path):
    """A stack trace is one event, blank lines in it included."""
    found, _ = fetch(tmp_path, "2026-03-04T10:00:00Z boom\n  at a\n\n  at b\n2026-03-04T10:00:01Z next\n", "a.log")
    assert found == ["boom\n  at a\n\n  at b", "next"]


def test_own_json_lines_keep_the_whole_line(tmp_path: Path):
    """A line that is the application's own JSON is the message; its time is found by common names."""
    line = '{"ts": "2026-03-04T10:00:00Z", "sev": "E", "msg": "boom"}'
    found, _ = fetch(tmp_path, line + "\n", "a.jsonl")
    assert found == [line]


def test_times_without_a_zone_are_taken_as_utc_and_said(tmp_path: Path):
    """A naive time in text is UTC, and coverage says so."""
    found, coverage = fetch(tmp_path, "2026-03-04 10:00:00,123 ERROR boom\n", "a.log")
    assert found == ["2026-03-04 10:00:00,123 ERROR boom"]
    assert coverage.reason == "times without an offset taken as UTC"


@pytest.mark.parametrize(
    ("content", "kept", "words"),
    [
        (LINES + '{"timestamp": 17726\n\nplain\n' + MORE, 10, "2 lines unreadable (line 6, 8)"),
        ("no time here\n" + ISO, 5, "1 line unreadable (line 1)"),
        (gzip.compress(random.Random(1).randbytes(0) + ISO.encode() * 2000)[:-700], None, "gzip data ends early"),
        (json.dumps({"events": EVENTS})[:-40], 4, "not whole JSON: 4 events read before the damage"),
        (LINES.encode() + b"x" * 50_000_000 + b"\n" + MORE.encode(), 10, "1 line over 4 MiB left out"),
        (ISO.encode().replace(b"event 0", b"event \xff"), 5, "bytes that are no text replaced"),
        (random.Random(2).randbytes(100_000), 0, "is not text"),
        (b"", 0, "is empty"),
        ("never a time\nat all\n", 0, "2 lines unreadable (line 1, 2)"),
        ('{"when": "2026-03-04T10:00:00Z"}\n{"when"\n', 0, ", 1 of them JSON without a time under timestamp,"),
    ],
    ids=[
        "half lines",
        "stray head",
        "cut gzip",
        "cut document",
        "50 MB line",
        "latin-1",
        "binary",
        "empty",
        "no times",
        "another name",
    ],
)
def test_damage_is_named_and_the_rest_is_read(tmp_path: Path, content, kept, words):
    """Whatever is wrong with a file, what can be read is read, and coverage says what could not."""
    found, coverage = fetch(tmp_path, content)
    assert words in coverage.reason
    assert coverage.status is (Status.PARTIAL if found else Status.FAILED)
    assert len(found) == kept if kept is not None else len(found) > 1000


def test_the_same_event_in_two_exports_is_one(tmp_path: Path):
    """Events with the same stream and id are taken once, and coverage says how many were not."""
    fetch(tmp_path, LINES, "one.json")
    found, coverage = fetch(tmp_path, LINES + MORE, "two.json")
    assert len(found) == 10
    assert (coverage.status, coverage.reason) == (Status.COMPLETE, "5 repeated events in the export taken once")


def test_event_ids_that_start_anew_in_each_file_are_no_repeats(tmp_path: Path):
    """Only events alike in id, stream, time and text are one."""
    fetch(tmp_path, LINES, "one.json")
    found, coverage = fetch(tmp_path, LINES.replace("event ", "other "), "two.json")
    assert (len(found), coverage.reason) == (10, "")


def test_rotated_files_are_one_group(tmp_path: Path):
    """Files that lie in logs/ itself are grouped by the name before the first dot."""
    (tmp_path / "logs").mkdir()
    for n, name in enumerate(("app.log", "app.log.1", "app.log.2")):
        (tmp_path / "logs" / name).write_text(f"2026-03-04T10:00:0{n}Z event {n}\n")
    pull = FilesSource(tmp_path).fetch_log_events(LogQuery(HOUR, "app"), pull="logs")
    assert pull.table["message"].to_pylist() == ["event 0", "event 1", "event 2"]


def test_json_that_holds_no_events_is_said(tmp_path: Path):
    """A JSON file of another kind is not read as empty and complete."""
    fetch(tmp_path, LINES, "good.json")
    found, coverage = fetch(tmp_path, json.dumps({"results": [[{"field": "x"}]]}, indent=2), "other.json")
    assert len(found) == 5
    assert coverage.status is Status.PARTIAL
    assert "other.json 1 JSON objects without events" in coverage.reason


def test_one_bad_file_does_not_hide_the_good(tmp_path: Path):
    """Files of a group are read one by one."""
    fetch(tmp_path, b"", "empty.json")
    found, coverage = fetch(tmp_path, LINES, "good.json")
    assert len(found) == 5
    assert coverage.reason == "logs/group/empty.json is empty"


def test_an_export_that_ends_inside_the_window_is_partial(tmp_path: Path):
    """Steady events that stop long before the end of the window may be missing, not silent."""
    lines = "\n".join(
        envelope(f"10:{minute:02d}:{second:02d}", "tick") for minute in range(20) for second in range(0, 60, 5)
    )
    _, coverage = fetch(tmp_path, lines)
    assert coverage.status is Status.PARTIAL
    assert coverage.reason == "the last event is of 2026-03-04 10:19 UTC: the export may end there"


def test_a_hole_in_steady_events_is_partial(tmp_path: Path):
    """A long silence between steady events may be a file that is not there."""
    kept = [minute for minute in range(60) if not 20 <= minute < 40]
    _, coverage = fetch(
        tmp_path, "\n".join(envelope(f"10:{minute:02d}:{s:02d}", "t") for minute in kept for s in range(0, 60, 5))
    )
    assert coverage.status is Status.PARTIAL
    assert coverage.reason.startswith("nothing from 2026-03-04 10:19 to 10:40 UTC")


def test_an_export_that_was_stopped_early_is_partial(tmp_path: Path):
    """A NextToken at the end says that there is more."""
    _, coverage = fetch(tmp_path, json.dumps({"events": EVENTS, "NextToken": "abc"}))
    assert coverage.status is Status.PARTIAL
    assert "there are more events than it holds" in coverage.reason


@pytest.mark.parametrize(
    "content", [json.dumps({"logEvents": EVENTS}), json.dumps({"events": EVENTS, "nextToken": None})]
)
def test_subscription_data_is_read(tmp_path: Path, content):
    """logEvents are events too, and a null token is none."""
    found, coverage = fetch(tmp_path, content)
    assert (len(found), coverage.status) == (5, Status.COMPLETE)


@pytest.mark.parametrize(
    "odd", ['{"timestamp": 9999999999999999999, "message": "x"}', '{"timestamp": -5, "message": "x"}']
)
def test_an_impossible_time_is_one_unreadable_line(tmp_path: Path, odd):
    """One odd record does not take the others away."""
    found, coverage = fetch(tmp_path, LINES + odd + "\n")
    assert len(found) == 5
    assert "1 line unreadable (line 6)" in coverage.reason


def test_half_a_surrogate_is_replaced(tmp_path: Path):
    """A message that is no valid text is kept as far as it is."""
    found, coverage = fetch(tmp_path, json.dumps({"events": EVENTS}).replace("event 0", "event \\ud800"))
    assert len(found) == 5
    assert coverage.status is Status.PARTIAL


def test_steady_events_through_the_window_are_complete(tmp_path: Path):
    """No edge is suspected where events reach both ends."""
    lines = "\n".join(
        envelope(f"10:{minute:02d}:{second:02d}", "tick") for minute in range(60) for second in range(0, 60, 5)
    )
    assert fetch(tmp_path, lines)[1].status is Status.COMPLETE


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "unknown content"])
def test_a_folder_that_cannot_serve_is_refused(tmp_path: Path, kind):
    """No folder, a file, an empty folder and one without exports are one line each."""
    root = tmp_path / "export"
    if kind == "file":
        root.write_text("x")
    elif kind != "missing":
        root.mkdir()
    if kind == "unknown content":
        (root / "readme.txt").write_text("x")
    with pytest.raises(SourceError) as caught:
        FilesSource(root)
    assert str(caught.value).startswith(f"source: {root}")
    assert "\n" not in str(caught.value)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder that another user may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_file_without_permission_is_named(open_folder: Path):
    """What may not be read is NO_PERMISSION, with its name (read as another user when we are root)."""
    fetch(open_folder, LINES, "open.json")
    secret = open_folder / "logs" / "group" / "secret.json"
    secret.write_text(LINES)
    secret.chmod(0)
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom ddms_ops.sources.files import FilesSource\n"
        "from ddms_ops.sources.base import LogQuery\nfrom ddms_ops.window import Window\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        f"pull = FilesSource(Path({str(open_folder)!r})).fetch_log_events("
        "LogQuery(Window.of('2026-03-04T10:00Z', '2026-03-04T11:00Z'), 'group'), pull='x')\n"
        "print(pull.coverage.status, pull.coverage.rows, pull.coverage.reason)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout.strip() == "no_permission 5 logs/group/secret.json no permission to read it", done.stderr
