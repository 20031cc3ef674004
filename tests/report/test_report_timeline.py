"""One timeline of all sources: the same event once, people's rows kept, nothing that a spreadsheet would run."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from report_builders import check, finding, report_folder

from ddms_ops.errors import EvidenceError
from ddms_ops.report import open_report
from ddms_ops.report.attachments import shown_events
from ddms_ops.report.events import Event, merged_events
from ddms_ops.report.timeline_file import read_timeline, timeline_text, write_timeline

TEN = pd.Timestamp("2026-03-04T10:00Z")


def event(minute: float, source: str, words: str, detail: str = "", *evidence: str) -> Event:
    """An event some minutes after ten."""
    return Event(TEN + pd.Timedelta(minutes=minute), source, words, detail, evidence=evidence)


def rows_of(folder: Path, *checks: dict, added: str = "", **incident: str) -> list[dict]:
    """timeline.csv of a report, as it is written; `added` are lines that people put into the earlier one."""
    given = {"incident_id": "i", "title": "T"} | incident
    report_folder(folder, *checks, incident=given)
    (folder / "timeline.csv").write_text("time,source,event,detail\n" + added)
    write_timeline(open_report(folder))
    with (folder / "timeline.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_an_alarm_told_twice_is_one():
    """Within a minute; the row says how many more it stands for, and a later change of state is another event."""
    told = [event(1, "alarm", "a", "OK → ALARM", f"alarms:{n}") for n in (1, 2)]
    [one, later] = merged_events([*told, event(9, "alarm", "a", "OK → ALARM", "alarms:3")])
    assert (one.merged, one.evidence, later.merged) == (1, ("alarms:1", "alarms:2"), 0)


def test_the_order_of_sources_does_not_matter():
    """Six sources, shuffled, with duplicates: the same rows in the same order."""
    names = ("alarm", "deploy", "scaling", "change", "finding", "people")
    events = [event(place, name, f"e{place}") for place, name in enumerate(names)] * 2
    assert merged_events(events) == merged_events(reversed(events))
    assert len(merged_events(events)) == 6


def test_a_finding_over_the_same_rows_is_the_same_event():
    """An alarm and the finding that tells of it are one row, the alarm's."""
    found = event(1, "finding", "first seen by error triage, alarms", "Alarm a", "alarms:1")
    assert [each.source for each in merged_events([found, event(1, "alarm", "a", "", "alarms:1")])] == ["alarm"]


def test_findings_over_the_same_log_rows_stay_apart():
    """Only what an alarm or a change itself is, is told twice by a finding."""
    told = event(1, "change", "first event of version 2", "told by error triage, changes before", "logs/api:3")
    found = [event(1, "finding", f"first seen by {name}", name, "logs/api:3") for name in ("a", "b")]
    assert [each.merged for each in merged_events([told, *found])] == [0, 0, 0]


def test_a_change_from_two_pulls_is_one():
    """The same call on the same thing in the same second; another actor is another change."""
    calls = [event(1, "deploy", "UpdateFunctionCode", "f by ci", ref) for ref in ("changes:1", "trail:9")]
    other = event(1, "deploy", "UpdateFunctionCode", "g by ci", "changes:2")
    assert [each.merged for each in merged_events([*calls, other])] == [1, 0]


def test_people_findings_and_precision(tmp_path: Path):
    """Instants and notes of the incident and first events of findings, each with how exactly it is known."""
    noted = {"detected": "2026-03-04T10:42:00Z", "notes": "2026-03-04T10:52Z rolled back\nnot a time at all"}
    rows = rows_of(tmp_path, check("new", finding("new", "New X", first_seen="2026-03-04T10:37:06Z")), **noted)
    assert [(row["time"], row["source"], row["event"], row["precision"], row["evidence"]) for row in rows] == [
        ("2026-03-04T10:37:06Z", "finding", "first seen by error triage, new", "second", "logs/api:3"),
        ("2026-03-04T10:42:00Z", "people", "detected", "minute", "incident"),
        ("2026-03-04T10:52:00Z", "people", "rolled back", "minute", "incident"),
    ]


def test_a_cost_is_known_by_the_day(tmp_path: Path):
    """Its source is cost, and a lock's is lock."""
    cost = finding("cost_rise", "Up", first_seen="2026-03-04T00:00:00Z")
    lock = finding("blocking", "Waited", first_seen="2026-03-04T10:37:06Z")
    rows = rows_of(tmp_path, check("cost_rise", cost), check("blocking", lock))
    assert [(row["source"], row["precision"]) for row in rows] == [("cost", "day"), ("lock", "second")]


def test_rows_that_people_added_survive(tmp_path: Path):
    """Once, in their order; rows of machines are written anew, and so is an instant of the incident that changed."""
    added = "2026-03-04T10:50Z,people,called the vendor,by phone\n2026-03-04T10:51Z,change,old,x\n"
    added += "2026-03-04T10:41Z,people,detected,\n"
    (tmp_path / "timeline.people.csv").write_text(
        "time,source,event,detail\n2026-03-04T10:50Z,people,called the vendor,by phone\n"
    )
    rows = rows_of(tmp_path, added=added, detected="2026-03-04T10:42:00Z")
    assert [row["event"] for row in rows] == ["detected", "called the vendor"]
    write_timeline(open_report(tmp_path))
    assert [each.event for each in read_timeline(tmp_path / "timeline.csv")] == ["detected", "called the vendor"]


def test_a_broken_file_of_people_is_kept_aside(tmp_path: Path):
    """And said; the timeline is written all the same."""
    report_folder(tmp_path)
    (tmp_path / "timeline.people.csv").write_bytes(b"\xff\xfe\x00broken")
    [note] = write_timeline(open_report(tmp_path))
    assert note == "timeline.people.csv cannot be read as CSV in UTF-8; it is kept as timeline.people.unreadable-1.csv"
    assert (tmp_path / "timeline.people.unreadable-1.csv").read_bytes() == b"\xff\xfe\x00broken"


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "time,source,event,detail\nsoon,x,y,z\n"])
def test_what_is_no_timeline_is_refused_in_one_line(tmp_path: Path, content: str):
    """With the name of the file and no content of it."""
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(EvidenceError, match=r"^t\.csv cannot be read"):
        read_timeline(tmp_path / "t.csv")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\uff1d1"])
def test_no_cell_is_a_formula(text: str):
    """Whatever a record says, a spreadsheet shows it."""
    [_, row] = csv.reader(timeline_text([event(0, "change", text, text)]).splitlines())
    assert row[2].startswith("'")
    assert row[3].startswith("'")


def test_rows_of_excel_and_of_other_names_survive(tmp_path: Path):
    """Semicolons, a byte order mark, a name as the source, an instant of the incident that people told again."""
    report = open_report(report_folder(tmp_path))
    head = ";".join(("time", "source", "event", "detail", "precision", "evidence", "merged"))
    rows = ["2026-03-04T10:50Z;Anna;called;by phone;;;", "2026-03-04T10:51Z; People ;resolved;;;;",
            "2026-03-04T10:52Z;change;old;x;second;changes:1;0", "04.03.2026 10:53;people;lost?;;;;"]  # fmt: skip
    (tmp_path / "timeline.csv").write_text("\n".join([head, *rows]), encoding="utf-8-sig")
    [note] = write_timeline(report)
    assert note == "timeline.csv has no time that can be read in row 5; it is kept as timeline.unreadable-1.csv"
    told = [(each.source, each.event, each.detail) for each in read_timeline(tmp_path / "timeline.csv")]
    assert told == [("people", "detected", ""), ("people", "called", "by phone (Anna)"), ("people", "resolved", "")]
    assert write_timeline(report) == []
    assert [each.detail for each in read_timeline(tmp_path / "timeline.csv")] == ["", "by phone (Anna)", ""]


def test_a_formula_behind_a_separator_is_none():
    """A spreadsheet of another language splits there; a cut cell says that it was cut."""
    [_, row] = csv.reader(timeline_text([event(0, "people", "x;=HYPERLINK(1)", "y" * 900)]).splitlines())
    assert row[2] == "x;'=HYPERLINK(1)"
    assert row[3] == "y" * 599 + "…"


def test_findings_and_people_are_always_in_the_table():
    """Plain changes are left out first."""
    changes = [event(minute / 60, "change", f"call {minute}") for minute in range(450)]
    shown = shown_events([*changes, event(60, "people", "told"), event(61, "finding", "began")])
    assert len(shown) == 400
    assert [each.source for each in shown[-2:]] == ["people", "finding"]


def test_many_events_are_merged_in_time():
    """3,000 of them, some told twice."""
    events = [event(minute, "change", f"call {minute}", "", f"changes:{minute}") for minute in range(3000)]
    assert len(merged_events([*events, *events[:10]])) == 3000
