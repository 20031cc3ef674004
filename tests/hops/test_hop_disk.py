"""The disk under an open case: files that change or go, no room, no permission; one line each, and nothing sticks."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from builders import failure, minutes, open_export, request, write_logs
from disks import room_for
from hop_export import API

from ddms_ops.case import Case
from ddms_ops.errors import EvidenceError
from ddms_ops.findings import Verdict

PULL = f"logs{API}"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Logs and nothing else, read."""
    usual = [request(clock, tenant="t1") for clock in minutes(0, 60, 9) + minutes(0, 60)]
    write_logs(tmp_path, API, *usual, failure("10:30:01", "disk full", tenant="t2"))
    opened = open_export(tmp_path)
    assert len(opened.log_events)
    return opened


def test_a_file_cut_short_is_counted_by_no_call(case: Case):
    """Fewer records than were recorded are never "Read whole"; opened again, the case pulls them anew."""
    path = case.evidence.path_of(PULL)
    kept = case.finding(case.result("new_errors").findings[0].id)
    pq.write_table(pq.read_table(path).slice(0, 10), path)
    for ask in (
        lambda: case.insights("stats count(*) as n"),
        lambda: case.logs(contains="disk"),
        lambda: case.finding(kept.finding.id),
        lambda: case.pin(kept, "why"),
        lambda: case.result("risen_errors"),
    ):
        with pytest.raises(
            EvidenceError, match=r"was changed: its SHA-256 is not the manifest's; run open_case again$"
        ):
            ask()
    again = open_export(case.folder.parents[1])
    assert again.insights("stats count(*) as n").frame["n"].tolist() == [len(case.log_events)]


def test_a_file_that_went_is_one_line(case: Case):
    """Whoever reads the records."""
    kept = case.finding(case.result("new_errors").findings[0].id)
    case.evidence.path_of(PULL).unlink()
    for ask in (
        lambda: case.insights("fields @message"),
        lambda: case.finding(kept.finding.id),
        lambda: case.tenant("t2"),
    ):
        with pytest.raises(EvidenceError, match=r"is missing; run open_case again$"):
            ask()


def test_a_check_that_met_a_full_disk_is_made_again(case: Case):
    """With room the same call makes it; nothing half-written is left."""
    with (
        room_for(100),
        pytest.raises(EvidenceError, match=r"findings.json: cannot be written: File too large"),
    ):
        case.result("alarms")
    assert not list(case.folder.rglob("*.part"))
    assert [result.id for result in case.results] == []
    assert case.result("new_errors").status is Verdict.FOUND
    assert "check failed" not in case.result("alarms").reason


def test_a_check_that_broke_is_made_again_when_asked_for(case: Case):
    """What broke it may have passed; findings.json then has what it found."""
    in_the_way = case.folder / "evidence" / "alarms.part"
    in_the_way.mkdir()
    broken = case.result("alarms")
    assert (broken.status, broken.reason) == (Verdict.NOT_CHECKED, "the check failed: EvidenceError")
    in_the_way.rmdir()
    assert "the check failed" not in case.result("alarms").reason


def test_a_report_that_cannot_be_written_into_says_what_works(tmp_path: Path):
    """A place that is a file, which no user may write into."""
    write_logs(tmp_path, API, request("10:10:00", tenant="t1"))
    (tmp_path / "reports").write_text("not a folder")
    with pytest.raises(EvidenceError, match=r"cannot be written into: .*; give another out=; .* source='case:.*'$"):
        open_export(tmp_path)
