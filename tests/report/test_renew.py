"""A report made again: of a case that was run by hand, beside one that was run before, and with what people added."""

import json
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from builders import failure, minutes, open_export, report_document, request, write_logs
from report_builders import UNLABELLED, check, finding, pull, report_folder

from ddms_ops.case import Case
from ddms_ops.cli import main
from ddms_ops.errors import BadInput, EvidenceError
from ddms_ops.evidence import read_manifest
from ddms_ops.hops.pinned import read_pins
from ddms_ops.hops.view import View
from ddms_ops.report import open_report
from ddms_ops.report.claims import check_claims
from ddms_ops.report.renew import renew_report
from ddms_ops.report.standing import STALE
from ddms_ops.settings import assets


def export_of(root: Path, *lines: str) -> Path:
    """A small export with twenty failures and more lines."""
    healthy = [request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)[::10]]
    return write_logs(root, "api", *healthy, *[failure(clock, "no seat") for clock in minutes(20, 22)], *lines)


def by_hand(root: Path, **parameters: str) -> Case:
    """A case over the export, as a notebook opens it."""
    return open_export(root, **{"system": "generic", **parameters})


def statuses(folder: Path) -> dict[str, str]:
    """Of each check in findings.json what came of it."""
    return {row["id"]: row["status"] for row in report_document(folder)["checks"]}


@pytest.fixture(scope="module")
def renewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report folder of a case that was looked at by hand: one check, more pulls after it, a pin; made a report of."""
    case = by_hand(export_of(tmp_path_factory.mktemp("renewed")))
    case.result("new_errors")
    case.pulls("metrics")
    case.pin(View("All lines", case.log_events, tuple(case.pulls("logs")), "case.logs()"), "all of it, **bold** <b>")
    assert renew_report(case.folder) == 1
    return case.folder


def test_a_report_comes_of_a_case_run_by_hand(renewed: Path):
    """Post-mortem, timeline and summary; evidence that was pulled after the last check is in it."""
    names = {path.name for path in renewed.iterdir()}
    assert {"post_mortem.ipynb", "post_mortem.html", "post_mortem.md", "timeline.csv", "summary.md"} <= names
    assert "New error" in (renewed / "summary.md").read_text()
    assert {row["pull"] for row in report_document(renewed)["coverage"]} >= {"logs/api", "metrics"}


def test_it_is_as_true_as_one_that_was_run(renewed: Path, capsys: pytest.CaptureFixture[str]):
    """The evidence verifies and gives the same findings again."""
    assert main(["verify", str(renewed)]) == 0
    assert "1 pinned by people, as pinned" in capsys.readouterr().out
    assert main(["replay", str(renewed)]) == 0


def test_what_was_not_run_is_said(renewed: Path):
    """Notebooks by name and reason, and the other checks of the one that was begun."""
    text = (renewed / "post_mortem.md").read_text()
    assert "| slow queries | not asked for | declared |" in text
    assert "| capacity | the profile of generic has no section 'capacity' | declared |" in text
    assert "its section was not reached" in text
    assert (statuses(renewed)["new_errors"], statuses(renewed)["traffic"]) == ("found", "not_checked")


def test_the_page_shows_the_pin(renewed: Path, visit):
    """With its reason as text, rows that lead to their pull, and its file."""
    page = visit(renewed / "post_mortem.html")
    assert page.locator("h3", has_text="all of it, **bold** <b>").count() == 1
    assert page.locator("table.pinned tr.claim.fact a[href^='#pull-']").count() == 12
    [kept] = read_pins(renewed)
    assert kept.entry.file in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(UNLABELLED) == []


def test_a_folder_of_pins_that_is_gone_is_missed(renewed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The post-mortem shows what was in it."""
    folder = Path(shutil.copytree(renewed, tmp_path / "report"))
    shutil.rmtree(folder / "pins")
    assert main(["verify", str(folder)]) == 1
    assert "pins: is missing: the post-mortem shows pins" in capsys.readouterr().out


def test_words_of_people_stay(tmp_path: Path):
    """Nothing failed, nothing is partial: exit 0, also of a report of before there were pins."""
    folder = report_folder(tmp_path / "report", check("new_errors", finding("new_errors", "New error X")))
    notebook = nbformat.read(assets("notebooks") / "post_mortem.ipynb", as_version=4)
    [cause] = [cell for cell in notebook.cells if cell.source.startswith("## Root cause")]
    cause.source = "## Root cause\n\nThe pool had one connection."
    nbformat.write(notebook, folder / "post_mortem.ipynb")
    assert renew_report(folder) == 0
    text = (folder / "post_mortem.md").read_text()
    assert "The pool had one connection." in text
    assert "Nothing was pinned." in text
    assert report_document(folder)["skipped"]["slow_queries"] == "not asked for"


def test_partial_evidence_is_exit_1(tmp_path: Path):
    """As of a run."""
    coverage = (pull("logs/api"), pull("changes", "partial", "cut"))
    folder = report_folder(tmp_path / "report", check("new_errors"), coverage=coverage)
    assert renew_report(folder) == 1


def test_what_is_no_report_is_one_line(tmp_path: Path):
    """Nothing is written into it."""
    with pytest.raises(EvidenceError, match="no such file; give a report folder made by ddms-ops run"):
        renew_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_edited_manifest_is_not_made_true(tmp_path: Path):
    """A report is not made over evidence that is not the one of its findings."""
    case = by_hand(export_of(tmp_path))
    case.result("new_errors")
    path = case.folder / "findings.json"
    path.write_text(path.read_text().replace(case.evidence.digest, "0" * 64))
    with pytest.raises(EvidenceError, match="is not the one that findings.json was made of"):
        renew_report(case.folder)


# Beside what stands there already


def page_of(folder: Path, name: str, digest: str) -> None:
    """A page of a notebook that was run in the folder."""
    cells = [nbformat.v4.new_markdown_cell("## Section"), nbformat.v4.new_code_cell("1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    (folder / f"{name}.html").write_text(f"<footer>{digest}</footer>")


def test_a_second_notebook_keeps_what_the_first_found(tmp_path: Path):
    """Both are open at once, each with its own case over one folder; ids and ranks are as of one case."""
    lines = [failure(clock, "no seat", tenant="anna.meyer@example.com") for clock in minutes(22, 40)]
    root = export_of(tmp_path, *lines)
    first, second = by_hand(root), by_hand(root)
    first.result("who_is_hit")
    second.pulls("metrics")
    second.result("saturation")
    second.result("new_errors")
    first.result("error_rate")
    found = statuses(first.folder)
    assert (found["new_errors"], found["error_rate"], found["who_is_hit"]) == ("found", "clear", "found")
    assert "saturation" in found
    assert main(["verify", str(first.folder)]) == 0
    assert main(["replay", str(first.folder)]) == 0


def test_a_look_by_hand_keeps_the_report_that_stands_there(tmp_path: Path):
    """Same records, same findings; pages get the digest of the evidence that was added."""
    root = export_of(tmp_path)
    before = by_hand(root)
    before.result("new_errors")
    page_of(before.folder, "error_triage", before.evidence.digest)
    case = by_hand(root)
    case.pulls("metrics")
    assert statuses(case.folder)["new_errors"] == "found"
    assert main(["verify", str(case.folder)]) == 1
    renew_report(case.folder)
    assert main(["verify", str(case.folder)]) == 0
    assert case.evidence.digest in (case.folder / "error_triage.html").read_text()


def test_findings_of_records_that_are_not_there_any_more_do_not_stand(tmp_path: Path):
    """The export has grown: what was found before is not checked, its page is kept as an earlier one."""
    root = export_of(tmp_path)
    before = by_hand(root)
    before.result("new_errors")
    page_of(before.folder, "error_triage", before.evidence.digest)
    export_of(tmp_path, failure("10:30:00", "one more"))
    case = by_hand(root)
    assert len(case.log_events) == 81
    [row] = [row for row in report_document(case.folder)["checks"] if row["id"] == "new_errors"]
    assert (row["status"], row["reason"], row["findings"]) == ("not_checked", STALE, [])
    assert main(["verify", str(case.folder)]) == 0
    assert (case.folder / "error_triage.earlier.html").is_file()
    assert main(["replay", str(case.folder)]) == 0
    case.result("new_errors")
    assert statuses(case.folder)["new_errors"] == "found"


def test_another_window_is_another_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The earlier one is kept whole, and the case that is open on it refuses; pins and people's words go along."""
    root = export_of(tmp_path)
    before = by_hand(root)
    before.result("new_errors")
    before.pin(before.log_events, "why")
    case = by_hand(root, end="2026-03-04T10:30Z")
    kept = case.folder.with_name("test.1")
    assert f"an earlier report is kept as {kept}" in capsys.readouterr().err
    case.result("error_rate")
    rows = pd.DataFrame({"a": [1]})
    for further in (
        lambda: before.result("latency"),
        lambda: before.pulls("alarms"),
        lambda: before.log_files,
        lambda: before.pin(rows, "why"),
        before.save,
    ):
        with pytest.raises(EvidenceError, match="was made anew, or moved, since .*; run open_case again"):
            further()
    case.pulls("metrics")
    assert "found" in statuses(kept)["new_errors"]
    assert [each.why for each in read_pins(case.folder)] == ["why"]
    for folder in (case.folder, kept):
        assert main(["verify", str(folder)]) == main(["replay", str(folder)]) == 0


def test_of_two_cases_opened_before_either_found_something_the_first_to_find_has_the_report(tmp_path: Path):
    """The other one refuses in a line, and leaves nothing."""
    root = export_of(tmp_path)
    first, second = by_hand(root), by_hand(root, end="2026-03-04T10:30Z")
    first.pulls("metrics")
    with pytest.raises(EvidenceError, match="holds findings of another time or system now; run open_case again"):
        second.pulls("alarms")
    assert [entry.coverage.pull for entry in read_manifest(first.folder / "evidence")] == ["metrics"]


def test_findings_of_two_kernels_over_records_that_changed_do_not_mix(tmp_path: Path):
    """Who read the earlier records goes no further; opened again, its findings stand beside the other's."""
    root = export_of(tmp_path)
    first = by_hand(root)
    first.result("new_errors")
    export_of(tmp_path, failure("10:30:00", "one more"))
    second = by_hand(root)
    second.result("error_rate")
    with pytest.raises(EvidenceError, match="is another one since this case was opened; run open_case again"):
        first.result("saturation")
    again = by_hand(root)
    again.result("new_errors")
    second.result("saturation")
    found = statuses(again.folder)
    assert (found["new_errors"], found["error_rate"]) == ("found", statuses(second.folder)["error_rate"])
    assert main(["verify", str(again.folder)]) == main(["replay", str(again.folder)]) == 0


def test_relative_times_are_told_as_instants(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A second call is of another time; with what is printed there is no third report."""
    root = export_of(tmp_path)
    by_hand(root).pulls("metrics")
    by_hand(root, start="-2h", end="-30min").pulls("metrics")
    assert 'give start="2026-03-04T10:00:00Z", end="2026-03-04T11:30:00Z"' in capsys.readouterr().err
    by_hand(root, start="2026-03-04T10:00:00Z", end="2026-03-04T11:30:00Z")
    assert capsys.readouterr().err == ""


def test_a_reason_that_is_redacted_is_still_the_evidence(tmp_path: Path):
    """A profile of customers' documents: which table is missing can still be read, what lies there can not."""
    root = export_of(tmp_path)
    (root / "audit").mkdir()
    (root / "audit/Contract Miller.csv").touch()
    case = by_hand(root, system="dms")
    case.audit_rows(request="x")
    [reason] = {row["reason"] for row in report_document(case.folder)["coverage"] if row["pull"] == "audit/audit_logs"}
    assert reason.startswith("no table audit_logs (CSV or Parquet) in the export's folder audit; there is audit[")
    assert "Miller" not in reason
    check_claims(open_report(case.folder))


def test_a_case_is_not_moved_away_from_under_itself(tmp_path: Path):
    """A closer look into a report's own evidence goes elsewhere."""
    before = by_hand(export_of(tmp_path))
    before.pulls("logs")
    with pytest.raises(BadInput, match="is where this case writes, and of another time; give another out="):
        by_hand(tmp_path, source=f"case:{before.folder}", end="2026-03-04T10:30Z")
    assert main(["verify", str(before.folder)]) == 0


def test_findings_of_another_version_do_not_stand(tmp_path: Path):
    """Its checks may have judged otherwise."""
    root = export_of(tmp_path)
    before = by_hand(root)
    before.result("new_errors")
    path = before.folder / "findings.json"
    found = json.loads(path.read_text()) | {"tool": "ddms-ops 0.0.1"}
    path.write_text(json.dumps(found))
    by_hand(root).pulls("logs")
    assert statuses(before.folder)["new_errors"] == "not_checked"
