"""A report folder read back: shape, sections, summary."""

import json
from pathlib import Path

import mistune
import pytest
from report_builders import HOSTILE, check, finding, pull, report_folder

from ddms_ops.errors import EvidenceError
from ddms_ops.report import open_report
from ddms_ops.report.summary import escape_markdown, summary_lines, write_summary

FAILED = pull("changes", "no_permission", "AccessDenied on cloudtrail:LookupEvents")


def lines_of(folder: Path, *checks: dict, **changes: object) -> list[str]:
    """Summary of a report folder."""
    return summary_lines(open_report(report_folder(folder, *checks, **changes)))


@pytest.mark.parametrize("key", ["incident", "window", "baseline", "source", "tool", "coverage", "checks"])
def test_a_missing_key_is_named(tmp_path: Path, key: str):
    """One line with the file and the key."""
    path = report_folder(tmp_path) / "findings.json"
    document = json.loads(path.read_text())
    del document[key]
    path.write_text(json.dumps(document))
    with pytest.raises(EvidenceError, match=rf"findings\.json: '{key}' is missing; write the report again"):
        open_report(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"checks": 3},
        {"window": "now"},
        {"coverage": [{**pull("x"), "status": "fine"}]},
        {"checks": [check("new", finding("new", "x", severity="bad"))]},
        {"checks": [check("new", finding("new", "x", observed="1"))]},
        {"checks": [check("new", finding("new", "x", evidence=[]))]},
        {"incident": {"incident_id": 3}},
    ],
)
def test_a_wrong_shape_is_refused_in_one_line(tmp_path: Path, changes: dict):
    """Never a traceback of ours."""
    with pytest.raises(EvidenceError) as caught:
        open_report(report_folder(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_no_report_is_refused(tmp_path: Path):
    """With what would work."""
    with pytest.raises(EvidenceError, match="give a report folder made by ddms-ops run"):
        open_report(tmp_path / "nowhere")


def test_headline_is_the_leading_finding(tmp_path: Path):
    """With since when, where, who, what changed and what next, each with its pull; what is not there is unknown."""
    hit = finding("who_is_hit", "26 of 40 tenants hit", rank=2, severity="info")
    report = open_report(report_folder(tmp_path, check("new", finding("new", "New error X")), check("who_is_hit", hit)))
    assert report.headline().text.splitlines() == [
        "high: New error X [1]",
        "",
        "Question | Answer | Basis",
        "Since | 2026-03-04 10:37:00 UTC | fact [1]",
        "Where | endpoint POST /documents | fact [1]",
        "Who is hit | 26 of 40 tenants hit | fact [1]",
        "Changed just before | unknown | counted",
        "Confidence | medium | fact [1]",
        "Not known | 0 of 1 pulls not complete, 0 checks not made | counted",
        "Next step | Check recent deployments | declared",
    ]


def test_what_explains_the_leading_finding_is_said_first(tmp_path: Path):
    """Before what another notebook's check, asked for first, says of its own."""
    lead = finding("slow_statements", "Slow", subject={"statement": "a"}, severity="critical")
    ours = finding("database_changes", "ALTER TABLE", rank=2, severity="info")
    checks = [check("changes_before", finding("changes_before", "Deploy", rank=1, severity="info"))]
    checks += [{**check(row["id"][:-2], row), "notebook": "slow_queries"} for row in (lead, ours)]
    assert "Changed just before | ALTER TABLE" in open_report(report_folder(tmp_path, *checks)).headline().text
    ours["subject"] = {"explains": "another"}
    assert "Changed just before | ALTER TABLE" in open_report(report_folder(tmp_path, *checks)).headline().text


def test_what_the_leading_notebook_could_not_check_is_said(tmp_path: Path):
    """Rather than that another notebook's check found nothing."""
    lead = check("slow_statements", finding("slow_statements", "Slow"))
    lacking = check("database_changes", status="not_checked", reason="no log")
    checks = [check("changes_before"), *({**row, "notebook": "slow_queries"} for row in (lead, lacking))]
    text = open_report(report_folder(tmp_path, *checks)).headline().text
    assert "Changed just before | not checked: no log" in text


def test_response_times_are_never_guessed(tmp_path: Path):
    """Detected 5 min after the first event; nobody noted the rest."""
    lines = open_report(report_folder(tmp_path, check("new", finding("new", "X")))).response_times().text.splitlines()
    assert [line.split(" | ")[:2] for line in lines[1:5]] == [
        ["Time to detect", "5 min"],
        ["Time to acknowledge", "unknown"],
        ["Time to mitigate", "unknown"],
        ["Time to resolve", "unknown"],
    ]


def test_timeline_comes_from_its_file(tmp_path: Path):
    """And its absence is said."""
    report = open_report(report_folder(tmp_path))
    assert (
        report.timeline().text.splitlines()[-1]
        == "2026-03-04 10:34:06 UTC | second | change | UpdateFunctionCode | dms-api by deploy | counted"
    )
    (tmp_path / "timeline.csv").unlink()
    assert report.timeline().text == "No timeline.csv in this report: no notebook of this run wrote one."


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "time,source,event,detail\nsoon,x,y,z\n", "\x00\n"])
def test_a_damaged_timeline_is_said(tmp_path: Path, content: str):
    """It does not take the section with it."""
    report = open_report(report_folder(tmp_path))
    (tmp_path / "timeline.csv").write_text(content)
    assert report.timeline().text.startswith(("timeline.csv cannot be read", "0 of 0 events"))


def test_next_steps_stand_once(tmp_path: Path):
    """Two findings with one step are one row."""
    found = [finding("new", "a", rank=1), finding("rate", "b", rank=2)]
    report = open_report(report_folder(tmp_path, *(check(entry["id"][:-2], entry) for entry in found)))
    assert len(report.next_steps().text.splitlines()) == 2


@pytest.mark.parametrize("content", ["", "[]", '{"files": 3}', '{"files": [3, {}]}'])
def test_ledger_bears_any_manifest(tmp_path: Path, content: str):
    """What is not known is not shown; nothing breaks."""
    report = open_report(report_folder(tmp_path))
    (tmp_path / "evidence" / "manifest.json").write_text(content)
    assert report.ledger().text


def test_summary_of_an_incident(tmp_path: Path):
    """At most 15 lines that stand on their own."""
    checks = [
        check("new", finding("new", "New error X on POST /a: 508 events", severity="critical")),
        check("rate", *(finding("rate", f"Rate {n}", rank=n, severity="low") for n in range(2, 9))),
        check("who_is_hit", finding("who_is_hit", "26 of 40 tenants hit", rank=9, severity="info")),
        check(
            "changes_before",
            finding("changes_before", "UpdateFunctionCode 3 min before; coincident", rank=10, severity="info"),
        ),
        check("alarms", status="not_checked", reason="no alarms"),
    ]
    write_summary(report_folder(tmp_path, *checks, coverage=(pull("logs"), FAILED)))
    assert (tmp_path / "summary.md").read_text().splitlines() == [
        "**Uploads fail** (inc-7) · 2026-03-04 10:00–12:00 UTC",
        "- **critical**, confidence medium: New error X on POST /a: 508 events",
        "- Since: 2026-03-04 10:37 UTC · Where: endpoint POST /documents",
        "- Who is hit: 26 of 40 tenants hit",
        "- Just before: UpdateFunctionCode 3 min before; coincident",
        "- Next step: Check recent deployments",
        "- Also (low): Rate 2",
        "- Also (low): Rate 3",
        "- Also (low): Rate 4",
        "- 10 findings in all, in the report",
        "- Not seen, pulls: changes (no permission)",
        "- Not seen, checks: alarms (not checked)",
        f"- Evidence manifest `{open_report(tmp_path).digest[:16]}`; verify: `ddms-ops verify {tmp_path}`",
    ]


def test_nothing_found_in_complete_pulls(tmp_path: Path):
    """May be said."""
    assert lines_of(tmp_path, check("new"))[1] == "- No finding above low severity; every pull complete."


@pytest.mark.parametrize(
    "gap", [{"coverage": (FAILED,)}, {"checks": [check("new", status="not_checked", reason="no logs")]}]
)
def test_nothing_found_in_incomplete_pulls(tmp_path: Path, gap: dict):
    """Says that it cannot tell."""
    assert "this report cannot tell" in lines_of(tmp_path, check("new"), **gap)[1]


def test_nothing_checked_is_no_all_clear(tmp_path: Path):
    """A report without checks says nothing about the system."""
    assert "it cannot be told" in lines_of(tmp_path)[1]


@pytest.mark.parametrize("text", [*HOSTILE, "*b* _i_ `c` ~~s~~ | x | # y", "a\n# b\n\n- c", "&lt;b&gt; \\[x](y)"])
def test_a_summary_shows_hostile_text_as_it_is(tmp_path: Path, text: str):
    """No link, picture, HTML or mention comes of a statement, a title or a place."""
    found = finding("new", text, subject={"endpoint": text}, next_step=text)
    lines = lines_of(tmp_path, check("new", found), incident={"incident_id": "i", "title": text})
    html = mistune.create_markdown(escape=False, plugins=["url", "strikethrough", "table", "math"])("\n".join(lines))
    tags = {tag.split()[0] for tag in html.replace(">", "<").split("<")[1::2]}
    assert tags <= {"p", "/p", "ul", "/ul", "li", "/li", "strong", "/strong", "code", "/code"}


def test_a_mention_is_broken():
    """Nobody is called by a log line."""
    assert escape_markdown("<!channel> @here") == "\\<!channel\\> \\@here"


def test_silence_over_a_part_is_no_all_clear(tmp_path: Path):
    """Where notebooks were not asked for, the report cannot tell."""
    skipped = {"capacity": "not asked for", "cost_spike": "not asked for"}
    text = open_report(report_folder(tmp_path, check("new"), skipped=skipped)).headline().text
    assert text == (
        "No finding above low severity in the notebooks that were run; 2 more were not asked for,"
        " so this report cannot tell."
    )


def test_among_equals_one_with_its_own_change_leads(tmp_path: Path):
    """That names the same thing: it is told what changed before it."""
    report = open_report(
        report_folder(tmp_path, check("a", finding("a", "A")), check("b", finding("b", "B"), notebook="capacity"))
    )
    [first, second] = report.leads.values()
    change = finding("capacity_changes", "Deploy", severity="low", subject={"explains": second.id})
    told = check("capacity_changes", change, notebook=report.home(second))
    checks = [check(f.check, finding(f.check, f.statement), notebook=report.home(f)) for f in (first, second)]
    assert open_report(report_folder(tmp_path, *checks, told)).leading == second
