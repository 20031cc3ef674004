"""Pins: rows that a person froze stay as they were, wherever the report goes."""

import decimal
import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import failure, minutes, open_export, request, write_logs
from pandas.testing import assert_frame_equal

from ddms_ops.case import Case
from ddms_ops.cli import main
from ddms_ops.coverage import Status
from ddms_ops.errors import BadInput, EvidenceError
from ddms_ops.folders import settle
from ddms_ops.hops.pinned import read_pins
from ddms_ops.hops.pins import pin_faults
from ddms_ops.hops.view import View
from ddms_ops.report import open_report
from ddms_ops.report.summary import summary_lines

HOSTILE = "<script>alert(1)</script> ../../x | ![x](http://127.0.0.1:1/) password=hunter2hunter2"
CALL = 'case.logs(level="ERROR")'


def lines_of(case: Case) -> View:
    """The failures of a case as a view."""
    errors = case.log_events[case.log_events["level"] == "ERROR"].reset_index(drop=True)
    return View("Lines of errors", errors, tuple(case.pulls("logs")), CALL, columns=("timestamp", "message"))


def case_below(root: Path) -> Case:
    """A case over a small export with twenty failures."""
    healthy = [request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)[::10]]
    write_logs(root, "api", *healthy, *[failure(clock, "no seat") for clock in minutes(20, 22)])
    return open_export(root, system="generic")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A case with a check made."""
    case = case_below(tmp_path_factory.mktemp("opened"))
    case.result("new_errors")
    return case


@pytest.fixture
def case(opened: Case) -> Iterator[Case]:
    """The same without pins."""
    yield opened
    shutil.rmtree(opened.folder / "pins", ignore_errors=True)


@pytest.fixture(scope="module")
def made(opened: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report folder with two pins, to be copied."""
    opened.pin(lines_of(opened), HOSTILE)
    opened.pin(opened.log_events.groupby("level").size(), "how many")
    folder = shutil.copytree(opened.folder, tmp_path_factory.mktemp("made") / "test")
    shutil.rmtree(opened.folder / "pins")
    return Path(folder)


@pytest.fixture
def report(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "copy" / made.name))


def test_all_rows_come_back_as_they_were(case: Case):
    """With their types and times, and private to the user."""
    view = lines_of(case)
    kept = case.pin(view, "the first failures")
    known = view.frame.dropna(axis="columns", how="all")
    assert_frame_equal(kept.frame[list(known)], known, check_dtype=False)
    assert list(kept.frame) == list(view.frame)
    assert len(kept) == 20
    assert kept.folder == case.folder / "pins"
    assert kept.folder.stat().st_mode & 0o777 == 0o700


def test_the_manifest_says_why_and_whence(case: Case):
    """Reason, call, time, and each pull with the digest that its file had."""
    kept = case.pin(lines_of(case), "  the first failures\n")
    [known] = [entry for entry in case.evidence.entries if entry.coverage.pull == "logs/api"]
    entry = json.loads((kept.folder / "manifest.json").read_text())["files"][0]
    assert entry["parameters"]["why"] == "the first failures"
    assert entry["query"] == CALL
    assert entry["parameters"]["pinned_at"] == "2026-03-04T12:00:00.000Z"
    assert entry["parameters"]["pulls"] == {"logs/api": known.sha256}
    assert entry["coverage"]["status"] == "complete"


def test_the_same_twice_is_one_pin(case: Case):
    """By rows and reason; another reason is another pin."""
    view = lines_of(case)
    assert case.pin(view, "seats").name == case.pin(view, " seats ").name
    case.pin(view, "another reason")
    assert {each.why for each in case.pins} == {"seats", "another reason"}


def test_two_views_without_rows_are_two_pins(case: Case):
    """Each with its own title and call, whatever was not found; the same view is one."""
    quiet = {name: case.logs(contains=name, level="FATAL") for name in ("tenant-004", "tenant-019")}
    pinned = {name: case.pin(view, "no fatal errors") for name, view in quiet.items()}
    assert len(case.pins) == 2
    for name, view in quiet.items():
        assert (pinned[name].title, pinned[name].call) == (view.title, view.call)
        assert case.pin(view, "no fatal errors").name == pinned[name].name
    assert len(case.pins) == 2


def test_the_same_rows_over_a_failed_pull_are_a_pin_of_their_own(case: Case):
    """What was not all there then, and is now, is not said to lack anything."""
    view = lines_of(case)
    failed = tuple(replace(row, status=Status.FAILED, reason="no answer") for row in view.coverage)
    states = [case.pin(each, "seats").state for each in (replace(view, coverage=failed), view)]
    assert states == ["failed: logs/api: no answer", "complete"]
    assert {each.state for each in case.pins} == set(states)


@pytest.mark.parametrize("look", [lines_of, lambda case: case.logs(level="ERROR"), lambda case: case.changes_seen])
def test_a_view_of_before_the_case_was_opened_anew_is_refused(tmp_path: Path, look: Callable[[Case], View]):
    """With another window its pulls have the same names and other records; its frame is pinned as given by hand."""
    stale = look(case_below(tmp_path))
    case = open_export(tmp_path, system="generic", end="2026-03-04T10:50Z")
    look(case)
    with pytest.raises(BadInput, match="opened anew: (logs/api|changes) of it is not .*; run the cell .* view again"):
        case.pin(stale, "seats")
    assert "given by hand" in case.pin(stale.frame, "seats").state
    assert "given by hand" not in case.pin(look(case), "seats").state


def test_a_view_of_another_case_of_the_same_time_is_refused(tmp_path: Path):
    """Also where as many events came back, from the same first to the same last."""
    other = write_logs(tmp_path / "other", "api", failure("10:00:00", "one"), failure("10:59:00", "two"))
    ours = write_logs(tmp_path / "ours", "api", failure("10:00:00", "1"), failure("10:59:00", "2"))
    case, foreign = (open_export(each, system="generic") for each in (ours, other))
    case.logs()
    with pytest.raises(BadInput, match="logs/api of it is not what this case read"):
        case.pin(foreign.logs(), "theirs")


def test_a_view_stays_good_when_the_case_is_opened_again(tmp_path: Path):
    """Over the same records, before and after they are read again."""
    view = case_below(tmp_path).logs(level="ERROR")
    case = open_export(tmp_path, system="generic")
    kept = case.pin(view, "seats")
    assert kept.name == case.pin(case.logs(level="ERROR"), "seats").name
    assert set(kept.pulls.values()) == {e.sha256 for e in case.evidence.entries if e.coverage.pull == "logs/api"}


def test_pinning_leaves_the_evidence_alone(case: Case):
    """A pin is in no digest of the run, and a replay gives the same findings."""
    before = (case.folder / "findings.json").read_bytes()
    case.pin(case.log_events, "all")
    case.save()
    assert (case.folder / "findings.json").read_bytes() == before
    assert main(["replay", str(case.folder)]) == 0


@pytest.mark.parametrize("why", ["", " \n", None, 7])
def test_a_pin_has_a_reason(case: Case, why: object):
    """None, and nothing is written."""
    with pytest.raises(BadInput, match="say why"):
        case.pin(lines_of(case), why)
    assert not (case.folder / "pins").exists()


@pytest.mark.parametrize("given", [{"a": 1}, "text", None, [1]])
def test_only_rows_can_be_pinned(case: Case, given: object):
    """What is no view and no frame is refused by its type."""
    with pytest.raises(BadInput, match="give a view of the case or a DataFrame; got"):
        case.pin(given, "why")


def test_a_pin_is_as_complete_as_the_worst_of_its_pulls(tmp_path: Path):
    """An export cut short makes a pin that says so."""
    case = case_below(tmp_path)
    (tmp_path / "logs/api/junk").write_bytes(b"\x00\xff" * 500)
    assert case.pin(lines_of(case), "why").state.startswith("partial: logs/api: ")


def test_a_frame_of_ones_own_says_so(case: Case):
    """Nobody knows which pulls it came from."""
    assert case.pin(case.log_events, "why").state == ("partial: given by hand; which pulls it came from is not known")


def test_what_parquet_cannot_hold_is_kept_as_text(case: Case):
    """Dictionaries, objects, mixed values and half characters; two columns of one name are two."""
    odd = pd.DataFrame(
        {
            "nested": [{"b": 1}, None],
            "mixed": [1, "a"],
            "half": pd.Series(["\ud800", "x"], dtype=object),
            "huge": [2**80, 1],
            "months": pd.period_range("2026-01", periods=2, freq="M"),
            "lists": [["a"], []],
            "cost": [decimal.Decimal("1.50"), None],
            "empty": [None, None],
        }
    )
    kept = case.pin(pd.concat([odd, odd[["mixed"]]], axis=1), "odd")
    assert kept.notes == (
        "Kept as text, for Parquet cannot hold the values: nested, mixed, half, huge, months, mixed (2).",
    )
    assert kept.frame["nested"].iloc[0] == '{"b": 1}'
    assert list(kept.frame["half"]) == ["\\ud800", "x"]
    assert list(kept.frame["lists"].iloc[0]) == ["a"]
    assert kept.frame["cost"].iloc[0] == decimal.Decimal("1.50")


def test_an_index_that_says_something_is_kept(case: Case):
    """Counts by level come with their levels."""
    kept = case.pin(case.log_events.groupby("level").size().rename("events"), "how many")
    assert kept.frame.to_dict("list") == {"level": ["ERROR", "INFO"], "events": [20, 60]}


def test_a_frame_without_rows_can_be_pinned(case: Case):
    """That there was nothing may be worth keeping."""
    assert "no rows" in repr(case.pin(pd.DataFrame({"a": []}), "nothing there"))


def test_a_pin_shows_where_it_lies_and_nothing_that_acts(case: Case):
    """File, digest and the way into the post-mortem; hostile words are text, secrets are taken out."""
    kept = case.pin(lines_of(case), HOSTILE)
    assert kept.entry.file == f"{kept.name}.parquet"
    assert [path.name for path in kept.folder.iterdir() if path.suffix == ".parquet"] == [kept.entry.file]
    for words in (kept.entry.sha256, kept.entry.file, f"ddms-ops report {case.folder}", f"case.unpin('{kept.name}')"):
        assert words in repr(kept)
    html = kept._repr_html_() + case.pins._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "hunter2" not in html + repr(kept) + repr(case.pins)


def test_a_pin_is_found_by_name_and_taken_out(case: Case):
    """What is left is a folder that verifies."""
    kept = case.pin(lines_of(case), "one")
    other = case.pin(lines_of(case), "two")
    assert case.pins[kept.name].why == "one"
    with pytest.raises(BadInput, match=f"no pin named 'pin-x'.*known: .*{other.name}"):
        case.unpin("pin-x")
    assert [each.name for each in case.unpin(kept.name)] == [other.name]
    assert pin_faults(case.folder) == []
    assert "Nothing is pinned" in repr(case.unpin(other.name))


def changed(folder: Path) -> str:
    """One byte of a pinned file changed."""
    path = sorted(folder.glob("*.parquet"))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    return path.name


def removed(folder: Path) -> str:
    """A pinned file removed."""
    path = sorted(folder.glob("*.parquet"))[0]
    path.unlink()
    return path.name


def added(folder: Path) -> str:
    """A file added."""
    (folder / "extra.parquet").write_bytes(b"x")
    return "extra.parquet"


def edited(folder: Path) -> str:
    """Another reason written into the manifest."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("how many", "how much"))
    return path.name


def damaged(folder: Path) -> str:
    """No manifest any more."""
    (folder / "manifest.json").write_text("{")
    return "manifest.json"


def test_verify_counts_pins(report: Path, capsys: pytest.CaptureFixture[str]):
    """An untouched folder has none to complain about."""
    assert main(["verify", str(report)]) == 0
    assert "2 pinned by people, as pinned" in capsys.readouterr().out


@pytest.mark.parametrize("tamper", [changed, removed, added, edited, damaged])
def test_verify_names_a_pin_that_is_not_what_it_was(report: Path, capsys: pytest.CaptureFixture[str], tamper):
    """Whatever was changed is named, exit 1; the findings are replayed all the same, for they do not rest on pins."""
    name = tamper(report / "pins")
    assert main(["verify", str(report)]) == 1
    assert f"pins/{name}: " in capsys.readouterr().out
    assert main(["replay", str(report)]) == 0


def test_an_edited_manifest_is_not_signed_again(case: Case):
    """A pin more would make the edit look true; no list of pins shows it as a person's words."""
    case.pin(lines_of(case), "how many")
    edited(case.folder / "pins")
    with pytest.raises(EvidenceError, match="was changed"):
        _ = case.pins
    with pytest.raises(EvidenceError, match="its content does not fit its own digest; see ddms-ops verify"):
        case.pin(lines_of(case), "another")


def settled(report: Path, made_again: Path) -> Path:
    """A report made again in the place of an earlier one."""
    work = report.parent / ".work-1" / report.name
    work.parent.mkdir()
    shutil.copytree(made_again, work)
    return settle(work, report.parent)


def test_pins_stay_when_the_report_is_made_again(report: Path, tmp_path: Path):
    """As they are, in the new report and in the one that is kept."""
    again = case_below(tmp_path / "again").folder
    folder = settled(report, again)
    assert {each.why for each in read_pins(folder)} == {HOSTILE, "how many"}
    assert (folder / "pins").stat().st_mode & 0o777 == 0o700
    assert pin_faults(folder) == pin_faults(folder.with_name(f"{folder.name}.1")) == []


def test_pins_of_the_new_report_stand_beside_earlier_ones(report: Path, tmp_path: Path):
    """A cell that pins, run again, adds its pin to those of before."""
    case = case_below(tmp_path / "again")
    case.pin(lines_of(case), "pinned by a cell")
    folder = settled(report, case.folder)
    assert {each.why for each in read_pins(folder)} == {HOSTILE, "how many", "pinned by a cell"}
    assert pin_faults(folder) == []


def test_faults_of_pins_are_taken_over_too(report: Path, tmp_path: Path):
    """Making a report again does not make a changed pin whole."""
    name = changed(report / "pins")
    folder = settled(report, case_below(tmp_path / "again").folder)
    assert pin_faults(folder) == [f"pins/{name}: was changed: its SHA-256 is not the manifest's"]


def test_the_post_mortem_shows_pins(report: Path):
    """Reason, first rows with the pull that they came from, call, file; redacted and escaped."""
    section = open_report(report).pins()
    text, html = section.markdown, section._repr_html_()
    number = open_report(report).marks["logs/api"].number
    assert f"no seat | fact [^{number}] |" in text
    assert f'<a href="#pull-{number}"' in html
    assert "Lines of errors: the first 12 of 20 rows; complete." in text
    assert "| ERROR | 20 | written by people |" in text
    assert CALL in text
    assert [each.entry.file in text for each in read_pins(report)] == [True, True]
    assert "<script" not in html.replace("<style>", "")
    assert "hunter2" not in text + html + repr(section)


def test_rows_of_a_pull_that_was_read_again_are_no_fact_of_it(report: Path):
    """A pin stays as it was; the ledger has other records now."""
    path = report / "evidence/manifest.json"
    [entry] = [e for e in json.loads(path.read_text())["files"] if e["pull"] == "logs/api"]
    path.write_text(path.read_text().replace(entry["sha256"], "0" * 64))
    text = open_report(report).pins().markdown
    assert "read again, or not read, since: logs/api." in text
    assert "fact" not in text


@pytest.mark.parametrize("tamper", [changed, removed, damaged, edited])
def test_a_damaged_pin_is_not_shown(report: Path, tamper):
    """The post-mortem says which file, and shows the rest; of an edited reason nothing."""
    name = tamper(report / "pins")
    found = open_report(report)
    text = found.pins().markdown
    assert name in text
    assert "not shown" in text or "cannot be shown" in text
    assert "how much" not in text + "\n".join(summary_lines(found))


def test_columns_that_say_nothing_of_a_pin_are_left_out(case: Case):
    """The number of a row in its view, and what no row that is shown has; the file has them."""
    frame = pd.DataFrame({"n": range(4), "status": [None, None, None, 500], "message": list("abcd")})
    kept = case.pin(View("Rows", frame, (), CALL, columns=("n", "status", "message")), "why")
    assert "message" in repr(kept).splitlines()
    assert "status | message" in open_report(case.folder).pins().text
    assert "Columns that are in the file only: 1." in open_report(case.folder).pins().text
    assert list(kept.frame) == list(frame)


def test_a_pin_says_first_what_to_do_with_it(case: Case):
    """In three rows or fewer: the view stands above it."""
    lines = [line for line in repr(case.pin(lines_of(case), "seats")).splitlines() if line]
    assert lines[0].endswith(": seats")
    assert lines[1].endswith(f"ddms-ops report {case.folder.absolute()}")
    assert "Lines of errors: the first 3 of 20 rows" in lines
    assert len(lines) == 9


def test_a_pin_that_is_not_there_is_a_line(case: Case):
    """By number too, also from the end."""
    kept = case.pin(lines_of(case), "seats")
    assert case.pins[-1].name == kept.name
    with pytest.raises(BadInput, match="no pin number 99; there are 1"):
        _ = case.pins[99]


@pytest.mark.parametrize("key", [None, 1.5, [], pd.NA, "", "x" * 10**6, "password=hunter2hunter2", "a\nb", "\ud800"])
def test_what_names_no_pin_is_one_short_line(case: Case, key: object):
    """Without what may be secret of it, to look at or to take out."""
    case.pin(lines_of(case), "seats")
    for ask in (case.pins.__getitem__, case.unpin):
        with pytest.raises(BadInput) as told:
            ask(key)
        assert len(str(told.value)) < 300
        assert "\n" not in str(told.value)
        assert "hunter2" not in str(told.value)


def test_numbers_of_numpy_are_numbers(case: Case):
    """They are what frames give."""
    kept = case.pin(lines_of(case), "seats")
    assert case.pins[np.int64(0)].name == kept.name


def test_a_pin_whose_file_went_is_frozen_anew(case: Case):
    """The list says what is missing, the pin how to mend it, and pinning the view again does."""
    kept = case.pin(lines_of(case), "seats")
    (kept.folder / kept.entry.file).unlink()
    assert "missing" in repr(case.pins)
    with pytest.raises(EvidenceError, match=f"is missing; pin the view again, or case.unpin.*{kept.name}"):
        repr(case.pins[0])
    again = case.pin(lines_of(case), "seats")
    assert (again.name, len(case.pins), len(again.frame)) == (kept.name, 1, 20)
    assert pin_faults(case.folder) == []


def test_a_case_whose_folder_was_taken_over_touches_no_pin(tmp_path: Path):
    """Neither lists the other report's nor takes them out."""
    case = case_below(tmp_path)
    case.pin(lines_of(case), "seats")
    other = open_export(tmp_path, system="generic", end="2026-03-04T10:50Z")
    kept = other.pin(lines_of(other), "of the other")
    assert case.folder == other.folder
    with pytest.raises(EvidenceError, match="was made anew"):
        _ = case.pins
    with pytest.raises(EvidenceError, match="was made anew"):
        case.unpin(kept.name)
    assert kept.name in [each.name for each in other.pins]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can be written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_one_line_and_leaves_pins_as_they_were(case: Case):
    """What is pinned already is given back; what is not leaves no file behind."""
    view = lines_of(case)
    with full_disk(), pytest.raises(EvidenceError, match="cannot be written: File too large; run the cell again"):
        case.pin(view, "seats")
    assert not (case.folder / "pins").exists()
    kept = case.pin(view, "seats")
    with full_disk():
        assert case.pin(view, "seats").name == kept.name
        with pytest.raises(EvidenceError, match="cannot be written"):
            case.pin(view, "another")
        with pytest.raises(EvidenceError, match="cannot be written"):
            case.unpin(kept.name)
    assert [each.name for each in case.pins] == [kept.name]
    assert pin_faults(case.folder) == []


def test_rows_without_columns_are_refused(case: Case):
    """Parquet would keep none of them."""
    with pytest.raises(BadInput, match="5 rows and no column"):
        case.pin(pd.DataFrame(index=range(5)), "why")


def test_a_report_without_pins_says_how(report: Path):
    """One sentence; the ledger and the summary say nothing of it."""
    shutil.rmtree(report / "pins")
    found = open_report(report)
    assert found.pins().text.startswith("Nothing was pinned. In JupyterLab case.pin(view, ")
    assert "inned" not in found.ledger().text
    assert "inned" not in "\n".join(summary_lines(found))


def test_the_ledger_and_the_summary_name_pins(report: Path):
    """Every file, and one line for the chat."""
    found = open_report(report)
    assert [each.entry.file in found.ledger().text for each in read_pins(report)] == [True, True]
    [line] = [line for line in summary_lines(found) if line.startswith("- Pinned")]
    assert "(and 1 more)" in line
    assert "![x]" not in line


def test_a_column_of_secrets_is_not_shown(case: Case):
    """Nor is a number in it; how many there were of each is."""
    frame = pd.DataFrame({"smtpPassword": ["hunter2"], "passcode": [987654], "count(password)": [1059]})
    kept = case.pin(frame, "why")
    section = open_report(case.folder).pins()
    for text in (repr(kept), kept._repr_html_(), section.markdown, section._repr_html_(), section.text):
        assert "hunter2" not in text
        assert "987,654" not in text
        assert "1,059" in text
    assert kept.frame["smtpPassword"].tolist() == ["hunter2"]


def test_hostile_names_of_columns_are_text(case: Case):
    """In every form of the section."""
    case.pin(pd.DataFrame({"<b>x</b> | [y](z) anna@example.com": [1]}), "why")
    section = open_report(case.folder).pins()
    assert "<b>" not in section._repr_html_()
    assert "\\[y\\](z)" in section.markdown
    assert "anna@" not in section.markdown + section._repr_html_() + section.text
