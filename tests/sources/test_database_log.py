"""The Postgres log of a folder of exports: what is read, in which window, and what is said of damage."""

import gzip
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

sys.path.append(str(Path(__file__).parent.parent / "postgres_log"))
from log_corpus import events_of, pulled  # noqa: E402

from ddms_ops.coverage import Status  # noqa: E402
from ddms_ops.postgres_log.prefix import COMMON, compiled, detect, head_words  # noqa: E402
from ddms_ops.sources.base import DATABASE_LOG, LOG_EVENTS, DatabaseLogQuery  # noqa: E402
from ddms_ops.sources.database_log import log_of_events  # noqa: E402
from ddms_ops.window import EVER, Window  # noqa: E402

DATA = Path(__file__).parent.parent.parent.parent / "shared/data"
CARD, MAIL = "4111111111111111", "ann.example@example.org"


def line(clock: str, text: str, pid: int = 7) -> str:
    """An entry with the prefix of RDS."""
    return f"2026-03-04 {clock} UTC:10.0.0.1(5):app@shop:[{pid}]:{text}\n"


def said(clock: str, sql: str) -> str:
    """An entry of a statement of 1 ms."""
    return line(clock, f"LOG:  duration: 1.000 ms  statement: {sql}")


def minutes(count: int) -> bytes:
    """An entry a minute from 10:00."""
    return "".join(said(f"1{n // 60}:{n % 60:02}:00", f"select {n}\n\t+ 1") for n in range(count)).encode()


def test_the_window_is_half_open(tmp_path: Path):
    """An entry at the start is in, one at the end is not."""
    pull = pulled(tmp_path, {"a.log": minutes(10)}, window=Window.of("2026-03-04T10:02Z", "2026-03-04T10:04Z"))
    assert [stamp.minute for stamp in pull.table["timestamp"].to_pylist()] == [2, 3]
    assert pull.table["line"].to_pylist() == [4, 6]
    assert (pull.coverage.rows, pull.coverage.matched) == (2, 2)


def test_a_window_of_a_large_file_is_found(tmp_path: Path):
    """Only the part of a file around the window is read, and rows and line numbers are those of the whole."""
    filler = "select " + "x, " * 2000 + "y"
    text = "".join(said(f"{n // 60:02}:{n % 60:02}:00", filler) for n in range(1440)).encode()
    window = Window.of("2026-03-04T15:00Z", "2026-03-04T15:05Z")
    pull = pulled(tmp_path, {"a.log": text}, window=window)
    assert pull.table["line"].to_pylist() == [900, 901, 902, 903, 904]
    assert pull.coverage.status is Status.COMPLETE


def test_a_file_out_of_order_is_read_whole(tmp_path: Path):
    """Where samples of a file are not in order, no part of it is left out."""
    text = b"".join(reversed(minutes(100).replace(b"\n\t", b" ").splitlines(keepends=True)))
    pull = pulled(tmp_path, {"a.log": text}, window=Window.of("2026-03-04T10:02Z", "2026-03-04T10:04Z"))
    assert [stamp.minute for stamp in pull.table["timestamp"].to_pylist()] == [3, 2]


def test_split_and_zipped_files_give_the_same_entries(tmp_path: Path):
    """One file, two halves and a gzipped file hold the same entries."""
    text = minutes(40)
    half = text.index(b"2026-03-04 10:20")
    whole = pulled(tmp_path / "1", {"a.log": text}).table
    split = pulled(tmp_path / "2", {"b/postgresql.log.2026-03-04-10": text[half:], "z.log": text[:half]}).table
    zipped = pulled(tmp_path / "3", {"a.log.gz": gzip.compress(text)}).table
    assert split["entry"].to_pylist() == whole["entry"].to_pylist() == zipped["entry"].to_pylist()
    assert split["log"].to_pylist()[0] == "z.log"


def test_nothing_there_is_not_configured(tmp_path: Path):
    """Without log files the pull has the columns and says what is missing."""
    pull = pulled(tmp_path, {"note.txt": b"x"})
    assert (pull.coverage.status, pull.coverage.reason) == (Status.NOT_CONFIGURED, "no database/*.log in the export")
    assert pull.table.schema == DATABASE_LOG


def test_nothing_in_the_window_says_what_there_is(tmp_path: Path):
    """Files without entries in the window are an empty pull with their extent."""
    pull = pulled(tmp_path, {"a.log": minutes(10)}, window=Window.of("2026-03-05T10:00Z", "2026-03-05T11:00Z"))
    assert pull.coverage.status is Status.EMPTY
    assert pull.coverage.reason == "the log holds 2026-03-04 10:00–10:09 UTC; nothing in the window"


def test_garbage_is_counted_and_kept(tmp_path: Path):
    """Lines that fit nothing are rows without prefix, at the time before them; many of them are a partial pull."""
    text = minutes(9) + b"junk one\njunk two\n"
    pull = pulled(tmp_path, {"a.log": text})
    assert pull.table["prefix"].to_pylist()[-2:] == [None, None]
    assert pull.table["timestamp"].to_pylist()[-1].minute == 8
    assert (pull.coverage.status, pull.coverage.reason) == (Status.PARTIAL, "90.0 % of 20 lines parsed")


def test_an_unknown_prefix_is_named_without_content(tmp_path: Path):
    """The head of a line is shown without its names, and what to set; the message never."""
    text = f"bob {CARD} LOG:  duration: 1 ms  statement: select '{MAIL}'\n".encode() * 5
    coverage = pulled(tmp_path, {"a.log": text}).coverage
    assert coverage.status is Status.FAILED
    assert "lines that begin 'x 9 ' before LOG: set database.log_prefix to SHOW log_line_prefix" in coverage.reason
    assert not [word for word in (CARD, MAIL, "bob") if word in coverage.reason]


def test_a_stated_prefix_is_used(tmp_path: Path):
    """A prefix that no list has is read where the profile states it."""
    text = b"2026-03-04 10:00:00.5 UTC | shop | 12345 | app | LOG:  checkpoint starting: time\n"
    pull = pulled(tmp_path, {"a.log": text}, prefix="%m | %d | %p | %u | ")
    [event] = events_of(pull, tmp_path)[0]
    assert (event["database"], event["pid"], event["user"], event["kind"]) == ("shop", 12345, "app", "checkpoint")


@pytest.mark.parametrize("template", COMMON)
def test_a_common_prefix_is_detected(template: str):
    """A line written with a prefix is read with a prefix that gives its time and pid."""
    values = {"%t": "2026-03-04 10:00:00 UTC", "%m": "2026-03-04 10:00:00.123 UTC", "%n": "1772618400.123", "%p": "71",
              "%u": "app", "%d": "shop", "%a": "psql", "%h": "10.0.0.1", "%r": "10.0.0.1(50)", "%c": "65e59a10.47",
              "%l": "3", "%x": "0", "%v": "4/7", "%e": "00000", "%s": "2026-03-04 10:00:00 UTC", "%q": ""}  # fmt: skip
    head = template
    for escape, value in values.items():
        head = head.replace(escape, value)
    found = compiled(detect([f"{head}LOG:  x\n"])).match(f"{head}LOG:  x\n")
    assert found is not None
    assert found.groupdict().get("pid", "71") == "71"


def test_padding_and_percent_signs_are_part_of_a_prefix():
    """`%-10p` is padded with spaces and `%%` is a percent sign."""
    found = compiled("%m %% [%-10p] %5l ").match("2026-03-04 10:00:00.1 UTC % [71        ]     3 LOG:  x")
    assert found is not None
    assert found["pid"] == "71"


def test_time_zones_by_name_and_offset(tmp_path: Path):
    """Each entry's zone counts, and an unknown one is said."""
    zones = ("UTC", "CET", "CEST", "+05:30", "-03", "GMT+3", "XYZT")
    text = "".join(f"2026-03-04 12:00:00 {zone} [7] LOG:  checkpoint starting: time\n" for zone in zones)
    pull = pulled(tmp_path, {"a.log": text.encode()})
    assert [stamp.strftime("%H:%M") for stamp in pull.table["timestamp"].to_pylist()] == [
        "12:00", "11:00", "10:00", "06:30", "15:00", "15:00", "12:00"]  # fmt: skip
    assert (pull.coverage.status, pull.coverage.reason) == (
        Status.PARTIAL, "1 times in the unknown zone XYZT read as UTC")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("nul bytes", lambda text: text.replace(b"select 3", b"select \0"), "bytes that are no text replaced"),
        ("latin-1", lambda text: text.replace(b"select 3", b"select '\xe9'"), "bytes that are no text replaced"),
        ("crlf", lambda text: text.replace(b"\n", b"\r\n"), ""),
        ("truncated gzip", lambda text: gzip.compress(text * 50)[:-40], "gzip data ends early"),
        ("binary", lambda text: bytes(range(256)) * (len(text) // 10), "is not text"),
        ("no end", lambda text: text[:-1], ""),
    ],
)
def test_damage_is_named_and_the_rest_is_read(name: str, spoil, words: str, tmp_path: Path):
    """A damaged file gives what can be read of it, and the fault."""
    other = minutes(11).replace(b"[7]", b"[8]")
    pull = pulled(tmp_path, {"a.log": other, "b.log": spoil(minutes(10))})
    assert words in pull.coverage.reason
    assert pull.coverage.rows >= (10 if name == "binary" else 19)
    assert (pull.coverage.status is Status.PARTIAL) == bool(words)


@pytest.mark.parametrize("between", [" ", "\n\t"])
@pytest.mark.parametrize("piece", [1 << 16, 32 << 20])
def test_of_a_huge_statement_the_first_part_is_kept(between: str, piece: int, tmp_path: Path):
    """An entry of 5 MB keeps its first 1 MiB, is counted, and the entries around it are as they were."""
    huge = said("10:00:30", "select " + f"'abcdefgh',{between}" * 500_000 + "1")
    text = minutes(1) + huge.encode() + minutes(2)
    pull = pulled(tmp_path, {"a.log": text}, piece=piece)
    assert [len(entry) for entry in pull.table["entry"].to_pylist()][1] in range((1 << 20) - 9, (1 << 20) + 1)
    assert pull.coverage.reason == "the first 1 MiB taken of 1 longer entries"
    assert pull.table["line"].to_pylist() == [0, 2, 2 + huge.count("\n"), 4 + huge.count("\n")]


@pytest.mark.parametrize(
    "sql",
    [
        f"select '{CARD}', '{MAIL}'", f"select E'{MAIL}\\'', {CARD}", f"select $$ {CARD} {MAIL} $$",
        f"select $q$ {CARD} {MAIL} $q$", f"/* {CARD} {MAIL} */ select 1", f"select 1 -- {CARD} {MAIL}",
        f"insert into t values ('{MAIL} {CARD}", f"select {CARD}", f"set a.b = '{CARD}'", f"select 'a''{CARD}'",
    ],
)  # fmt: skip
def test_literals_never_reach_a_statement(sql: str, tmp_path: Path):
    """Card numbers and addresses are masked wherever they stand in SQL, also in what belongs to other events."""
    text = said("10:00:00", sql) + line("10:00:00", "ERROR:  x") + line("10:00:00", f"STATEMENT:  {sql}")
    text += line("10:00:01", "LOG:  execute s: select $1") + line("10:00:01", f"DETAIL:  parameters: $1 = '{CARD}'")
    events, _ = events_of(pulled(tmp_path, {"a.log": text.encode()}), tmp_path)
    for event in events:
        shown = f"{event['statement']} {event['message']} {event['detail']} {event['context']}"
        assert not [word for word in (CARD, MAIL) if word in shown]


def test_nothing_is_left_of_a_pull_that_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever ends a pull early, as Ctrl-C does, leaves no half file behind."""
    monkeypatch.setenv(
        "DDMS_OPS_PROGRESS", str(tmp_path)
    )  # a folder: what is written to it fails, after the first piece
    with pytest.raises(IsADirectoryError):
        pulled(tmp_path, {"a.log": minutes(10)})
    assert not list((tmp_path / "scratch").glob("*.parquet"))


@pytest.mark.parametrize("is_by_line", [True, False])
def test_a_log_group_holds_the_same_log(is_by_line: bool, tmp_path: Path):
    """Events that are an entry each, or a line of one, give the rows that the file gives."""
    text = minutes(10).decode()
    messages = text.splitlines() if is_by_line else [part + "+ 1" for part in text.split("+ 1\n")[:-1]]
    stamps = [pd.Timestamp("2026-03-04T10:00Z") + pd.Timedelta(seconds=n) for n in range(len(messages))]
    rows = {"timestamp": stamps, "log_group": ["g"] * len(stamps), "log_stream": ["s"] * len(stamps),
            "message": messages, "event_id": [f"{n:03}" for n in range(len(stamps))],
            "ingestion_time": stamps}  # fmt: skip
    events = pa.table(rows).cast(LOG_EVENTS)
    pull = log_of_events(events, DatabaseLogQuery(EVER), pull="x", scratch=tmp_path)
    assert pull.table["entry"].to_pylist() == pulled(tmp_path / "f", {"a.log": minutes(10)}).table["entry"].to_pylist()
    assert set(pull.table["log"].to_pylist()) == {"s"}


def test_words_for_a_log_that_is_none():
    """Lines without any level are said to be no Postgres log."""
    assert "it may be no Postgres log" in head_words(["GET /index.html 200\n"])


@pytest.mark.parametrize(
    ("name", "share", "kinds"), [("postgres-rds", 1.0, {"statement": 114_594}), ("postgres-json", 0.97, {})]
)
def test_real_logs_are_parsed(name: str, share: float, kinds: dict[str, int], tmp_path: Path):
    """Every line of the logs that pgBadger ships is an entry, but for those of other programs."""
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is not here")
    files = {path.name: path.read_bytes() for path in (DATA / name / "database").iterdir()}
    pull = pulled(tmp_path, files)
    fit = pull.coverage.rows - pull.table["prefix"].null_count
    _, counts = events_of(pull, tmp_path)
    assert fit >= share * pull.coverage.rows
    assert counts.by_kind.get("other", 0) < 0.05 * counts.events
    assert {kind: counts.by_kind[kind] for kind in kinds} == kinds
