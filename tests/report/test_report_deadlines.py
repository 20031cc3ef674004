"""Deadlines of the profile, held against what people noted or the report's own time."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from report_builders import check, finding, report_folder

from ddms_ops.profile import profile_path
from ddms_ops.report import open_report
from ddms_ops.report.response import deadline_state, next_level, span_words

TEN = pd.Timestamp("2026-03-04T10:00Z")


def at(minutes: float) -> pd.Timestamp:
    """Some minutes after ten."""
    return TEN + pd.Timedelta(minutes=minutes)


def deadlines(folder: Path, *, generated_at: str = "2026-03-04T10:48:00Z", **incident: str) -> dict[str, str]:
    """The state of each deadline of a dms incident that was detected at 10:42."""
    given = {"incident_id": "i", "system": "dms", "environment": "prod", "detected": "2026-03-04T10:42:00Z"} | incident
    report_folder(
        folder, check("new", finding("new", "X", severity="critical")), incident=given, generated_at=generated_at
    )
    kept = folder / "evidence" / "profiles"
    kept.mkdir()
    (kept / "dms.yaml").write_bytes(profile_path("dms").read_bytes())
    rows = [line.split(" | ") for line in open_report(folder).response_times().text.splitlines()]
    return {row[0].partition(" (")[0]: row[3] for row in rows if len(row) == 5}


@pytest.mark.parametrize(
    ("done", "now", "state"),
    [
        (at(5), at(60), "met, 10 min before"),
        (at(15), at(60), "met, 0 min before"),
        (at(27), at(60), "late by 12 min"),
        (None, at(3), "12 min left at 2026-03-04 10:03 UTC"),
        (None, at(195), "passed 3 h before 2026-03-04 13:15 UTC"),
        (None, None, "unknown"),
    ],
)
def test_a_deadline_is_met_late_ahead_or_passed(done: pd.Timestamp, now: pd.Timestamp, state: str):
    """By what people noted, else by the report's own time, which is said."""
    assert deadline_state(at(15), done, now, by="acknowledged")[0] == state


def test_the_response_is_due_by_the_systems_own_severity(tmp_path: Path):
    """P1 of dms: within 15 min of detected."""
    assert deadlines(tmp_path, severity="P1")["Response to P1"] == "9 min left at 2026-03-04 10:48 UTC"


def test_without_a_stated_severity_the_leading_finding_tells(tmp_path: Path):
    """A critical finding is the profile's worst."""
    assert deadlines(tmp_path, acknowledged="2026-03-04T10:45:00Z")["Response to P1"] == "met, 12 min before"


def test_escalation_is_not_due_once_mitigated(tmp_path: Path):
    """The levels before it were; those after it never are."""
    states = deadlines(tmp_path, mitigated="2026-03-04T11:20:00Z")
    assert states["Escalation 2: Senior engineer"] == "due 8 min before it was mitigated"
    assert states["Escalation 3: Engineering manager"] == "not due"


def other(folder: Path, text: str, **incident: str) -> str:
    """The response section of a system whose profile has these severities and levels."""
    profile = yaml.safe_load(profile_path("dms").read_text()) | yaml.safe_load(text)
    given = {"incident_id": "i", "system": "dms", "environment": "prod", "detected": "2026-03-06T17:00:00Z"} | incident
    report_folder(folder, check("new", finding("new", "X", severity="critical")), incident=given)
    (folder / "evidence" / "profiles").mkdir()
    (folder / "evidence" / "profiles" / "dms.yaml").write_text(yaml.safe_dump(profile))
    return open_report(folder).response_times().text


def test_what_the_runbook_does_not_set_has_no_due_instant(tmp_path: Path):
    """No response time, a level without a time, a level for some incidents only."""
    text = other(
        tmp_path,
        """
severities: {P1: {description: A}, P2: {description: B}, P3: {description: C}, P4: {description: D}}
escalation: [{level: 1, who: On-call}, {level: 2, who: AWS, only: for platform issues, from_min: 60}]
""",
    )
    assert "Response to P1 | not set by the runbook; after the leading finding: people stated none | – | – | –" in text
    assert "Escalation 1: On-call | time not set by the runbook | – | – | –" in text
    assert "Escalation 2: AWS | only for platform issues; from 60 min | – | for people to say | –" in text


def test_business_days_are_for_people_to_count(tmp_path: Path):
    """One of a Friday evening is not Saturday evening."""
    text = other(tmp_path, "{}", severity="P4")
    assert "Response to P4 | within 1 business day; as people stated it | – | for people to say | –" in text
    assert "2026-03-07" not in text


def test_a_declared_contact_can_be_called(tmp_path: Path):
    """Its address is shown, and no secret beside it."""
    text = other(
        tmp_path,
        """
escalation: [{level: 1, who: Lead, from_min: 0, contact: "lead@example.com, password=hunter2secret"}]
""",
    )
    assert "Lead (lead@example.com, [secret_pair]" in text


def test_a_level_for_some_incidents_is_not_next(tmp_path: Path):
    """Whatever time has passed."""
    text = """
escalation: [{level: 1, who: On-call, from_min: 0}, {level: 2, who: AWS, only: for platform issues, from_min: 60}]
"""
    other(tmp_path, text)
    assert next_level(open_report(tmp_path))[0] == "On-call (level 1)"


def test_without_a_profile_deadlines_are_unknown(tmp_path: Path):
    """And that is said."""
    text = open_report(report_folder(tmp_path, check("new", finding("new", "X")))).response_times().text
    assert "Deadlines: unknown, for the profile of this run was not kept or cannot be read." in text


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.9, "0 min"), (59, "59 min"), (60, "1 h"), (185, "3 h 5 min"), (4320, "3 days")]
)
def test_lengths_in_words(minutes: float, words: str):
    """Minutes below an hour, hours below two days, then days."""
    assert span_words(minutes) == words
