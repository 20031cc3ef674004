"""A system that nobody here knew: one YAML file and exports, no code."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import DAY, at, envelope, minutes, report_document, write_logs

from ddms_ops.cli import main

FERRY = """
system: ferry
title: Ferry bookings
environments: {live: {region: eu-central-1}}
logs:
  groups: {booking: {component: booking}, boarding: {component: boarding}}
  fields: {level: sev, message: msg, error: kind, request_id: cid, tenant: org, path: url, status: code,
    duration_s: secs}
  levels: {FATAL: [sunk], ERROR: [bad], WARN: [odd], INFO: [fine]}
metrics:
  waiting:
    {title: Tickets waiting, namespace: AWS/SQS, name: ApproximateNumberOfMessagesVisible,
     dimensions: {QueueName: tickets}, statistic: Maximum, period_s: 60, unit: messages}
  came:
    {namespace: AWS/SQS, name: NumberOfMessagesSent, dimensions: {QueueName: tickets}, statistic: Sum, period_s: 60,
     unit: messages}
  went:
    {namespace: AWS/SQS, name: NumberOfMessagesDeleted, dimensions: {QueueName: tickets}, statistic: Sum, period_s: 60,
     unit: messages}
pipelines:
  tickets:
    {title: Ticket printing, components: [boarding], queues: [tickets], depth: waiting, arrived: came, done: went,
     runbook: queue_long}
triage:
  {min_events: 10, significance: 0.0001, rise: 2.0, drop: 0.5, surge: 2.0, high_share: 0.2, change_lookback_min: 60}
alerts:
  queue_long:
    {title: Queue is long, severity: minor, metric: waiting, above: 100, for_s: 300, anchor: queue,
     steps: [Start a second printer]}
severities:
  major: {description: No bookings}
  minor: {description: Some harbours are slow, response_min: 120}
escalation:
  - {level: 1, who: Harbour master}
  - {level: 2, who: Coast guard, only: "ferries at sea", from_min: 5}
templates:
  initial:
    text: "Ahoy: [what]. This is [how bad], detected [when], not [when]."
    fields: {"[what]": title, "[how bad]": severity, "[when]": [detected, resolved]}
"""
INCIDENT = f"""
incident_id: ferry-1
system: ferry
environment: live
start: "{DAY}T10:00Z"
end: "{DAY}T11:00Z"
severity: major
title: Harbours cannot book
detected: "{DAY}T10:25Z"
source: files:export
"""
ONSET = at("10:20")
HARBOURS = ("north", "south", "east")


def booking(clock: str, number: int) -> str:
    """A booking as the system logs it; since the onset those of one harbour fail."""
    org = HARBOURS[number % 3]
    event = {"ts": clock, "sev": "fine", "msg": "booked", "cid": f"c{number}", "org": org, "url": "/book", "code": 200,
             "secs": 0.2}  # fmt: skip
    if org == "south" and at(clock) >= ONSET:
        event |= {"sev": "bad", "msg": f"no deck plan for sailing {number}", "kind": "DeckPlanError", "code": 500}
    return envelope(clock, event)


def boarding(clock: str) -> str:
    """A line of a text log, as an S3 export holds it; the printer has odd moments in baseline and window alike."""
    return f"{DAY}T{clock}.000Z {'odd' if clock.endswith('24') else 'fine'} [gate-2] printed a ticket in 40 ms"


def write_export(folder: Path) -> None:
    """Two groups in two forms, the queue's metrics, and its attributes."""
    clocks = [clock for hour in (9, 10) for clock in minutes(0, 60, hour)]
    write_logs(folder, "booking", *[booking(clock, number) for number, clock in enumerate(clocks)])
    write_logs(folder, "boarding", *map(boarding, clocks), name="000000.log")
    stamps = pd.date_range(at("09:00"), periods=120, freq="1min")
    since = [max(0, round((stamp - ONSET).total_seconds() / 60)) for stamp in stamps]
    draw = np.random.default_rng(6).poisson
    values = {
        "waiting": [int(draw(6)) + 25 * late for late in since],
        "came": [int(draw(60)) for _ in since],
        "went": [int(draw(35 if late else 60)) for late in since],
    }
    results = [{"Id": name, "Label": name, "Timestamps": [f"{stamp.isoformat()}" for stamp in stamps], "Values": found,
                "StatusCode": "Complete"} for name, found in values.items()]  # fmt: skip
    for name, document in (
        ("metrics/all.json", {"MetricDataResults": results}),
        ("queues/tickets.json", {"Attributes": {"QueueArn": "arn:aws:sqs:eu-central-1:1:tickets",
                                                "ApproximateNumberOfMessages": "980"}}),
    ):  # fmt: skip
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(json.dumps(document))


@dataclass(frozen=True)
class Report:
    """What a run left, and how it ended."""

    code: int
    folder: Path

    @property
    def document(self) -> dict:
        """findings.json."""
        return report_document(self.folder)

    def first(self, notebook: str) -> dict:
        """The strongest finding of a notebook."""
        checks = [check for check in self.document["checks"] if check["notebook"] == notebook]
        return min((f for check in checks for f in check["findings"]), key=lambda found: found["rank"])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The ferry's incident, run from a folder that holds its profile and its export."""
    folder = tmp_path_factory.mktemp("ferry")
    (folder / "parameters/systems").mkdir(parents=True)
    (folder / "parameters/systems/ferry.yaml").write_text(FERRY)
    (folder / "i.yaml").write_text(INCIDENT)
    write_export(folder / "export")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        code = main(["run", "i.yaml", "--notebook", "error_triage", "--notebook", "pipeline_backlog"])
    return Report(code, folder / "reports/ferry-1")


def test_the_planted_error_comes_first(report: Report):
    """Named by the system's own words, since its minute, in the system's own field for errors."""
    found = report.first("error_triage")
    assert "DeckPlanError" in found["statement"]
    assert "no deck plan for sailing" in found["statement"]
    assert abs(pd.Timestamp(found["first_seen"]) - ONSET) < pd.Timedelta(minutes=1)


def test_who_is_hit_is_said_in_the_systems_fields(report: Report):
    """One harbour of three, out of `org`."""
    [hit] = [check for check in report.document["checks"] if check["id"] == "who_is_hit"]
    [finding] = hit["findings"]
    assert "1 of 3 tenants hit" in finding["statement"]
    assert "south" in finding["statement"]


def test_the_queue_is_found_too(report: Report):
    """Its depth climbs from the onset on, and the system's alert gives the severity."""
    found = report.first("pipeline_backlog")
    assert "Tickets waiting" in found["statement"]
    assert abs(pd.Timestamp(found["first_seen"]) - ONSET) <= pd.Timedelta(minutes=2)


def test_text_logs_are_read_beside_json(report: Report):
    """Every line of the window, of both groups."""
    rows = {row["pull"]: row for row in report.document["coverage"] if row["pull"].startswith("logs/")}
    assert {row["status"] for row in rows.values()} == {"complete"}
    assert sum(row["rows"] for pull, row in rows.items() if "boarding" in pull) == 600


def test_the_exit_code_is_what_coverage_says(report: Report):
    """1 where a source is partial or failed, else 0."""
    bad = {"partial", "truncated", "failed", "no_permission"}
    assert report.code == any(row["status"] in bad for row in report.document["coverage"])


def test_the_report_speaks_as_the_system_does(report: Report):
    """The planted error and the system's own severity are in the page."""
    said = (report.folder / "post_mortem.html").read_text()
    assert "DeckPlanError" in said
    assert "major" in said


def test_each_place_of_a_text_is_filled_by_its_own(report: Report):
    """Of a placeholder that stands there twice; what nobody noted reads unknown."""
    said = (report.folder / "post_mortem.md").read_text()
    assert f"This is major, detected {DAY} 10:25 UTC, not unknown." in said


def test_no_deadline_is_told_that_nobody_set(report: Report):
    """Neither for the response nor for a level without a time; which incidents a level is for is told."""
    said = (report.folder / "post_mortem.md").read_text().splitlines()
    [response] = [line for line in said if "Response to major" in line]
    [master] = [line for line in said if "Harbour master" in line]
    [guard] = [line for line in said if "Coast guard" in line]
    assert all("not set by the runbook" in line and f"{DAY} 10:" not in line for line in (response, master))
    assert "only ferries at sea" in guard
