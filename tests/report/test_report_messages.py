"""The runbook's messages and steps, filled from findings; what nobody says reads unknown."""

from pathlib import Path

import pytest
from report_builders import check, finding, pull, report_folder

from ddms_ops.operations import Template
from ddms_ops.profile import load_profile, profile_path
from ddms_ops.report import open_report
from ddms_ops.report.document import Report
from ddms_ops.report.messages import field_values, filled, status_of
from ddms_ops.report.runbook import answered_by, checklist, procedures

ALERT = "High API Error Rate (5xx)"
COVERAGE = (pull("logs/api"), pull("changes"), pull("metrics", "partial", "cut"))


def dms(folder: Path, *checks: dict, **incident: str) -> Report:
    """A report of dms with its profile kept."""
    given = {"incident_id": "inc-7", "system": "dms", "environment": "prod", "title": "Uploads fail"} | incident
    report_folder(folder, *checks, coverage=COVERAGE, incident=given)
    kept = folder / "evidence" / "profiles"
    kept.mkdir(exist_ok=True)
    (kept / "dms.yaml").write_bytes(profile_path("dms").read_bytes())
    return open_report(folder)


def lead(**changes: object) -> dict:
    """A critical finding that points to the error-rate alert."""
    return check("new", finding("new", "New error X", severity="critical", next_step=f"{ALERT}: Check it") | changes)


def test_a_message_is_in_the_runbooks_words(tmp_path: Path):
    """Its own severity, wording and fields; what no finding says is unknown."""
    hit = check("who_is_hit", finding("who_is_hit", "26 of 40 tenants hit", severity="info"))
    text = dms(tmp_path, lead(), hit, severity="P2").messages().text
    for line in ("INCIDENT: Uploads fail", "SEVERITY: P2", "STATUS: Investigating", "IMPACT: 26 of 40 tenants hit",
                 "START TIME: 2026-03-04 10:37 UTC", "ESTIMATED RESOLUTION: unknown"):  # fmt: skip
        assert line in text.splitlines()


def test_without_findings_a_message_says_unknown(tmp_path: Path):
    """Nothing is made up."""
    values = field_values(dms(tmp_path, check("new")))
    assert {values[name][0] for name in ("impact", "severity", "detected", "resolved", "contact")} == {"unknown"}
    assert "began" not in values


@pytest.mark.parametrize(
    ("noted", "status"), [({}, "Investigating"), ({"mitigated": "2026-03-04T11:00Z"}, "Monitoring"),
                          ({"resolved": "2026-03-04T11:30Z"}, "Resolved")],
)  # fmt: skip
def test_the_status_follows_what_people_noted(tmp_path: Path, noted: dict, status: str):
    """And nothing else: a change that coincides identifies nothing."""
    change = check("changes_before", finding("changes_before", "Deploy", severity="low"))
    word, basis = status_of(dms(tmp_path, lead(), change, **noted))
    assert (word, basis.kind) == (status, "people" if noted else "declared")


def test_no_resolved_message_before_somebody_noted_it(tmp_path: Path):
    """It says so in its place."""
    assert "STATUS: Resolved" not in dms(tmp_path, lead()).messages().text
    assert "Not written: nobody noted when it was resolved." in dms(tmp_path, lead()).messages().text
    assert "STATUS: Resolved" in dms(tmp_path, lead(), resolved="2026-03-04T11:30Z").messages().text


def test_what_the_profile_calls_private_is_in_no_message(tmp_path: Path):
    """The title of dms may name a document."""
    report = dms(tmp_path, lead(), title="Quarterly-report.pdf is not processed")
    assert "INCIDENT: [document] is not processed" in report.messages().text


def test_each_place_of_a_placeholder_has_its_own_field():
    """The n-th is filled by the n-th, further ones by the last."""
    template = Template(text="[T] [T] [T]", fields={"[T]": ["began", "now"]})
    values = {"now": ("2", None), "began": ("1", None)}
    assert "".join(part.words for part in filled(template, values)) == "1 2 2"


def test_the_next_update_is_due_by_the_profile(tmp_path: Path):
    """Unknown where it sets no time, as dms; what is due and the next level stand beside it."""
    values = field_values(dms(tmp_path, lead(), severity="P1", detected="2026-03-05T08:20:00Z"))
    assert "next_update" not in values
    assert values["due"][0] == "2026-03-05 08:35 UTC"
    assert values["escalate_to"][0].words == "Engineering manager (level 3), Business hours"


def test_a_placeholder_that_nothing_fills_reads_unknown():
    """Longer placeholders go before those that begin like them."""
    template = Template(text="[Time] [Time ] [X]", fields={"[Time]": "now", "[Time ]": "began", "[X]": "due"})
    values = {"now": ("1", None), "began": ("2", None)}
    assert "".join(part.words for part in filled(template, values)) == "1 2 unknown"


def test_steps_are_answered_by_complete_pulls_only(tmp_path: Path):
    """A step that only looks at what was pulled; not one that acts, and not over a pull that is cut."""
    report = dms(tmp_path, lead())
    assert [row.pull for row in answered_by(report, "Review recent deployments")] == ["changes"]
    assert [row.pull for row in answered_by(report, "Check the API logs for exceptions")] == ["logs/api"]
    for step in (
        "If recent deployment: rollback",
        "Check the CloudTrail logs and 5XXError",
        "Restart the logs agent",
        "Check the logs",
    ):
        assert answered_by(report, step) == ()


def test_the_steps_of_the_alert_are_listed(tmp_path: Path):
    """Those of the alert that the finding's next step names, each with who has done it."""
    report = dms(tmp_path, lead())
    assert [each.title for each in procedures(report)] == [ALERT]
    assert "Review recent deployments | answered by changes | fact [1]" in report.next_steps().text
    assert "If recent deployment: rollback the Lambda function | by people | declared" in report.next_steps().text


def test_the_steps_of_what_is_watched_are_found(tmp_path: Path):
    """By the alert or scenario that the profile names for a pipeline."""
    profile = load_profile("dms", "prod")
    name = next(name for name, entry in profile.pipelines.items() if entry.runbook)
    found = finding("stuck_work", "Jobs are stuck", subject={"pipeline": name}, next_step="")
    [procedure] = procedures(dms(tmp_path, check("stuck_work", found, notebook="pipeline_backlog")))
    entries = {**profile.alerts, **profile.scenarios}
    assert procedure.title == entries[profile.pipelines[name].runbook].title


def test_ticked_boxes_stay_and_new_steps_are_added(tmp_path: Path):
    """What people wrote is never changed; a procedure that is not in it yet stands below."""
    report = dms(tmp_path, lead())
    ticked = checklist(report).replace("- [ ] Review", "- [x] Review")
    assert checklist(report, ticked) == ticked
    assert checklist(report, "## Runbook steps done\n\nOurs").startswith("## Runbook steps done\n\nOurs\n\n**High API")
