"""`case.logs`: what each filter keeps, against a plain reading of the export."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders import envelope, failure, open_export, request, write_logs
from hop_export import API, SCAN, WORKER, messages, within

from ddms_ops.case import Case
from ddms_ops.errors import BadInput, WindowError


def read(root: Path, case: Case, *groups: str) -> list[tuple[pd.Timestamp, dict]]:
    """Events of the window by the plain reading, by time."""
    found = [each for group in groups or (API, WORKER) for each in within(root / "export", group, *span(case))]
    return sorted(found, key=lambda each: each[0])


def span(case: Case) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Start and end of the window."""
    return case.window.start, case.window.end


def stamps(found: list[tuple[pd.Timestamp, dict]]) -> list[pd.Timestamp]:
    """Their times."""
    return [stamp for stamp, _ in found]


def test_without_a_filter_they_are_all_by_time(deploy: Case, deploy_root: Path):
    """Every event of the window, of both sides those of their own."""
    frame = deploy.logs().frame
    for group in (API, WORKER):
        mine = frame[frame["log_group"] == group]["timestamp"].tolist()
        assert mine == [at for at, _ in messages(deploy_root / "export", group) if deploy.window.contains(at)]
        before = deploy.logs(side="baseline", log_group=group)
        assert len(before) == sum(deploy.baseline.contains(at) for at, _ in messages(deploy_root / "export", group))
    assert frame["timestamp"].is_monotonic_increasing
    assert frame["n"].tolist() == list(range(len(frame)))


def test_a_tenant_and_a_level_are_compared_whole(deploy: Case, deploy_root: Path):
    """tenant-01 is nobody, tenant-019 only itself; `error` is ERROR."""
    every = read(deploy_root, deploy)
    assert deploy.logs(tenant="tenant-019").frame["timestamp"].tolist() == [
        at for at, event in every if event.get("tenantId") == "tenant-019"
    ]
    assert deploy.logs(level="error", component="api").frame["timestamp"].tolist() == [
        at for at, event in read(deploy_root, deploy, API) if event["level"] == "error"
    ]


def test_a_component_is_its_log_groups(deploy: Case):
    """And the coverage names no other."""
    view = deploy.logs(component="processing")
    assert set(view.frame["log_group"]) == {WORKER}
    assert view.pulls == (f"logs{WORKER}",)
    assert deploy.logs(log_group=SCAN).pulls == (f"logs{SCAN}",)


def test_a_text_is_found_anywhere_in_the_record_whatever_its_case(deploy: Case, deploy_root: Path):
    """Also in a stack trace, which is no part of the message that is shown."""
    wanted = [at for at, event in read(deploy_root, deploy, API) if "retention.js" in event.get("stack", "")]
    assert wanted
    assert deploy.logs(contains="RETENTION.js").frame["timestamp"].tolist() == wanted
    assert len(deploy.logs(contains="Cannot read properties of undefined (reading 'ret")) == len(wanted)


@pytest.mark.parametrize("text", [".*", "(reading", "[a-z]", "%'; --", "retention?js"])
def test_a_text_is_no_pattern(deploy: Case, text: str):
    """Its characters mean themselves."""
    paths = [path for path, name, _ in deploy.log_pulls if name.startswith("logs/")]
    records = [record for path in paths for record in pq.read_table(path)["message"].to_pylist()]
    assert len(deploy.logs(contains=text)) == sum(text in record for record in records)


def test_times_are_half_open(deploy: Case):
    """An event at the start is in, one at the end is not."""
    one, other = deploy.logs(component="api").frame["timestamp"].iloc[[10, 20]]
    between = deploy.logs(component="api", start=one, end=str(other)).frame["timestamp"]
    assert between.iloc[0] == one
    assert between.max() < other
    assert len(between) == 10


def test_a_clock_time_is_of_the_windows_day(deploy: Case):
    """10:38 is that of the day that was read."""
    view = deploy.logs(start="10:38", end="10:45")
    assert view.frame["timestamp"].min() >= pd.Timestamp("2026-03-04T10:38Z")
    assert view.frame["timestamp"].max() < pd.Timestamp("2026-03-04T10:45Z")
    assert view.call == "case.logs(start='2026-03-04T10:38:00Z', end='2026-03-04T10:45:00Z')"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"start": "09:59"}, "outside the window, which is 2026-03-04 10:00–12:00 UTC"),
        ({"side": "baseline", "start": "10:30"}, "outside the baseline"),
        ({"start": "11:00", "end": "10:00"}, "is not before end"),
        ({"start": "soon"}, "is not a time"),
        ({"start": "2026-03-04T10:00"}, "has no time zone"),
    ],
)
def test_a_time_that_was_not_read_is_refused(deploy: Case, given: dict[str, str], words: str):
    """With what was read, in one line."""
    with pytest.raises(WindowError, match=words) as fault:
        deploy.logs(**given)
    assert "\n" not in str(fault.value)


def test_where_nothing_is_found_the_other_side_is_named(deploy: Case):
    """A new error is not in the baseline; the view says where it is."""
    new = deploy.error_groups.ids[0]
    view = deploy.group(new).before()
    assert len(view) == 0
    assert f"The window has 96 such: case.logs(group='{new}')" in repr(view)


def test_a_record_is_shown_whole_as_it_came(deploy: Case, deploy_root: Path):
    """Its fields, the stack among them, which no column of the lines holds."""
    lines = deploy.logs(group=deploy.error_groups.ids[0])
    record = lines.raw(3).frame["record"].iloc[0]
    assert record in {message for _, message in messages(deploy_root / "export", API)}
    assert "at resolveRetention (/var/task/src/documents/retention.js" in repr(lines.raw(3))


def test_a_row_that_is_not_there_is_refused(deploy: Case):
    """With the numbers that are."""
    lines = deploy.logs(group=deploy.error_groups.ids[0])
    for n in (96, -1, True, "0"):
        with pytest.raises(BadInput, match="they are numbered 0 to 95"):
            lines.raw(n)
    with pytest.raises(BadInput, match="this view has none"):
        deploy.logs(request="nothing").request(0)


def test_rows_are_those_of_the_evidence(deploy: Case):
    """Pull and row lead to the very record."""
    row = deploy.logs(level="ERROR").frame.iloc[0]
    record = pq.read_table(deploy.evidence.path_of(str(row["pull"]))).slice(int(row["row"]), 1).to_pylist()[0]
    assert record["timestamp"] == row["timestamp"]
    assert row["message"] in record["message"].replace('\\"', '"')


def test_errors_are_those_at_fatal_too(tmp_path: Path):
    """`level="ERROR"` takes FATAL in and says how many; FATAL alone is FATAL."""
    fatal = envelope("10:30:01", {"level": "fatal", "message": "worker panicked", "tenantId": "t1"})
    case = open_export(write_logs(tmp_path, API, request("10:00:01"), failure("10:20:00"), fatal))
    view = case.logs(tenant="t1", level="ERROR")
    assert view.frame["level"].tolist() == ["ERROR", "FATAL"]
    assert "At FATAL: 1 of these 2; level='FATAL' shows them alone." in view.notes
    assert len(case.logs(level="FATAL")) == 1
    assert case.tenant("t1").frame.set_index("source").loc["log events at ERROR", "rows"] == 2


WRITTEN = ("Müller AG", '"no way"', "a/b", "x&y=z", "say \N{PARTY POPPER}", "one\ntwo", "C:\\new")


@pytest.mark.parametrize("text", WRITTEN)
def test_a_text_is_found_however_json_escapes_it(tmp_path: Path, text: str):
    """As `raw` shows it: escaped by one encoder or another, and put into JSON twice; another text is not."""
    plain = json.dumps({"level": "info", "message": "done", "note": text})
    other = plain.replace("/", "\\/").replace("&", "\\u0026").replace("=", "\\u003d")
    twice = json.dumps({"level": "info", "message": "done", "note": plain})
    near = json.dumps({"level": "info", "message": "done", "note": f"{text[:-1]}_"})
    lines = [envelope(f"10:30:0{n}", each) for n, each in enumerate((plain, other, twice, near))]
    case = open_export(write_logs(tmp_path, API, *lines))
    assert case.logs(contains=text).frame["timestamp"].dt.second.tolist() == [0, 1, 2]
    assert len(case.logs(contains=text.upper())) == 3


def test_a_text_copied_from_a_record_is_found(tmp_path: Path):
    """The space after a key is `raw`'s own."""
    line = envelope("10:30:00", '{"level":"info","message":"done","customer":"M\\u00fcller"}')
    case = open_export(write_logs(tmp_path, API, line))
    assert '"customer": "Müller"' in repr(case.logs().raw(0))
    assert len(case.logs(contains='"customer": "Müller"')) == 1


def test_events_of_no_known_level_or_tenant_are_said(tmp_path: Path):
    """A level that the profile does not map, and lines cut off in the middle: none found is not none there."""
    critical = envelope("10:30:01", {"level": "critical", "message": "index corrupted", "tenantId": "t1"})
    cut = envelope("10:30:02", '{"level":"error","message":"cut off","tenantId":"t9","stack":"aaa')
    case = open_export(write_logs(tmp_path, API, request("10:00:01"), critical, cut))
    words = "1 log events have a level that the profile does not map: critical."
    damaged = "Damaged JSON, so of no known level and tenant: 1 log event."
    empty = case.logs(tenant="t1", level="ERROR")
    assert len(empty) == 0
    for view in (empty, case.error_groups):
        assert {words, damaged} <= set(view.notes)
    assert words in case.tenant("t1").notes
    assert words in case.tenants_seen.notes
    with pytest.raises(BadInput, match="no tenant 't9'.*; 1 log event of damaged JSON name nobody"):
        case.tenant("t9")
