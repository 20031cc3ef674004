"""The first screen: how many findings, which starts, and what of a sample is exact."""

from pathlib import Path

from builders import open_export, write_logs
from panel_builders import WORKER, job, sampled, write_incident, write_trail

from ddms_ops.case import Case
from ddms_ops.coverage import Status
from ddms_ops.panels import answer_panel, findings_panel
from ddms_ops.report.summary import write_summary
from ddms_ops.sources.files import FilesSource


def test_findings_are_counted_in_one_way(tmp_path: Path):
    """The first screen, the summary and the table of findings give the same number: every row of the table."""
    write_incident(tmp_path, hit=("t0", "t1"), texts=("cannot read page",))
    write_trail(tmp_path, *(f"Update{n}" for n in range(6)))
    case = open_export(tmp_path)
    answer = answer_panel(case).text
    number = sum(len(result.findings) for result in case.results)
    write_summary(case.folder)
    further = answer.count("\nAlso | ") > 2
    assert f"{number} findings; " in findings_panel(case).text
    assert (f"{number} findings in all, below" in answer) == further
    assert (f"{number} findings in all, in the report" in (case.folder / "summary.md").read_text()) == further


def test_other_starts_stand_beside_the_first(usual: Case):
    """One start leads; when other checks saw something is said under it."""
    [since] = [line for line in answer_panel(usual).text.splitlines() if line.startswith("Since")]
    assert since.startswith("Since | 2026-03-04 10:20:00 UTC")
    assert since.endswith(" | other signs, by their own measure: error rate 10:20")


def test_totals_are_exact_where_all_were_counted(tmp_path: Path):
    """Both log groups of the profile, in window and baseline."""
    write_logs(tmp_path, WORKER, job("09:30:00"), job("10:30:00"))
    case = sampled(tmp_path, FilesSource(write_incident(tmp_path)), most=400)
    assert "; exact: 1,001 log events in the window, 601 in the baseline\n" in answer_panel(case).text


def test_there_are_at_least_so_many_where_not_all_were_counted(sample: Case):
    """A log group without an export may hold more."""
    assert {row.status for row in sample.pulls("log_counts")} > {Status.COMPLETE}
    words = "; at least 1,000 log events in the window, at least 600 in the baseline: not all counted\n"
    assert words in answer_panel(sample).text
